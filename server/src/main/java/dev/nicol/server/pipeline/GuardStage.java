package dev.nicol.server.pipeline;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Subject;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.Guardrails;
import dev.nicol.policy.guardrail.Judgement;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Seals;
import dev.nicol.server.audit.SubjectHistory;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.calcite.rel.RelNode;

/** Stage 5. Guardrails judge the tree and the plan, never the text. */
final class GuardStage {
    /** The catalog of what Nicol knows itself. */
    private static final String OWN = "nicol";

    private final Supplier<PolicySet> policies;
    private final Supplier<CatalogSnapshot> snapshot;
    private final SubjectHistory history;
    private final Clock clock;

    GuardStage(Supplier<PolicySet> policies, Supplier<CatalogSnapshot> snapshot, SubjectHistory history, Clock clock) {
        this.policies = policies;
        this.snapshot = snapshot;
        this.history = history;
        this.clock = clock;
    }

    GuardedStatement guard(TracedStatement traced, Subject subject) {
        List<GuardrailRule> rules = policies.get().guardrails();
        GuardFacts facts = new GuardFacts(traced.facts(), subject, snapshot.get(), history, clock.instant());
        boolean shows =
                facts.statement() != null && traced.governed().parsed().kind() != StatementKind.FILL_MATERIALIZED_VIEW;
        Allowance allowance = !shows || !Guardrails.countSpending(rules)
                ? Allowance.UNCOUNTED
                : new Allowance(history.spending(subject), Guardrails.denyingWhenSpent(rules, subject, facts));
        Judgement judgement = Guardrails.judge(rules, subject, facts);
        if (judgement.verdict() != GuardrailRule.Verdict.DENY) {
            refuseWithoutPurpose(subject, traced);
        }
        return new GuardedStatement(traced, judgement, facts, allowance);
    }

    /**
     * Agents say what for, before anybody is asked to approve it and its rows are counted; a guardrail that denies has the word
     * before, as it may say more.
     */
    private static void refuseWithoutPurpose(Subject subject, TracedStatement traced) {
        if (subject.agent() != null
                && subject.purpose() == null
                && traced.facts().sources().stream().anyMatch(source -> !source.equals(OWN))) {
            throw NicolError.NOT_PERMITTED.because("An agent reads and changes nothing without a purpose. State one of "
                    + subject.allowedPurposes().stream().sorted().toList()
                    + ": by the connection property `purpose`, or SET purpose = '…'.");
        }
    }

    /** Every source a statement itself reads from or writes to; what policies look up is not its doing. */
    static Set<String> sources(Body body) {
        Set<String> sources = new TreeSet<>();
        for (RelNode plan : ConvertStage.plans(body)) {
            for (SealedScan scan : Seals.in(plan)) {
                if (!scan.ofView()) {
                    sources.add(scan.decision().table().catalog());
                }
            }
        }
        Body.Target target = TraceStage.target(body);
        if (target != null) {
            sources.add(target.name().catalog());
        } else if (body instanceof Body.Definition definition) {
            sources.add(definition.target().catalog());
        }
        return sources;
    }
}
