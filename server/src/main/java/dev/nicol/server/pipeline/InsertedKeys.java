package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceColumn;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Union;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.sql.SqlKind;
import org.jspecify.annotations.Nullable;

/** The primary keys of rows that an INSERT spells out. */
final class InsertedKeys {
    private final Body.Insert insert;
    private final IntFunction<@Nullable Object> parameters;

    private InsertedKeys(Body.Insert insert, IntFunction<@Nullable Object> parameters) {
        this.insert = insert;
        this.parameters = parameters;
    }

    /**
     * A value that is not known is NULL.
     *
     * @param key columns of the primary key
     * @param parameters the value of a parameter index
     * @return null where the rows come from elsewhere, or the source makes up their keys
     */
    static @Nullable List<@Nullable Object[]> of(
            Body.Insert insert, List<String> key, IntFunction<@Nullable Object> parameters, int most) {
        return new InsertedKeys(insert, parameters).keys(key, most);
    }

    private @Nullable List<@Nullable Object[]> keys(List<String> key, int most) {
        List<Integer> columns =
                key.stream().map(column -> insert.columns().indexOf(column)).toList();
        List<List<RexNode>> rows = columns.contains(-1) ? null : rows(insert.input());
        if (rows == null) {
            return null;
        }
        List<@Nullable Object[]> keys = new ArrayList<>();
        for (List<RexNode> row : rows.subList(0, Math.min(rows.size(), most + 1))) {
            @Nullable Object[] values = new Object[key.size()];
            Arrays.setAll(values, i -> value(key.get(i), row.get(columns.get(i))));
            keys.add(values);
        }
        return keys;
    }

    private static @Nullable List<List<RexNode>> rows(RelNode node) {
        List<List<RexNode>> rows = new ArrayList<>();
        if (node instanceof Values values) {
            values.tuples.forEach(tuple -> rows.add(List.copyOf(tuple)));
            return rows;
        } else if (node instanceof Project project && !project.containsOver()) {
            List<List<RexNode>> input = rows(project.getInput());
            if (input == null) {
                return null;
            }
            for (List<RexNode> row : input) {
                rows.add(project.getProjects().stream()
                        .map(column -> column.accept(new RexShuttle() {
                            @Override
                            public RexNode visitInputRef(RexInputRef reference) {
                                return row.get(reference.getIndex());
                            }
                        }))
                        .toList());
            }
            return rows;
        } else if (node instanceof Union union && union.all) {
            for (RelNode input : union.getInputs()) {
                List<List<RexNode>> of = rows(input);
                if (of == null) {
                    return null;
                }
                rows.addAll(of);
            }
            return rows;
        }
        return null;
    }

    private @Nullable Object value(String column, RexNode node) {
        Object value = value(node);
        boolean madeUp = "0".equals(String.valueOf(value)) && isGenerated(column);
        return madeUp ? null : value;
    }

    /** MySQL takes 0 for: the next number. */
    private boolean isGenerated(String name) {
        return insert.target().stored().table().columns().stream()
                .filter(column -> column.name().equals(name))
                .anyMatch(SourceColumn::generated);
    }

    /** Casts are those of the column's type, in which the value is hashed anyway. */
    private @Nullable Object value(RexNode node) {
        if (node instanceof RexLiteral literal) {
            return literal.getValue3();
        } else if (node instanceof RexDynamicParam parameter) {
            return parameters.apply(parameter.getIndex());
        }
        return node.getKind() == SqlKind.CAST
                ? value(((RexCall) node).getOperands().get(0))
                : null;
    }
}
