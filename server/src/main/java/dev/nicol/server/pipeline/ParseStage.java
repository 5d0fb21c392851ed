package dev.nicol.server.pipeline;

import org.apache.calcite.sql.SqlNode;

/** Stage 1. Text to one statement of a known kind. */
final class ParseStage {
    ParsedStatement parse(Session session, String sql) {
        SqlNode node = StatementParser.parse(sql);
        ExpansionBudget.spend(node);
        return new ParsedStatement(session, session.subject(), sql, node, StatementParser.kind(node));
    }
}
