package dev.nicol.server.pipeline;

import dev.nicol.lineage.Lineage;
import dev.nicol.policy.TableName;
import dev.nicol.server.audit.AuditTrail;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A statement whose origins are known, or known to be unknown.
 *
 * @param target the table it fills or changes; null: none
 * @param columns every column it touches
 * @param rules names of the policy rules that it rests on
 */
public record TracedStatement(
        GovernedStatement governed,
        @Nullable TableName target,
        Lineage lineage,
        List<AuditTrail.ColumnAccess> columns,
        List<String> rules) {
    public TracedStatement {
        columns = List.copyOf(columns);
        rules = List.copyOf(rules);
    }

    public ParsedStatement parsed() {
        return governed.parsed();
    }
}
