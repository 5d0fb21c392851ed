package dev.nicol.server.pipeline;

import org.apache.calcite.sql.SqlNode;
import org.jspecify.annotations.Nullable;

/**
 * One statement as it was read. Like what the next stages make of it, it knows nobody who sends it, so that all who have
 * equal rights may share it.
 *
 * @param within where names that are not full are looked up
 */
public record ParsedStatement(String sql, DefaultSchema within, SqlNode node, StatementKind kind) {
    /**
     * The default schema of a session.
     *
     * @param catalog null: none
     * @param schema null: none
     */
    public record DefaultSchema(
            @Nullable String catalog, @Nullable String schema) {}
}
