package dev.nicol.server.audit;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Set;
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
            TrailExport export = new TrailExport(connection, part, format, out);
            export.write(part);
            if (!settings.postgres() && settings.server().equals(part.server())) {
                export.writeJournal(settings, part);
            }
            export.requireWritten();
            return export.rows;
        }
    }

    private void write(Part part) throws SQLException, IOException {
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
            chain.read(before, end, Set.of(), PAGE_EVENTS, row -> {
                write(row);
                return true;
            });
            requireWritten();
        }
    }

    /** What a server that was killed has left there. */
    private void writeJournal(StoreSettings settings, Part part) throws SQLException, IOException {
        String problem = EmbeddedStore.readJournal(settings, TrailTransaction.head(connection, server), link -> {
            Instant at = link.event().occurredAt();
            boolean begun = rows > 0 || part.from() == null || !at.isBefore(part.from());
            if (link.eventId() > part.after() && begun && (part.to() == null || at.isBefore(part.to()))) {
                write(row(link));
            }
        });
        if (problem != null) {
            throw new IOException("the export ends early: the journal is broken: " + problem);
        }
    }

    private ExportedRow row(Link link) {
        TrailEvent event = link.event();
        return new ExportedRow(
                server,
                link.eventId(),
                event.occurredAt().toString(),
                event.kind(),
                event.userName(),
                event.detail(),
                event.statementId(),
                EventHash.FORMAT_VERSION,
                link.previousHash(),
                link.hash(),
                new String(event.payload(), StandardCharsets.UTF_8));
    }

    private void requireWritten() throws IOException {
        if (out.checkError()) {
            throw new IOException("the export ends early: its output cannot be written");
        }
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
