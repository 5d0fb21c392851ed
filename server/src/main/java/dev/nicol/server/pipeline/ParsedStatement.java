package dev.nicol.server.pipeline;

import dev.nicol.policy.Subject;
import org.apache.calcite.sql.SqlNode;

/**
 * One statement as its session sent it.
 *
 * @param subject who sends it; fixed here, whatever the session states later
 */
public record ParsedStatement(Session session, Subject subject, String sql, SqlNode node, StatementKind kind) {}
