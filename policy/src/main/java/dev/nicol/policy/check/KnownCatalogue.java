package dev.nicol.policy.check;

import dev.nicol.policy.NamePattern;
import dev.nicol.policy.TableFacts;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * The tables that rules can speak of at one moment.
 *
 * @param tables of sources that have answered at least once, with their columns
 * @param views full names of the views there are; their columns are not known
 * @param catalogs every first part of a name: sources, {@code virtual} and {@code nicol}
 * @param unread catalogs of which nothing is known yet: sources that have never answered, and empty ones
 * @param expressions reads the SQL of rules
 */
public record KnownCatalogue(
        List<TableFacts> tables,
        Set<String> views,
        Set<String> catalogs,
        Set<String> unread,
        StoredExpressions expressions) {
    /** The catalog of views, which come and go by statement. */
    public static final String VIRTUAL = "virtual";

    public KnownCatalogue {
        // in the order of their names, so that problems are told in one order
        tables = tables.stream().sorted(Comparator.comparing(TableFacts::name)).toList();
        views = Set.copyOf(views);
        catalogs = Set.copyOf(catalogs);
        unread = Set.copyOf(unread);
    }

    /** The tables that any of the patterns matches. */
    List<TableFacts> matching(List<NamePattern> patterns) {
        return tables.stream()
                .filter(table -> patterns.stream().anyMatch(pattern -> pattern.matches(table.name())))
                .toList();
    }

    /** Whether the pattern may name what is not known yet. */
    boolean reachesUnread(NamePattern pattern) {
        return unread.stream().anyMatch(pattern::reaches);
    }
}
