package dev.nicol.server.audit;

import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tables that are derived from the chain's events: the writer fills them, the verifier compares them. */
enum TrailTable {
    STATEMENTS(
            "audit.statements",
            "statement_id",
            "started_at",
            "user_name",
            "agent",
            "on_behalf_of",
            "purpose",
            "job",
            "model",
            "client",
            "connection_id",
            "sql_text",
            "sql_hash",
            "bound_values",
            "statement_kind",
            "verdict",
            "rules",
            "approval_id",
            "policy_version",
            "server",
            "usage_id",
            "finished_at",
            "outcome",
            "sqlstate",
            "row_count",
            "byte_count",
            "duration_ms"),
    SOURCE_QUERIES(
            "audit.source_queries", "statement_id", "source", "environment", "sql_sent", "row_count", "duration_ms"),
    ROWS_TOUCHED(
            "audit.rows_touched",
            "statement_id",
            "catalog_name",
            "schema_name",
            "table_name",
            "key_hash",
            "access",
            "table_id");

    /** The last columns of {@link #STATEMENTS}: what an outcome sets. */
    static final int OUTCOME_COLUMNS = 6;

    /** Where {@link #STATEMENTS} has the number of the usage, which the store gives: before the outcome. */
    static final int USAGE_ID = STATEMENTS.columns.indexOf("usage_id");

    private final String qualifiedName;
    private final List<String> columns;

    TrailTable(String qualifiedName, String... columns) {
        this.qualifiedName = qualifiedName;
        this.columns = List.of(columns);
    }

    String qualifiedName() {
        return qualifiedName;
    }

    List<String> columns() {
        return columns;
    }

    String insertSql() {
        return "INSERT INTO " + qualifiedName + " (" + String.join(", ", columns) + ") VALUES ("
                + String.join(", ", Collections.nCopies(columns.size(), "?")) + ")";
    }

    /** Whether intents and refusals alone have rows in it; else outcomes and refusals. */
    boolean isOfIntents() {
        return this == STATEMENTS;
    }

    /** Deletes the rows of one statement. */
    String deleteSql() {
        return "DELETE FROM " + qualifiedName + " WHERE statement_id = ?";
    }

    /** Rows of one statement, in no order. */
    String selectSql() {
        return "SELECT " + String.join(", ", columns) + " FROM " + qualifiedName + " WHERE statement_id = ?";
    }

    /** Sets the outcome in a row of {@link #STATEMENTS}. */
    static void setOutcome(List<@Nullable Object> row, List<@Nullable Object> outcome) {
        for (int i = 0; i < OUTCOME_COLUMNS; i++) {
            row.set(USAGE_ID + 1 + i, outcome.get(i));
        }
    }

    /** Sets the outcome of one statement of one server; its id and the server are the last parameters. */
    static String updateOutcomeSql() {
        List<String> all = STATEMENTS.columns;
        List<String> changed = all.subList(all.size() - OUTCOME_COLUMNS, all.size());
        return "UPDATE audit.statements SET " + String.join(" = ?, ", changed)
                + " = ? WHERE statement_id = ? AND server = ? AND outcome = 'running'";
    }
}
