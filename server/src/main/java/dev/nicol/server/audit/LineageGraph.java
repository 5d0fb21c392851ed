package dev.nicol.server.audit;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Searches the flows of all statements, breadth first: where a column's values came from, or went, over any number of
 * statements. Each step is an indexed look-up, so that the trail's length does not matter. Values travel along direct
 * flows; what only had a say is told and not followed.
 */
public final class LineageGraph {
    /** Flows that one search may find; more are refused, because a part would read as the whole. */
    public static final int MAX_FLOWS = 100_000;

    private static final int COLUMNS_PER_LOOK_UP = 200;

    private final Store store;
    private final Supplier<List<Flow>> definitions;
    private final int maxFlows;

    /** @param definitions what the definitions of views say: for auditors, whose view it is */
    public LineageGraph(Store store, Supplier<List<Flow>> definitions) {
        this(store, definitions, MAX_FLOWS);
    }

    LineageGraph(Store store, Supplier<List<Flow>> definitions, int maxFlows) {
        this.store = store;
        this.definitions = definitions;
        this.maxFlows = maxFlows;
    }

    /** Which way to search. */
    public enum Direction {
        /** To where values came from. */
        UPSTREAM,
        /** To where they went. */
        DOWNSTREAM
    }

    /**
     * Who searches.
     *
     * @param everything flows of all users and what policies read; else those of the user's own statements
     */
    public record Viewer(String userName, boolean everything) {}

    /** A flow, and how many steps from the start it was met first. */
    public record Reached(int depth, Flow flow) {}

    /**
     * What can be reached from a column or a table.
     *
     * @param start three parts, or four with a column; spelled so, else in any case
     * @throws dev.nicol.policy.NicolException {@code OUT_OF_BUDGET} beyond the bound, {@code TRAIL_UNAVAILABLE} where the
     *     store cannot be read
     */
    public List<Reached> search(Direction direction, List<String> start, Viewer viewer) {
        try (Connection connection = store.connection()) {
            return new Search(connection, direction, viewer).from(start);
        } catch (SQLException failure) {
            throw NicolError.TRAIL_UNAVAILABLE.because(
                    "The lineage cannot be read now. Try again; if it persists, tell the operator.",
                    String.valueOf(failure.getMessage()),
                    failure);
        }
    }

    private final class Search {
        private final Connection connection;
        private final boolean upstream;
        private final Viewer viewer;
        private final Map<String, List<Flow>> defined = new HashMap<>();
        private final Map<Object, Reached> reached = new LinkedHashMap<>();
        private final Set<FlowColumn> seen = new HashSet<>();

        Search(Connection connection, Direction direction, Viewer viewer) {
            this.connection = connection;
            this.upstream = direction == Direction.UPSTREAM;
            this.viewer = viewer;
            if (viewer.everything()) {
                for (Flow flow : definitions.get()) {
                    FlowColumn near = near(flow);
                    defined.computeIfAbsent(near.tableId(), added -> new ArrayList<>())
                            .add(flow);
                }
            }
        }

        List<Reached> from(List<String> start) throws SQLException {
            Set<FlowColumn> frontier = spelled(start);
            for (int depth = 1; !frontier.isEmpty(); depth++) {
                seen.addAll(frontier);
                Set<FlowColumn> next = new LinkedHashSet<>();
                for (Flow flow : touching(frontier)) {
                    found(depth, flow);
                    FlowColumn far = upstream ? flow.source() : flow.target();
                    if (flow.direct() && far.table() != null && !seen.contains(far) && !seen.contains(far.whole())) {
                        next.add(far);
                    }
                }
                frontier = next;
            }
            return List.copyOf(reached.values());
        }

        private void found(int depth, Flow flow) {
            Object same = List.of(flow.source(), flow.target(), flow.kind(), flow.masked());
            Reached before = reached.get(same);
            if (before == null) {
                if (reached.size() >= maxFlows) {
                    throw NicolError.OUT_OF_BUDGET.because("More than " + maxFlows
                            + " flows can be reached from there, and a part of them would read as all. Start from a"
                            + " column, or from one nearer to what you look for.");
                }
                reached.put(same, new Reached(depth, flow));
            } else if (flow.statements() > 0 && before.flow().statements() == 0) {
                // a view's definition, and the statement that made it
                reached.put(same, new Reached(before.depth(), flow));
            }
        }

        private FlowColumn near(Flow flow) {
            return upstream ? flow.target() : flow.source();
        }

        /** The flows at the near end of which one of the columns is. */
        private List<Flow> touching(Collection<FlowColumn> columns) throws SQLException {
            List<Flow> flows = new ArrayList<>();
            List<String> tables = new ArrayList<>();
            List<String> single = new ArrayList<>();
            for (FlowColumn column : columns) {
                if (column.column() == null) {
                    tables.add(column.tableId());
                } else {
                    single.add(column.columnId());
                    single.add(column.whole().columnId());
                }
            }
            flows.addAll(stored(upstream ? "target_table_id" : "source_table_id", tables));
            flows.addAll(stored(upstream ? "target_id" : "source_id", single));
            columns.stream()
                    .map(FlowColumn::tableId)
                    .distinct()
                    .forEach(table -> flows.addAll(defined.getOrDefault(table, List.of())));
            Set<@Nullable TableName> within = new HashSet<>();
            columns.forEach(column -> within.add(column.table()));
            // ids do not tell names apart that differ in case only
            flows.removeIf(flow -> {
                FlowColumn near = near(flow);
                return !columns.contains(near)
                        && !columns.contains(near.whole())
                        && !(near.column() == null && within.contains(near.table()));
            });
            return flows;
        }

        /** The columns, or the tables, that a name means: spelled just so, else what differs in case only. */
        private Set<FlowColumn> spelled(List<String> start) throws SQLException {
            FlowColumn named =
                    new FlowColumn(TableName.of(start.subList(0, 3)), start.size() == 4 ? start.get(3) : null);
            Set<FlowColumn> found = new LinkedHashSet<>(names("source", named));
            found.addAll(names("target", named));
            defined.values()
                    .forEach(flows -> flows.forEach(flow -> {
                        found.add(flow.source());
                        found.add(flow.target());
                    }));
            found.removeIf(one -> !one.tableId().equals(named.tableId()));
            Set<@Nullable TableName> tables = new LinkedHashSet<>();
            found.forEach(one -> tables.add(one.table()));
            if (tables.contains(named.table())) {
                tables.removeIf(table -> !Objects.equals(table, named.table()));
            }
            Set<FlowColumn> meant = new LinkedHashSet<>();
            for (TableName table : tables) {
                FlowColumn exact = new FlowColumn(table, named.column());
                List<FlowColumn> spellings = found.stream()
                        .filter(one -> Objects.equals(one.table(), table)
                                && one.columnId().equals(exact.columnId()))
                        .toList();
                meant.addAll(spellings.isEmpty() || spellings.contains(exact) ? List.of(exact) : spellings);
            }
            return meant;
        }

        private List<FlowColumn> names(String side, FlowColumn named) throws SQLException {
            boolean column = named.column() != null;
            String columns = side + "_catalog, " + side + "_schema, " + side + "_table, "
                    + (column ? side + "_column" : "CAST(NULL AS VARCHAR)");
            String where = column ? side + "_id IN (?, ?)" : side + "_table_id = ?";
            try (PreparedStatement select = connection.prepareStatement(
                    "SELECT DISTINCT " + columns + " FROM internal.flows WHERE " + where + whose())) {
                int next = 1;
                select.setString(next++, column ? named.columnId() : named.tableId());
                if (column) {
                    select.setString(next++, named.whole().columnId());
                }
                if (!viewer.everything()) {
                    select.setString(next, viewer.userName());
                }
                List<FlowColumn> names = new ArrayList<>();
                try (ResultSet found = select.executeQuery()) {
                    while (found.next()) {
                        names.add(new FlowColumn(
                                new TableName(found.getString(1), found.getString(2), found.getString(3)),
                                found.getString(4)));
                    }
                }
                return names;
            }
        }

        private String whose() {
            return viewer.everything() ? "" : " AND user_name = ? AND NOT of_policy";
        }

        private List<Flow> stored(String idColumn, List<String> ids) throws SQLException {
            List<Flow> flows = new ArrayList<>();
            List<String> distinct = ids.stream().distinct().toList();
            for (int from = 0; from < distinct.size(); from += COLUMNS_PER_LOOK_UP) {
                List<String> some = distinct.subList(from, Math.min(distinct.size(), from + COLUMNS_PER_LOOK_UP));
                flows.addAll(lookUp(idColumn, some));
            }
            return flows;
        }

        private List<Flow> lookUp(String idColumn, List<String> ids) throws SQLException {
            String flow = "source_catalog, source_schema, source_table, source_column, target_catalog, target_schema,"
                    + " target_table, target_column, kind, direct, masked";
            String marks = "?, ".repeat(ids.size() - 1) + "?";
            try (PreparedStatement select = connection.prepareStatement("SELECT " + flow + ", SUM(statements),"
                    + " MAX(last_statement_id), MIN(first_at), MAX(last_at) FROM internal.flows WHERE " + idColumn
                    + " IN (" + marks + ")" + whose() + " GROUP BY " + flow + " ORDER BY " + flow)) {
                for (int i = 0; i < ids.size(); i++) {
                    select.setString(i + 1, ids.get(i));
                }
                if (!viewer.everything()) {
                    select.setString(ids.size() + 1, viewer.userName());
                }
                // one more than may be found: enough to know
                select.setMaxRows(maxFlows + 1);
                List<Flow> flows = new ArrayList<>();
                try (ResultSet found = select.executeQuery()) {
                    while (found.next()) {
                        flows.add(flow(found));
                    }
                }
                return flows;
            }
        }
    }

    private static Flow flow(ResultSet found) throws SQLException {
        String catalog = found.getString(5);
        TableName target = catalog == null ? null : new TableName(catalog, found.getString(6), found.getString(7));
        return new Flow(
                new FlowColumn(
                        new TableName(found.getString(1), found.getString(2), found.getString(3)), found.getString(4)),
                new FlowColumn(target, found.getString(8)),
                found.getString(9),
                found.getBoolean(10),
                found.getBoolean(11),
                found.getLong(12),
                found.getString(13),
                instant(found, 14),
                instant(found, 15));
    }

    private static @Nullable Instant instant(ResultSet found, int column) throws SQLException {
        OffsetDateTime moment = found.getObject(column, OffsetDateTime.class);
        return moment == null ? null : moment.toInstant();
    }
}
