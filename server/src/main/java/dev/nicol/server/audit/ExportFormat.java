package dev.nicol.server.audit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How exported events are written: one record a line, but for line ends within quoted values of CSV. */
public enum ExportFormat {
    /** A JSON object a line; null is left out. */
    JSONL {
        @Override
        String header() {
            return "";
        }

        @Override
        String line(TrailExport.ExportedRow row) {
            ObjectNode node = TrailEvent.object().put("server", row.server()).put("event_id", row.eventId());
            putPresent(node, "occurred_at", row.occurredAt());
            node.put("kind", row.kind());
            putPresent(node, "user_name", row.userName());
            putPresent(node, "detail", row.detail());
            putPresent(node, "statement_id", row.statementId());
            if (row.formatVersion() > 0) {
                node.put("format_version", row.formatVersion());
            }
            node.put("previous_hash", row.previousHash()).put("hash", row.hash());
            putPresent(node, "payload", row.payload());
            return node + "\n";
        }
    },
    /**
     * As RFC 4180 has it, in UTF-8, with a header; null is nothing, and empty text a pair of quotes. Text that a spreadsheet would take
     * for a formula has an apostrophe before it; the payload, which is what was hashed, begins with a brace and is as it is.
     */
    CSV {
        @Override
        String header() {
            return String.join(",", TrailExport.ExportedRow.COLUMNS) + LINE_END;
        }

        @Override
        String line(TrailExport.ExportedRow row) {
            return Arrays.asList(
                                    row.server(),
                                    Long.toString(row.eventId()),
                                    row.occurredAt(),
                                    harmless(row.kind()),
                                    harmless(row.userName()),
                                    harmless(row.detail()),
                                    harmless(row.statementId()),
                                    row.formatVersion() > 0 ? Integer.toString(row.formatVersion()) : null,
                                    row.previousHash(),
                                    row.hash(),
                                    row.payload())
                            .stream()
                            .map(ExportFormat::quoted)
                            .collect(Collectors.joining(","))
                    + LINE_END;
        }
    };

    private static final String LINE_END = "\r\n";

    /** What spreadsheets take for the beginning of a formula. */
    private static final String FORMULA = "=+-@\t\r\n";

    /** Before the first row. */
    abstract String header();

    abstract String line(TrailExport.ExportedRow row);

    private static void putPresent(ObjectNode node, String name, @Nullable String value) {
        if (value != null) {
            node.put(name, value);
        }
    }

    private static @Nullable String harmless(@Nullable String text) {
        return text == null || text.isEmpty() || FORMULA.indexOf(text.charAt(0)) < 0 ? text : "'" + text;
    }

    private static String quoted(@Nullable String value) {
        return value == null ? "" : '"' + value.replace("\"", "\"\"") + '"';
    }
}
