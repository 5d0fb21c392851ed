package dev.nicol.lineage;

import dev.nicol.lineage.LineageEdge.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.rel.core.Match.RexMRAggCall;
import org.apache.calcite.rel.core.Window.RexWinAggCall;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexFieldCollation;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLambda;
import org.apache.calcite.rex.RexLambdaRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexLocalRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexNodeAndFieldIndex;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexPatternFieldRef;
import org.apache.calcite.rex.RexRangeRef;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexTableInputRef;
import org.apache.calcite.rex.RexVisitor;
import org.apache.calcite.rex.RexWindow;
import org.apache.calcite.rex.RexWindowBound;
import org.apache.calcite.sql.SqlAggFunction;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;

/**
 * Traces expressions over one row. What a window or a sub-query's own rows depend on goes to the statement's
 * influences; what the value depends on is the answer.
 */
final class RexOrigins implements RexVisitor<ColumnOrigins> {
    /** Window functions that pick a value of another row: they copy, the others compute over many. */
    private static final Set<SqlKind> PICKS_A_ROW =
            Set.of(SqlKind.LAG, SqlKind.LEAD, SqlKind.FIRST_VALUE, SqlKind.LAST_VALUE, SqlKind.NTH_VALUE);

    private final List<ColumnOrigins> row;
    private final List<RexNode> locals;
    private final Map<Integer, ColumnOrigins> traced = new HashMap<>();
    private final RelOrigins plans;

    /**
     * @param row what input references refer to
     * @param plans traces sub-queries, in a scope where this row's correlation variables are known
     */
    RexOrigins(List<ColumnOrigins> row, RelOrigins plans) {
        this(row, List.of(), plans);
    }

    /** @param locals the shared expressions of a program, which local references refer to */
    RexOrigins(List<ColumnOrigins> row, List<RexNode> locals, RelOrigins plans) {
        this.row = row;
        this.locals = locals;
        this.plans = plans;
    }

    ColumnOrigins of(RexNode expression) {
        return expression.accept(this);
    }

    ColumnOrigins ofAll(Iterable<? extends RexNode> expressions) {
        ColumnOrigins all = ColumnOrigins.NONE;
        for (RexNode expression : expressions) {
            all = all.merge(of(expression));
        }
        return all;
    }

    /** The kind of what an aggregate or window function makes of its arguments. */
    static Kind kindOf(SqlAggFunction function) {
        if (function.getKind() == SqlKind.SINGLE_VALUE) {
            // The planner's own: it asserts that a scalar sub-query has one row, and copies its value.
            return Kind.IDENTITY;
        }
        return PICKS_A_ROW.contains(function.getKind()) ? Kind.TRANSFORMATION : Kind.AGGREGATION;
    }

    @Override
    public ColumnOrigins visitInputRef(RexInputRef reference) {
        return column(row, reference.getIndex());
    }

    @Override
    public ColumnOrigins visitPatternFieldRef(RexPatternFieldRef reference) {
        return column(row, reference.getIndex());
    }

    @Override
    public ColumnOrigins visitLocalRef(RexLocalRef reference) {
        int index = reference.getIndex();
        if (index >= locals.size()) {
            throw new NotUnderstood("local reference outside a program");
        }
        ColumnOrigins known = traced.get(index);
        if (known == null) {
            // Kept, because programs share expressions many levels deep.
            known = of(locals.get(index));
            traced.put(index, known);
        }
        return known;
    }

    @Override
    public ColumnOrigins visitLiteral(RexLiteral literal) {
        return ColumnOrigins.NONE;
    }

    @Override
    public ColumnOrigins visitDynamicParam(RexDynamicParam parameter) {
        return ColumnOrigins.NONE;
    }

    @Override
    public ColumnOrigins visitCall(RexCall call) {
        Class<?> type = call.getClass();
        if (type != RexCall.class && type != RexWinAggCall.class && type != RexMRAggCall.class) {
            throw new NotUnderstood("expression " + type.getName());
        }
        if (call.getOperator() instanceof SqlAggFunction function) {
            return ofAll(call.getOperands()).atLeast(kindOf(function));
        }
        return switch (call.getKind()) {
            case CASE -> choice(call.getOperands());
            case COALESCE -> firstNotNull(call.getOperands());
            case CAST, SAFE_CAST -> cast(call);
            // MATCH_RECOGNIZE: the value of a row that the pattern found
            case PREV, NEXT, FIRST, LAST, FINAL, RUNNING -> ofAll(call.getOperands());
            default -> ofAll(call.getOperands()).atLeast(Kind.TRANSFORMATION);
        };
    }

    /** CASE: operands are condition, value, condition, value, ..., value. */
    private ColumnOrigins choice(List<RexNode> operands) {
        RexNode sum = nullForNoRows(operands);
        if (sum != null) {
            return of(sum);
        }
        ColumnOrigins all = ColumnOrigins.NONE;
        for (int i = 0; i < operands.size(); i++) {
            boolean condition = i % 2 == 0 && i < operands.size() - 1;
            ColumnOrigins part = of(operands.get(i));
            all = all.merge(condition ? part.asCondition() : part.atLeast(Kind.TRANSFORMATION));
        }
        return all;
    }

    /** COALESCE, traced as the CASE that Calcite makes of it elsewhere: all but the last also decide. */
    private ColumnOrigins firstNotNull(List<RexNode> operands) {
        ColumnOrigins tested = ofAll(operands.subList(0, operands.size() - 1));
        return ofAll(operands).atLeast(Kind.TRANSFORMATION).merge(tested.asCondition());
    }

    /**
     * Calcite writes {@code SUM(x) OVER w} as {@code CASE WHEN COUNT(x) OVER w > 0 THEN SUM(x) OVER w END}. The user
     * wrote no condition: the sum, where it is such a CASE; null where it is the user's own.
     */
    private static @Nullable RexNode nullForNoRows(List<RexNode> operands) {
        if (operands.size() == 3
                && operands.get(0) instanceof RexCall comparison
                && comparison.getKind() == SqlKind.GREATER_THAN
                && comparison.getOperands().get(0) instanceof RexOver count
                && count.getAggOperator().getKind() == SqlKind.COUNT
                && RexLiteral.isNullLiteral(operands.get(2))
                && withoutCast(operands.get(1)) instanceof RexOver sum
                && sum.getWindow().equals(count.getWindow())
                && sum.getOperands().equals(count.getOperands())) {
            return sum;
        }
        return null;
    }

    private static RexNode withoutCast(RexNode expression) {
        return expression.getKind() == SqlKind.CAST
                ? ((RexCall) expression).getOperands().get(0)
                : expression;
    }

    /** A cast that changes only whether NULL is allowed, or how long a text may be at most, changes no value. */
    private ColumnOrigins cast(RexCall call) {
        ColumnOrigins operand = ofAll(call.getOperands());
        RelDataType to = call.getType();
        RelDataType from = call.getOperands().get(0).getType();
        boolean keeps = SqlTypeUtil.equalSansNullability(to, from) || longerText(from, to);
        return keeps ? operand : operand.atLeast(Kind.TRANSFORMATION);
    }

    private static boolean longerText(RelDataType from, RelDataType to) {
        int most = to.getPrecision();
        int given = from.getPrecision();
        return from.getSqlTypeName() == SqlTypeName.VARCHAR
                && to.getSqlTypeName() == SqlTypeName.VARCHAR
                && (most == RelDataType.PRECISION_NOT_SPECIFIED
                        || given != RelDataType.PRECISION_NOT_SPECIFIED && given <= most);
    }

    @Override
    public ColumnOrigins visitOver(RexOver over) {
        RexWindow window = over.getWindow();
        plans.influences().add(Kind.WINDOW, ofAll(window.partitionKeys));
        for (RexFieldCollation key : window.orderKeys) {
            plans.influences().add(Kind.WINDOW, of(key.left));
        }
        bound(window.getLowerBound());
        bound(window.getUpperBound());
        return ofAll(over.getOperands()).atLeast(kindOf(over.getAggOperator()));
    }

    /** Records what a window's frame depends on. */
    void bound(RexWindowBound bound) {
        RexNode offset = bound.getOffset();
        if (offset != null) {
            plans.influences().add(Kind.WINDOW, of(offset));
        }
    }

    /**
     * A scalar sub-query is its one column. A collection holds all of its rows. IN, SOME, ALL and UNIQUE compare, which
     * in a condition makes their columns the condition's. EXISTS reads no column: the sub-query's own filters say it all.
     */
    @Override
    public ColumnOrigins visitSubQuery(RexSubQuery subQuery) {
        ColumnOrigins operands = ofAll(subQuery.getOperands());
        ColumnOrigins rows = ColumnOrigins.merge(plans.of(subQuery.rel));
        return switch (subQuery.getKind()) {
            case SCALAR_QUERY -> rows;
            case EXISTS -> ColumnOrigins.NONE;
            case IN, NOT_IN, SOME, ALL, UNIQUE -> operands.merge(rows).atLeast(Kind.TRANSFORMATION);
            case ARRAY_QUERY_CONSTRUCTOR, MULTISET_QUERY_CONSTRUCTOR, MAP_QUERY_CONSTRUCTOR ->
                rows.atLeast(Kind.AGGREGATION);
            default -> throw new NotUnderstood("sub-query " + subQuery.getKind());
        };
    }

    @Override
    public ColumnOrigins visitCorrelVariable(RexCorrelVariable variable) {
        return ColumnOrigins.merge(plans.scope().row(variable.id)).atLeast(Kind.TRANSFORMATION);
    }

    @Override
    public ColumnOrigins visitFieldAccess(RexFieldAccess access) {
        RexNode row = access.getReferenceExpr();
        if (row instanceof RexLocalRef shared && shared.getIndex() < locals.size()) {
            row = locals.get(shared.getIndex());
        }
        if (row instanceof RexCorrelVariable variable) {
            return column(plans.scope().row(variable.id), access.getField().getIndex());
        }
        return of(row).atLeast(Kind.TRANSFORMATION);
    }

    @Override
    public ColumnOrigins visitLambda(RexLambda lambda) {
        return of(lambda.getExpression()).atLeast(Kind.TRANSFORMATION);
    }

    /** A lambda's parameter takes its values from the call's other operands, which are traced with the call. */
    @Override
    public ColumnOrigins visitLambdaRef(RexLambdaRef reference) {
        return ColumnOrigins.NONE;
    }

    @Override
    public ColumnOrigins visitRangeRef(RexRangeRef reference) {
        throw new NotUnderstood("range reference");
    }

    @Override
    public ColumnOrigins visitTableInputRef(RexTableInputRef reference) {
        throw new NotUnderstood("table input reference");
    }

    @Override
    public ColumnOrigins visitNodeAndFieldIndex(RexNodeAndFieldIndex reference) {
        throw new NotUnderstood("node and field index");
    }

    private static ColumnOrigins column(List<ColumnOrigins> columns, int index) {
        if (index >= columns.size()) {
            throw new NotUnderstood("reference to column " + index + " of " + columns.size());
        }
        return columns.get(index);
    }

    /** Rows of two inputs side by side. */
    static List<ColumnOrigins> concat(List<ColumnOrigins> left, List<ColumnOrigins> right) {
        List<ColumnOrigins> both = new ArrayList<>(left);
        both.addAll(right);
        return both;
    }
}
