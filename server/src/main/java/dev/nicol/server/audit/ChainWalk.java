package dev.nicol.server.audit;

import java.io.IOException;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The walk along one server's chain. */
final class ChainWalk {
    private static final int PAGE_EVENTS = 1_000;

    private final Connection connection;
    private final Map<TrailTable, Long> expectedRows;

    /** Statements whose outcome was not seen yet, with the intent's event: as many as ran at once. */
    private final Map<String, Long> running = new HashMap<>();

    /** As many sums as there are flows, which grow with columns and users, not with statements. */
    private final Flows flows;

    private final UsageCheck usages;
    private final String server;
    private final NavigableMap<Long, Checkpoint> signed = new TreeMap<>();

    /** Whether it began within the chain: what was before it is not known. */
    private boolean partial;

    /** The last event that is looked at. */
    private long end = Long.MAX_VALUE;

    private long statements;
    private int lastVersion = EventHash.WITHOUT_SERVER;
    private long lastId;

    /** Events that were dropped before {@link #lastId}, and their segments as events tell of them. */
    private long dropped;

    private long segments;
    private @Nullable MessageDigest hashes;
    private String lastHash = EventHash.GENESIS;

    ChainWalk(Connection connection, String server, List<Checkpoint> checkpoints, Map<TrailTable, Long> expectedRows) {
        this.connection = connection;
        this.server = server;
        this.expectedRows = expectedRows;
        this.flows = new Flows(server);
        this.usages = new UsageCheck(connection, server);
        checkpoints.forEach(checkpoint -> signed.put(checkpoint.eventId(), checkpoint));
    }

    /** Begins within the chain, after this event: what was before it is not known. */
    ChainWalk after(long eventId, String hash) {
        partial = true;
        lastId = eventId;
        lastHash = hash;
        return this;
    }

    /** Ends with this event and not with the chain; digests the hashes. */
    ChainWalk upTo(long eventId, MessageDigest digest) {
        end = eventId;
        hashes = digest;
        return this;
    }

    String lastHash() {
        return lastHash;
    }

    private static final class Broken extends Exception {
        private final long eventId;

        Broken(long eventId, String problem) {
            super(problem);
            this.eventId = eventId;
        }
    }

    AuditVerifier.Chain walk() throws SQLException {
        try {
            checkSignedBefore();
            while (page()) {
                continue;
            }
            if (end == Long.MAX_VALUE) {
                checkEnd();
            } else {
                require(lastId == end, lastId + 1, "it is missing");
            }
            return chain(null, null);
        } catch (Broken broken) {
            return chain(broken.eventId, broken.getMessage());
        }
    }

    private AuditVerifier.Chain chain(@Nullable Long brokenId, @Nullable String problem) {
        return new AuditVerifier.Chain(server, lastId - dropped, dropped, brokenId, problem);
    }

    private void checkSignedBefore() throws SQLException, Broken {
        for (Checkpoint checkpoint : signed.headMap(lastId, true).values()) {
            Object hash =
                    value("SELECT hash FROM audit.events WHERE server = ? AND event_id = " + checkpoint.eventId());
            require(
                    checkpoint.hash().equals(hash)
                            || SegmentRoot.around(connection, server, checkpoint.eventId()) != null,
                    checkpoint.eventId(),
                    hash == null ? "it is missing, and was signed" : "it is not the event that was signed");
        }
    }

    private boolean page() throws SQLException, Broken {
        String sql = "SELECT e.event_id, e.occurred_at, e.kind, e.user_name, e.detail, e.previous_hash, e.hash,"
                + " e.statement_id, b.format_version, b.payload FROM audit.events e"
                + " LEFT JOIN internal.event_bytes b ON b.server = e.server AND b.event_id = e.event_id"
                + " WHERE e.server = ? AND e.event_id > ? AND e.event_id <= " + end
                + " ORDER BY e.server, e.event_id LIMIT "
                + PAGE_EVENTS;
        boolean any = false;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, server);
            statement.setLong(2, lastId);
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
        passDropped(eventId);
        long expectedId = lastId + 1;
        require(eventId == expectedId, expectedId, "it is missing; the next one found is " + eventId);
        byte[] payload = result.getBytes("payload");
        require(payload != null, eventId, "its bytes are missing");
        int version = result.getInt("format_version");
        require(
                version == EventHash.FORMAT_VERSION || version == EventHash.WITHOUT_SERVER,
                eventId,
                "its format version " + version + " is not known");
        require(version >= lastVersion, eventId, "its format is older than that of the event before it");
        require(
                lastHash.equals(result.getString("previous_hash")),
                eventId,
                "it does not follow the event before it: the previous hash differs");
        String hash = EventHash.of(version, server, eventId, payload, lastHash);
        require(hash.equals(result.getString("hash")), eventId, "its hash does not fit its bytes");
        Checkpoint checkpoint = signed.get(eventId);
        require(
                checkpoint == null || checkpoint.hash().equals(hash),
                eventId,
                "it is not the event that was signed" + since(eventId));
        TrailEvent event = parse(eventId, payload);
        List<@Nullable String> told = StoredRow.comparable(Arrays.asList(
                TrailRows.inUtc(event.occurredAt()),
                event.kind(),
                event.userName(),
                event.detail(),
                event.statementId()));
        List<@Nullable String> shown = StoredRow.comparable(Arrays.asList(
                result.getObject("occurred_at"),
                result.getString("kind"),
                result.getString("user_name"),
                result.getString("detail"),
                result.getString("statement_id")));
        require(told.equals(shown), eventId, "its row in audit.events does not say what its bytes say");
        checkRows(eventId, event);
        if (event.kind().equals(SegmentRoot.DROPPED)) {
            SegmentRoot kept = SegmentRoot.droppedBy(connection, server, eventId);
            require(
                    SegmentRoot.of(event.more(SegmentRoot.NAME)).equals(kept),
                    eventId,
                    "what is left of the events that it dropped is not what it says");
            segments++;
        }
        if (hashes != null) {
            hashes.update(HexFormat.of().parseHex(hash));
        }
        lastId = eventId;
        lastHash = hash;
        lastVersion = version;
    }

    /** Over the roots of what was dropped, up to the event. */
    private void passDropped(long eventId) throws SQLException, Broken {
        while (lastId + 1 < eventId) {
            SegmentRoot root = SegmentRoot.beginningWith(connection, server, lastId + 1);
            if (root == null || root.lastId() < root.firstId() || root.lastId() >= eventId) {
                throw new Broken(lastId + 1, "it is missing; the next one found is " + eventId);
            }
            require(
                    root.previousHash().equals(lastHash),
                    root.firstId(),
                    "what is left of the dropped events from here on does not follow the event before it");
            Checkpoint checkpoint = signed.get(root.lastId());
            require(
                    checkpoint == null || checkpoint.hash().equals(root.lastHash()),
                    root.lastId(),
                    "it is not the event that was signed" + since(root.lastId()));
            dropped += root.events();
            lastId = root.lastId();
            lastHash = root.lastHash();
        }
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
        if (event.intent().isObject()) {
            added.put(TrailTable.STATEMENTS, List.of(TrailRows.statement(event, server, statementId)));
        }
        List<@Nullable Object> outcome = TrailRows.outcome(event);
        if (event.intent().isObject()) {
            running.put(statementId, eventId);
            statements++;
        }
        if (outcome != null) {
            Long began = running.remove(statementId);
            require(
                    partial || dropped > 0 || began != null,
                    eventId,
                    "it is the outcome of a statement that did not begin");
            // the rows of an intent go with it
            if (began != null || !select(TrailTable.STATEMENTS, statementId).isEmpty()) {
                checkOutcome(eventId, statementId, outcome);
            }
        }
        for (Map.Entry<TrailTable, List<List<@Nullable Object>>> table : added.entrySet()) {
            checkTable(eventId, statementId, table.getKey(), table.getValue());
            expectedRows.merge(table.getKey(), (long) table.getValue().size(), Long::sum);
        }
        if (event.intent().isObject()) {
            String problem = usages.ofStatement(statementId, event);
            require(problem == null, eventId, String.valueOf(problem));
        }
    }

    /** The table's rows of one statement, in no order; of the statement's row what its intent tells. */
    private void checkTable(long eventId, String statementId, TrailTable table, List<List<@Nullable Object>> expected)
            throws SQLException, Broken {
        int compared = table == TrailTable.STATEMENTS
                ? TrailTable.USAGE_ID
                : table.columns().size();
        Map<String, Integer> balance = new TreeMap<>();
        for (List<@Nullable Object> row : expected) {
            balance.merge(StoredRow.comparable(row.subList(0, compared)).toString(), 1, Integer::sum);
        }
        for (List<@Nullable Object> row : select(table, statementId)) {
            balance.merge(StoredRow.comparable(row.subList(0, compared)).toString(), -1, Integer::sum);
        }
        boolean equal = balance.values().stream().allMatch(count -> count == 0);
        require(equal, eventId, "the rows in " + table.qualifiedName() + " do not say what it says");
    }

    private void checkOutcome(long eventId, String statementId, List<@Nullable Object> expected)
            throws SQLException, Broken {
        List<List<@Nullable Object>> rows = select(TrailTable.STATEMENTS, statementId);
        int from = TrailTable.USAGE_ID + 1;
        boolean equal = rows.size() == 1
                && StoredRow.comparable(rows.get(0).subList(from, rows.get(0).size()))
                        .equals(StoredRow.comparable(expected));
        require(equal, eventId, "the outcome in audit.statements is not what it says");
    }

    private void checkEnd() throws SQLException, Broken {
        List<@Nullable Object> head = row("SELECT last_id, last_hash FROM internal.chain_heads WHERE chain = ?", 2);
        if (head == null || !(head.get(0) instanceof Long headId)) {
            throw new Broken(lastId + 1, "the chain's head is missing");
        }
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
        if (!partial) {
            checkCounts();
        }
    }

    private void checkCounts() throws SQLException, Broken {
        List<@Nullable Object> shown = row("SELECT COUNT(*) FROM audit.statements WHERE server = ?", 1);
        require(
                shown != null && Long.valueOf(statements).equals(shown.get(0)),
                lastId + 1,
                "audit.statements has rows that no event tells of");
        List<@Nullable Object> bytes = row("SELECT COUNT(*) FROM internal.event_bytes WHERE server = ?", 1);
        require(
                bytes != null && Long.valueOf(lastId - dropped).equals(bytes.get(0)),
                lastId + 1,
                "internal.event_bytes has rows that belong to no event");
        require(
                Long.valueOf(segments).equals(value("SELECT COUNT(*) FROM internal.dropped_segments WHERE server = ?")),
                lastId + 1,
                "internal.dropped_segments has rows that no event tells of");
        String difference = flows.difference(connection, dropped > 0);
        require(difference == null, lastId + 1, String.valueOf(difference));
        String other = usages.ofServer();
        require(other == null, lastId + 1, String.valueOf(other));
    }

    private List<List<@Nullable Object>> select(TrailTable table, String statementId) throws SQLException {
        List<List<@Nullable Object>> rows = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(table.selectSql())) {
            statement.setString(1, statementId);
            try (ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    rows.add(StoredRow.values(result, table.columns().size()));
                }
            }
        }
        return rows;
    }

    /** Of this server, which is the one parameter. */
    @Nullable
    Object value(String sql) throws SQLException {
        List<@Nullable Object> row = row(sql, 1);
        return row == null ? null : row.get(0);
    }

    /** Of this server. */
    private @Nullable List<@Nullable Object> row(String sql, int columns) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, server);
            try (ResultSet result = statement.executeQuery()) {
                return result.next() ? StoredRow.values(result, columns) : null;
            }
        }
    }

    private static void require(boolean holds, long eventId, String problem) throws Broken {
        if (!holds) {
            throw new Broken(eventId, problem);
        }
    }
}
