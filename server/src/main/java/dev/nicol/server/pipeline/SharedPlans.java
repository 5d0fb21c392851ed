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

    /** Null where the statement has to be planned with its literals. */
    @Nullable
    Shared of(Invocation asked) {
        LiftedLiterals lifted = asked.parameters().isEmpty() ? LiftedLiterals.of(asked.sql()) : null;
        PlanCache.Key key = lifted == null ? null : cache.key(asked, lifted.text());
        if (lifted == null || key == null || cache.isLiteral(key)) {
            return null;
        }
        try {
            TracedStatement known = cache.get(key);
            TracedStatement traced = known == null ? traced(lifted.text(), asked) : known;
            List<@Nullable Object> values = values(lifted, traced);
            if (values != null) {
                GuardedStatement guarded = stages.guard().guard(traced, asked.subject());
                if (known == null) {
                    stages.plan().planning(traced, false, asked.subject());
                }
                // any other verdict may rest on a value, and names the statement as it is
                return guarded.judgement().verdict() == GuardrailRule.Verdict.ALLOW
                        ? new Shared(guarded, values)
                        : null;
            }
            if (known == null) {
                cache.keepLiteral(key);
            }
        } catch (RuntimeException | AssertionError notPlanned) {
            // what is wrong is told of the statement as it was written
            LOG.debug("a statement keeps its literals", notPlanned);
            cache.keepLiteral(key);
        }
        return null;
    }

    private TracedStatement traced(String text, Invocation asked) {
        ParsedStatement parsed = stages.parse().parse(text, asked.session().defaultSchema());
        ValidatedStatement validated = stages.validate().validate(parsed, asked.subject());
        return stages.trace().trace(stages.convert().convert(validated));
    }

    private static @Nullable List<@Nullable Object> values(LiftedLiterals lifted, TracedStatement traced) {
        ValidatedStatement.Checked checked = traced.governed().validated().checked();
        return checked == null ? null : lifted.as(checked.parameterTypes());
    }
}
