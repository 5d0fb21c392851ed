package dev.nicol.policy.rewrite;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;

/**
 * A node that may have join keys among its columns.
 *
 * @param fields where the columns that it has without them stand, in their order
 * @param keys of those columns whose join key was asked for, where that stands
 */
record Keyed(RelNode rel, List<Integer> fields, Map<Integer, Integer> keys) {
    /** A node without any. */
    static Keyed none(RelNode rel) {
        return new Keyed(
                rel,
                IntStream.range(0, rel.getRowType().getFieldCount()).boxed().toList(),
                Map.of());
    }

    /** A node with keys at its end, in the order of {@code wanted}. */
    static Keyed atEnd(RelNode rel, Collection<Integer> wanted) {
        int width = rel.getRowType().getFieldCount() - wanted.size();
        Map<Integer, Integer> keys = new HashMap<>();
        for (int field : wanted) {
            keys.put(field, width + keys.size());
        }
        return new Keyed(rel, IntStream.range(0, width).boxed().toList(), keys);
    }

    /** A name for a join key that no other column has. */
    static String name(List<String> taken) {
        int number = 0;
        String name = "join_key";
        while (taken.stream().anyMatch(name::equalsIgnoreCase)) {
            name = "join_key" + number++;
        }
        return name;
    }

    /** Another node with the same columns. */
    Keyed as(RelNode other) {
        return new Keyed(other, fields, keys);
    }

    RexNode key(int field) {
        return RexInputRef.of(Objects.requireNonNull(keys.get(field)), rel.getRowType());
    }

    /** An expression over the columns it has without keys. */
    RexNode moved(RexNode expression) {
        return expression.accept(new RexShuttle() {
            @Override
            public RexNode visitInputRef(RexInputRef reference) {
                return new RexInputRef(fields.get(reference.getIndex()), reference.getType());
            }
        });
    }

    /**
     * The columns it has without keys, in their order, and then the wanted keys: what names the row of {@code original} by
     * a correlation variable still finds every column in its place.
     */
    Keyed inOrder(RelNode original, Collection<Integer> wanted) {
        boolean there = rel.getRowType().getFieldCount() == fields.size() + wanted.size()
                && fields.equals(none(original).fields());
        if (there) {
            return this;
        }
        List<RexNode> shown = new ArrayList<>();
        fields.forEach(field -> shown.add(RexInputRef.of(field, rel.getRowType())));
        List<String> names = new ArrayList<>(original.getRowType().getFieldNames());
        for (int field : wanted) {
            shown.add(key(field));
            names.add(name(names));
        }
        return atEnd(LogicalProject.create(rel, List.of(), shown, names, Set.of()), wanted);
    }

    /** A projection of this, with the wanted keys at its end. */
    Keyed under(Project project, Map<Integer, Integer> wanted) {
        List<RexNode> shown = new ArrayList<>();
        project.getProjects().forEach(column -> shown.add(moved(column)));
        List<String> names = new ArrayList<>(project.getRowType().getFieldNames());
        wanted.values().forEach(below -> {
            shown.add(key(below));
            names.add(name(names));
        });
        return atEnd(
                LogicalProject.create(rel, project.getHints(), shown, names, project.getVariablesSet()),
                wanted.keySet());
    }
}
