package dev.nicol.policy.classify;

import dev.nicol.policy.TableName;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What is known of all columns at one moment; immutable. */
public final class Classifications {
    /** Nothing is tagged. */
    public static final Classifications NONE = new Classifications(0, Map.of());

    /** The tag of a column that has not been looked at yet: masked like any other, so that nothing shows before it is. */
    public static final String UNCLASSIFIED = "UNCLASSIFIED";

    private final long version;
    private final Map<TableName, Map<String, List<Classification>>> found;

    /**
     * @param version grows whenever a tag comes or goes; plans made under another version are stale
     * @param found by table and column name
     */
    public Classifications(long version, Map<TableName, Map<String, List<Classification>>> found) {
        this.version = version;
        this.found = new LinkedHashMap<>(found);
    }

    public long version() {
        return version;
    }

    public List<Classification> of(TableName table, String column) {
        return found.getOrDefault(table, Map.of()).getOrDefault(column, List.of());
    }

    /** The column's tags, in upper case. */
    public Set<String> tags(TableName table, String column) {
        return of(table, column).stream().map(Classification::entity).collect(Collectors.toUnmodifiableSet());
    }
}
