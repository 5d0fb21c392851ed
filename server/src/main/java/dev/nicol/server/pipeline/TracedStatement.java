package dev.nicol.server.pipeline;

import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageEdge;
import dev.nicol.policy.TableName;
import dev.nicol.server.audit.AuditTrail;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A statement whose origins are known, or known to be unknown.
 *
 * @param target the table it fills or changes; null: none
 * @param stops edges from the views that it names, which stand between it and the origins in {@code lineage}
 * @param columns every column it touches
 * @param rules names of the policy rules that it rests on
 */
public record TracedStatement(
        GovernedStatement governed,
        @Nullable TableName target,
        Lineage lineage,
        List<LineageEdge> stops,
        List<AuditTrail.ColumnAccess> columns,
        List<String> rules) {
    public TracedStatement {
        stops = List.copyOf(stops);
        columns = List.copyOf(columns);
        rules = List.copyOf(rules);
    }

    public ParsedStatement parsed() {
        return governed.parsed();
    }
}
