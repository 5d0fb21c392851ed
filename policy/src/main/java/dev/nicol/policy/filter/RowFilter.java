package dev.nicol.policy.filter;

import dev.nicol.policy.Audience;
import dev.nicol.policy.NamePattern;
import dev.nicol.policy.Rule;
import dev.nicol.policy.TableName;
import java.util.List;

/**
 * Keeps rows that do not meet {@code where} from existing. Several filters on one table are ANDed; NULL means no row.
 *
 * @param where SQL over the table's raw columns, with {@code CURRENT_USER}, {@code ATTRIBUTE('k')},
 *     {@code IN_GROUP('g')}, {@code PURPOSE()}, {@code IS_AGENT()} and sub-queries
 */
public record RowFilter(String name, List<NamePattern> tables, Audience audience, String where) implements Rule {
    public RowFilter {
        tables = List.copyOf(tables);
    }

    public boolean covers(TableName table) {
        return tables.stream().anyMatch(pattern -> pattern.matches(table));
    }
}
