package dev.nicol.server.audit;

import java.io.IOException;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the events of one chain in its order, each with the bytes that were hashed, so that whoever has the rows can compute
 * the chain again. Between two events that retention has dropped what was between them stands the root that is left.
 */
public final class TrailExport {
    /** Events read at once; a payload may have megabytes. */
    private static final int PAGE_EVENTS = 100;

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
        ChainReader chain = new ChainReader(connection, server);
        for (long before = Long.MIN_VALUE; before < lastId; ) {
            before = lastId;
            chain.read(before, end, PAGE_EVENTS, row -> {
                write(row);
                return true;
            });
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

    private void write(ExportedRow row) {
        out.print(format.line(row));
        rows++;
        lastId = row.eventId();
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
