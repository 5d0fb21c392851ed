package dev.nicol.server.pipeline;

import com.google.common.collect.ImmutableSet;
import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.sql.Pushdown;
import dev.nicol.adapters.sql.SourceSql;
import dev.nicol.adapters.sql.SqlGenerator;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.rewrite.SealedScan;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.RelFactories;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalUnion;
import org.apache.calcite.rel.logical.LogicalValues;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.tools.RelBuilder;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * Asks a table's row filter about rows that are not there yet: what an INSERT brings and what an UPDATE leaves. The
 * table's own source answers, on the connection that writes, since only it compares as it does.
 */
final class RowFilterCheck {
    private final Body.Target target;
    private final SealedScan scan;
    private final SourceAdapter adapter;
    private final RexNode filter;

    /** How the filter's sub-queries name the row. */
    private final Set<CorrelationId> rowNames;

    private final RexBuilder rex;

    /** @param scan filters rows */
    RowFilterCheck(Body.Target target, SealedScan scan, SourceAdapter adapter) {
        this.target = target;
        this.scan = scan;
        this.adapter = adapter;
        Filter governing = (Filter) scan.governed().getInput(0);
        this.filter = governing.getCondition();
        this.rowNames = governing.getVariablesSet();
        this.rex = scan.getCluster().getRexBuilder();
    }

    /** Columns of the stored table that the filter depends on, in its sub-queries too. */
    ImmutableBitSet columnsRead() {
        ImmutableBitSet.Builder read = ImmutableBitSet.builder();
        read.addAll(RelOptUtil.InputFinder.bits(filter));
        filter.accept(new Everywhere() {
            @Override
            public RexNode visitFieldAccess(RexFieldAccess access) {
                if (namesRow(access)) {
                    read.set(access.getField().getIndex());
                }
                return access;
            }
        });
        return read.build();
    }

    private boolean namesRow(RexFieldAccess access) {
        return access.getReferenceExpr() instanceof RexCorrelVariable variable && rowNames.contains(variable.id);
    }

    /** Whether an UPDATE sets a column that the filter depends on. */
    boolean touched(Body.Change change) {
        List<String> names = target.stored().rowType().getFieldNames();
        return columnsRead().toList().stream()
                .anyMatch(field -> change.assignments().containsKey(names.get(field)));
    }

    /** Counts those of an INSERT's rows that the subject could not read. */
    SourceSql ofInsert(Body.Insert insert) {
        return count(typed(LogicalProject.create(
                insert.input(),
                List.of(),
                stored(insert),
                target.stored().rowType().getFieldNames(),
                Set.of())));
    }

    /**
     * Counts those of some rows for an INSERT that the subject could not read.
     *
     * @param rows how many; their values are the parameters, row by row
     */
    SourceSql ofRows(Body.Insert insert, int rows) {
        List<RelDataTypeField> given = insert.input().getRowType().getFieldList();
        List<RelNode> all = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            List<RexNode> values = new ArrayList<>();
            for (RelDataTypeField field : target.stored().rowType().getFieldList()) {
                int at = insert.columns().indexOf(field.getName());
                if (at < 0) {
                    values.add(rex.makeNullLiteral(field.getType()));
                } else {
                    int index = row * given.size() + at;
                    values.add(rex.makeAbstractCast(
                            field.getType(), new RexDynamicParam(given.get(at).getType(), index), false));
                }
            }
            all.add(LogicalProject.create(
                    LogicalValues.createOneRow(scan.getCluster()),
                    List.of(),
                    values,
                    target.stored().rowType().getFieldNames(),
                    Set.of()));
        }
        return count(typed(all.size() == 1 ? all.get(0) : LogicalUnion.create(all, true)));
    }

    /** The INSERT's rows less those that the subject could not read: what was checked may have changed since. */
    RelNode kept(Body.Insert insert) {
        List<RexNode> wide = new ArrayList<>(stored(insert));
        List<String> names = new ArrayList<>(target.stored().rowType().getFieldNames());
        int first = wide.size();
        for (RelDataTypeField field : insert.input().getRowType().getFieldList()) {
            wide.add(rex.makeInputRef(insert.input(), field.getIndex()));
            names.add("given" + field.getIndex());
        }
        RelNode rows = LogicalProject.create(insert.input(), List.of(), wide, names, Set.of());
        RelNode kept = LogicalFilter.create(rows, filter, ImmutableSet.copyOf(rowNames));
        List<RexNode> given = new ArrayList<>();
        for (int i = first; i < wide.size(); i++) {
            given.add(rex.makeInputRef(kept, i));
        }
        return LogicalProject.create(kept, List.of(), given, insert.columns(), Set.of());
    }

    /** The INSERT's rows as the stored table has its columns; what is not named is NULL. */
    private List<RexNode> stored(Body.Insert insert) {
        List<RexNode> row = new ArrayList<>();
        for (RelDataTypeField field : target.stored().rowType().getFieldList()) {
            int given = insert.columns().indexOf(field.getName());
            row.add(
                    given < 0
                            ? rex.makeNullLiteral(field.getType())
                            : rex.ensureType(field.getType(), rex.makeInputRef(insert.input(), given), true));
        }
        return row;
    }

    /** The same rows after none of the table's: a source then compares them as it compares the table's columns. */
    private RelNode typed(RelNode rows) {
        RelNode stored = scan.governed().getInput(0).getInput(0);
        return LogicalUnion.create(List.of(LogicalFilter.create(stored, rex.makeLiteral(false)), rows), true);
    }

    private SourceSql count(RelNode rows) {
        return count(rows, hides(filter), rowNames);
    }

    private SourceSql count(RelNode rows, RexNode hidden, Set<CorrelationId> names) {
        RelNode filtered = LogicalFilter.create(rows, hidden, ImmutableSet.copyOf(names));
        RelBuilder builder = RelFactories.LOGICAL_BUILDER.create(scan.getCluster(), null);
        RelNode counted = builder.push(filtered)
                .aggregate(builder.groupKey(), builder.countStar("hidden"))
                .build();
        String source = target.name().catalog();
        if (!Pushdown.sources(counted).equals(Set.of(source)) || !Pushdown.computes(adapter, counted)) {
            throw NicolError.NOT_SUPPORTED.because("Rows of `" + target.name() + "` are hidden from you, and source `"
                    + source + "` cannot check these new values against that. Write plain values.");
        }
        return new SqlGenerator(adapter).query(source, counted);
    }

    /** Counts rows of an UPDATE that would leave the subject's sight. */
    SourceSql ofChange(Body.Change change, RexNode after) {
        Set<CorrelationId> names = new HashSet<>(rowNames);
        names.addAll(change.outer());
        return count(change.scan(), where(change, hides(after)), names);
    }

    /** IS NOT TRUE, in words that every source takes behind a sub-query too. */
    private RexNode hides(RexNode condition) {
        return rex.makeCall(SqlStdOperatorTable.CASE, condition, rex.makeLiteral(false), rex.makeLiteral(true));
    }

    /** A condition on rows that an UPDATE meets, evaluated on no others. */
    static RexNode where(Body.Change change, RexNode condition) {
        RexBuilder rex = change.scan().getCluster().getRexBuilder();
        return change.condition().isAlwaysTrue()
                ? condition
                : rex.makeCall(SqlStdOperatorTable.CASE, change.condition(), condition, rex.makeLiteral(false));
    }

    /** The filter as it will be of a row that an UPDATE has changed, over what the subject sees of the row before. */
    RexNode after(Body.Change change) {
        RexNode substituted = filter.accept(new Everywhere() {
            @Override
            public RexNode visitInputRef(RexInputRef reference) {
                return depth() > 0 ? reference : changed(change, reference.getIndex(), reference.getType());
            }

            @Override
            public RexNode visitFieldAccess(RexFieldAccess access) {
                if (!namesRow(access)) {
                    return access;
                }
                RexNode row = rex.makeCorrel(scan.getRowType(), ((RexCorrelVariable) access.getReferenceExpr()).id);
                RexNode value = changed(change, access.getField().getIndex(), access.getType());
                if (RexUtil.SubQueryFinder.find(value) != null) {
                    throw NicolError.NOT_SUPPORTED.because(
                            "Which rows you see depends on a column that this UPDATE sets to"
                                    + " the answer of a sub-query, which cannot be checked. Set it to a plain value.");
                }
                return value.accept(new RexShuttle() {
                    @Override
                    public RexNode visitInputRef(RexInputRef reference) {
                        return rex.makeFieldAccess(row, reference.getIndex());
                    }
                });
            }
        });
        return RexUtil.flatten(rex, substituted);
    }

    /** A stored column's value after an UPDATE, over fields of the scan. */
    private RexNode changed(Body.Change change, int stored, RelDataType type) {
        String column = target.stored().rowType().getFieldNames().get(stored);
        int shown = scan.getRowType().getFieldNames().indexOf(column);
        boolean readable = shown >= 0 && scan.storedColumn(shown) >= 0;
        RexNode assigned = change.assignments().get(column);
        if (assigned == null && !readable) {
            throw NicolError.NOT_PERMITTED.because("Column `" + column
                    + "` decides which rows you see and is hidden from you, so this UPDATE cannot be checked.");
        } else if (assigned == null) {
            return rex.makeInputRef(scan, shown);
        }
        RexNode value = rex.ensureType(type, assigned, true);
        // Beside the column, a text is compared by the column's collation.
        return readable && SqlTypeUtil.inCharFamily(type)
                ? rex.makeCall(
                        type,
                        SqlStdOperatorTable.CASE,
                        List.of(rex.makeLiteral(false), rex.makeInputRef(scan, shown), value))
                : value;
    }

    /** Visits expressions of sub-queries too; knows how deep it is in them. */
    private abstract static class Everywhere extends RexShuttle {
        private int depth;

        int depth() {
            return depth;
        }

        @Override
        public RexNode visitSubQuery(RexSubQuery subQuery) {
            RexSubQuery walked = (RexSubQuery) super.visitSubQuery(subQuery);
            depth++;
            try {
                return walked.clone(walk(walked.rel));
            } finally {
                depth--;
            }
        }

        private RelNode walk(RelNode node) {
            List<RelNode> inputs = new ArrayList<>();
            node.getInputs().forEach(input -> inputs.add(walk(input)));
            RelNode copy = inputs.equals(node.getInputs()) ? node : node.copy(node.getTraitSet(), inputs);
            return copy.accept(this);
        }
    }
}
