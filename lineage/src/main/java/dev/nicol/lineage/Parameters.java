package dev.nicol.lineage;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.sql.SqlKind;

/**
 * Which columns stand beside each parameter, in the conditions that it is part of. Of a parameter that goes further (into a
 * row, a sub-query, anything that is not simply a column, a literal or a call of these), what it meets is not followed: it
 * is not known.
 */
final class Parameters {
    private final Map<Integer, Set<Origin>> beside = new LinkedHashMap<>();
    private final Set<Integer> unknown = new HashSet<>();
    private int met;

    /** A parameter stands somewhere. */
    void met(RexDynamicParam parameter) {
        met++;
        beside.computeIfAbsent(parameter.getIndex(), index -> new LinkedHashSet<>());
    }

    /** How many were met so far. */
    int met() {
        return met;
    }

    /**
     * A call computes with parameters, and with whatever else is in it. AND, OR and NOT only join conditions.
     *
     * @param row what its input references refer to
     */
    void within(RexCall call, List<ColumnOrigins> row) {
        if (call.isA(SqlKind.AND) || call.isA(SqlKind.OR) || call.isA(SqlKind.NOT)) {
            return;
        }
        Set<Integer> parameters = new HashSet<>();
        find(call, parameters);
        Set<Origin> columns = new HashSet<>();
        if (columns(call, row, columns)) {
            parameters.forEach(index -> beside.computeIfAbsent(index, added -> new LinkedHashSet<>())
                    .addAll(columns));
        } else {
            unknown.addAll(parameters);
        }
    }

    /** Expressions become columns of a row. */
    void flow(List<? extends RexNode> expressions) {
        expressions.forEach(expression -> find(expression, unknown));
    }

    /** The columns beside each parameter of which that is known. */
    Map<Integer, Set<Origin>> known() {
        Map<Integer, Set<Origin>> known = new LinkedHashMap<>(beside);
        known.keySet().removeAll(unknown);
        return known;
    }

    private static void find(RexNode expression, Set<Integer> parameters) {
        expression.accept(new RexVisitorImpl<Void>(true) {
            @Override
            public Void visitDynamicParam(RexDynamicParam parameter) {
                parameters.add(parameter.getIndex());
                return null;
            }
        });
    }

    /** @return whether all that the expression computes with was found */
    private static boolean columns(RexNode expression, List<ColumnOrigins> row, Set<Origin> columns) {
        if (expression instanceof RexInputRef reference) {
            boolean there = reference.getIndex() < row.size();
            if (there) {
                columns.addAll(row.get(reference.getIndex()).all().keySet());
            }
            return there;
        } else if (expression instanceof RexCall call && call.getClass() == RexCall.class) {
            return call.getOperands().stream()
                    .map(operand -> columns(operand, row, columns))
                    .reduce(true, Boolean::logicalAnd);
        }
        return expression instanceof RexDynamicParam || expression instanceof RexLiteral;
    }
}
