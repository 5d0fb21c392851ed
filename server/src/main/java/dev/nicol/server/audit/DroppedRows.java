package dev.nicol.server.audit;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The events of a segment and all rows that are derived from them, on their way out of the store. */
final class DroppedRows {
    private static final String SYSTEM = "nicol";

    private DroppedRows() {}

    /**
     * Deletes them, keeps the root, and records both.
     *
     * @param latest before which all of them happened
     * @return false where they are not as they were verified; then nothing is changed
     */
    static boolean delete(ActTransaction transaction, SegmentRoot root, Instant latest) throws SQLException {
        Connection connection = transaction.handle().getConnection();
        String server = transaction.server();
        List<String> began = new ArrayList<>();
        List<String> ended = new ArrayList<>();
        if (statements(connection, server, root, began, ended) != root.events()
                || outcomesOfKeptIntents(connection, server, root)) {
            return false;
        }
        UsageSums sums = StatementRows.sumsOf(connection, began);
        for (TrailTable table : TrailTable.values()) {
            List<List<@Nullable Object>> ids = new ArrayList<>();
            (table.isOfIntents() ? began : ended).forEach(id -> ids.add(List.of(id)));
            TrailTransaction.batch(connection, table.deleteSql(), ids);
        }
        sums.takeBack(connection);
        range(
                connection,
                "DELETE FROM internal.event_bytes WHERE server = ? AND event_id BETWEEN ? AND ?",
                server,
                root);
        range(connection, "DELETE FROM audit.events WHERE server = ? AND event_id BETWEEN ? AND ?", server, root);
        long droppedBy = transaction.event(
                SegmentRoot.DROPPED,
                SYSTEM,
                "events " + root.firstId() + " to " + root.lastId() + ", all before " + latest + "; digest "
                        + root.digest(),
                SegmentRoot.NAME,
                root.json());
        root.insert(connection, server, droppedBy);
        return true;
    }

    /** Answers how many events there are; of the statements that began and ended among them, the ids. */
    private static long statements(
            Connection connection, String server, SegmentRoot root, List<String> began, List<String> ended)
            throws SQLException {
        long events = 0;
        try (PreparedStatement select = connection.prepareStatement(
                "SELECT kind, statement_id FROM audit.events WHERE server = ? AND event_id BETWEEN ? AND ?")) {
            bind(select, server, root);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    events++;
                    String statementId = row.getString(2);
                    if (statementId != null && !row.getString(1).equals(TrailEvent.OUTCOME)) {
                        began.add(statementId);
                    }
                    if (statementId != null && !row.getString(1).equals(TrailEvent.INTENT)) {
                        ended.add(statementId);
                    }
                }
            }
        }
        return events;
    }

    /** An intent without its outcome would be taken for a statement that runs. */
    private static boolean outcomesOfKeptIntents(Connection connection, String server, SegmentRoot root)
            throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("SELECT COUNT(*) FROM audit.events o"
                + " JOIN audit.events i ON i.statement_id = o.statement_id AND i.server = o.server"
                + " WHERE o.server = ? AND o.event_id BETWEEN ? AND ? AND o.kind = '" + TrailEvent.OUTCOME
                + "' AND i.event_id < " + root.firstId())) {
            bind(select, server, root);
            try (ResultSet row = select.executeQuery()) {
                return !row.next() || row.getLong(1) > 0;
            }
        }
    }

    private static void range(Connection connection, String sql, String server, SegmentRoot root) throws SQLException {
        try (PreparedStatement delete = connection.prepareStatement(sql)) {
            bind(delete, server, root);
            delete.executeUpdate();
        }
    }

    private static void bind(PreparedStatement statement, String server, SegmentRoot root) throws SQLException {
        statement.setString(1, server);
        statement.setLong(2, root.firstId());
        statement.setLong(3, root.lastId());
    }
}
