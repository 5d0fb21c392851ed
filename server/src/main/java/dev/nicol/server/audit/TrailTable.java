package dev.nicol.server.audit;

import java.util.Collections;
import java.util.List;

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
            "finished_at",
            "outcome",
            "sqlstate",
            "row_count",
            "byte_count",
            "duration_ms"),
    SOURCE_QUERIES(
            "audit.source_queries", "statement_id", "source", "environment", "sql_sent", "row_count", "duration_ms"),
    COLUMN_ACCESS(
            "audit.column_access",
            "statement_id",
            "catalog_name",
            "schema_name",
            "table_name",
            "column_name",
            "tags",
            "access",
            "mask",
            "rule"),
    ROWS_TOUCHED(
            "audit.rows_touched",
            "statement_id",
            "catalog_name",
            "schema_name",
            "table_name",
            "key_hash",
            "access",
            "table_id"),
    LINEAGE_STATEMENTS("lineage.statements", "statement_id", "complete"),
    LINEAGE_EDGES(
            "lineage.edges",
            "statement_id",
            "phase",
            "target",
            "target_column",
            "target_ordinal",
            "source_catalog",
            "source_schema",
            "source_table",
            "source_column",
            "kind",
            "direct",
            "masked");

    /** The last columns of {@link #STATEMENTS}: what an outcome sets. */
    static final int OUTCOME_COLUMNS = 6;

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
        return this != SOURCE_QUERIES && this != ROWS_TOUCHED;
    }

    /** Deletes the rows of one statement. */
    String deleteSql() {
        return "DELETE FROM " + qualifiedName + " WHERE statement_id = ?";
    }

    /** Rows of one statement, in no order. */
    String selectSql() {
        return "SELECT " + String.join(", ", columns) + " FROM " + qualifiedName + " WHERE statement_id = ?";
    }

    /** Sets the outcome of one statement of one server; its id and the server are the last parameters. */
    static String updateOutcomeSql() {
        List<String> all = STATEMENTS.columns;
        List<String> changed = all.subList(all.size() - OUTCOME_COLUMNS, all.size());
        return "UPDATE audit.statements SET " + String.join(" = ?, ", changed)
                + " = ? WHERE statement_id = ? AND server = ? AND outcome = 'running'";
    }
}
