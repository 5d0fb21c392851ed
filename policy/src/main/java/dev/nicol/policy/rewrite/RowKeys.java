package dev.nicol.policy.rewrite;

import com.google.common.collect.ImmutableSet;
import dev.nicol.policy.TableName;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.calcite.rel.RelCollations;
import org.apache.calcite.rel.RelFieldCollation;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.hint.RelHint;
import org.apache.calcite.rel.logical.LogicalCorrelate;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalSort;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;

/**
 * Carries primary keys from the seals of tables to the end of a plan's rows, for the trail: each row that is handed out then
 * tells which stored rows it was made of. A key is carried past operators whose every row is made of one row of an input;
 * where rows are merged, compared or only looked for, the table's rows are not told apart.
 *
 * <p>Changes no row that is shown, neither which there are nor their order: the columns stand at the end, and nothing computes
 * with them, which {@link RowKeyProof} checks.
 */
public final class RowKeys {
    private final Map<TableName, List<Integer>> wanted;
    private final Set<TableName> untold = new LinkedHashSet<>();

    private RowKeys(Map<TableName, List<Integer>> wanted) {
        this.wanted = wanted;
    }

    /**
     * The primary key of one table's row.
     *
     * @param columns where its columns stand in a row of the plan, in the key's order
     */
    public record Key(TableName table, List<Integer> columns) {
        public Key {
            columns = List.copyOf(columns);
        }

        private Key shifted(int by) {
            return new Key(table, columns.stream().map(column -> column + by).toList());
        }
    }

    /**
     * A plan whose rows carry keys at their end.
     *
     * @param plan the plan itself where there is nothing to carry
     * @param untold tables some of whose rows are read and not told apart
     */
    public record Carried(RelNode plan, List<Key> keys, Set<TableName> untold) {}

    /** @param wanted where the primary key stands in the stored table; empty where rows of a table cannot be told apart */
    public static Carried carried(RelNode plan, Map<TableName, List<Integer>> wanted) {
        RowKeys carrier = new RowKeys(wanted);
        Row row = carrier.row(plan);
        Row ordered = row.keys().isEmpty() ? Row.bare(plan) : row.inOrder(plan);
        return new Carried(ordered.rel(), ordered.keys(), carrier.untold);
    }

    /** Tables of a plan that are wanted. */
    public static Set<TableName> within(RelNode plan, Set<TableName> wanted) {
        Set<TableName> found = new LinkedHashSet<>();
        for (SealedScan scan : Seals.in(plan)) {
            if (wanted.contains(scan.decision().table())) {
                found.add(scan.decision().table());
            }
        }
        return found;
    }

    /** A name for a column of a row key that no other column has. */
    static String name(List<String> taken) {
        int number = 0;
        String name = "row_key";
        while (taken.stream().anyMatch(name::equalsIgnoreCase)) {
            name = "row_key" + number++;
        }
        return name;
    }

    /**
     * A node that may carry keys.
     *
     * @param fields where the columns that it has without them stand, in their order
     */
    private record Row(RelNode rel, List<Integer> fields, List<Key> keys) {
        static Row bare(RelNode rel) {
            return new Row(rel, first(rel.getRowType().getFieldCount()), List.of());
        }

        static List<Integer> first(int count) {
            return IntStream.range(0, count).boxed().toList();
        }

        RexNode moved(RexNode expression) {
            return expression.accept(new RexShuttle() {
                @Override
                public RexNode visitInputRef(RexInputRef reference) {
                    return new RexInputRef(fields.get(reference.getIndex()), reference.getType());
                }
            });
        }

        /** The columns it has without keys in their places, and the keys behind them: what names the row finds them. */
        Row inOrder(RelNode original) {
            if (fields.equals(first(fields.size()))) {
                return this;
            }
            List<RexNode> shown = new ArrayList<>();
            fields.forEach(field -> shown.add(RexInputRef.of(field, rel.getRowType())));
            return over(shown, original.getRowType().getFieldNames(), List.of(), Set.of());
        }

        /** A projection, with the keys at its end. */
        Row over(List<RexNode> columns, List<String> called, List<RelHint> hints, Set<CorrelationId> variables) {
            List<RexNode> shown = new ArrayList<>(columns);
            List<String> names = new ArrayList<>(called);
            List<Key> moved = new ArrayList<>();
            for (Key key : keys) {
                List<Integer> at = new ArrayList<>();
                for (int column : key.columns()) {
                    at.add(shown.size());
                    shown.add(RexInputRef.of(column, rel.getRowType()));
                    names.add(name(names));
                }
                moved.add(new Key(key.table(), at));
            }
            return new Row(LogicalProject.create(rel, hints, shown, names, variables), first(columns.size()), moved);
        }
    }

    private Row row(RelNode node) {
        if (node instanceof SealedScan scan) {
            return sealed(scan);
        } else if (node instanceof LogicalFilter filter) {
            return filtered(filter);
        } else if (node instanceof LogicalProject project) {
            return projected(project);
        } else if (node instanceof LogicalJoin join && tellsApart(join)) {
            return joined(join);
        } else if (node instanceof LogicalCorrelate correlate
                && correlate.getJoinType().projectsRight()) {
            return correlated(correlate);
        } else if (node instanceof LogicalSort sort) {
            return sorted(sort);
        }
        return lost(node);
    }

    /** Of nothing below are rows told apart. */
    private Row lost(RelNode node) {
        untold.addAll(within(node, wanted.keySet()));
        return Row.bare(node);
    }

    private void lookedFor(RexNode expression) {
        expression.accept(new RexShuttle() {
            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                untold.addAll(within(subQuery.rel, wanted.keySet()));
                return super.visitSubQuery(subQuery);
            }
        });
    }

    private Row sealed(SealedScan scan) {
        if (scan.ofView()) {
            RelNode plan = scan.viewPlan();
            Row inner = row(plan);
            if (inner.keys().isEmpty()) {
                return Row.bare(scan);
            }
            Row ordered = inner.inOrder(plan);
            List<Integer> columns = new ArrayList<>();
            ordered.keys().forEach(key -> columns.addAll(key.columns()));
            SealedScan keyed = scan.withRowKeys(ordered.rel(), columns);
            List<Key> keys = new ArrayList<>();
            int at = scan.getRowType().getFieldCount();
            for (Key key : ordered.keys()) {
                int first = at;
                at += key.columns().size();
                keys.add(new Key(key.table(), IntStream.range(first, at).boxed().toList()));
            }
            return new Row(keyed, Row.first(scan.getRowType().getFieldCount()), keys);
        }
        TableName table = scan.decision().table();
        List<Integer> stored = wanted.getOrDefault(table, List.of());
        if (stored.isEmpty() || scan.isEmpty()) {
            return lost(scan);
        }
        int width = scan.getRowType().getFieldCount();
        Key key = new Key(
                table, IntStream.range(width, width + stored.size()).boxed().toList());
        return new Row(scan.withRowKeys(stored), Row.first(width), List.of(key));
    }

    private Row filtered(Filter filter) {
        lookedFor(filter.getCondition());
        Row input = row(filter.getInput());
        if (input.keys().isEmpty()) {
            return Row.bare(filter);
        }
        Row row = filter.getVariablesSet().isEmpty() ? input : input.inOrder(filter.getInput());
        RelNode above = LogicalFilter.create(
                row.rel(), row.moved(filter.getCondition()), ImmutableSet.copyOf(filter.getVariablesSet()));
        return new Row(above, row.fields(), row.keys());
    }

    private Row projected(Project project) {
        project.getProjects().forEach(this::lookedFor);
        Row input = row(project.getInput());
        if (input.keys().isEmpty()) {
            return Row.bare(project);
        }
        Row row = project.getVariablesSet().isEmpty() ? input : input.inOrder(project.getInput());
        return row.over(
                project.getProjects().stream().map(row::moved).toList(),
                project.getRowType().getFieldNames(),
                project.getHints(),
                project.getVariablesSet());
    }

    /** Whether each row of a join is made of one row of each side, or of one. */
    private static boolean tellsApart(Join join) {
        return join.getJoinType().projectsRight()
                && join.getVariablesSet().isEmpty()
                && !RexUtil.SubQueryFinder.containsSubQuery(join);
    }

    private Row joined(Join join) {
        Row left = row(join.getLeft());
        Row right = row(join.getRight());
        if (left.keys().isEmpty() && right.keys().isEmpty()) {
            return Row.bare(join);
        }
        Row both = beside(join, left, right);
        RelNode on = join.copy(
                join.getTraitSet(),
                both.moved(join.getCondition()),
                left.rel(),
                right.rel(),
                join.getJoinType(),
                join.isSemiJoinDone());
        return new Row(on, both.fields(), both.keys());
    }

    private static Row beside(RelNode node, Row left, Row right) {
        int shift = left.rel().getRowType().getFieldCount();
        List<Integer> fields = new ArrayList<>(left.fields());
        right.fields().forEach(field -> fields.add(shift + field));
        List<Key> keys = new ArrayList<>(left.keys());
        right.keys().forEach(key -> keys.add(key.shifted(shift)));
        return new Row(node, fields, keys);
    }

    private Row correlated(Correlate correlate) {
        Row left = row(correlate.getLeft()).inOrder(correlate.getLeft());
        Row right = row(correlate.getRight());
        if (left.keys().isEmpty() && right.keys().isEmpty()) {
            return Row.bare(correlate);
        }
        Row both = beside(correlate, left, right);
        RelNode on = correlate.copy(
                correlate.getTraitSet(),
                left.rel(),
                right.rel(),
                correlate.getCorrelationId(),
                correlate.getRequiredColumns(),
                correlate.getJoinType());
        return new Row(on, both.fields(), both.keys());
    }

    private Row sorted(Sort sort) {
        Row row = row(sort.getInput());
        if (row.keys().isEmpty()) {
            return Row.bare(sort);
        }
        List<RelFieldCollation> by = sort.getCollation().getFieldCollations().stream()
                .map(field -> field.withFieldIndex(row.fields().get(field.getFieldIndex())))
                .toList();
        RelNode above = LogicalSort.create(row.rel(), RelCollations.of(by), sort.offset, sort.fetch);
        return new Row(above, row.fields(), row.keys());
    }
}
