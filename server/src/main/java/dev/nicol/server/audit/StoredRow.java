package dev.nicol.server.audit;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A row as the store has it, to be held against one that is derived from an event. */
final class StoredRow {
    private StoredRow() {}

    static List<@Nullable Object> values(ResultSet result, int columns) throws SQLException {
        List<@Nullable Object> values = new ArrayList<>(columns);
        for (int i = 1; i <= columns; i++) {
            values.add(result.getObject(i));
        }
        return values;
    }

    /** One text for equal values, whatever Java type or zone the driver chose. */
    static List<@Nullable String> comparable(List<@Nullable Object> values) {
        List<@Nullable String> texts = new ArrayList<>(values.size());
        for (Object value : values) {
            if (value instanceof OffsetDateTime moment) {
                texts.add(moment.toInstant().toString());
            } else if (value instanceof Timestamp moment) {
                texts.add(moment.toInstant().toString());
            } else {
                // the length keeps neighbours apart where rows are compared as one text
                String text = value == null ? null : value.toString();
                texts.add(text == null ? null : text.length() + ":" + text);
            }
        }
        return texts;
    }
}
