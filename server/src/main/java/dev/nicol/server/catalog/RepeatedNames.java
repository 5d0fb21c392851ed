package dev.nicol.server.catalog;

import dev.nicol.policy.NicolError;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.sql.validate.SqlNameMatcher;
import org.apache.calcite.sql.validate.SqlNameMatchers;
import org.apache.calcite.sql.validate.SqlValidatorUtil;
import org.jspecify.annotations.Nullable;

/**
 * Columns of a sub-query that have one name. Each is given a name of its own, of that name and its place, so that what a star
 * stands for can be told apart; whoever writes the name that they share is refused, as it stands for several of them.
 */
final class RepeatedNames {
    /** Comes before a column's place. No database has it in a name, and what a user writes with it stands for that column only. */
    private static final char MARK = '\u0000';

    /** Names without regard to case, where a shared name means all who share it. */
    static final SqlNameMatcher MATCHER = new Matcher();

    private RepeatedNames() {}

    /** The same columns, where those that share a name, but for case, are told apart; the same object where none do. */
    static RelDataType apart(RelDataType rowType, RelDataTypeFactory types) {
        Map<String, Integer> counts = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        rowType.getFieldNames().forEach(name -> counts.merge(name, 1, Integer::sum));
        if (counts.size() == rowType.getFieldCount()) {
            return rowType;
        }
        List<String> names = new ArrayList<>();
        for (RelDataTypeField field : rowType.getFieldList()) {
            boolean shared = counts.getOrDefault(field.getName(), 0) > 1;
            names.add(shared ? field.getName() + MARK + field.getIndex() : field.getName());
        }
        return types.createStructType(
                rowType.getFieldList().stream().map(RelDataTypeField::getType).toList(), names);
    }

    /** Whether a name is one that was made here. */
    static boolean isApart(String name) {
        return name.indexOf(MARK) >= 0;
    }

    /** The name as the sub-query has it. */
    static String shared(String name) {
        int mark = name.indexOf(MARK);
        return mark < 0 ? name : name.substring(0, mark);
    }

    /** The same projection with names that a source takes: no database has the mark in one. */
    static RelNode together(RelNode node) {
        List<String> names = node.getRowType().getFieldNames();
        if (!(node instanceof Project project) || names.stream().noneMatch(RepeatedNames::isApart)) {
            return node;
        }
        List<RelDataType> columns = project.getRowType().getFieldList().stream()
                .map(RelDataTypeField::getType)
                .toList();
        List<String> taken = SqlValidatorUtil.uniquify(
                names.stream().map(RepeatedNames::shared).toList(), false);
        return project.copy(
                project.getTraitSet(),
                project.getInput(),
                project.getProjects(),
                project.getCluster().getTypeFactory().createStructType(columns, taken));
    }

    private static final class Matcher implements SqlNameMatcher {
        private final SqlNameMatcher plain = SqlNameMatchers.withCaseSensitive(false);

        @Override
        public boolean isCaseSensitive() {
            return plain.isCaseSensitive();
        }

        @Override
        public boolean matches(String written, String name) {
            return isApart(written) && isApart(name)
                    ? plain.matches(written, name)
                    : plain.matches(shared(written), shared(name));
        }

        @Override
        public <K extends List<String>, V> @Nullable V get(Map<K, V> map, List<String> prefix, List<String> names) {
            return plain.get(map, prefix, names);
        }

        @Override
        public String bestString() {
            return plain.bestString();
        }

        /**
         * Calcite takes the first that matches, and looks for others under the very same name only. What was told apart is
         * looked for elsewhere by NATURAL JOIN only.
         */
        @Override
        public @Nullable RelDataTypeField field(RelDataType rowType, String name) {
            RelDataTypeField found = plain.field(rowType, name);
            if (found == null && (isApart(name) || frequency(rowType.getFieldNames(), name) > 0)) {
                throw NicolError.AMBIGUOUS_COLUMN.because("Column `" + shared(name)
                        + "` is ambiguous: a sub-query has several of that name. Name them apart in it, with AS.");
            }
            return found;
        }

        @Override
        public int frequency(Iterable<String> names, String name) {
            int count = 0;
            for (String one : names) {
                count += matches(one, name) ? 1 : 0;
            }
            return count;
        }

        @Override
        public Set<String> createSet() {
            return new TreeSet<>((one, other) -> shared(one).compareToIgnoreCase(shared(other)));
        }
    }
}
