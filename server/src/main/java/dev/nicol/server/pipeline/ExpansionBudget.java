package dev.nicol.server.pipeline;

import dev.nicol.adapters.execution.BoundedFunctions;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlCharStringLiteral;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlWith;
import org.apache.calcite.sql.SqlWithItem;
import org.jspecify.annotations.Nullable;

/**
 * Bounds what a short statement becomes once it is expanded: every mention of a WITH query is planned anew, so that thirty
 * lines, each joining the line before with itself, are a billion tables; and CUBE doubles with every column.
 */
final class ExpansionBudget {
    /** Most tables of one statement, each mention of a WITH query counted as the tables behind it. */
    static final int TABLES_LIMIT = 200;

    /** Most grouping sets of one GROUP BY. */
    static final int GROUPING_SETS_LIMIT = 1_024;

    private static final Pattern NUMBER = Pattern.compile("\\s*[+-]?[0-9.]+[eE][+-]?[0-9]+\\s*");

    private ExpansionBudget() {}

    /** @throws NicolException OUT_OF_BUDGET once a limit is passed */
    static void spend(SqlNode statement) {
        tables(statement, Map.of());
    }

    private static long tables(@Nullable SqlNode node, Map<String, Long> scope) {
        if (node instanceof SqlWith with) {
            return with(with, scope);
        } else if (node instanceof SqlSelect select) {
            groupingSets(select.getGroup());
            long tables = from(select.getFrom(), scope);
            for (SqlNode operand : select.getOperandList()) {
                tables += operand == select.getFrom() ? 0 : tables(operand, scope);
            }
            return bounded(tables);
        } else if (node instanceof SqlNodeList list) {
            return sum(list.getList(), scope);
        } else if (node instanceof SqlCall call) {
            number(call);
            return call.getKind() == SqlKind.EXPLICIT_TABLE
                    ? from(call.operand(0), scope)
                    : sum(call.getOperandList(), scope);
        }
        return 0;
    }

    private static long with(SqlWith with, Map<String, Long> outer) {
        Map<String, Long> scope = new HashMap<>(outer);
        for (SqlNode node : with.withList) {
            SqlWithItem item = (SqlWithItem) node;
            String name = item.name.getSimple().toUpperCase(Locale.ROOT);
            Map<String, Long> inner = new HashMap<>(scope);
            // What a recursive query says of itself is its work table.
            inner.put(name, 1L);
            scope.put(name, Math.max(1, tables(item.query, item.recursive.booleanValue() ? inner : scope)));
        }
        return tables(with.body, scope);
    }

    private static long from(@Nullable SqlNode node, Map<String, Long> scope) {
        if (node instanceof SqlIdentifier name) {
            return name.isSimple() ? scope.getOrDefault(name.getSimple().toUpperCase(Locale.ROOT), 1L) : 1;
        } else if (node instanceof SqlJoin join) {
            return bounded(
                    from(join.getLeft(), scope) + from(join.getRight(), scope) + tables(join.getCondition(), scope));
        } else if (node instanceof SqlBasicCall call && !call.isA(SqlKind.QUERY) && call.operandCount() > 0) {
            return from(call.operand(0), scope) + sum(call.getOperandList().subList(1, call.operandCount()), scope);
        }
        return tables(node, scope);
    }

    private static long sum(List<? extends @Nullable SqlNode> nodes, Map<String, Long> scope) {
        long tables = 0;
        for (SqlNode node : nodes) {
            tables += tables(node, scope);
        }
        return bounded(tables);
    }

    private static long bounded(long tables) {
        if (tables > TABLES_LIMIT) {
            throw NicolError.OUT_OF_BUDGET.because("This statement reads more than " + TABLES_LIMIT
                    + " tables, each mention of a WITH query counted as the tables behind it. Do it in steps.");
        }
        return tables;
    }

    /** A cast of a literal is computed while the statement is planned, before anything could cancel it. */
    private static void number(SqlCall call) {
        boolean cast = call.getKind() == SqlKind.CAST
                || call.getKind() == SqlKind.SAFE_CAST
                || call.getOperator().getName().equals("::");
        if (cast
                && call.operand(0) instanceof SqlCharStringLiteral literal
                && NUMBER.matcher(literal.getValueAs(String.class)).matches()) {
            BoundedFunctions.numberText(literal.getValueAs(String.class));
        }
    }

    private static void groupingSets(@Nullable SqlNodeList group) {
        if (group != null) {
            long sets = 1;
            for (SqlNode item : group) {
                sets = few(sets * groupingSets(item));
            }
        }
    }

    private static long groupingSets(SqlNode item) {
        if (!(item instanceof SqlCall call)) {
            return 1;
        }
        int operands = call.operandCount();
        return switch (call.getKind()) {
            case CUBE -> few(operands > 30 ? Integer.MAX_VALUE : 1L << operands);
            case ROLLUP -> few(operands + 1);
            case GROUPING_SETS ->
                few(call.getOperandList().stream()
                        .mapToLong(ExpansionBudget::groupingSets)
                        .sum());
            default -> 1;
        };
    }

    private static long few(long sets) {
        if (sets > GROUPING_SETS_LIMIT) {
            throw NicolError.OUT_OF_BUDGET.because("This GROUP BY has more than " + GROUPING_SETS_LIMIT
                    + " grouping sets. Name those you need with GROUPING SETS.");
        }
        return sets;
    }
}
