package dev.nicol.server.pipeline;

/** What a statement is, as guardrails and the trail name it. */
public enum StatementKind {
    SELECT,
    INSERT,
    UPDATE,
    DELETE,
    CREATE_TABLE,
    DROP_TABLE,
    ALTER_TABLE,
    TRUNCATE,
    CREATE_VIEW,
    ALTER_VIEW,
    DROP_VIEW,
    REFRESH_MATERIALIZED_VIEW,
    FILL_MATERIALIZED_VIEW,
    CREATE_SCHEMA,
    ALTER_SCHEMA,
    DROP_SCHEMA,
    COMMENT,
    CREATE_TOKEN,
    DROP_TOKEN,
    EXPLAIN,
    EXPLAIN_POLICY,
    SET,
    CALL,
    COMMIT,
    ROLLBACK,
    UNKNOWN;

    /** Whether it answers with rows. */
    public boolean answersRows() {
        return this == SELECT || this == EXPLAIN || this == EXPLAIN_POLICY || this == CALL || this == CREATE_TOKEN;
    }

    /** Whether a connection that only reads may have it. */
    public boolean changes() {
        return switch (this) {
            case SELECT, EXPLAIN, EXPLAIN_POLICY, SET, CALL, COMMIT, ROLLBACK -> false;
            default -> true;
        };
    }

    /** Whether it changes rows of a source. */
    public boolean writesRows() {
        return this == INSERT || this == UPDATE || this == DELETE;
    }
}
