package dev.nicol.server.pipeline;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one way in for statements: what the wire knows of the pipeline. Every method throws
 * {@link dev.nicol.policy.NicolException} and nothing else, and what it refuses is in the trail.
 */
public interface Statements {
    /** Parses, validates and governs; runs nothing. */
    Prepared prepare(Session session, String sql);

    /**
     * Runs one statement.
     *
     * @param parameters one value per {@code ?} in the engine's representation
     * @param maxRows bound of rows answered; 0 for none
     */
    StatementResult execute(Session session, String sql, List<@Nullable Object> parameters, long maxRows);

    /**
     * Runs one writing statement once per list of parameters; in autocommit mode every run commits by itself.
     *
     * @return rows written by each
     */
    long[] executeBatch(Session session, String sql, List<List<@Nullable Object>> parameterLists);

    void commit(Session session);

    void rollback(Session session);

    /** Rolls back what is open and gives back every connection the session held. */
    void close(Session session);
}
