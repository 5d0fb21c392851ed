package dev.nicol.adapters.sql;

import dev.nicol.adapters.SourceTable;
import dev.nicol.adapters.StoredTable;
import dev.nicol.policy.rewrite.SealedScan;
import java.util.List;
import java.util.Objects;
import org.apache.calcite.avatica.util.TimeUnitRange;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.plan.Strong;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Calc;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.util.ImmutableBitSet;
import org.apache.calcite.util.Sarg;
import org.jspecify.annotations.Nullable;

/**
 * How many rows a plan is thought to have, and a column of it values: by what the sources' catalogues say of tables and
 * columns, and rules of thumb. Numbers for costs, never for what is right. No value of a table is in them.
 */
public final class Estimates {
    /** The share of rows that a condition leaves of which nothing is known. */
    private static final double SOME = 0.3;

    /** The share that an equality leaves on a column of unknown values. */
    private static final double FEW = 0.05;

    /** That the dates of one table are of. */
    private static final double YEARS = 100;

    /** The share that a pattern leaves. */
    private static final double LIKE = 0.1;

    private Estimates() {}

    /** Rows of a plan, 1 at least. */
    public static double rows(RelNode plan) {
        return Math.max(1, estimated(plan));
    }

    private static double estimated(RelNode plan) {
        RelNode within = within(plan);
        if (plan instanceof SealedScan scan && stored(scan) != null) {
            return rowsOf(scan, Objects.requireNonNull(stored(scan)));
        } else if (within != null) {
            return rows(within);
        } else if (plan instanceof Filter filter) {
            return rows(filter.getInput()) * share(filter.getCondition(), filter.getInput());
        } else if (plan instanceof Calc calc) {
            RexNode condition = calc.getProgram().getCondition() == null
                    ? null
                    : calc.getProgram().expandLocalRef(calc.getProgram().getCondition());
            return rows(calc.getInput()) * (condition == null ? 1 : share(condition, calc.getInput()));
        } else if (plan instanceof Join join) {
            List<RexNode> conditions = RelOptUtil.conjunctions(join.getCondition());
            double left = rows(join.getLeft());
            double right = rows(join.getRight());
            double inner = inner(join.getLeft(), left, join.getRight(), right, conditions);
            return switch (join.getJoinType()) {
                case LEFT -> Math.max(inner, left);
                case RIGHT -> Math.max(inner, right);
                case FULL -> Math.max(inner, left + right);
                case SEMI -> Math.min(inner, left);
                case ANTI -> Math.max(left - inner, left * FEW);
                default -> inner;
            };
        } else if (plan instanceof Aggregate aggregate) {
            double groups = 1;
            for (int key : aggregate.getGroupSet()) {
                groups *= values(aggregate.getInput(), key);
            }
            return Math.min(groups, rows(aggregate.getInput()));
        } else if (plan instanceof Sort sort) {
            return sort.fetch instanceof RexLiteral most
                    ? Math.min(RexLiteral.intValue(most), rows(sort.getInput()))
                    : rows(sort.getInput());
        }
        boolean passes = plan.getInputs().size() == 1 && !(plan instanceof Correlate);
        return passes
                ? rows(plan.getInput(0))
                : plan.getCluster().getMetadataQuery().getRowCount(plan);
    }

    /**
     * Rows of an inner join of two plans.
     *
     * @param leftRows those of the left one
     * @param rightRows those of the right one
     */
    public static double inner(
            RelNode left, double leftRows, RelNode right, double rightRows, List<RexNode> conditions) {
        int width = left.getRowType().getFieldCount();
        double rows = leftRows * rightRows;
        double ofLeft = 1;
        double ofRight = 1;
        for (RexNode one : conditions) {
            int[] columns = equal(one, width);
            if (columns != null) {
                // values of several columns come in no more combinations than there are rows
                ofLeft = Math.min(ofLeft * Math.max(1, known(left, columns[0])), leftRows);
                ofRight = Math.min(ofRight * Math.max(1, known(right, columns[1] - width)), rightRows);
                rows *= (1 - nulls(left, columns[0])) * (1 - nulls(right, columns[1] - width));
            } else if (!one.isAlwaysTrue()) {
                rows *= SOME;
            }
        }
        return Math.max(1, rows / Math.max(1, Math.max(ofLeft, ofRight)));
    }

    /** The columns of both sides that a condition sets equal, the left one first; null for any other condition. */
    private static int @Nullable [] equal(RexNode condition, int width) {
        if (condition.getKind() == SqlKind.EQUALS
                && plain(((RexCall) condition).getOperands().get(0)) instanceof RexInputRef one
                && plain(((RexCall) condition).getOperands().get(1)) instanceof RexInputRef other
                && one.getIndex() < width != other.getIndex() < width) {
            return new int[] {Math.min(one.getIndex(), other.getIndex()), Math.max(one.getIndex(), other.getIndex())};
        }
        return null;
    }

    /** How many values a column is thought to have; where nothing is known of it, as many as its table has rows. */
    public static double values(RelNode plan, int field) {
        return Math.max(1, Math.min(left(plan, field), ofTable(plan, field)));
    }

    /** How many of a column's values the rows of a plan have. */
    private static double left(RelNode plan, int field) {
        double values = known(plan, field);
        double rows = rows(plan);
        StoredColumn column = StoredColumn.of(plan, field);
        double all = column == null ? 0 : column.table().rowCount();
        // each value has as many rows as the next one; it is left where one of them is
        double left = rows < all ? values * (1 - Math.pow(1 - rows / all, all / Math.max(1, values))) : values;
        return Math.min(left, rows);
    }

    /** The same of the rows of the column's table that are joined with others; without bound where it is of none. */
    private static double ofTable(RelNode plan, int field) {
        RelNode within = within(plan);
        if (within != null) {
            return ofTable(within, field);
        } else if (isOneTable(plan)) {
            return left(plan, field);
        } else if (plan instanceof Join join) {
            int width = join.getLeft().getRowType().getFieldCount();
            return field < width ? ofTable(join.getLeft(), field) : ofTable(join.getRight(), field - width);
        } else if (plan instanceof Project || plan instanceof Calc) {
            return plain(computed(plan, field)) instanceof RexInputRef column
                    ? ofTable(plan.getInput(0), column.getIndex())
                    : Double.POSITIVE_INFINITY;
        }
        return plan instanceof Filter || plan instanceof Sort
                ? ofTable(plan.getInput(0), field)
                : Double.POSITIVE_INFINITY;
    }

    private static boolean isOneTable(RelNode plan) {
        boolean passes = plan instanceof Filter || plan instanceof Project || plan instanceof Calc;
        return plan instanceof SealedScan scan && stored(scan) != null || passes && isOneTable(plan.getInput(0));
    }

    /** The same of the column as it is stored, whatever the plan leaves out. */
    public static double storedValues(RelNode plan, int field) {
        return Math.max(1, known(plan, field));
    }

    /** How many rows all tables of a plan have. */
    public static double read(RelNode plan) {
        RelNode within = within(plan);
        if (plan instanceof SealedScan scan && stored(scan) != null) {
            return Objects.requireNonNull(stored(scan)).rowCount();
        } else if (within != null) {
            return read(within);
        }
        return plan.getInputs().isEmpty()
                ? rows(plan)
                : plan.getInputs().stream().mapToDouble(Estimates::read).sum();
    }

    /** Whether a column is a stored one of which its source says how many values it has. */
    public static boolean isCounted(RelNode plan, int field) {
        StoredColumn column = StoredColumn.of(plan, field);
        return column != null && column.isCounted();
    }

    private static double known(RelNode plan, int field) {
        RelNode within = within(plan);
        if (plan instanceof SealedScan scan && stored(scan) != null) {
            SourceTable table = Objects.requireNonNull(stored(scan));
            int column = scan.storedColumn(field);
            return column < 0
                    ? table.rowCount()
                    : table.distinctValues(table.columns().get(column).name());
        } else if (within != null) {
            return known(within, field);
        } else if (plan instanceof Project || plan instanceof Calc) {
            return known(computed(plan, field), plan.getInput(0));
        } else if (plan instanceof Join join) {
            int left = join.getLeft().getRowType().getFieldCount();
            return field < left ? known(join.getLeft(), field) : known(join.getRight(), field - left);
        } else if (plan instanceof Aggregate aggregate) {
            return field < aggregate.getGroupCount()
                    ? known(aggregate.getInput(), aggregate.getGroupSet().nth(field))
                    : rows(aggregate);
        }
        boolean passes = plan instanceof Filter || plan instanceof Sort;
        return passes ? known(plan.getInput(0), field) : rows(plan);
    }

    private static double known(RexNode value, RelNode input) {
        RexNode plain = plain(value);
        if (plain instanceof RexInputRef reference) {
            return known(input, reference.getIndex());
        }
        if (plain.getKind() == SqlKind.EXTRACT
                && ((RexCall) plain).getOperands().get(0) instanceof RexLiteral unit) {
            double ofDate = known(((RexCall) plain).getOperands().get(1), input);
            return Math.min(ofDate, parts(unit.getValueAs(TimeUnitRange.class)));
        }
        return plain instanceof RexLiteral ? 1 : rows(input);
    }

    /** How many values a part of dates may have. */
    private static double parts(@Nullable TimeUnitRange unit) {
        return unit == null
                ? Double.POSITIVE_INFINITY
                : switch (unit) {
                    case YEAR -> YEARS;
                    case QUARTER -> 4;
                    case MONTH -> 12;
                    case WEEK -> 53;
                    case DAY -> 31;
                    case DOW, ISODOW -> 7;
                    case DOY -> 366;
                    default -> Double.POSITIVE_INFINITY;
                };
    }

    /** The plan that a source is sent; null for every other. */
    static @Nullable RelNode within(RelNode plan) {
        return plan instanceof Pushed leaf ? leaf.pushed() : null;
    }

    /** What a projection makes of its input for a field. */
    static RexNode computed(RelNode projection, int field) {
        return projection instanceof Calc calc
                ? calc.getProgram()
                        .expandLocalRef(calc.getProgram().getProjectList().get(field))
                : ((Project) projection).getProjects().get(field);
    }

    static RexNode plain(RexNode value) {
        return value instanceof RexCall cast && cast.getKind() == SqlKind.CAST
                ? plain(cast.getOperands().get(0))
                : value;
    }

    private static double rowsOf(SealedScan scan, SourceTable table) {
        double rows = table.rowCount();
        for (RexNode predicate : scan.crossing()) {
            rows *= share(predicate, scan.letThrough(List.of()));
        }
        return scan.filtersRows() ? rows * SOME : rows;
    }

    /** The share of rows of a plan that a condition leaves. */
    private static double share(RexNode condition, RelNode plan) {
        if (!(condition instanceof RexCall call)) {
            return condition.isAlwaysTrue() ? 1 : SOME;
        }
        List<RexNode> operands = call.getOperands();
        return switch (call.getKind()) {
            case AND -> operands.stream().mapToDouble(one -> share(one, plan)).reduce(1, (a, b) -> a * b);
            case OR ->
                Math.min(
                        1,
                        operands.stream().mapToDouble(one -> share(one, plan)).sum());
            case NOT -> Math.max(FEW, 1 - share(operands.get(0), plan));
            case EQUALS -> equality(operands, plan);
            case SEARCH -> searched(operands, plan);
            case NOT_EQUALS -> 1 - FEW;
            case IS_NOT_NULL -> 1 - nulls(operands.get(0), plan, FEW);
            case IS_NULL -> nulls(operands.get(0), plan, FEW);
            case LIKE -> LIKE;
            default -> SOME;
        };
    }

    private static double equality(List<RexNode> operands, RelNode plan) {
        boolean counted = operands.stream()
                .anyMatch(one -> plain(one) instanceof RexInputRef column && isCounted(plan, column.getIndex()));
        double share = counted ? 1 : FEW;
        for (RexNode operand : operands) {
            if (plain(operand) instanceof RexInputRef column) {
                double values = known(plan, column.getIndex());
                share = Math.min(share, (1 - nulls(plan, column.getIndex())) / Math.max(1, values));
            }
        }
        return share;
    }

    /** The share of a plan's rows where a column is NULL; 0 where nothing is known of it. */
    private static double nulls(RelNode plan, int field) {
        double known = knownNulls(plan, field);
        return Double.isNaN(known) ? 0 : known;
    }

    private static double nulls(RexNode value, RelNode plan, double unknown) {
        double known = knownNulls(value, plan);
        return Double.isNaN(known) ? unknown : known;
    }

    /** The same; {@code NaN} where nothing is known, as of a column that is computed or that an outer join fills. */
    private static double knownNulls(RelNode plan, int field) {
        RelNode within = within(plan);
        if (!plan.getRowType().getFieldList().get(field).getType().isNullable()) {
            return 0;
        } else if (plan instanceof SealedScan scan && stored(scan) != null) {
            SourceTable table = Objects.requireNonNull(stored(scan));
            int column = scan.storedColumn(field);
            if (scan.crossing().stream().anyMatch(one -> leavesOutNull(one, field))) {
                return 0;
            }
            return column < 0
                    ? Double.NaN
                    : table.nullShare(table.columns().get(column).name());
        } else if (within != null) {
            return knownNulls(within, field);
        } else if (plan instanceof Project || plan instanceof Calc) {
            return knownNulls(computed(plan, field), plan.getInput(0));
        } else if (plan instanceof Filter filter) {
            return leavesOutNull(filter.getCondition(), field) ? 0 : knownNulls(filter.getInput(), field);
        } else if (plan instanceof Join join) {
            int left = join.getLeft().getRowType().getFieldCount();
            boolean ofLeft = field < left;
            boolean filled = ofLeft
                    ? join.getJoinType().generatesNullsOnLeft()
                    : join.getJoinType().generatesNullsOnRight();
            return filled ? Double.NaN : knownNulls(join.getInput(ofLeft ? 0 : 1), ofLeft ? field : field - left);
        }
        return plan instanceof Sort ? knownNulls(plan.getInput(0), field) : Double.NaN;
    }

    private static boolean leavesOutNull(RexNode condition, int field) {
        return Strong.isNotTrue(condition, ImmutableBitSet.of(field));
    }

    private static double knownNulls(RexNode value, RelNode input) {
        RexNode plain = plain(value);
        if (plain instanceof RexInputRef reference) {
            return knownNulls(input, reference.getIndex());
        }
        return value.getType().isNullable() ? Double.NaN : 0;
    }

    private static double searched(List<RexNode> operands, RelNode plan) {
        Sarg<?> sarg = operands.get(1) instanceof RexLiteral literal ? literal.getValueAs(Sarg.class) : null;
        if (sarg == null || !sarg.isPoints()) {
            return SOME;
        }
        return Math.min(1, sarg.pointCount * equality(operands.subList(0, 1), plan));
    }

    static @Nullable SourceTable stored(SealedScan scan) {
        RelOptTable table = scan.storedTable();
        return table == null ? null : table.unwrapOrThrow(StoredTable.class).table();
    }
}
