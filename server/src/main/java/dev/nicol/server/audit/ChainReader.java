package dev.nicol.server.audit;

import dev.nicol.server.audit.TrailExport.ExportedRow;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.OffsetDateTime;
import java.util.Collections;
import java.util.Set;
import java.util.function.Predicate;

/** Reads the events of one chain in its order; between two that retention has dropped what was between them stands the root. */
final class ChainReader {
    private static final String ROOT = "dropped_segment";

    private final Connection connection;
    private final String server;

    ChainReader(Connection connection, String server) {
        this.connection = connection;
        this.server = server;
    }

    /**
     * Reads one page.
     *
     * @param after the id of the last event that is not read
     * @param end the id of the last event that may be
     * @param kinds of which alone events are read, and then no roots, because there are gaps anyhow; empty: all
     * @param events how many at most
     * @param rows takes each; false: no more
     */
    void read(long after, long end, Set<String> kinds, int events, Predicate<ExportedRow> rows) throws SQLException {
        String some = kinds.isEmpty()
                ? ""
                : " AND e.kind IN (" + String.join(", ", Collections.nCopies(kinds.size(), "?")) + ")";
        // in the primary key's whole order, or H2 reads and sorts all that is left of the chain for every page
        try (PreparedStatement statement = connection.prepareStatement("SELECT e.event_id, e.occurred_at, e.kind,"
                + " e.user_name, e.detail, e.statement_id, b.format_version, e.previous_hash, e.hash, b.payload"
                + " FROM audit.events e LEFT JOIN internal.event_bytes b ON b.server = e.server"
                + " AND b.event_id = e.event_id WHERE e.server = ? AND e.event_id > ? AND e.event_id <= ?" + some
                + " ORDER BY e.server, e.event_id LIMIT " + events)) {
            statement.setString(1, server);
            statement.setLong(2, after);
            statement.setLong(3, end);
            int parameter = 4;
            for (String kind : kinds) {
                statement.setString(parameter++, kind);
            }
            try (ResultSet row = statement.executeQuery()) {
                boolean more = true;
                for (long last = after; more && row.next(); ) {
                    long eventId = row.getLong(1);
                    more = (!kinds.isEmpty() || roots(last, eventId, rows)) && rows.test(event(row, eventId));
                    last = eventId;
                }
            }
        }
    }

    private ExportedRow event(ResultSet row, long eventId) throws SQLException {
        byte[] payload = row.getBytes(10);
        return new ExportedRow(
                server,
                eventId,
                moment(row.getObject(2)),
                row.getString(3),
                row.getString(4),
                row.getString(5),
                row.getString(6),
                row.getInt(7),
                row.getString(8),
                row.getString(9),
                payload == null ? null : new String(payload, StandardCharsets.UTF_8));
    }

    /** What is left of dropped events between these two. */
    private boolean roots(long after, long before, Predicate<ExportedRow> rows) throws SQLException {
        for (long last = after; last + 1 < before; ) {
            SegmentRoot root = SegmentRoot.beginningWith(connection, server, last + 1);
            if (root == null || root.lastId() < root.firstId()) {
                // begun within a segment, or broken, which the hashes tell
                return true;
            }
            boolean more = rows.test(new ExportedRow(
                    server,
                    root.lastId(),
                    null,
                    ROOT,
                    null,
                    null,
                    null,
                    0,
                    root.previousHash(),
                    root.lastHash(),
                    root.json().toString()));
            if (!more) {
                return false;
            }
            last = root.lastId();
        }
        return true;
    }

    private static String moment(Object stored) {
        return stored instanceof OffsetDateTime moment
                ? moment.toInstant().toString()
                : stored instanceof Timestamp moment ? moment.toInstant().toString() : stored.toString();
    }
}
