package dev.nicol.server.audit;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the events of one chain in its order, each with the bytes that were hashed, so that whoever has the rows can compute
 * the chain again. Between two events that retention has dropped what was between them stands the root that is left.
 */
public final class TrailExport {
    /** Events read at once; a payload may have megabytes. */
    private static final int PAGE_EVENTS = 100;

    private static final String ROOT = "dropped_segment";

    private final Connection connection;
    private final String server;
    private final ExportFormat format;
    private final PrintWriter out;
    private long lastId;
    private long rows;

    private TrailExport(Connection connection, Part part, ExportFormat format, PrintWriter out) {
        this.connection = connection;
        this.server = part.server();
        this.format = format;
        this.out = out;
        this.lastId = part.after();
    }

    /**
     * What is exported: consecutive events. Where the clock went back there may be some among them that are outside the times.
     *
     * @param after the id of the last event that is not
     * @param from begins with the first event that is not earlier
     * @param to ends with the last event that is earlier
     */
    public record Part(
            String server,
            long after,
            @Nullable Instant from,
            @Nullable Instant to) {}

    /**
     * Writes it from a store that no server runs on, or from a PostgreSQL store as it is at one moment.
     *
     * @return the rows written, without a header
     * @throws SQLException where it cannot be read
     * @throws IOException where there is no such chain, or nothing more can be written
     */
    public static long write(StoreSettings settings, Part part, ExportFormat format, PrintWriter out)
            throws SQLException, IOException {
        try (Connection connection = Store.openReadOnly(settings)) {
            return new TrailExport(connection, part, format, out).write(part);
        }
    }

    private long write(Part part) throws SQLException, IOException {
        if (id("SELECT COUNT(*) FROM internal.chain_heads WHERE chain = ?", null) == 0) {
            throw new IOException("the store has no chain of a server `" + server + "`");
        }
        if (part.from() != null) {
            long first =
                    id("SELECT MIN(event_id) FROM audit.events WHERE server = ? AND occurred_at >= ?", part.from());
            lastId = Math.max(lastId, first == 0 ? Long.MAX_VALUE - 1 : first - 1);
        }
        long end = part.to() == null
                ? Long.MAX_VALUE
                : id("SELECT MAX(event_id) FROM audit.events WHERE server = ? AND occurred_at < ?", part.to());
        out.print(format.header());
        while (page(end)) {
            if (out.checkError()) {
                throw new IOException("the export ends early: its output cannot be written");
            }
        }
        if (out.checkError()) {
            throw new IOException("the export ends early: its output cannot be written");
        }
        return rows;
    }

    /** 0 where there is none. */
    private long id(String sql, @Nullable Instant time) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, server);
            if (time != null) {
                statement.setObject(2, TrailRows.inUtc(time));
            }
            try (ResultSet result = statement.executeQuery()) {
                return result.next() ? result.getLong(1) : 0;
            }
        }
    }

    private boolean page(long end) throws SQLException {
        boolean any = false;
        try (PreparedStatement statement = connection.prepareStatement("SELECT e.event_id, e.occurred_at, e.kind,"
                + " e.user_name, e.detail, e.statement_id, b.format_version, e.previous_hash, e.hash, b.payload"
                + " FROM audit.events e LEFT JOIN internal.event_bytes b ON b.server = e.server"
                + " AND b.event_id = e.event_id WHERE e.server = ? AND e.event_id > ? AND e.event_id <= ?"
                + " ORDER BY e.event_id LIMIT " + PAGE_EVENTS)) {
            statement.setString(1, server);
            statement.setLong(2, lastId);
            statement.setLong(3, end);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    any = true;
                    long eventId = row.getLong(1);
                    roots(eventId);
                    byte[] payload = row.getBytes(10);
                    write(new ExportedRow(
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
                            payload == null ? null : new String(payload, StandardCharsets.UTF_8)));
                    lastId = eventId;
                }
            }
        }
        return any;
    }

    /** What is left of dropped events before this one. */
    private void roots(long eventId) throws SQLException {
        while (lastId + 1 < eventId) {
            SegmentRoot root = SegmentRoot.beginningWith(connection, server, lastId + 1);
            if (root == null || root.lastId() < root.firstId()) {
                // begun within a segment, or broken, which the hashes tell
                return;
            }
            write(new ExportedRow(
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
            lastId = root.lastId();
        }
    }

    private void write(ExportedRow row) {
        out.print(format.line(row));
        rows++;
    }

    private static String moment(Object stored) {
        return stored instanceof OffsetDateTime moment
                ? moment.toInstant().toString()
                : stored instanceof Timestamp moment ? moment.toInstant().toString() : stored.toString();
    }

    /**
     * One row.
     *
     * @param formatVersion of the event's hash; 0: it is no event but what is left of dropped ones
     * @param payload the text whose UTF-8 bytes were hashed, or the root
     */
    record ExportedRow(
            String server,
            long eventId,
            @Nullable String occurredAt,
            String kind,
            @Nullable String userName,
            @Nullable String detail,
            @Nullable String statementId,
            int formatVersion,
            String previousHash,
            String hash,
            @Nullable String payload) {
        static final List<String> COLUMNS = List.of(
                "server",
                "event_id",
                "occurred_at",
                "kind",
                "user_name",
                "detail",
                "statement_id",
                "format_version",
                "previous_hash",
                "hash",
                "payload");
    }
}
