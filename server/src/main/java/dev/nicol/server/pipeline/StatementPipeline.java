package dev.nicol.server.pipeline;

import dev.nicol.adapters.JoinKeyBounds;
import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceExecution;
import dev.nicol.policy.BoundValue;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import dev.nicol.server.audit.StatementIds;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The way of one statement, top to bottom. Each stage takes and returns its own type, so that the compiler keeps the
 * order; only {@link ApproveStage} can make the statement that {@link PlanStage} takes. There is no second way in.
 */
public final class StatementPipeline implements Statements {
    private final Stages stages;
    private final Function<String, Source> sources;
    private final BoundValue.KeyPads keys;
    private final Limits limits;

    /**
     * @param sources a source by its name
     * @param keys of masks
     */
    StatementPipeline(Stages stages, Function<String, Source> sources, BoundValue.KeyPads keys, Limits limits) {
        this.stages = stages;
        this.sources = sources;
        this.keys = keys;
        this.limits = limits;
    }

    /**
     * Bounds of every statement.
     *
     * @param maxRowsInMemory rows that a join across sources may hold; 0: none
     * @param maxResultRows rows answered at most; 0: none
     */
    public record Limits(long maxRowsInMemory, long maxResultRows, JoinKeyBounds joinKeys) {}

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
            ExecuteStage execute) {}

    @Override
    public StatementResult execute(Session session, String sql, List<@Nullable Object> parameters, long maxRows) {
        session.connections(() -> new SessionConnections(session, sources));
        Progress progress = new Progress(StatementIds.next(), session, sql, parameters, keys);
        try {
            ParsedStatement parsed = progress.at(stages.parse().parse(session, sql));
            ApprovedRun.Again again = stages.again().of(parsed);
            if (again != null) {
                return again.in(session, (statement, values) -> execute(session, statement, values, maxRows));
            }
            ValidatedStatement validated = stages.validate().validate(parsed);
            GovernedStatement governed = stages.convert().convert(validated);
            TracedStatement traced = progress.at(stages.trace().trace(governed));
            GuardedStatement guarded = progress.at(stages.guard().guard(traced));
            ApproveStage.AdmittedStatement admitted = stages.approve().approve(guarded, parameters);
            PlannedStatement planned = progress.at(stages.plan().plan(admitted));
            Run run = stages.audit().begin(progress, planned, execution(session, parsed.subject(), parameters));
            return stages.audit().watched(planned, run, () -> stages.execute().execute(planned, run, bound(maxRows)));
        } catch (RuntimeException | Error failure) {
            throw stages.audit().refused(progress, failure);
        }
    }

    @Override
    public Prepared prepare(Session session, String sql) {
        session.connections(() -> new SessionConnections(session, sources));
        Progress progress = new Progress(StatementIds.next(), session, sql, List.of(), keys);
        try {
            ParsedStatement parsed = progress.at(stages.parse().parse(session, sql));
            ApprovedRun.Again again = stages.again().of(parsed);
            if (again != null) {
                return again.in(session, (statement, values) -> Preparation.again(sql, prepare(session, statement)));
            }
            GovernedStatement governed =
                    stages.convert().convert(stages.validate().validate(parsed));
            return Preparation.of(governed);
        } catch (RuntimeException | Error failure) {
            throw stages.audit().refused(progress, failure);
        }
    }

    @Override
    public long[] executeBatch(Session session, String sql, List<List<@Nullable Object>> parameterLists) {
        long[] counts = new long[parameterLists.size()];
        for (int i = 0; i < counts.length; i++) {
            StatementResult result = execute(session, sql, parameterLists.get(i), 0);
            if (result instanceof StatementResult.Rows rows) {
                rows.cursor().close();
            }
            counts[i] = result instanceof StatementResult.Count count ? count.rows() : 0;
        }
        return counts;
    }

    private SourceExecution execution(Session session, Subject subject, List<@Nullable Object> parameters) {
        return new SourceExecution(
                session.connections(), Preparation.values(parameters, subject, keys), limits.maxRowsInMemory());
    }

    private long bound(long maxRows) {
        long most = limits.maxResultRows();
        return most == 0 || maxRows > 0 && maxRows < most ? maxRows : most;
    }

    /** A commit makes writes last, so it is a statement like any other: recorded first, or it does not happen. */
    @Override
    public void commit(Session session) {
        if (session.connections(() -> new SessionConnections(session, sources)).inTransaction()) {
            execute(session, "COMMIT", List.of(), 0);
        }
    }

    /** Taking writes back is recorded where that is possible, and done where it is not. */
    @Override
    public void rollback(Session session) {
        SessionConnections connections = session.connections(() -> new SessionConnections(session, sources));
        if (connections.inTransaction()) {
            try {
                execute(session, "ROLLBACK", List.of(), 0);
            } finally {
                connections.rollback();
            }
        }
    }

    @Override
    public void close(Session session) {
        try {
            rollback(session);
        } catch (NicolException lost) {
            // The connection is gone, and with it the transaction: that is what closing wants.
            Failures.of(lost);
        }
    }
}
