package dev.nicol.policy;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Opens tables to subjects; nothing is readable without one.
 *
 * @param raw tags or columns that the grant opens unmasked ({@code *}: all)
 * @param filterable tags or columns that conditions of comparisons with constants see as they are stored ({@code *}: all),
 *     however they are shown
 * @param joinable tags or columns that joins compare as they are stored ({@code *}: all), however they are shown
 * @param until the grant's end; null: none
 * @param deniedColumns globs of column names that do not exist under this grant
 */
public record Grant(
        String name,
        List<NamePattern> tables,
        Set<Action> actions,
        Set<String> raw,
        Set<String> filterable,
        Set<String> joinable,
        @Nullable Instant until,
        List<NamePattern> deniedColumns,
        Audience audience)
        implements Rule {
    public Grant {
        tables = List.copyOf(tables);
        actions = Set.copyOf(actions);
        raw = Set.copyOf(raw);
        filterable = Set.copyOf(filterable);
        joinable = Set.copyOf(joinable);
        deniedColumns = List.copyOf(deniedColumns);
    }

    public boolean covers(TableName table) {
        return tables.stream().anyMatch(pattern -> pattern.matches(table));
    }

    public boolean liveAt(Instant moment) {
        return until == null || moment.isBefore(until);
    }
}
