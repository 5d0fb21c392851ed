package dev.nicol.policy.check;

import dev.nicol.policy.ColumnFacts;
import dev.nicol.policy.Place;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Problems;
import dev.nicol.policy.TableFacts;
import dev.nicol.policy.TableName;
import dev.nicol.policy.filter.RowFilter;
import dev.nicol.policy.mask.Custom;
import dev.nicol.policy.mask.MaskRule;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** SQL of rules that does not hold over a table it covers, and filters that look up what they hide. */
final class ExpressionCheck {
    private final PolicySet set;
    private final KnownCatalogue catalogue;
    private final @Nullable KnownSubjects subjects;
    private final Problems problems;

    ExpressionCheck(PolicySet set, KnownCatalogue catalogue, @Nullable KnownSubjects subjects, Problems problems) {
        this.set = set;
        this.catalogue = catalogue;
        this.subjects = subjects;
        this.problems = problems;
    }

    void check() {
        for (RowFilter filter : set.rowFilters()) {
            List<TableFacts> covered = catalogue.matching(filter.tables());
            Set<String> groups = new TreeSet<>();
            Set<TableName> lookups = new TreeSet<>();
            for (TableFacts table : covered) {
                StoredExpressions.Reading reading = catalogue.expressions().read(table.name(), filter.where());
                lookups.addAll(reading.lookups());
                groups.addAll(reading.groups());
                reading.faults().forEach(fault -> tell(filter, table.name(), fault));
                RelDataType type = reading.type();
                if (type != null && type.getSqlTypeName() != SqlTypeName.BOOLEAN) {
                    tell(
                            filter,
                            table.name(),
                            "it is `" + type.getSqlTypeName() + "`, and a filter is true or false — compare it with"
                                    + " something");
                }
            }
            lookups.stream()
                    .filter(filter::covers)
                    .forEach(table -> problems.add(
                            place(filter),
                            "`" + filter.name() + "` refers to itself: its sub-query reads `" + table
                                    + "`, whose rows it decides on — look up another table, or narrow `tables`"));
            groups(filter, groups);
        }
        masks();
    }

    /** Custom masks by column; one by tag shows NULL where it does not hold. */
    private void masks() {
        for (MaskRule rule : set.maskRules()) {
            if (rule.mask() instanceof Custom custom) {
                for (TableFacts table : catalogue.tables()) {
                    List<ColumnFacts> columns = table.columns().stream()
                            .filter(column -> rule.columns().stream()
                                    .anyMatch(pattern -> pattern.matches(table.name(), column.name())))
                            .toList();
                    if (!columns.isEmpty()) {
                        mask(rule, custom, table.name(), columns);
                    }
                }
            }
        }
    }

    private void mask(MaskRule rule, Custom custom, TableName table, List<ColumnFacts> columns) {
        Place place = set.places().of(rule, "mask.sql", null);
        String start = "`" + rule.name() + "` does not hold on `" + table;
        StoredExpressions.Reading reading = catalogue.expressions().read(table, custom.sql());
        reading.faults().forEach(fault -> problems.add(place, start + "`: " + fault));
        if (!reading.lookups().isEmpty()) {
            problems.add(place, start + "`: it has a sub-query, and a mask sees its own row only — leave it out");
        }
        RelDataType type = reading.type();
        for (ColumnFacts column : columns) {
            String misfit = type == null ? null : Custom.misfit(column.type(), type);
            if (misfit != null) {
                problems.add(place, start + "." + column.name() + "`: " + misfit + " — cast it to the column's type");
            }
        }
    }

    private void tell(RowFilter filter, TableName table, String fault) {
        problems.add(place(filter), "`" + filter.name() + "` does not hold on `" + table + "`: " + fault);
    }

    private void groups(RowFilter filter, Set<String> asked) {
        if (subjects == null) {
            return;
        }
        Set<String> known = subjects.groups();
        asked.stream()
                .filter(group -> !known.contains(group))
                .forEach(group -> problems.add(place(filter), SubjectCheck.unknown(filter, "group", group, known)));
    }

    private Place place(RowFilter filter) {
        return set.places().of(filter, "where", null);
    }
}
