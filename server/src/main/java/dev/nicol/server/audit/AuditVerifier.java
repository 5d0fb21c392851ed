package dev.nicol.server.audit;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Walks the chain of a store and derives every queryable row from it again. An event that was edited, removed, moved or
 * added is found, and so is a row of the tables derived from events that does not say what its event says.
 *
 * <p>Whoever can write the store can also build a whole new chain and head: only signed checkpoints kept elsewhere tell
 * that, and a store put back to an earlier copy.
 */
public final class AuditVerifier {
    private static final int PAGE_EVENTS = 1_000;

    private final Connection connection;
    private final Map<TrailTable, Long> expectedRows = new EnumMap<>(TrailTable.class);

    /** Statements whose outcome was not seen yet, with the intent's event: as many as ran at once. */
    private final Map<String, Long> running = new HashMap<>();

    /** As many sums as there are flows, which grow with columns and users, not with statements. */
    private final Flows flows = new Flows();

    private final NavigableMap<Long, Checkpoint> signed = new TreeMap<>();
    private long lastId;
    private String lastHash = EventHash.GENESIS;

    private AuditVerifier(Connection connection, List<Checkpoint> checkpoints) {
        this.connection = connection;
        checkpoints.forEach(checkpoint -> signed.put(checkpoint.eventId(), checkpoint));
    }

    /**
     * What was found.
     *
     * @param events events that were found in order
     * @param brokenId the first event that is not as it was written; null where the chain is whole
     * @param problem why, in words; null where the chain is whole
     */
    public record Report(
            long events, @Nullable Long brokenId, @Nullable String problem) {
        public boolean whole() {
            return brokenId == null;
        }
    }

    /** Verifies the store of a running server, as it is at this moment. */
    public static Report verify(Store store) throws SQLException {
        try (Connection connection = store.connection()) {
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            try {
                return new AuditVerifier(connection, List.of()).walk();
            } finally {
                connection.rollback();
                connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
                connection.setAutoCommit(true);
            }
        }
    }

    /**
     * Verifies a store that no server runs on, such as a copy, without changing it.
     *
     * @param url as {@link Store#open} takes it
     * @throws SQLException where it is missing, damaged or in use
     */
    public static Report verify(String url) throws SQLException {
        return verify(url, List.of());
    }

    /**
     * The same, where the chain must meet signed checkpoints too.
     *
     * @param checkpoints their directory
     * @throws SQLException where the store is missing, damaged or in use
     * @throws IOException where the checkpoints cannot be read, or are not all there and of their key; says which
     */
    public static Report verify(String url, Path checkpoints) throws SQLException, IOException {
        try {
            return verify(
                    url,
                    Checkpoints.read(checkpoints, Checkpoints.publicKey(checkpoints.resolve(Checkpoints.PUBLIC_KEY))));
        } catch (GeneralSecurityException untrue) {
            throw new IOException(
                    "the checkpoints in " + checkpoints + " are not to be trusted: " + untrue.getMessage(), untrue);
        }
    }

    private static Report verify(String url, List<Checkpoint> signed) throws SQLException {
        try (Connection connection = Store.openReadOnly(url)) {
            return new AuditVerifier(connection, signed).walk();
        }
    }

    private static final class Broken extends Exception {
        private final long eventId;

        Broken(long eventId, String problem) {
            super(problem);
            this.eventId = eventId;
        }
    }

    private Report walk() throws SQLException {
        try {
            while (page()) {
                continue;
            }
            checkEnd();
            return new Report(lastId, null, null);
        } catch (Broken broken) {
            return new Report(lastId, broken.eventId, broken.getMessage());
        }
    }

    private boolean page() throws SQLException, Broken {
        String sql = "SELECT e.event_id, e.occurred_at, e.kind, e.user_name, e.detail, e.previous_hash, e.hash,"
                + " e.statement_id, b.format_version, b.payload FROM audit.events e"
                + " LEFT JOIN internal.event_bytes b ON b.event_id = e.event_id"
                + " WHERE e.event_id > ? ORDER BY e.event_id LIMIT " + PAGE_EVENTS;
        boolean any = false;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, lastId);
            try (ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    any = true;
                    checkEvent(result);
                }
            }
        }
        return any;
    }

    private void checkEvent(ResultSet result) throws SQLException, Broken {
        long eventId = result.getLong("event_id");
        long expectedId = lastId + 1;
        require(eventId == expectedId, expectedId, "it is missing; the next one found is " + eventId);
        byte[] payload = result.getBytes("payload");
        require(payload != null, eventId, "its bytes are missing");
        int version = result.getInt("format_version");
        require(version == EventHash.FORMAT_VERSION, eventId, "its format version " + version + " is not known");
        require(
                lastHash.equals(result.getString("previous_hash")),
                eventId,
                "it does not follow the event before it: the previous hash differs");
        String hash = EventHash.of(eventId, payload, lastHash);
        require(hash.equals(result.getString("hash")), eventId, "its hash does not fit its bytes");
        Checkpoint checkpoint = signed.get(eventId);
        require(
                checkpoint == null || checkpoint.hash().equals(hash),
                eventId,
                "it is not the event that was signed" + since(eventId));
        TrailEvent event = parse(eventId, payload);
        List<@Nullable String> told = comparable(Arrays.asList(
                TrailRows.inUtc(event.occurredAt()),
                event.kind(),
                event.userName(),
                event.detail(),
                event.statementId()));
        List<@Nullable String> shown = comparable(Arrays.asList(
                result.getObject("occurred_at"),
                result.getString("kind"),
                result.getString("user_name"),
                result.getString("detail"),
                result.getString("statement_id")));
        require(told.equals(shown), eventId, "its row in audit.events does not say what its bytes say");
        checkRows(eventId, event);
        lastId = eventId;
        lastHash = hash;
    }

    private String since(long eventId) {
        Map.Entry<Long, Checkpoint> before = signed.lowerEntry(eventId);
        return "; the chain was written anew after "
                + (before == null ? "its beginning" : "event " + before.getKey() + ", which is as it was signed");
    }

    private static TrailEvent parse(long eventId, byte[] payload) throws Broken {
        try {
            return TrailEvent.parse(payload);
        } catch (IOException | RuntimeException e) {
            throw new Broken(eventId, "its bytes cannot be read");
        }
    }

    private void checkRows(long eventId, TrailEvent event) throws SQLException, Broken {
        flows.add(event);
        String statementId = event.statementId();
        if (statementId == null) {
            return;
        }
        Map<TrailTable, List<List<@Nullable Object>>> added = new EnumMap<>(TrailTable.class);
        for (TrailRows.Row row : TrailRows.added(event)) {
            added.computeIfAbsent(row.table(), table -> new ArrayList<>()).add(row.values());
        }
        List<@Nullable Object> outcome = TrailRows.outcome(event);
        if (event.intent().isObject()) {
            running.put(statementId, eventId);
        }
        if (outcome != null) {
            Long began = running.remove(statementId);
            require(began != null, eventId, "it is the outcome of a statement that did not begin");
            checkOutcome(eventId, statementId, outcome);
        }
        for (Map.Entry<TrailTable, List<List<@Nullable Object>>> table : added.entrySet()) {
            checkTable(eventId, statementId, table.getKey(), table.getValue());
            expectedRows.merge(table.getKey(), (long) table.getValue().size(), Long::sum);
        }
    }

    /** The table's rows of one statement, in no order; of the statement's row what its intent tells. */
    private void checkTable(long eventId, String statementId, TrailTable table, List<List<@Nullable Object>> expected)
            throws SQLException, Broken {
        int compared = table.columns().size() - (table == TrailTable.STATEMENTS ? TrailTable.OUTCOME_COLUMNS : 0);
        Map<String, Integer> balance = new TreeMap<>();
        for (List<@Nullable Object> row : expected) {
            balance.merge(comparable(row.subList(0, compared)).toString(), 1, Integer::sum);
        }
        for (List<@Nullable Object> row : select(table, statementId)) {
            balance.merge(comparable(row.subList(0, compared)).toString(), -1, Integer::sum);
        }
        boolean equal = balance.values().stream().allMatch(count -> count == 0);
        require(equal, eventId, "the rows in " + table.qualifiedName() + " do not say what it says");
    }

    private void checkOutcome(long eventId, String statementId, List<@Nullable Object> expected)
            throws SQLException, Broken {
        List<List<@Nullable Object>> rows = select(TrailTable.STATEMENTS, statementId);
        int from = TrailTable.STATEMENTS.columns().size() - TrailTable.OUTCOME_COLUMNS;
        boolean equal = rows.size() == 1
                && comparable(rows.get(0).subList(from, rows.get(0).size())).equals(comparable(expected));
        require(equal, eventId, "the outcome in audit.statements is not what it says");
    }

    private void checkEnd() throws SQLException, Broken {
        List<@Nullable Object> head =
                row("SELECT last_id, last_hash FROM internal.chain_heads WHERE chain = 'audit'", 2);
        require(head != null && head.get(0) instanceof Long, lastId + 1, "the chain's head is missing");
        long headId = (Long) head.get(0);
        require(headId <= lastId, lastId + 1, "it is missing; the chain's head is at " + headId);
        require(headId == lastId, headId + 1, "it is beyond the chain's head");
        require(
                signed.isEmpty() || signed.lastKey() <= lastId,
                lastId + 1,
                "it is missing; the chain was signed up to event " + (signed.isEmpty() ? 0 : signed.lastKey()));
        require(lastHash.equals(head.get(1)), lastId, "the chain's head has another hash");
        for (Map.Entry<String, Long> open : running.entrySet()) {
            checkOutcome(open.getValue(), open.getKey(), Arrays.asList(null, "running", null, null, null, null));
        }
        for (TrailTable table : TrailTable.values()) {
            long expected = expectedRows.getOrDefault(table, 0L);
            List<@Nullable Object> count = row("SELECT COUNT(*) FROM " + table.qualifiedName(), 1);
            require(
                    count != null && Long.valueOf(expected).equals(count.get(0)),
                    lastId + 1,
                    table.qualifiedName() + " has rows that no event tells of");
        }
        List<@Nullable Object> bytes = row("SELECT COUNT(*) FROM internal.event_bytes", 1);
        require(
                bytes != null && Long.valueOf(lastId).equals(bytes.get(0)),
                lastId + 1,
                "internal.event_bytes has rows that belong to no event");
        String difference = flows.difference(connection);
        require(difference == null, lastId + 1, String.valueOf(difference));
    }

    private List<List<@Nullable Object>> select(TrailTable table, String statementId) throws SQLException {
        List<List<@Nullable Object>> rows = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(table.selectSql())) {
            statement.setString(1, statementId);
            try (ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    rows.add(values(result, table.columns().size()));
                }
            }
        }
        return rows;
    }

    private @Nullable List<@Nullable Object> row(String sql, int columns) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            return result.next() ? values(result, columns) : null;
        }
    }

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
            } else {
                // the length keeps neighbours apart where rows are compared as one text
                String text = value == null ? null : value.toString();
                texts.add(text == null ? null : text.length() + ":" + text);
            }
        }
        return texts;
    }

    private static void require(boolean holds, long eventId, String problem) throws Broken {
        if (!holds) {
            throw new Broken(eventId, problem);
        }
    }
}
