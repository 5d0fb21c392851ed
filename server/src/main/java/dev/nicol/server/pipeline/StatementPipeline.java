package dev.nicol.server.pipeline;

import dev.nicol.adapters.execution.MemoryBudget;
import dev.nicol.adapters.execution.SourceExecution;
import dev.nicol.policy.BoundValue;
import dev.nicol.server.audit.StatementIds;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The way of one statement, top to bottom. Each stage takes and returns its own type, so that the compiler keeps the
 * order; only {@link ApproveStage} can make the statement that {@link PlanStage} takes. There is no second way in.
 */
public final class StatementPipeline {
    private final Stages stages;
    private final PlanCache cache;
    private final SharedPlans sharing;
    private final BoundValue.KeyPads keys;
    private final StatementQueue queue;
    private final StatementMetrics metrics;
    private final MemoryBudget.Server memory;
    private final long most;

    /**
     * @param cache of what the stages up to the plan have made
     * @param keys of masks
     * @param most rows that are answered; 0: all
     */
    StatementPipeline(
            Stages stages,
            PlanCache cache,
            BoundValue.KeyPads keys,
            StatementQueue queue,
            StatementMetrics metrics,
            MemoryBudget.Server memory,
            long most) {
        this.memory = memory;
        this.queue = queue;
        this.metrics = metrics;
        this.stages = stages;
        this.cache = cache;
        this.sharing = new SharedPlans(cache, stages);
        this.keys = keys;
        this.most = most;
    }

    /** The stages in order, one file each; {@code again} tells a call that sends an approved statement again. */
    record Stages(
            ParseStage parse,
            ApprovedRun again,
            ValidateStage validate,
            ConvertStage convert,
            TraceStage trace,
            GuardStage guard,
            ApproveStage approve,
            PlanStage plan,
            AuditStage audit,
            ExecuteStage execute) {
        /** The first four in one go: what a text means for whoever asks. */
        TracedStatement traced(Invocation asked, String sql) {
            ParsedStatement parsed = parse.parse(sql, asked.session().defaultSchema());
            return trace.trace(convert.convert(validate.validate(parsed, asked.subject())));
        }
    }

    /** {@link Statements#execute}. */
    StatementResult execute(Session session, String sql, List<@Nullable Object> parameters, long maxRows) {
        Invocation asked = new Invocation(session, sql, parameters);
        Progress progress = progress(asked);
        try {
            PlanCache.Key key = cache.key(asked);
            SharedPlans.Shared shared = sharing.of(asked, key);
            if (shared != null) {
                progress.took(StatementMetrics.Stage.KNOWN);
                return run(progress, asked, progress.at(shared.guarded()), shared.values(), maxRows);
            }
            TracedStatement traced = cache.get(key);
            if (traced == null) {
                ParsedStatement parsed = progress.at(stages.parse().parse(sql, session.defaultSchema()));
                ApprovedRun.Again again = stages.again().of(parsed, asked.subject());
                if (again != null) {
                    return again.in(session, (statement, values) -> execute(session, statement, values, maxRows));
                }
                ValidatedStatement validated = progress.at(stages.validate().validate(parsed, asked.subject()));
                GovernedStatement governed = progress.at(stages.convert().convert(validated));
                traced = stages.trace().trace(governed);
                progress.took(StatementMetrics.Stage.TRACE);
            } else {
                progress.took(StatementMetrics.Stage.KNOWN);
            }
            GuardedStatement guarded = progress.at(stages.guard().guard(progress.at(traced), asked.subject()));
            return run(progress, asked, guarded, asked.parameters(), maxRows);
        } catch (RuntimeException | Error failure) {
            throw stages.audit().refused(progress, failure);
        }
    }

    /** @param values of the plan's parameters */
    private StatementResult run(
            Progress progress,
            Invocation asked,
            GuardedStatement guarded,
            List<@Nullable Object> values,
            long maxRows) {
        FillConversion.permit(guarded.traced().governed(), asked.session());
        List<@Nullable Object> bound = RowNumbers.checked(guarded, values);
        queue.await(progress, asked);
        ApproveStage.AdmittedStatement admitted = progress.at(stages.approve().approve(guarded, asked));
        PlannedStatement planned = progress.at(stages.plan().plan(admitted));
        cache.keep(planned);
        SourceExecution execution = execution(asked, bound);
        progress.turn().runs(execution);
        Run run = stages.audit().begin(progress, planned, execution);
        return stages.audit().watched(planned, run, () -> stages.execute().execute(planned, run, bound(maxRows)));
    }

    /** {@link Statements#prepare}. */
    Prepared prepare(Session session, String sql) {
        Invocation asked = new Invocation(session, sql, List.of());
        Progress progress = progress(asked);
        try {
            TracedStatement known = cache.get(cache.key(asked));
            if (known != null) {
                return Preparation.of(known.governed());
            }
            ParsedStatement parsed = progress.at(stages.parse().parse(sql, session.defaultSchema()));
            ApprovedRun.Again again = stages.again().of(parsed, asked.subject());
            if (again != null) {
                return again.in(session, (statement, values) -> Preparation.again(sql, prepare(session, statement)));
            }
            ValidatedStatement validated = stages.validate().validate(parsed, asked.subject());
            return Preparation.of(stages.convert().convert(validated));
        } catch (RuntimeException | Error failure) {
            throw stages.audit().refused(progress, failure);
        }
    }

    private Progress progress(Invocation asked) {
        return new Progress(StatementIds.next(), asked, keys, metrics, queue.turn(asked));
    }

    private SourceExecution execution(Invocation asked, List<@Nullable Object> values) {
        return new SourceExecution(
                asked.session().connections(), Preparation.values(values, asked.subject(), keys), memory.statement());
    }

    private long bound(long maxRows) {
        return most == 0 || maxRows > 0 && maxRows < most ? maxRows : most;
    }
}
