package dev.nicol.policy.check;

import dev.nicol.policy.TableName;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/** Reads the SQL that rules hold: an expression over one row of a table as it is stored. */
@FunctionalInterface
public interface StoredExpressions {
    /** Reads one. */
    Reading read(TableName table, String sql);

    /**
     * What an expression is.
     *
     * @param type null where it does not hold
     * @param lookups tables that its sub-queries read
     * @param groups names that it asks {@code IN_GROUP} about
     * @param faults why it cannot stand in a rule, each in words that say what to do; empty when it can
     */
    record Reading(@Nullable RelDataType type, Set<TableName> lookups, Set<String> groups, List<String> faults) {
        public Reading {
            lookups = Set.copyOf(lookups);
            groups = Set.copyOf(groups);
            faults = List.copyOf(faults);
        }

        /** One that cannot be read at all. */
        public static Reading fault(String fault) {
            return new Reading(null, Set.of(), Set.of(), List.of(fault));
        }
    }
}
