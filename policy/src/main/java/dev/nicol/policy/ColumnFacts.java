package dev.nicol.policy;

import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;

/**
 * What the engine must know of a column.
 *
 * @param tags entity tags from classification, such as {@code EMAIL}
 */
public record ColumnFacts(String name, RelDataType type, Set<String> tags) {
    /**
     * The tag of a column that has not been looked at yet. It may hold anything: every rule by tag binds it, with the
     * default mask, and no grant opens it but one that names the column, this tag, or {@code *}.
     */
    public static final String UNCLASSIFIED = "UNCLASSIFIED";

    public ColumnFacts {
        tags = Set.copyOf(tags);
    }

    /** Whether nobody knows yet what the column holds. */
    boolean isUnclassified() {
        return tags.contains(UNCLASSIFIED);
    }
}
