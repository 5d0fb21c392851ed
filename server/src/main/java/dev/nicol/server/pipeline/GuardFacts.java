package dev.nicol.server.pipeline;

import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.StatementFacts;
import dev.nicol.server.catalog.GovernedCatalog;
import java.util.HashSet;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What guardrails may ask about one statement, found out when they do. */
final class GuardFacts implements StatementFacts {
    private final TracedStatement traced;
    private final Body body;

    GuardFacts(TracedStatement traced) {
        this.traced = traced;
        this.body = traced.governed().body();
    }

    @Override
    public GuardrailRule.@Nullable Statement statement() {
        return switch (traced.parsed().kind()) {
            case SELECT -> GuardrailRule.Statement.SELECT;
            case INSERT -> GuardrailRule.Statement.INSERT;
            case UPDATE -> GuardrailRule.Statement.UPDATE;
            case DELETE -> GuardrailRule.Statement.DELETE;
            case CREATE_TABLE -> GuardrailRule.Statement.CREATE;
            case DROP_TABLE -> GuardrailRule.Statement.DROP;
            case ALTER_TABLE -> GuardrailRule.Statement.ALTER;
            case TRUNCATE -> GuardrailRule.Statement.TRUNCATE;
            default -> null;
        };
    }

    @Override
    public Set<String> environments() {
        GovernedCatalog catalog = traced.governed().validated().catalog();
        Set<String> environments = new TreeSet<>();
        for (String source : GuardStage.sources(body)) {
            environments.add(catalog.source(source).environment());
        }
        return environments;
    }

    @Override
    public Set<String> tags() {
        Set<String> tags = new HashSet<>();
        traced.columns().stream()
                .filter(column -> !column.access().equals(TraceStage.POLICY))
                .forEach(column -> tags.addAll(column.tags()));
        return tags;
    }

    @Override
    public OptionalDouble estimatedRows() {
        return OptionalDouble.empty();
    }

    @Override
    public boolean unboundedWrite() {
        return body instanceof Body.Change change
                && !EffectiveCondition.bounds(
                        change.condition(), change.scan().getCluster().getRexBuilder());
    }
}
