package dev.nicol.server.pipeline;

import dev.nicol.policy.guardrail.GuardrailRule;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Statements that differ in literals only share one plan, in which the literals are parameters. INVARIANT: what is answered
 * and what is recorded are as if each had a plan of its own; where that is not certain, it has one.
 */
final class SharedPlans {
    private static final Logger LOG = LoggerFactory.getLogger(SharedPlans.class);

    private final PlanCache cache;
    private final StatementPipeline.Stages stages;

    SharedPlans(PlanCache cache, StatementPipeline.Stages stages) {
        this.cache = cache;
        this.stages = stages;
    }

    /**
     * A statement by a plan that it shares.
     *
     * @param values of its literals, as the plan's parameters
     */
    record Shared(GuardedStatement guarded, List<@Nullable Object> values) {}

    /**
     * Null where the statement has to be planned with its literals.
     *
     * @param exact of the statement as it was written
     */
    @Nullable
    Shared of(Invocation asked, PlanCache.Key exact) {
        LiftedLiterals lifted = asked.parameters().isEmpty() ? LiftedLiterals.of(asked.sql()) : null;
        PlanCache.Key key = lifted == null ? exact : exact.of(lifted.text());
        if (lifted == null || cache.isLiteral(key)) {
            return null;
        }
        TracedStatement known = cache.get(key);
        try {
            TracedStatement traced = known == null ? stages.traced(asked, lifted.text()) : known;
            List<@Nullable Object> values = values(lifted, traced);
            if (values != null) {
                return shared(asked, traced, values);
            }
        } catch (RuntimeException | AssertionError notPlanned) {
            // what is wrong is told of the statement as it was written
            LOG.debug("a statement keeps its literals", notPlanned);
        }
        if (known == null) {
            cache.keepLiteral(key);
        }
        return null;
    }

    /** Any other verdict than that it is allowed may rest on a value, and names the statement as it is: then null. */
    private @Nullable Shared shared(Invocation asked, TracedStatement traced, List<@Nullable Object> values) {
        GuardedStatement guarded = stages.guard().guard(traced, asked.subject());
        if (guarded.judgement().verdict() != GuardrailRule.Verdict.ALLOW) {
            return null;
        }
        // what cannot be planned is found out here, where the literals can still be kept
        stages.plan().planning(traced, false, asked.subject());
        return new Shared(guarded, values);
    }

    private static @Nullable List<@Nullable Object> values(LiftedLiterals lifted, TracedStatement traced) {
        ValidatedStatement.Checked checked = traced.governed().validated().checked();
        return checked == null ? null : lifted.as(checked.parameterTypes());
    }
}
