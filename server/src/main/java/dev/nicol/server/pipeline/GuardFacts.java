package dev.nicol.server.pipeline;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.policy.Subject;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.Spent;
import dev.nicol.policy.guardrail.StatementFacts;
import dev.nicol.server.audit.SubjectHistory;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What guardrails may ask about one call of a statement: what its plan says, who sends it, and when. */
final class GuardFacts implements StatementFacts {
    private final PlanFacts plan;
    private final Subject subject;
    private final CatalogSnapshot snapshot;
    private final SubjectHistory history;
    private final Instant now;

    GuardFacts(PlanFacts plan, Subject subject, CatalogSnapshot snapshot, SubjectHistory history, Instant now) {
        this.plan = plan;
        this.subject = subject;
        this.snapshot = snapshot;
        this.history = history;
        this.now = now;
    }

    @Override
    public GuardrailRule.@Nullable Statement statement() {
        return plan.statement();
    }

    @Override
    public Subject subject() {
        return subject;
    }

    @Override
    public Instant now() {
        return now;
    }

    @Override
    public Set<String> sources() {
        return plan.sources();
    }

    @Override
    public Set<String> environments() {
        return plan.environments();
    }

    @Override
    public Set<String> tags() {
        return plan.tags();
    }

    @Override
    public Map<String, Set<String>> tagsReadBySource() {
        return plan.tagsReadBySource();
    }

    @Override
    public Set<String> tagsLeavingUnmasked() {
        return plan.tagsLeavingUnmasked();
    }

    @Override
    public OptionalDouble estimatedRows() {
        return plan.estimatedRows(snapshot);
    }

    @Override
    public boolean unboundedWrite() {
        return plan.unboundedWrite();
    }

    @Override
    public boolean readsUnbounded(long rows) {
        return plan.readsUnbounded(snapshot, rows);
    }

    @Override
    public boolean cartesianProduct() {
        return plan.cartesianProduct();
    }

    @Override
    public int joins() {
        return plan.joins();
    }

    @Override
    public Spent spent(Duration time) {
        return history.spending(subject).within(time);
    }

    @Override
    public boolean readsFirst(Set<String> tags) {
        return plan.touched().stream()
                .filter(column ->
                        !column.access().equals("write") && !column.tags().isEmpty())
                .filter(column -> tags.isEmpty() || column.tags().stream().anyMatch(tags::contains))
                .anyMatch(column -> !history.hasRead(subject, column.table(), column.column()));
    }
}
