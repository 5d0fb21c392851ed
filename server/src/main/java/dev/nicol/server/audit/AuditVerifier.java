package dev.nicol.server.audit;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Walks the chains of a store, one for each server, and derives every queryable row from them again. An event that was edited, removed, moved or
 * added is found, and so is a row of the tables derived from events that does not say what its event says, and a view that
 * does not show what it showed.
 *
 * <p>Whoever can write the store can also build a whole new chain and head: only signed checkpoints kept elsewhere tell
 * that, and a store put back to an earlier copy.
 */
public final class AuditVerifier {
    private AuditVerifier() {}

    /**
     * What was found.
     *
     * @param chains one for each server, in the order of their names
     * @param problem what is wrong with the store beside its chains; null where nothing is
     */
    public record Report(List<Chain> chains, @Nullable String problem) {
        public Report {
            chains = List.copyOf(chains);
        }

        public boolean whole() {
            return problem == null && chains.stream().allMatch(chain -> chain.problem() == null);
        }

        /** Events that were found in order, in all chains. */
        public long events() {
            return chains.stream().mapToLong(Chain::events).sum();
        }

        /** Everything that is wrong, a line each. */
        public List<String> problems() {
            List<String> problems = new ArrayList<>();
            for (Chain chain : chains) {
                if (chain.problem() != null) {
                    problems.add("server `" + chain.server() + "` broken at event " + chain.brokenId() + ": "
                            + chain.problem());
                }
            }
            if (problem != null) {
                problems.add("broken: " + problem);
            }
            return problems;
        }
    }

    /**
     * One server's chain.
     *
     * @param events events that were found in order
     * @param dropped events between them that retention has dropped, over whose roots the chain goes on
     * @param brokenId the first event that is not as it was written; null where the chain is whole
     * @param problem why, in words; null where the chain is whole
     */
    public record Chain(
            String server,
            long events,
            long dropped,
            @Nullable Long brokenId,
            @Nullable String problem) {}

    /** Verifies the store of a running server, as it is at this moment. */
    public static Report verify(Store store) throws SQLException {
        return atOneMoment(store, connection -> walkAll(connection, store.server(), Map.of()));
    }

    /** Reads a store in service while it changes. */
    static <T extends @Nullable Object> T atOneMoment(Store store, Store.Work<T> reading) throws SQLException {
        try (Connection connection = store.connection()) {
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            try {
                return reading.on(connection);
            } finally {
                connection.rollback();
                connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
                connection.setAutoCommit(true);
            }
        }
    }

    /**
     * Verifies a store without changing it: an embedded one that no server runs on, such as a copy, or a PostgreSQL one,
     * as it is at this moment.
     *
     * @param settings as {@link Store#open} takes them; the chain of their server must be there
     * @throws SQLException where it cannot be read
     */
    public static Report verify(StoreSettings settings) throws SQLException {
        return verify(settings, Map.of());
    }

    /**
     * The same, where the chains must meet signed checkpoints too.
     *
     * @param checkpoints their directory, which has one for each server
     * @throws SQLException where it cannot be read
     * @throws IOException where the checkpoints cannot be read, or are not all there and of their key; says which
     */
    public static Report verify(StoreSettings settings, Path checkpoints) throws SQLException, IOException {
        return verify(settings, Checkpoints.readAll(checkpoints));
    }

    private static Report verify(StoreSettings settings, Map<String, List<Checkpoint>> signed) throws SQLException {
        try (Connection connection = Store.openReadOnly(settings)) {
            Report tables = walkAll(connection, settings.server(), signed);
            return settings.postgres() ? tables : withJournal(tables, settings, connection);
        }
    }

    /** Of an embedded store whose server was killed, the chain goes on in the journal. */
    private static Report withJournal(Report tables, StoreSettings settings, Connection connection)
            throws SQLException {
        List<Chain> chains = new ArrayList<>();
        for (Chain chain : tables.chains()) {
            boolean own = chain.server().equals(settings.server()) && chain.problem() == null;
            chains.add(own ? withJournal(chain, settings, connection) : chain);
        }
        return new Report(chains, tables.problem());
    }

    private static Chain withJournal(Chain chain, StoreSettings settings, Connection connection) throws SQLException {
        TrailTransaction.Head head = TrailTransaction.head(connection, chain.server());
        long[] more = new long[1];
        String problem = EmbeddedStore.readJournal(settings, head, link -> more[0]++);
        return new Chain(
                chain.server(),
                chain.events() + more[0],
                chain.dropped(),
                problem == null ? null : head.eventId() + more[0] + 1,
                problem);
    }

    /** As the connection sees the store. */
    static Report walkAll(Connection connection, String own, Map<String, List<Checkpoint>> signed) throws SQLException {
        SortedSet<String> servers = new TreeSet<>(signed.keySet());
        servers.add(own);
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("SELECT chain FROM internal.chain_heads"
                        + " UNION SELECT server FROM audit.events UNION SELECT server FROM internal.event_bytes"
                        + " UNION SELECT server FROM audit.statements UNION SELECT server FROM internal.flows"
                        + " UNION SELECT server FROM internal.usages UNION SELECT server FROM internal.shapes"
                        + " UNION SELECT server FROM internal.dropped_segments")) {
            while (result.next()) {
                servers.add(result.getString(1));
            }
        }
        Map<TrailTable, Long> expectedRows = new EnumMap<>(TrailTable.class);
        List<Chain> chains = new ArrayList<>();
        for (String server : servers) {
            chains.add(new ChainWalk(connection, server, signed.getOrDefault(server, List.of()), expectedRows).walk());
        }
        boolean whole = chains.stream().allMatch(chain -> chain.problem() == null);
        // rows of a chain that is broken are not all known
        String leftOver = whole ? leftOver(connection, expectedRows) : null;
        return new Report(chains, leftOver == null ? StoreViews.problem(connection) : leftOver);
    }

    /** Rows that no chain tells of; null where there are none. */
    private static @Nullable String leftOver(Connection connection, Map<TrailTable, Long> expectedRows)
            throws SQLException {
        for (TrailTable table : TrailTable.values()) {
            try (Statement statement = connection.createStatement();
                    ResultSet count = statement.executeQuery("SELECT COUNT(*) FROM " + table.qualifiedName())) {
                if (!count.next() || count.getLong(1) != expectedRows.getOrDefault(table, 0L)) {
                    return table.qualifiedName() + " has rows that no event tells of";
                }
            }
        }
        return UsageCheck.leftOver(connection);
    }
}
