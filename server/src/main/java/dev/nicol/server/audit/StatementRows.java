package dev.nicol.server.audit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nicol.policy.guardrail.Spent;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one transaction of the writer does to {@code audit.statements} and to the usages: a statement that begins and ends in it is one
 * row, written once.
 */
final class StatementRows {
    private static final Logger LOG = LoggerFactory.getLogger(StatementRows.class);

    /** Plans whose shapes are remembered. */
    private static final int MOST_KNOWN = 2_000;

    private final String server;
    private final List<Begun> begun = new ArrayList<>();
    private final Map<String, Begun> byId = new HashMap<>();
    private final List<Ended> endedLater = new ArrayList<>();

    /** By the node of their lineage, as it is and not as it reads. */
    private final Map<JsonNode, Known> shapes = new IdentityHashMap<>();

    StatementRows(String server) {
        this.server = server;
    }

    /** Of an intent; its outcome where that came with it. */
    private static final class Begun {
        private final Usage usage;
        private final @Nullable String spender;
        private final OffsetDateTime startedAt;
        private final List<@Nullable Object> row;
        private @Nullable List<@Nullable Object> outcome;

        Begun(Usage usage, @Nullable String spender, OffsetDateTime startedAt, List<@Nullable Object> row) {
            this.usage = usage;
            this.spender = spender;
            this.startedAt = startedAt;
            this.row = row;
        }
    }

    /** The outcome of a statement that an earlier transaction began. */
    private record Ended(String statementId, List<@Nullable Object> outcome) {}

    private record Known(JsonNode intent, Shape shape, String id) {}

    /** @param spender whose budget counts it; null: nobody's */
    private record Running(long usageId, @Nullable String spender, OffsetDateTime startedAt) {}

    /** Adds what the event tells; acts tell nothing. */
    void add(TrailEvent event) {
        String statementId = event.statementId();
        if (statementId == null) {
            return;
        }
        if (event.intent().isObject()) {
            Begun begins = new Begun(
                    usage(event),
                    spender(event),
                    TrailRows.inUtc(event.occurredAt()),
                    TrailRows.statement(event, server, statementId));
            begun.add(begins);
            byId.put(statementId, begins);
        }
        List<@Nullable Object> outcome = TrailRows.outcome(event);
        if (outcome != null) {
            Begun here = byId.get(statementId);
            if (here != null && here.outcome == null) {
                here.outcome = outcome;
            } else {
                endedLater.add(new Ended(statementId, outcome));
            }
        }
    }

    private static @Nullable String spender(TrailEvent event) {
        JsonNode intent = event.intent();
        return SpentSums.subject(
                event.userName(),
                TrailRows.text(intent, "agent"),
                TrailRows.text(intent, "verdict"),
                TrailRows.text(intent, "statement_kind"));
    }

    /** A shape takes a digest over all its edges: statements of one plan, which have the very same parts, share it. */
    private Usage usage(TrailEvent event) {
        JsonNode intent = event.intent();
        Known known = shapes.get(intent.path("lineage"));
        if (known == null || !CommonParts.areSame(known.intent, intent)) {
            if (shapes.size() > MOST_KNOWN) {
                shapes.clear(); // events that were read from the store have nothing in common
            }
            Shape shape = Shape.of(event, server);
            known = new Known(intent, shape, shape.id());
            shapes.put(intent.path("lineage"), known);
        }
        return Usage.of(event, server, known.shape, known.id);
    }

    /** Sends everything; the caller commits. */
    void write(Connection connection) throws SQLException {
        Map<String, Long> ids = Usages.ids(
                connection, begun.stream().map(begins -> begins.usage).toList());
        UsageSums sums = new UsageSums();
        SpentSums spent = new SpentSums(server);
        List<List<@Nullable Object>> rows = new ArrayList<>();
        for (Begun begins : begun) {
            Long usageId = ids.get(begins.usage.digest());
            if (usageId == null) {
                throw new SQLException("a usage that was added is not there");
            }
            begins.row.set(TrailTable.USAGE_ID, usageId);
            spent.add(begins.spender, begins.startedAt, new Spent(1, 0, 0));
            if (begins.outcome != null) {
                TrailTable.setOutcome(begins.row, begins.outcome);
                add(sums, spent, new Running(usageId, begins.spender, begins.startedAt), begins.outcome);
            }
            rows.add(begins.row);
        }
        TrailTransaction.batch(connection, TrailTable.STATEMENTS.insertSql(), rows);
        writeOutcomes(connection, sums, spent);
        sums.write(connection);
        spent.write(connection);
    }

    private static void add(UsageSums sums, SpentSums spent, Running statement, List<@Nullable Object> outcome) {
        long rows = outcome.get(TrailRows.ROW_COUNT) instanceof Long count ? count : 0;
        long bytes = outcome.get(TrailRows.BYTE_COUNT) instanceof Long count ? count : 0;
        sums.add(statement.usageId, String.valueOf(outcome.get(TrailRows.OUTCOME)), rows, statement.startedAt);
        spent.add(statement.spender, statement.startedAt, new Spent(0, rows, bytes));
    }

    private void writeOutcomes(Connection connection, UsageSums sums, SpentSums spent) throws SQLException {
        if (endedLater.isEmpty()) {
            return;
        }
        Map<String, Running> running = running(connection);
        List<List<@Nullable Object>> updates = new ArrayList<>();
        for (Ended ended : endedLater) {
            List<@Nullable Object> parameters = new ArrayList<>(ended.outcome);
            parameters.add(ended.statementId);
            parameters.add(server);
            updates.add(parameters);
            Running statement = running.remove(ended.statementId);
            if (statement != null) {
                add(sums, spent, statement, ended.outcome);
            }
        }
        for (int updated : TrailTransaction.batch(connection, TrailTable.updateOutcomeSql(), updates)) {
            if (updated != 1) {
                // the event is what counts; that the row was tampered with is for the verifier to say
                LOG.error("An outcome met no running statement in audit.statements: the store was changed by hand");
            }
        }
    }

    private Map<String, Running> running(Connection connection) throws SQLException {
        Map<String, Running> running = new HashMap<>();
        try (PreparedStatement select = connection.prepareStatement("SELECT statement_id, usage_id, started_at,"
                + " user_name, agent, verdict, statement_kind FROM audit.statements WHERE statement_id = ANY (?) AND server = ? AND outcome = 'running'"
                + " AND usage_id IS NOT NULL")) {
            Object[] ids = endedLater.stream().map(Ended::statementId).toArray();
            select.setArray(1, connection.createArrayOf("VARCHAR", ids));
            select.setString(2, server);
            try (ResultSet found = select.executeQuery()) {
                while (found.next()) {
                    running.put(
                            found.getString(1),
                            new Running(
                                    found.getLong(2),
                                    SpentSums.subject(
                                            found.getString(4),
                                            found.getString(5),
                                            found.getString(6),
                                            found.getString(7)),
                                    found.getObject(3, OffsetDateTime.class)));
                }
            }
        }
        return running;
    }

    /** What the statements added to their usages; to be taken back once they are deleted. */
    static UsageSums sumsOf(Connection connection, List<String> statementIds) throws SQLException {
        UsageSums sums = new UsageSums();
        try (PreparedStatement select = connection.prepareStatement("SELECT usage_id, outcome, row_count, started_at"
                + " FROM audit.statements WHERE statement_id = ANY (?) AND outcome <> 'running'"
                + " AND usage_id IS NOT NULL")) {
            select.setArray(1, connection.createArrayOf("VARCHAR", statementIds.toArray()));
            try (ResultSet found = select.executeQuery()) {
                while (found.next()) {
                    sums.add(
                            found.getLong(1),
                            found.getString(2),
                            found.getLong(3),
                            found.getObject(4, OffsetDateTime.class));
                }
            }
        }
        return sums;
    }
}
