package dev.nicol.adapters.federation;

import com.google.common.collect.ImmutableList;
import dev.nicol.adapters.sql.Estimates;
import dev.nicol.adapters.sql.JoinKeys;
import dev.nicol.policy.rewrite.SealedScan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.JoinInfo;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.util.Util;
import org.jspecify.annotations.Nullable;

/** Where the values of a join's key come from: parts of its side that have all of them, and can be asked for them once more. */
final class KeySides {
    /** Tables that are read once more for keys. */
    private static final int MOST_TABLES = 3;

    private KeySides() {}

    /** A column whose values are all that a key has, or more. */
    record Column(RelNode node, int field) {
        double values() {
            return Estimates.values(node, field);
        }

        /** That an expression is one of the values. */
        RexNode contains(RexNode expression) {
            RelDataTypeField column = node.getRowType().getFieldList().get(field);
            List<RexInputRef> shown = List.of(new RexInputRef(field, column.getType()));
            boolean alone = node.getRowType().getFieldCount() == 1;
            RelNode keys =
                    alone ? node : LogicalProject.create(node, List.of(), shown, List.of(column.getName()), Set.of());
            return RexSubQuery.in(keys, ImmutableList.of(expression));
        }
    }

    /** The part of a side with the fewest values of its key; null where none gives the same when it is asked again. */
    static @Nullable Column fewest(RelNode side, int field) {
        List<Column> columns = new ArrayList<>();
        collect(side, field, columns);
        return columns.stream()
                .min(Comparator.comparingDouble(Column::values).thenComparingDouble(one -> Estimates.read(one.node())))
                .orElse(null);
    }

    /** Smaller parts first. */
    private static void collect(RelNode node, int field, List<Column> found) {
        if (node instanceof Filter || node instanceof Sort) {
            collect(node.getInput(0), field, found);
        } else if (node instanceof Aggregate aggregate && field < aggregate.getGroupCount()) {
            collect(aggregate.getInput(), aggregate.getGroupSet().nth(field), found);
        } else if (node instanceof Project project) {
            if (uncast(project.getProjects().get(field)) instanceof RexInputRef column) {
                collect(project.getInput(), column.getIndex(), found);
            }
        } else if (node instanceof Join join) {
            collect(join, field, found);
        }
        if (tables(node) <= MOST_TABLES) {
            found.add(new Column(node, field));
        }
    }

    private static void collect(Join join, int field, List<Column> found) {
        int width = join.getLeft().getRowType().getFieldCount();
        boolean ofLeft = field < width;
        collect(join.getInput(ofLeft ? 0 : 1), ofLeft ? field : field - width, found);
        JoinRelType type = join.getJoinType();
        // what the other side fills in is NULL, which no key is
        boolean hasPartner = type == JoinRelType.INNER
                || type == JoinRelType.SEMI
                || type == (ofLeft ? JoinRelType.RIGHT : JoinRelType.LEFT);
        JoinInfo info = join.analyzeCondition();
        for (int i = 0; hasPartner && i < info.leftKeys.size(); i++) {
            int left = info.leftKeys.get(i);
            int right = info.rightKeys.get(i);
            if ((ofLeft ? left == field : right + width == field) && exact(join, left, right)) {
                collect(join.getInput(ofLeft ? 1 : 0), ofLeft ? right : left, found);
            }
        }
    }

    /**
     * How many tables are read where a plan has the same rows whenever it is read within one statement; else a number without
     * bound. It is not so where a limit, a window or an aggregate of texts or approximate numbers depends on an order.
     */
    private static double tables(RelNode node) {
        if (node instanceof SealedScan scan) {
            return scan.ofView() ? Double.POSITIVE_INFINITY : 1;
        }
        boolean distinct = node instanceof Aggregate aggregate
                && aggregate.getGroupSets().size() == 1
                && aggregate.getAggCallList().isEmpty()
                && aggregate.getRowType().getFieldList().stream().allMatch(key -> exact(key.getType()));
        boolean known = distinct || node instanceof Filter || node instanceof Project || node instanceof Join;
        return known && repeatable(node)
                ? node.getInputs().stream().mapToDouble(KeySides::tables).sum()
                : Double.POSITIVE_INFINITY;
    }

    private static boolean repeatable(RelNode node) {
        try {
            node.accept(new RexShuttle() {
                @Override
                public RexNode visitCall(RexCall call) {
                    if (!call.getOperator().isDeterministic()
                            || call.getOperator().isDynamicFunction()) {
                        throw Util.FoundOne.NULL;
                    }
                    return super.visitCall(call);
                }

                @Override
                public RexNode visitOver(RexOver over) {
                    throw Util.FoundOne.NULL;
                }

                @Override
                public RexNode visitSubQuery(RexSubQuery subQuery) {
                    throw Util.FoundOne.NULL;
                }

                @Override
                public RexNode visitCorrelVariable(RexCorrelVariable variable) {
                    throw Util.FoundOne.NULL;
                }
            });
            return true;
        } catch (Util.FoundOne found) {
            return false;
        }
    }

    /** Whether a join's equal keys are one value: texts may be equal by the collation of one column and not of another. */
    static boolean exact(Join join, int left, int right) {
        RelDataType one = join.getLeft().getRowType().getFieldList().get(left).getType();
        RelDataType other =
                join.getRight().getRowType().getFieldList().get(right).getType();
        return exact(one) && SqlTypeUtil.equalSansNullability(one, other);
    }

    private static boolean exact(RelDataType type) {
        return SqlTypeUtil.isExactNumeric(type)
                || type.getSqlTypeName() == SqlTypeName.DATE
                || type.getSqlTypeName() == SqlTypeName.UUID;
    }

    /** What a whole number was before casts that make it wider. */
    static RexNode uncast(RexNode value) {
        return value instanceof RexCall cast
                        && cast.getKind() == SqlKind.CAST
                        && SqlTypeUtil.isIntType(cast.getType())
                        && JoinKeys.widens(cast.getOperands().get(0).getType(), cast.getType())
                ? uncast(cast.getOperands().get(0))
                : value;
    }
}
