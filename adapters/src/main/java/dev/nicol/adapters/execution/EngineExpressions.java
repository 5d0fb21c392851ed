package dev.nicol.adapters.execution;

import dev.nicol.adapters.dialect.Decimals;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.adapters.dialect.PushableOperators;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.plan.RelOptPredicateList;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSimplify;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.schema.impl.ScalarFunctionImpl;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.fun.SqlTrimFunction;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.ReturnTypes;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.sql.validate.SqlUserDefinedFunction;
import org.apache.calcite.util.NlsString;
import org.jspecify.annotations.Nullable;

/**
 * Makes the engine compute as the sources do, so that it does not matter where an expression is computed: whole numbers
 * overflow with an error, quotients of decimals keep their digits, equal decimals are one key, texts have characters and
 * not UTF-16 units, and the padding of CHAR counts for nothing outside LIKE.
 */
public final class EngineExpressions {
    private static final Set<SqlKind> COMPARISONS = EnumSet.of(
            SqlKind.EQUALS,
            SqlKind.NOT_EQUALS,
            SqlKind.LESS_THAN,
            SqlKind.LESS_THAN_OR_EQUAL,
            SqlKind.GREATER_THAN,
            SqlKind.GREATER_THAN_OR_EQUAL,
            SqlKind.IS_DISTINCT_FROM,
            SqlKind.IS_NOT_DISTINCT_FROM);

    /** Read CHAR without its padding. */
    private static final Set<SqlOperator> TEXT_FUNCTIONS = Set.of(
            SqlStdOperatorTable.CONCAT,
            SqlStdOperatorTable.UPPER,
            SqlStdOperatorTable.LOWER,
            SqlStdOperatorTable.CHAR_LENGTH,
            SqlStdOperatorTable.CHARACTER_LENGTH,
            SqlStdOperatorTable.SUBSTRING,
            SqlStdOperatorTable.POSITION);

    private static final SqlOperator DIVIDE = engineFunction(Decimals.class, "divide");
    private static final SqlOperator CANONICAL = engineFunction(Decimals.class, "canonical");
    private static final SqlOperator LENGTH = engineFunction(Characters.class, "length");
    private static final SqlOperator SUBSTRING_FROM = engineFunction(Characters.class, "substringFrom");
    private static final SqlOperator SUBSTRING = engineFunction(Characters.class, "substring");
    private static final SqlOperator POSITION = engineFunction(Characters.class, "position");
    private static final SqlOperator OF_TIME = engineFunction(PrintedTimes.class, "ofTime");
    private static final SqlOperator OF_TIMESTAMP = engineFunction(PrintedTimes.class, "ofTimestamp");
    private static final SqlOperator FITS = engineFunction(ExactCast.class, "fits");

    private EngineExpressions() {}

    private static SqlOperator engineFunction(Class<?> holder, String method) {
        return new SqlUserDefinedFunction(
                new SqlIdentifier("nicol_" + method, SqlParserPos.ZERO),
                SqlKind.OTHER_FUNCTION,
                ReturnTypes.ARG0,
                null,
                null,
                ScalarFunctionImpl.create(holder, method));
    }

    /** Sums of whole numbers that widen to a decimal are sums of decimals. To be applied before averages are taken apart. */
    public static RelNode widened(RelNode plan) {
        return plan.accept(new RelHomogeneousShuttle() {
            @Override
            public RelNode visit(RelNode other) {
                RelNode node = super.visit(other);
                if (node instanceof Aggregate aggregate) {
                    return widenedAggregate(aggregate);
                }
                return node instanceof Project ? node.accept(new WideWindows(rex(node))) : node;
            }
        });
    }

    private static RelNode widenedAggregate(Aggregate aggregate) {
        RelNode input = aggregate.getInput();
        RexBuilder rex = rex(aggregate);
        List<RexNode> fields = new ArrayList<>(rex.identityProjects(input.getRowType()));
        List<AggregateCall> calls = new ArrayList<>();
        for (AggregateCall call : aggregate.getAggCallList()) {
            AggregateCall wide = call;
            if (sums(call.getAggregation().getKind())
                    && widens(fields.get(call.getArgList().get(0)).getType(), call.getType())) {
                fields.add(rex.makeCast(
                        call.getType(), fields.get(call.getArgList().get(0)), true, false));
                wide = call.withArgList(List.of(fields.size() - 1));
            } else if (call.getAggregation().getKind() == SqlKind.COVAR_POP
                    || call.getAggregation().getKind() == SqlKind.COVAR_SAMP) {
                wide = call.withArgList(decimals(call.getArgList(), fields, rex));
            }
            calls.add(wide);
        }
        if (calls.equals(aggregate.getAggCallList())) {
            return aggregate;
        }
        List<String> names = new ArrayList<>();
        for (int i = 0; i < fields.size(); i++) {
            names.add("f" + i);
        }
        return aggregate.copy(
                aggregate.getTraitSet(),
                LogicalProject.create(input, List.of(), fields, names, Set.of()),
                aggregate.getGroupSet(),
                aggregate.getGroupSets(),
                calls);
    }

    /** Whole numbers as decimals, added to the fields: products of their sums are divided, and whole ones would lose the rest. */
    private static List<Integer> decimals(List<Integer> arguments, List<RexNode> fields, RexBuilder rex) {
        List<Integer> wide = new ArrayList<>();
        for (int argument : arguments) {
            RelDataType type = fields.get(argument).getType();
            RelDataType decimal =
                    SqlTypeUtil.isIntType(type) ? rex.getTypeFactory().decimalOf(type) : null;
            if (decimal != null) {
                fields.add(rex.makeCast(decimal, fields.get(argument), true, false));
            }
            wide.add(decimal == null ? argument : fields.size() - 1);
        }
        return wide;
    }

    private static boolean sums(SqlKind kind) {
        return kind == SqlKind.SUM || kind == SqlKind.SUM0;
    }

    private static boolean widens(RelDataType argument, RelDataType sum) {
        return sum.getSqlTypeName() == SqlTypeName.DECIMAL && argument.getSqlTypeName() != SqlTypeName.DECIMAL;
    }

    private static final class WideWindows extends RexShuttle {
        /** Those that are NULL over values that all are. */
        private static final Set<SqlKind> OF_VALUES =
                EnumSet.of(SqlKind.MIN, SqlKind.MAX, SqlKind.SUM, SqlKind.AVG, SqlKind.FIRST_VALUE, SqlKind.LAST_VALUE);

        private final RexBuilder rex;

        WideWindows(RexBuilder rex) {
            this.rex = rex;
        }

        /** A window over NULL itself, for which the engine writes code that does not compile; null for another. */
        private @Nullable RexNode ofNull(RexOver over) {
            boolean known = OF_VALUES.contains(over.getAggOperator().getKind())
                    && RexUtil.isNullLiteral(simplified(over.getOperands().get(0)), true);
            return known ? rex.makeNullLiteral(over.getType()) : null;
        }

        private RexNode simplified(RexNode operand) {
            return new RexSimplify(rex, RelOptPredicateList.EMPTY, RexUtil.EXECUTOR).simplify(operand);
        }

        @Override
        public RexNode visitOver(RexOver over) {
            RexNode ofNull = ofNull(over);
            if (ofNull != null) {
                return ofNull;
            } else if (!sums(over.getAggOperator().getKind())
                    || !widens(over.getOperands().get(0).getType(), over.getType())) {
                return super.visitOver(over);
            }
            List<RexNode> wide =
                    List.of(rex.makeCast(over.getType(), over.getOperands().get(0), true, false));
            return rex.makeOver(
                    over.getType(),
                    over.getAggOperator(),
                    wide,
                    over.getWindow().partitionKeys,
                    over.getWindow().orderKeys,
                    over.getWindow().getLowerBound(),
                    over.getWindow().getUpperBound(),
                    over.getWindow().getExclude(),
                    over.getWindow().isRows(),
                    true,
                    false,
                    over.isDistinct(),
                    over.ignoreNulls());
        }
    }

    /** Every expression as the engine must compute it, guards included. To be applied to the last logical plan, above its sources. */
    public static RelNode exact(RelNode plan) {
        return BoundedFunctions.apply(plan.accept(new RelHomogeneousShuttle() {
            @Override
            public RelNode visit(RelNode other) {
                RelNode node = super.visit(other);
                if (node instanceof SourceRel) {
                    return node;
                }
                RexNodes rewriting = new RexNodes(rex(node));
                if (!(node instanceof Project project)) {
                    return node.accept(rewriting);
                }
                List<RexNode> fields = new ArrayList<>();
                for (RexNode field : project.getProjects()) {
                    fields.add(canonical(rex(node), field.accept(rewriting), field.getType()));
                }
                return project.copy(project.getTraitSet(), project.getInput(), fields, project.getRowType());
            }
        }));
    }

    /** Equal decimals with equal scales, so that they meet in hash tables. */
    private static RexNode canonical(RexBuilder rex, RexNode value, RelDataType type) {
        if (!(value instanceof RexCall) || type.getSqlTypeName() != SqlTypeName.DECIMAL) {
            return value;
        }
        return rex.makeCall(
                type, CANONICAL, List.of(value, rex.makeExactLiteral(java.math.BigDecimal.valueOf(type.getScale()))));
    }

    private static RexBuilder rex(RelNode node) {
        return node.getCluster().getRexBuilder();
    }

    private static final class RexNodes extends RexShuttle {
        private final RexBuilder rex;

        RexNodes(RexBuilder rex) {
            this.rex = rex;
        }

        @Override
        public RexNode visitCall(RexCall call) {
            if (call.getKind() == SqlKind.SEARCH && padded(call.getOperands().get(0))) {
                return RexUtil.expandSearch(rex, null, call).accept(this);
            }
            RexNode visited = super.visitCall(call);
            if (!(visited instanceof RexCall inner)) {
                return visited;
            }
            if (COMPARISONS.contains(inner.getKind())) {
                return inner.getOperands().stream().anyMatch(RexNodes::padded) ? unpadded(inner, true) : inner;
            } else if (TEXT_FUNCTIONS.contains(inner.getOperator())) {
                return byCharacters(unpadded(inner, false));
            } else if (inner.getKind() == SqlKind.CAST && inner.getType().getSqlTypeName() == SqlTypeName.VARCHAR) {
                return printed(unpadded(inner, false));
            } else if (inner.getOperator() == ExactCast.FITS) {
                return rex.makeCall(inner.getType(), FITS, inner.getOperands());
            }
            boolean logic = inner.getKind() == SqlKind.AND || inner.getKind() == SqlKind.OR;
            return logic ? RexUtil.flatten(rex, inner) : arithmetic(inner);
        }

        /** Calcite prints times without their fraction. */
        private RexNode printed(RexCall cast) {
            RexNode value = cast.getOperands().get(0);
            SqlTypeName name = value.getType().getSqlTypeName();
            if (name != SqlTypeName.TIME && name != SqlTypeName.TIMESTAMP) {
                return cast;
            }
            RelDataType text = rex.getTypeFactory()
                    .createTypeWithNullability(
                            rex.getTypeFactory().createSqlType(SqlTypeName.VARCHAR),
                            value.getType().isNullable());
            SqlOperator print = name == SqlTypeName.TIME ? OF_TIME : OF_TIMESTAMP;
            return rex.makeCast(cast.getType(), rex.makeCall(text, print, List.of(value)), true, false);
        }

        private RexNode byCharacters(RexCall call) {
            List<RexNode> operands = call.getOperands();
            if (!PushableOperators.isText(operands.get(0).getType())) {
                return call;
            } else if (call.getOperator() == SqlStdOperatorTable.CHAR_LENGTH
                    || call.getOperator() == SqlStdOperatorTable.CHARACTER_LENGTH) {
                return rex.makeCall(call.getType(), LENGTH, operands);
            } else if (call.getOperator() == SqlStdOperatorTable.POSITION && operands.size() == 2) {
                return rex.makeCall(call.getType(), POSITION, operands);
            } else if (call.getOperator() != SqlStdOperatorTable.SUBSTRING) {
                return call;
            }
            List<RexNode> numbered = new ArrayList<>(operands.subList(0, 1));
            for (RexNode number : operands.subList(1, operands.size())) {
                RelDataType integer = rex.getTypeFactory().createSqlType(SqlTypeName.INTEGER);
                numbered.add(rex.makeCast(
                        rex.getTypeFactory()
                                .createTypeWithNullability(
                                        integer, number.getType().isNullable()),
                        number,
                        true,
                        false));
            }
            return rex.makeCall(call.getType(), operands.size() == 2 ? SUBSTRING_FROM : SUBSTRING, numbered);
        }

        private RexNode arithmetic(RexCall call) {
            if (!call.getOperands().stream().allMatch(operand -> SqlTypeUtil.isExactNumeric(operand.getType()))) {
                return call;
            }
            if (call.getType().getSqlTypeName() == SqlTypeName.DECIMAL && call.getKind() == SqlKind.DIVIDE) {
                return rex.makeCall(call.getType(), DIVIDE, List.of(decimal(call, 0), decimal(call, 1)));
            } else if (!PushableOperators.isInteger(call.getType())) {
                return call;
            }
            return switch (call.getKind()) {
                case PLUS -> checked(call, SqlStdOperatorTable.CHECKED_PLUS);
                case MINUS -> checked(call, SqlStdOperatorTable.CHECKED_MINUS);
                case TIMES -> checked(call, SqlStdOperatorTable.CHECKED_MULTIPLY);
                case MINUS_PREFIX -> checked(call, SqlStdOperatorTable.CHECKED_UNARY_MINUS);
                // USING makes one of columns of two widths, which may both be NULL.
                case COALESCE -> checked(call, SqlStdOperatorTable.COALESCE);
                default -> call;
            };
        }

        /** Operands of the result's own type: the engine's functions have no mixed ones. */
        private RexNode checked(RexCall call, SqlOperator operator) {
            List<RexNode> operands = new ArrayList<>();
            for (RexNode operand : call.getOperands()) {
                RelDataType type = rex.getTypeFactory()
                        .createTypeWithNullability(
                                call.getType(), operand.getType().isNullable());
                operands.add(rex.makeCast(type, operand, true, false));
            }
            return rex.makeCall(call.getType(), operator, operands);
        }

        private RexNode decimal(RexCall call, int operand) {
            RexNode value = call.getOperands().get(operand);
            if (value.getType().getSqlTypeName() == SqlTypeName.DECIMAL) {
                return value;
            }
            RelDataType type =
                    rex.getTypeFactory().createSqlType(SqlTypeName.DECIMAL, NicolTypeSystem.MAX_DECIMAL_DIGITS, 0);
            return rex.makeCast(
                    rex.getTypeFactory()
                            .createTypeWithNullability(type, value.getType().isNullable()),
                    value,
                    true,
                    false);
        }

        private static boolean padded(RexNode value) {
            return value.getType().getSqlTypeName() == SqlTypeName.CHAR && !(value instanceof RexLiteral);
        }

        private RexCall unpadded(RexCall call, boolean literals) {
            List<RexNode> operands = new ArrayList<>();
            for (RexNode operand : call.getOperands()) {
                if (padded(operand)) {
                    operands.add(rex.makeCall(
                            SqlStdOperatorTable.TRIM,
                            rex.makeFlag(SqlTrimFunction.Flag.TRAILING),
                            rex.makeLiteral(" "),
                            operand));
                } else if (literals
                        && operand instanceof RexLiteral literal
                        // a VARCHAR where Calcite has made a set of constants of several lengths
                        && literal.getValue() instanceof NlsString text) {
                    operands.add(varchar(text.rtrim().getValue()));
                } else {
                    operands.add(operand);
                }
            }
            return operands.equals(call.getOperands()) ? call : call.clone(call.getType(), operands);
        }

        private RexNode varchar(String text) {
            RelDataType type = rex.getTypeFactory().createSqlType(SqlTypeName.VARCHAR, Math.max(1, text.length()));
            return rex.makeLiteral(text, type, true);
        }
    }
}
