package dev.nicol.lineage;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.calcite.rel.core.CorrelationId;

/** What a plan may refer to outside its own inputs: rows of enclosing queries, and the rows of a recursion so far. */
final class Scope {
    static final Scope EMPTY = new Scope(Map.of(), Map.of());

    private final Map<CorrelationId, List<ColumnOrigins>> correlated;
    private final Map<List<String>, List<ColumnOrigins>> recursive;

    private Scope(
            Map<CorrelationId, List<ColumnOrigins>> correlated, Map<List<String>, List<ColumnOrigins>> recursive) {
        this.correlated = correlated;
        this.recursive = recursive;
    }

    /** This scope, in which {@code variables} stand for a row of {@code columns}. */
    Scope with(Collection<CorrelationId> variables, List<ColumnOrigins> columns) {
        if (variables.isEmpty()) {
            return this;
        }
        Map<CorrelationId, List<ColumnOrigins>> more = new HashMap<>(correlated);
        variables.forEach(variable -> more.put(variable, columns));
        return new Scope(more, recursive);
    }

    /** This scope, in which the transient table of that name holds {@code columns}. */
    Scope withRecursion(List<String> table, List<ColumnOrigins> columns) {
        Map<List<String>, List<ColumnOrigins>> more = new HashMap<>(recursive);
        more.put(table, columns);
        return new Scope(correlated, more);
    }

    List<ColumnOrigins> row(CorrelationId variable) {
        List<ColumnOrigins> columns = correlated.get(variable);
        if (columns == null) {
            throw new NotUnderstood("correlation variable " + variable + " outside its query");
        }
        return columns;
    }

    List<ColumnOrigins> recursion(List<String> table) {
        List<ColumnOrigins> columns = recursive.get(table);
        if (columns == null) {
            throw new NotUnderstood("transient table " + table + " outside its recursion");
        }
        return columns;
    }
}
