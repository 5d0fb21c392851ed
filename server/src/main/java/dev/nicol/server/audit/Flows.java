package dev.nicol.server.audit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nicol.policy.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Sums up events of one server into {@code internal.flows}: which column's values went where, for each user. What a statement may have
 * moved counts from its intent on, whatever its outcome: part of it may be there.
 */
final class Flows {
    /** The kind of what a statement of unknown lineage read: all of it may be anywhere in its target. */
    static final String UNKNOWN = "UNKNOWN";

    private static final int FETCHED_ROWS = 1_000;

    /** Plans whose keys are remembered. */
    private static final int MOST_KNOWN = 2_000;

    private static final List<String> COLUMNS = List.of(
            "flow_id",
            "server",
            "source_table_id",
            "source_id",
            "target_table_id",
            "target_id",
            "user_name",
            "of_policy",
            "source_catalog",
            "source_schema",
            "source_table",
            "source_column",
            "target_catalog",
            "target_schema",
            "target_table",
            "target_column",
            "kind",
            "direct",
            "masked",
            "first_at",
            "last_at",
            "last_statement_id",
            "statements");

    private final String server;
    private final Map<String, Sum> sums = new TreeMap<>();

    /** By the node of their lineage, as it is and not as it reads, and by user. */
    private final Map<JsonNode, Map<String, Known>> known = new IdentityHashMap<>();

    private record Known(JsonNode intent, List<Sum> sums) {}

    Flows(String server) {
        this.server = server;
    }

    /**
     * What a row is known by.
     *
     * @param server so that servers that share a store never write the same row
     * @param ofPolicy whether a policy alone read the source: then it is for auditors to see
     */
    private record Key(
            String server,
            String userName,
            boolean ofPolicy,
            FlowColumn source,
            FlowColumn target,
            String kind,
            boolean direct,
            boolean masked) {
        String id() {
            return EventHash.ofParts(Arrays.asList(
                    server,
                    userName,
                    ofPolicy,
                    parts(source.table()),
                    source.column(),
                    parts(target.table()),
                    target.column(),
                    kind,
                    direct,
                    masked));
        }

        private static @Nullable List<String> parts(@Nullable TableName table) {
            return table == null ? null : table.parts();
        }
    }

    private static final class Sum {
        private final Key key;
        private final Instant firstAt;
        private Instant lastAt;
        private String lastStatementId;
        private long statements;

        Sum(Key key, Instant at, String statementId) {
            this.key = key;
            this.firstAt = at;
            this.lastAt = at;
            this.lastStatementId = statementId;
        }
    }

    /** Adds what the event tells; most tell nothing. */
    void add(TrailEvent event) {
        JsonNode intent = event.intent();
        String statementId = event.statementId();
        if (statementId == null
                || !event.kind().equals(TrailEvent.INTENT)
                || intent.path("statement_kind").asText().startsWith("EXPLAIN")) {
            return;
        }
        for (Sum sum : sums(event, statementId)) {
            sum.lastAt = event.occurredAt();
            sum.lastStatementId = statementId;
            sum.statements++;
        }
    }

    /** A key takes a digest each: statements of one plan and user, which have the very same parts, share them. */
    private List<Sum> sums(TrailEvent event, String statementId) {
        JsonNode intent = event.intent();
        if (known.size() > MOST_KNOWN) {
            known.clear(); // events that were read from the store have nothing in common
        }
        Map<String, Known> ofUsers = known.computeIfAbsent(intent.path("lineage"), added -> new HashMap<>());
        Known before = ofUsers.get(event.userName());
        if (before == null || !CommonParts.areSame(before.intent, intent)) {
            List<Sum> found = new ArrayList<>();
            for (Key key : keys(event.userName(), intent)) {
                found.add(sums.computeIfAbsent(key.id(), added -> new Sum(key, event.occurredAt(), statementId)));
            }
            before = new Known(intent, found);
            ofUsers.put(event.userName(), before);
        }
        return before.sums;
    }

    private Set<Key> keys(String userName, JsonNode intent) {
        Set<Key> keys = new LinkedHashSet<>();
        JsonNode into = TrailRows.targetTable(intent);
        TableName target = into == null ? null : table(into);
        if (!intent.path("lineage").path("complete").asBoolean()) {
            for (JsonNode column : intent.path("columns")) {
                if (column.path("access").asText().equals("read")) {
                    boolean masked = column.hasNonNull("mask");
                    FlowColumn whole = new FlowColumn(target, null);
                    keys.add(new Key(server, userName, false, column(column), whole, UNKNOWN, true, masked));
                }
            }
            return keys;
        }
        Set<FlowColumn> ofPolicy = new HashSet<>();
        for (JsonNode column : intent.path("columns")) {
            if (column.path("access").asText().equals("policy")) {
                ofPolicy.add(column(column));
            }
        }
        for (JsonNode edge : intent.path("lineage").path("edges")) {
            FlowColumn source = column(edge);
            String kind = edge.path("kind").asText();
            keys.add(new Key(
                    server,
                    userName,
                    kind.equals("POLICY_FILTER") || ofPolicy.contains(source),
                    source,
                    new FlowColumn(target, edge.path("target_column").textValue()),
                    kind,
                    edge.path("direct").asBoolean(),
                    edge.path("masked").asBoolean()));
        }
        return keys;
    }

    private static FlowColumn column(JsonNode named) {
        return new FlowColumn(table(named), named.path("column").asText());
    }

    private static TableName table(JsonNode named) {
        return new TableName(
                named.path("catalog").asText(),
                named.path("schema").asText(),
                named.path("table").asText());
    }

    /** Adds the sums to the store's; the caller commits. */
    void write(Connection connection) throws SQLException {
        List<Sum> all = List.copyOf(sums.values());
        List<List<@Nullable Object>> updates = new ArrayList<>();
        for (Map.Entry<String, Sum> entry : sums.entrySet()) {
            Sum sum = entry.getValue();
            updates.add(List.of(TrailRows.inUtc(sum.lastAt), sum.lastStatementId, sum.statements, entry.getKey()));
        }
        int[] known = TrailTransaction.batch(
                connection,
                "UPDATE internal.flows SET last_at = ?, last_statement_id = ?, statements = statements + ?"
                        + " WHERE flow_id = ?",
                updates);
        List<List<@Nullable Object>> inserts = new ArrayList<>();
        for (int i = 0; i < known.length; i++) {
            if (known[i] == 0) {
                inserts.add(values(all.get(i)));
            }
        }
        String marks = "?, ".repeat(COLUMNS.size() - 1) + "?";
        TrailTransaction.batch(
                connection,
                "INSERT INTO internal.flows (" + String.join(", ", COLUMNS) + ") VALUES (" + marks + ")",
                inserts);
    }

    private static List<@Nullable Object> values(Sum sum) {
        Key key = sum.key;
        TableName source = key.source().table();
        TableName target = key.target().table();
        return Arrays.asList(
                key.id(),
                key.server(),
                key.source().tableId(),
                key.source().columnId(),
                key.target().tableId(),
                key.target().columnId(),
                key.userName(),
                key.ofPolicy(),
                source == null ? null : source.catalog(),
                source == null ? null : source.schema(),
                source == null ? null : source.table(),
                key.source().column(),
                target == null ? null : target.catalog(),
                target == null ? null : target.schema(),
                target == null ? FlowColumn.RESULT : target.table(),
                key.target().column(),
                key.kind(),
                key.direct(),
                key.masked(),
                TrailRows.inUtc(sum.firstAt),
                TrailRows.inUtc(sum.lastAt),
                sum.lastStatementId,
                sum.statements);
    }

    /**
     * The first difference between the sums and the store's rows of the server, in words; null where there is none.
     *
     * @param some whether events are gone whose flows still count: then the store has no less than the sums
     */
    @Nullable
    String difference(Connection connection, boolean some) throws SQLException {
        long rows = 0;
        try (PreparedStatement select = connection.prepareStatement(
                "SELECT " + String.join(", ", COLUMNS) + " FROM internal.flows WHERE server = ?")) {
            select.setString(1, server);
            select.setFetchSize(FETCHED_ROWS);
            try (ResultSet found = select.executeQuery()) {
                while (found.next()) {
                    Sum sum = sums.get(found.getString(1));
                    if (sum == null && some) {
                        continue;
                    } else if (sum == null) {
                        return "internal.flows has a row that no event tells of";
                    }
                    rows++;
                    List<@Nullable Object> shown = StoredRow.values(found, COLUMNS.size());
                    int compared = some ? COLUMNS.indexOf("first_at") : COLUMNS.size();
                    boolean same = StoredRow.comparable(shown.subList(0, compared))
                            .equals(StoredRow.comparable(values(sum).subList(0, compared)));
                    if (!same || found.getLong("statements") < sum.statements) {
                        return "a row of internal.flows does not say what the events say";
                    }
                }
            }
        }
        return rows == sums.size() ? null : "internal.flows lacks rows that events tell of";
    }
}
