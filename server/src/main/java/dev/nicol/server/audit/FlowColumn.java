package dev.nicol.server.audit;

import dev.nicol.policy.TableName;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One end of a flow: a column of a table or view, or of what was handed to a client.
 *
 * @param table null: the result of a query
 * @param column null: the table as a whole
 */
public record FlowColumn(
        @Nullable TableName table, @Nullable String column) {
    /** What the trail calls the target of a query. */
    static final String RESULT = "result";

    private static final int ID_DIGITS = 32;

    /** The table, or the result of a query, by which the store finds it; names that differ in case only have the same. */
    String tableId() {
        return id(null);
    }

    /** The column, in the same way. */
    String columnId() {
        return id(column == null ? "" : column);
    }

    FlowColumn whole() {
        return new FlowColumn(table, null);
    }

    private String id(@Nullable String last) {
        StringBuilder path = new StringBuilder();
        if (table == null) {
            path.append(RESULT);
        } else {
            table.parts().forEach(part -> append(path, part));
        }
        if (last != null) {
            append(path, last);
        }
        return EventHash.ofText(path.toString()).substring(0, ID_DIGITS);
    }

    /** With its length, so that no two names run together. */
    private static void append(StringBuilder path, String part) {
        String lower = part.toLowerCase(Locale.ROOT);
        path.append(lower.length()).append(':').append(lower);
    }
}
