package dev.nicol.server.audit;

import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * One transaction of the writer: events get their place in the chain, and they and their rows are written together or
 * not at all. Used by the writer's thread only.
 */
final class TrailTransaction {
    private final Connection connection;
    private final String server;
    private final List<List<@Nullable Object>> events = new ArrayList<>();
    private final List<List<@Nullable Object>> payloads = new ArrayList<>();
    private final Map<TrailTable, List<List<@Nullable Object>>> rows = new EnumMap<>(TrailTable.class);
    private final StatementRows statements;
    private final Flows flows;
    private final Head before;
    private Head head;

    /** The last link of a chain. */
    record Head(long eventId, String hash) {}

    /** Takes the head of the server's chain for this transaction. */
    TrailTransaction(Connection connection, String server) throws SQLException {
        this.connection = connection;
        this.server = server;
        this.statements = new StatementRows(server);
        this.flows = new Flows(server);
        this.before = lockHead(connection, server);
        this.head = before;
    }

    String server() {
        return server;
    }

    Connection connection() {
        return connection;
    }

    /** For acts that change more than the trail. The handle is the transaction's: it must not be committed or closed. */
    Handle handle() {
        return Jdbi.open(connection);
    }

    /** Answers the event's id. */
    long append(TrailEvent event) {
        Link link = Link.after(head, server, event);
        append(link);
        return link.eventId();
    }

    /** Adds what follows the head. */
    void append(Link link) {
        TrailEvent event = link.event();
        events.add(Arrays.asList(
                link.eventId(),
                TrailRows.inUtc(event.occurredAt()),
                event.kind(),
                event.userName(),
                event.detail(),
                link.previousHash(),
                link.hash(),
                event.statementId(),
                server));
        payloads.add(List.of(server, link.eventId(), EventHash.FORMAT_VERSION, event.payload()));
        for (TrailRows.Row row : TrailRows.added(event)) {
            rows.computeIfAbsent(row.table(), table -> new ArrayList<>()).add(row.values());
        }
        statements.add(event);
        flows.add(event);
        head = link.head();
    }

    boolean isEmpty() {
        return events.isEmpty();
    }

    Head head() {
        return head;
    }

    /** The last link before this transaction. */
    Head before() {
        return before;
    }

    /** Sends everything; the caller commits. */
    void write() throws SQLException {
        if (isEmpty()) {
            return;
        }
        batch(
                connection,
                "INSERT INTO audit.events (event_id, occurred_at, kind, user_name, detail, previous_hash, hash,"
                        + " statement_id, server) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                events);
        batch(
                connection,
                "INSERT INTO internal.event_bytes (server, event_id, format_version, payload) VALUES (?, ?, ?, ?)",
                payloads);
        statements.write(connection);
        for (Map.Entry<TrailTable, List<List<@Nullable Object>>> added : rows.entrySet()) {
            batch(connection, added.getKey().insertSql(), added.getValue());
        }
        flows.write(connection);
        int moved = batch(
                connection,
                "UPDATE internal.chain_heads SET last_id = ?, last_hash = ? WHERE chain = ? AND last_id = ?",
                List.of(List.of(head.eventId(), head.hash(), server, before.eventId())))[0];
        if (moved != 1) {
            throw new SQLException("the chain's head has moved meanwhile");
        }
    }

    /** Writes links in a transaction, without those that are there. */
    static Head write(Connection connection, String server, List<Link> links) throws SQLException {
        connection.setAutoCommit(false);
        TrailTransaction transaction = new TrailTransaction(connection, server);
        for (Link link : links) {
            Head head = transaction.head();
            if (link.eventId() <= head.eventId()) {
                continue;
            }
            if (link.eventId() != head.eventId() + 1 || !link.previousHash().equals(head.hash())) {
                throw new SQLException("event " + link.eventId() + " of the journal does not follow the tables' last, "
                        + head.eventId());
            }
            transaction.append(link);
        }
        transaction.write();
        connection.commit();
        connection.setAutoCommit(true);
        return transaction.head();
    }

    static int[] batch(Connection connection, String sql, List<List<@Nullable Object>> parameterRows)
            throws SQLException {
        if (parameterRows.isEmpty()) {
            return new int[0];
        }
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (List<@Nullable Object> parameters : parameterRows) {
                for (int i = 0; i < parameters.size(); i++) {
                    statement.setObject(i + 1, parameters.get(i));
                }
                statement.addBatch();
            }
            return statement.executeBatch();
        } catch (BatchUpdateException failure) {
            // some drivers repeat the values in its message; they belong into no log
            SQLException cause = failure.getNextException();
            throw cause == null ? failure : cause;
        }
    }

    /**
     * Changes rows, and adds those that are not there.
     *
     * @param rows the parameters of either statement
     * @return those that were added
     */
    static List<List<@Nullable Object>> changeOrAdd(
            Connection connection, String update, String insert, List<List<@Nullable Object>> rows)
            throws SQLException {
        int[] changed = batch(connection, update, rows);
        List<List<@Nullable Object>> added = new ArrayList<>();
        for (int i = 0; i < changed.length; i++) {
            if (changed[i] == 0) {
                added.add(rows.get(i));
            }
        }
        batch(connection, insert, added);
        return added;
    }

    /** The end of the chain. */
    static Head head(Connection connection, String server) throws SQLException {
        return head(connection, server, "");
    }

    /** The same, which nobody else moves while the transaction lasts. */
    static Head lockHead(Connection connection, String server) throws SQLException {
        return head(connection, server, " FOR UPDATE");
    }

    private static Head head(Connection connection, String server, String lock) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT last_id, last_hash FROM internal.chain_heads WHERE chain = ?" + lock)) {
            statement.setString(1, server);
            try (ResultSet result = statement.executeQuery()) {
                if (!result.next()) {
                    throw new SQLException("the chain's head is missing");
                }
                return new Head(result.getLong(1), result.getString(2));
            }
        }
    }
}
