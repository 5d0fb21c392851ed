package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceTable;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.SealedScan;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.SetOp;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.util.ImmutableBitSet;
import org.jspecify.annotations.Nullable;

/**
 * Whether a plan reads a large table from end to end: no condition names a column of it, and no LIMIT stands above it. A
 * condition that relates two tables bounds one where something else bounds the other.
 */
final class ReadBounds {
    private final Function<TableName, @Nullable SourceTable> tables;
    private final long rows;
    private boolean unbounded;

    private ReadBounds(Function<TableName, @Nullable SourceTable> tables, long rows) {
        this.tables = tables;
        this.rows = rows;
    }

    /**
     * @param tables what is known of a table at its source; null for those of no source, which do not count
     * @param rows a table of no more is never too large
     */
    static boolean missing(RelNode plan, Function<TableName, @Nullable SourceTable> tables, long rows) {
        ReadBounds bounds = new ReadBounds(tables, rows);
        bounds.walk(plan, List.of(), false);
        return bounds.unbounded;
    }

    /**
     * @param named fields of the node that effective conditions above name, one set a condition
     * @param limited whether no more than {@link #rows} rows of it are asked for
     */
    private void walk(RelNode node, List<ImmutableBitSet> named, boolean limited) {
        subQueries(node);
        if (node instanceof SealedScan scan) {
            scan(scan, named, limited);
        } else if (node instanceof Filter filter) {
            List<ImmutableBitSet> all = new ArrayList<>(named);
            List<RexNode> effective = EffectiveCondition.of(filter.getCondition(), filter.getInput());
            if (effective.stream().anyMatch(RexNode::isAlwaysFalse)) {
                return; // programs that want to know the columns ask for WHERE 1 = 0
            }
            effective.forEach(conjunct -> all.add(RowReferences.of(conjunct)));
            walk(filter.getInput(), all, limited);
        } else if (node instanceof Project project) {
            // A window reads all rows of its partition, however few are asked for.
            boolean whole = project.containsOver();
            List<ImmutableBitSet> asked = whole ? ofPartitions(named, project.getProjects()) : named;
            walk(project.getInput(), below(asked, project.getProjects()), limited && !whole);
        } else if (node instanceof Aggregate aggregate) {
            List<Integer> keys = aggregate.getGroupSet().asList();
            List<ImmutableBitSet> ofKeys = named.stream()
                    .filter(fields -> ImmutableBitSet.range(keys.size()).contains(fields))
                    .map(fields -> ImmutableBitSet.of(
                            fields.asList().stream().map(keys::get).toList()))
                    .toList();
            // A group reads all of its rows, however few groups are asked for.
            walk(aggregate.getInput(), ofKeys, false);
        } else if (node instanceof Sort sort) {
            walk(sort.getInput(), named, limited || limits(sort));
        } else if (node instanceof SetOp) {
            node.getInputs().forEach(input -> walk(input, named, limited));
        } else if (node instanceof Join join) {
            join(join, named, limited);
        } else {
            int offset = 0;
            for (RelNode input : node.getInputs()) {
                int fields = input.getRowType().getFieldCount();
                walk(input, within(named, offset, fields), limited);
                offset += fields;
            }
        }
    }

    private void scan(SealedScan scan, List<ImmutableBitSet> named, boolean limited) {
        if (scan.ofView()) {
            List<ImmutableBitSet> all = new ArrayList<>(named);
            scan.crossing().forEach(crossed -> all.add(RowReferences.of(crossed)));
            walk(scan.viewPlan(), inside(scan, all), limited);
            return;
        }
        SourceTable table = tables.apply(scan.decision().table());
        boolean large = table != null && (!table.counted() || table.rowCount() > rows);
        boolean crossed = scan.crossing().stream().anyMatch(condition -> EffectiveCondition.bounds(condition, scan));
        if (large && !crossed && named.isEmpty() && !limited) {
            unbounded = true;
        }
    }

    /** The same columns of a view's query; a mask on the view stands between and says nothing of what is below. */
    private static List<ImmutableBitSet> inside(SealedScan view, List<ImmutableBitSet> named) {
        return named.stream()
                .map(fields -> ImmutableBitSet.of(fields.asList().stream()
                        .map(field -> Math.max(view.storedColumn(field), view.filterableColumn(field)))
                        .filter(column -> column >= 0)
                        .toList()))
                .filter(fields -> !fields.isEmpty())
                .toList();
    }

    /** IN compares each row; EXISTS needs one. */
    private void subQueries(RelNode node) {
        for (RexSubQuery subQuery : RowReferences.subQueries(node)) {
            boolean compared = subQuery.getKind() == SqlKind.IN || subQuery.getKind() == SqlKind.SOME;
            int fields = subQuery.rel.getRowType().getFieldCount();
            walk(
                    subQuery.rel,
                    compared ? List.of(ImmutableBitSet.range(fields)) : List.of(),
                    subQuery.getKind() == SqlKind.EXISTS);
        }
    }

    /** Its own bound may be told as a parameter, which is not known here: then it is none. */
    private boolean limits(Sort sort) {
        BigDecimal most = sort.fetch instanceof RexLiteral fetch ? fetch.getValueAs(BigDecimal.class) : null;
        return most != null && most.compareTo(BigDecimal.valueOf(rows)) <= 0;
    }

    private void join(Join join, List<ImmutableBitSet> above, boolean limited) {
        int leftFields = join.getLeft().getRowType().getFieldCount();
        int rightFields = join.getRowType().getFieldCount() - leftFields;
        JoinRelType type = join.getJoinType();
        List<ImmutableBitSet> on = new ArrayList<>();
        for (RexNode conjunct : EffectiveCondition.of(join.getCondition(), join)) {
            on.add(RowReferences.of(conjunct));
        }
        List<ImmutableBitSet> ofLeft = new ArrayList<>(above);
        List<ImmutableBitSet> ofRight = new ArrayList<>(above);
        if (!type.generatesNullsOnRight()) {
            ofLeft.addAll(on);
        }
        if (!type.generatesNullsOnLeft()) {
            ofRight.addAll(on);
        }
        ImmutableBitSet left = ImmutableBitSet.range(leftFields);
        ImmutableBitSet right = ImmutableBitSet.range(leftFields, leftFields + rightFields);
        boolean leftBound = restricts(join.getLeft()) || ofLeft.stream().anyMatch(left::contains);
        boolean rightBound = restricts(join.getRight()) || ofRight.stream().anyMatch(right::contains);
        walk(join.getLeft(), within(rightBound ? ofLeft : alone(ofLeft, left), 0, leftFields), limited);
        walk(join.getRight(), within(leftBound ? ofRight : alone(ofRight, right), leftFields, rightFields), limited);
    }

    private static List<ImmutableBitSet> alone(List<ImmutableBitSet> named, ImmutableBitSet side) {
        return named.stream().filter(side::contains).toList();
    }

    /** What of the fields lies in a part of the row, counted from there. */
    private static List<ImmutableBitSet> within(List<ImmutableBitSet> named, int from, int fields) {
        return named.stream()
                .map(all -> all.intersect(ImmutableBitSet.range(from, from + fields))
                        .shift(-from))
                .filter(part -> !part.isEmpty())
                .toList();
    }

    private static List<ImmutableBitSet> below(List<ImmutableBitSet> named, List<RexNode> shown) {
        return named.stream()
                .map(fields -> {
                    ImmutableBitSet.Builder under = ImmutableBitSet.builder();
                    fields.forEachInt(field -> {
                        if (field < shown.size()) {
                            under.addAll(RowReferences.of(shown.get(field)));
                        }
                    });
                    return under.build();
                })
                .filter(fields -> !fields.isEmpty())
                .toList();
    }

    /** Conditions on nothing but columns by which all windows partition. */
    private static List<ImmutableBitSet> ofPartitions(List<ImmutableBitSet> named, List<RexNode> shown) {
        Set<RexNode> keys = new HashSet<>(shown);
        RexVisitorImpl<Void> windows = new RexVisitorImpl<>(true) {
            @Override
            public Void visitOver(RexOver over) {
                keys.retainAll(over.getWindow().partitionKeys);
                return super.visitOver(over);
            }
        };
        windows.visitEach(shown);
        return named.stream()
                .filter(fields -> fields.asList().stream()
                        .allMatch(field -> field < shown.size() && keys.contains(shown.get(field))))
                .toList();
    }

    /** Whether something below leaves out rows by itself. */
    private boolean restricts(RelNode node) {
        if (node instanceof SealedScan scan) {
            return scan.ofView()
                    ? restricts(scan.viewPlan())
                    : scan.crossing().stream().anyMatch(condition -> EffectiveCondition.bounds(condition, scan));
        }
        if (node instanceof Filter filter && EffectiveCondition.bounds(filter)
                || node instanceof Sort sort && limits(sort)) {
            return true;
        }
        if (node instanceof Join join) {
            return !join.getJoinType().generatesNullsOnLeft() && restricts(join.getLeft())
                    || !join.getJoinType().generatesNullsOnRight() && restricts(join.getRight());
        } else if (node instanceof SetOp) {
            return node.getInputs().stream().allMatch(this::restricts);
        } else if (node instanceof Aggregate aggregate
                && aggregate.getGroupSet().isEmpty()) {
            return true;
        }
        // Rows that the statement spells out are few.
        return node instanceof Values || node.getInputs().stream().anyMatch(this::restricts);
    }
}
