package dev.nicol.adapters;

import dev.nicol.policy.TableName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A primary, unique or foreign key, as its source declares it.
 *
 * @param name the source's own; some sources have one name on several tables
 * @param columns in the key's order
 * @param reference what a foreign key is to; null for the others
 */
public record SourceKey(
        String name,
        Kind kind,
        List<String> columns,
        @Nullable Reference reference) {
    public SourceKey {
        columns = List.copyOf(columns);
    }

    /** As {@code table_constraints.constraint_type} has it. */
    public enum Kind {
        PRIMARY("PRIMARY KEY"),
        UNIQUE("UNIQUE"),
        FOREIGN("FOREIGN KEY");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /**
     * The other end of a foreign key.
     *
     * @param columns one for each column of the foreign key
     * @param onUpdate such as {@code NO ACTION}, {@code CASCADE}
     */
    public record Reference(TableName table, List<String> columns, String onUpdate, String onDelete) {
        public Reference {
            columns = List.copyOf(columns);
        }
    }
}
