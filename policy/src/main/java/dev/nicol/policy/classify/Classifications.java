package dev.nicol.policy.classify;

import dev.nicol.policy.ColumnFacts;
import dev.nicol.policy.TableName;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What is known of the columns of all tables at one moment; immutable. A column that it does not name is unclassified. */
public final class Classifications {
    /** The tag of a column that has not been looked at yet: masked like any other, so that nothing shows before it is. */
    public static final String UNCLASSIFIED = ColumnFacts.UNCLASSIFIED;

    private static final List<Classification> NOT_LOOKED_AT =
            List.of(new Classification(UNCLASSIFIED, 1, "not looked at yet"));

    private final long version;
    private final Map<TableName, Map<String, List<Classification>>> found;
    private final Map<TableName, Set<String>> copies;

    /**
     * @param version grows whenever a tag comes or goes; plans made under another version are stale
     * @param found by table and column name; an empty list says that the column was looked at and nothing was found
     * @param copies columns, by table, whose tags all came with what was written to them
     */
    public Classifications(
            long version, Map<TableName, Map<String, List<Classification>>> found, Map<TableName, Set<String>> copies) {
        this.version = version;
        this.found = new LinkedHashMap<>(found);
        this.copies = new LinkedHashMap<>(copies);
    }

    public long version() {
        return version;
    }

    /** What the column holds; {@link #UNCLASSIFIED} alone where nobody has looked. */
    public List<Classification> of(TableName table, String column) {
        return found.getOrDefault(table, Map.of()).getOrDefault(column, NOT_LOOKED_AT);
    }

    /** Whether the column is tagged only because tagged values, masked ones perhaps, were written to it. */
    public boolean isCopy(TableName table, String column) {
        return copies.getOrDefault(table, Set.of()).contains(column);
    }

    /** The column's tags, in upper case. */
    public Set<String> tags(TableName table, String column) {
        return of(table, column).stream().map(Classification::entity).collect(Collectors.toUnmodifiableSet());
    }
}
