package dev.nicol.server.audit;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rows of usages and shapes in the store. Those of a server are written by that server's writer only, one transaction after the
 * other; where a usage is, its shape is too.
 */
final class Usages {
    private Usages() {}

    /** The usages' numbers by their digests; what the store does not have yet is added. */
    static Map<String, Long> ids(Connection connection, Collection<Usage> usages) throws SQLException {
        Map<String, Usage> missing = new LinkedHashMap<>();
        usages.forEach(usage -> missing.put(usage.digest(), usage));
        Map<String, Long> ids = known(connection, missing.keySet());
        missing.keySet().removeAll(ids.keySet());
        if (!missing.isEmpty()) {
            addShapes(connection, missing.values());
            List<List<@Nullable Object>> rows = new ArrayList<>();
            missing.values().forEach(usage -> rows.add(usage.row()));
            TrailTransaction.batch(connection, insertSql("usages", "digest", Usage.CONTEXT), rows);
            ids.putAll(known(connection, missing.keySet()));
        }
        return ids;
    }

    private static Map<String, Long> known(Connection connection, Set<String> digests) throws SQLException {
        Map<String, Long> ids = new HashMap<>();
        if (digests.isEmpty()) {
            return ids;
        }
        try (PreparedStatement select =
                connection.prepareStatement("SELECT digest, usage_id FROM internal.usages WHERE digest = ANY (?)")) {
            select.setArray(1, connection.createArrayOf("VARCHAR", digests.toArray()));
            try (ResultSet found = select.executeQuery()) {
                while (found.next()) {
                    ids.put(found.getString(1), found.getLong(2));
                }
            }
        }
        return ids;
    }

    private static void addShapes(Connection connection, Collection<Usage> usages) throws SQLException {
        Map<String, Shape> missing = new LinkedHashMap<>();
        usages.forEach(usage -> missing.put(usage.lineageId(), usage.shape()));
        try (PreparedStatement select =
                connection.prepareStatement("SELECT lineage_id FROM internal.shapes WHERE lineage_id = ANY (?)")) {
            select.setArray(
                    1, connection.createArrayOf("VARCHAR", missing.keySet().toArray()));
            try (ResultSet found = select.executeQuery()) {
                while (found.next()) {
                    missing.remove(found.getString(1));
                }
            }
        }
        List<List<@Nullable Object>> shapes = new ArrayList<>();
        List<List<@Nullable Object>> edges = new ArrayList<>();
        List<List<@Nullable Object>> columns = new ArrayList<>();
        for (Map.Entry<String, Shape> entry : missing.entrySet()) {
            String id = entry.getKey();
            Shape shape = entry.getValue();
            shapes.add(List.of(id, shape.server(), shape.complete()));
            for (List<@Nullable Object> edge : shape.edges()) {
                edges.add(after(id, edge));
            }
            for (List<@Nullable Object> column : shape.columns()) {
                columns.add(after(id, column));
            }
        }
        TrailTransaction.batch(connection, insertSql("shapes", "lineage_id", List.of("server", "complete")), shapes);
        TrailTransaction.batch(connection, insertSql("shape_edges", "lineage_id", Shape.EDGE), edges);
        TrailTransaction.batch(connection, insertSql("shape_columns", "lineage_id", Shape.COLUMN), columns);
    }

    private static List<@Nullable Object> after(String id, List<@Nullable Object> values) {
        List<@Nullable Object> row = new ArrayList<>();
        row.add(id);
        row.addAll(values);
        return row;
    }

    private static String insertSql(String table, String first, List<String> columns) {
        return "INSERT INTO internal." + table + " (" + first + ", " + String.join(", ", columns) + ") VALUES (?"
                + String.join("", Collections.nCopies(columns.size(), ", ?")) + ")";
    }

    /** Deletes those of the usages that no statement has any more, and their shapes where no other usage has them. */
    static void deleteUnused(Connection connection, Set<Long> usageIds) throws SQLException {
        Set<String> shapes = new HashSet<>();
        try (PreparedStatement select = connection.prepareStatement(
                "SELECT DISTINCT lineage_id FROM internal.usages WHERE usage_id = ANY (?)")) {
            select.setArray(1, connection.createArrayOf("BIGINT", usageIds.toArray()));
            try (ResultSet found = select.executeQuery()) {
                while (found.next()) {
                    shapes.add(found.getString(1));
                }
            }
        }
        deleteAny(
                connection,
                "DELETE FROM internal.usages u WHERE u.usage_id = ANY (?)"
                        + " AND NOT EXISTS (SELECT 1 FROM audit.statements s WHERE s.usage_id = u.usage_id)",
                "BIGINT",
                usageIds);
        deleteAny(
                connection,
                "DELETE FROM internal.shapes h WHERE h.lineage_id = ANY (?)"
                        + " AND NOT EXISTS (SELECT 1 FROM internal.usages u WHERE u.lineage_id = h.lineage_id)",
                "VARCHAR",
                shapes);
        for (String table : List.of("shape_edges", "shape_columns")) {
            deleteAny(
                    connection,
                    "DELETE FROM internal." + table + " r WHERE r.lineage_id = ANY (?)"
                            + " AND NOT EXISTS (SELECT 1 FROM internal.shapes h WHERE h.lineage_id = r.lineage_id)",
                    "VARCHAR",
                    shapes);
        }
    }

    private static void deleteAny(Connection connection, String sql, String type, Set<?> ids) throws SQLException {
        try (PreparedStatement delete = connection.prepareStatement(sql)) {
            delete.setArray(1, connection.createArrayOf(type, ids.toArray()));
            delete.executeUpdate();
        }
    }
}
