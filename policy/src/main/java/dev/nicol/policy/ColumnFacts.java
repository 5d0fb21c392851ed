package dev.nicol.policy;

import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;

/**
 * What the engine must know of a column.
 *
 * @param tags entity tags from classification, such as {@code EMAIL}
 */
public record ColumnFacts(String name, RelDataType type, Set<String> tags) {
    public ColumnFacts {
        tags = Set.copyOf(tags);
    }
}
