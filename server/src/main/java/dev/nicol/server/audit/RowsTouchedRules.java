package dev.nicol.server.audit;

import dev.nicol.policy.NamePattern;
import dev.nicol.policy.TableName;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Of which tables the trail tells rows apart.
 *
 * @param tags of columns; {@link #ANY}: every tagged column
 * @param tables whatever their columns are
 * @param most rows that it tells apart of one statement
 */
public record RowsTouchedRules(Set<String> tags, List<NamePattern> tables, int most) {
    /** Stands for every tag. */
    public static final String ANY = "*";

    public static final int DEFAULT_MOST = 1_000;
    public static final int MAX_MOST = 100_000;
    public static final RowsTouchedRules OFF = new RowsTouchedRules(Set.of(), List.of(), DEFAULT_MOST);

    public RowsTouchedRules {
        tags = Set.copyOf(tags);
        tables = List.copyOf(tables);
    }

    public boolean areOff() {
        return tags.isEmpty() && tables.isEmpty();
    }

    public boolean name(TableName table) {
        return tables.stream().anyMatch(pattern -> pattern.matches(table));
    }

    /** Whether a column with these tags counts. */
    public boolean nameAny(Collection<String> ofColumn) {
        return tags.contains(ANY) ? !ofColumn.isEmpty() : ofColumn.stream().anyMatch(tags::contains);
    }
}
