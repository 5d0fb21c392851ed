package dev.nicol.policy.rewrite;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelCollations;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.logical.LogicalSort;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.fun.SqlQuantifyOperator;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;

/** One sub-query over another source, turned into an expression over bound values that means the same, NULLs included. */
final class LookUp {
    /** Times are read to the millisecond: a finer one would be another value, and NOT IN would show its row. */
    private static final int MAX_FRACTION_DIGITS = 3;

    private final LookUps.Binding binding;
    private final RexSubQuery subQuery;
    private final List<RexNode> operands;
    private final Set<CorrelationId> here;
    private final boolean unknownIsFalse;
    private final RexBuilder rex;

    /**
     * @param operands of the sub-query, bound
     * @param here how the sub-query names the row it is asked about
     * @param unknownIsFalse whether nobody sees a difference between the two
     */
    LookUp(
            LookUps.Binding binding,
            RexSubQuery subQuery,
            List<RexNode> operands,
            Set<CorrelationId> here,
            boolean unknownIsFalse) {
        this.binding = binding;
        this.subQuery = subQuery;
        this.operands = operands;
        this.here = here;
        this.unknownIsFalse = unknownIsFalse;
        this.rex = subQuery.rel.getCluster().getRexBuilder();
    }

    RexNode bound() {
        if (!Correlations.free(subQuery.rel).isEmpty()) {
            return new CorrelatedLookUp(binding, comparison(), subQuery, operands, here, unknownIsFalse).bound();
        }
        return switch (subQuery.getKind()) {
            case EXISTS -> {
                RelNode one = LogicalSort.create(
                        subQuery.rel, RelCollations.EMPTY, null, rex.makeExactLiteral(BigDecimal.ONE));
                yield rex.makeLiteral(!binding.rows(one, 1).isEmpty());
            }
            case IN, SOME -> any();
            case SCALAR_QUERY -> scalar();
            default -> throw binding.refused("`" + subQuery.getKind().sql + "`");
        };
    }

    /** What IN and SOME compare with; null for others. */
    private @Nullable SqlOperator comparison() {
        if (subQuery.getKind() == SqlKind.IN) {
            return SqlStdOperatorTable.EQUALS;
        } else if (subQuery.getKind() == SqlKind.SOME) {
            return RelOptUtil.op(
                    ((SqlQuantifyOperator) subQuery.getOperator()).comparisonKind, SqlStdOperatorTable.EQUALS);
        }
        return null;
    }

    private RexNode any() {
        SqlOperator comparison = comparison();
        List<RelDataType> types = types(binding, subQuery.rel.getRowType().getFieldList());
        if (operands.size() == 1 && comparison == SqlStdOperatorTable.EQUALS) {
            return list(operands.get(0), types.get(0), binding.rows(subQuery.rel, LookUps.MAX_VALUES));
        }
        List<RexNode> alternatives = new ArrayList<>();
        for (List<@Nullable Object> row : binding.rows(subQuery.rel, LookUps.MAX_ALTERNATIVES)) {
            List<RexNode> all = new ArrayList<>();
            for (int i = 0; i < operands.size(); i++) {
                RexNode value = parameter(binding, rex, row.get(i), types.get(i));
                all.add(rex.makeCall(comparison, WideningCasts.narrowed(operands.get(i)), value));
            }
            alternatives.add(Alternatives.all(rex, all));
        }
        return Alternatives.any(rex, alternatives);
    }

    private RexNode list(RexNode operand, RelDataType type, List<List<@Nullable Object>> rows) {
        return list(
                binding,
                rex,
                operand,
                type,
                rows.stream().<@Nullable Object>map(row -> row.get(0)).toList());
    }

    /** {@code operand IN (values)}; FALSE where there are none. */
    static RexNode list(
            LookUps.Binding binding,
            RexBuilder rex,
            RexNode operand,
            RelDataType type,
            Iterable<? extends @Nullable Object> values) {
        List<RexNode> list = new ArrayList<>();
        list.add(WideningCasts.narrowed(operand));
        values.forEach(value -> list.add(parameter(binding, rex, value, type)));
        return list.size() == 1 ? rex.makeLiteral(false) : ValueList.of(rex, list);
    }

    private RexNode scalar() {
        RelDataType type =
                types(binding, subQuery.rel.getRowType().getFieldList()).get(0);
        List<List<@Nullable Object>> rows = binding.rows(subQuery.rel, 1);
        return parameter(binding, rex, rows.isEmpty() ? null : rows.get(0).get(0), type);
    }

    static RexNode parameter(LookUps.Binding binding, RexBuilder rex, @Nullable Object value, RelDataType type) {
        // A source's CHAR comes padded, and only CHAR is compared without regard to that.
        Object bound = value instanceof String text && type.getSqlTypeName() == SqlTypeName.CHAR
                ? text.replaceAll(" +$", "")
                : value;
        RelDataType shown = type.getSqlTypeName() == SqlTypeName.CHAR
                ? rex.getTypeFactory().createSqlType(SqlTypeName.VARCHAR)
                : type;
        RelDataType nullable = rex.getTypeFactory().createTypeWithNullability(shown, bound == null);
        return new RexDynamicParam(nullable, binding.parameter(bound, nullable));
    }

    /** The types of looked-up columns, all of which another source compares as the first would. */
    static List<RelDataType> types(LookUps.Binding binding, List<RelDataTypeField> fields) {
        List<RelDataType> types = new ArrayList<>();
        for (RelDataTypeField field : fields) {
            types.add(comparable(binding, field.getType()));
        }
        return types;
    }

    static RelDataType comparable(LookUps.Binding binding, RelDataType type) {
        SqlTypeName name = type.getSqlTypeName();
        boolean timed = SqlTypeUtil.isTimestamp(type)
                || name == SqlTypeName.TIME
                || name == SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE;
        boolean exact = SqlTypeUtil.isExactNumeric(type)
                || SqlTypeUtil.inCharFamily(type)
                || name == SqlTypeName.BOOLEAN
                || name == SqlTypeName.DATE
                || name == SqlTypeName.UUID
                || SqlTypeName.UNSIGNED_TYPES.contains(name)
                || timed && type.getPrecision() <= MAX_FRACTION_DIGITS;
        if (!exact) {
            throw binding.refused("values of type `" + type + "` are not the same everywhere");
        }
        return type;
    }
}
