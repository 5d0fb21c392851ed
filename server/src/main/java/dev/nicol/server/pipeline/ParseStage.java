package dev.nicol.server.pipeline;

import org.apache.calcite.sql.SqlNode;

/** Stage 1. Text to one statement of a known kind. */
final class ParseStage {
    ParsedStatement parse(String sql, ParsedStatement.DefaultSchema within) {
        SqlNode node = StatementParser.parse(sql);
        ExpansionBudget.spend(node);
        return new ParsedStatement(sql, within, node, StatementParser.kind(node));
    }
}
