package dev.nicol.server.pipeline;

import dev.nicol.adapters.Source;
import dev.nicol.policy.NicolException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What sessions do: single statements, which go the way of {@link StatementPipeline}, batches of them, and transactions. */
final class SessionStatements implements Statements {
    private final StatementPipeline pipeline;
    private final Function<String, Source> sources;

    /** @param sources a source by its name */
    SessionStatements(StatementPipeline pipeline, Function<String, Source> sources) {
        this.pipeline = pipeline;
        this.sources = sources;
    }

    private SessionConnections connections(Session session) {
        return session.connections(() -> new SessionConnections(session, sources));
    }

    @Override
    public Prepared prepare(Session session, String sql) {
        connections(session);
        return pipeline.prepare(session, sql);
    }

    @Override
    public StatementResult execute(Session session, String sql, List<@Nullable Object> parameters, long maxRows) {
        connections(session);
        return pipeline.execute(session, sql, parameters, maxRows);
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

    /** A commit makes writes last, so it is a statement like any other: recorded first, or it does not happen. */
    @Override
    public void commit(Session session) {
        if (connections(session).inTransaction()) {
            execute(session, "COMMIT", List.of(), 0);
        }
    }

    /** Taking writes back is recorded where that is possible, and done where it is not. */
    @Override
    public void rollback(Session session) {
        SessionConnections connections = connections(session);
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
