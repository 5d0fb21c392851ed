package dev.nicol.server.pipeline;

import dev.nicol.lineage.Lineage;
import dev.nicol.server.audit.AuditTrail;
import java.util.List;

/**
 * A statement whose origins are known, or known to be unknown.
 *
 * @param columns every column it touches
 * @param rules names of the policy rules that it rests on
 */
public record TracedStatement(
        GovernedStatement governed, Lineage lineage, List<AuditTrail.ColumnAccess> columns, List<String> rules) {
    public TracedStatement {
        columns = List.copyOf(columns);
        rules = List.copyOf(rules);
    }

    public ParsedStatement parsed() {
        return governed.parsed();
    }
}
