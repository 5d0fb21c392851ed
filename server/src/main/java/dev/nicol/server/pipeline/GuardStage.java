package dev.nicol.server.pipeline;

import dev.nicol.policy.PolicySet;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.Guardrails;
import dev.nicol.policy.guardrail.StatementFacts;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Seals;
import dev.nicol.server.catalog.GovernedCatalog;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.calcite.rel.RelNode;
import org.jspecify.annotations.Nullable;

/** Stage 5. Guardrails judge the tree and the plan, never the text. */
final class GuardStage {
    private final Supplier<PolicySet> policies;

    GuardStage(Supplier<PolicySet> policies) {
        this.policies = policies;
    }

    GuardedStatement guard(TracedStatement traced) {
        StatementFacts facts = facts(traced);
        return new GuardedStatement(
                traced,
                Guardrails.judge(policies.get().guardrails(), traced.parsed().subject(), facts));
    }

    private static StatementFacts facts(TracedStatement traced) {
        Body body = traced.governed().body();
        GovernedCatalog catalog = traced.governed().validated().catalog();
        Set<String> environments = new TreeSet<>();
        for (String source : sources(body)) {
            environments.add(catalog.source(source).environment());
        }
        boolean unbounded = body instanceof Body.Change change
                && !EffectiveCondition.bounds(
                        change.condition(), change.scan().getCluster().getRexBuilder());
        return new StatementFacts(statement(traced.parsed().kind()), environments, unbounded);
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

    private static GuardrailRule.@Nullable Statement statement(StatementKind kind) {
        return switch (kind) {
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
}
