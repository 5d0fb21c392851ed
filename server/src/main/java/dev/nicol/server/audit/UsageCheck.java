package dev.nicol.server.audit;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Holds usages and shapes against the events of one server's chain. Answers are problems in words; null where there is none. */
final class UsageCheck {
    /** Shapes that are not looked at again, at most: then they are. */
    private static final int REMEMBERED = 100_000;

    private final Connection connection;
    private final String server;
    private final Set<String> checked = new HashSet<>();

    UsageCheck(Connection connection, String server) {
        this.connection = connection;
        this.server = server;
    }

    /** That the statement's row leads to its usage and to its shape, and these say what its event says. */
    @Nullable
    String ofStatement(String statementId, TrailEvent event) throws SQLException {
        Usage usage = Usage.of(event, server);
        String columns = "u.digest, u." + String.join(", u.", Usage.CONTEXT);
        List<List<@Nullable String>> found = rows(
                "SELECT " + columns + " FROM audit.statements s JOIN internal.usages u ON u.usage_id = s.usage_id"
                        + " WHERE s.statement_id = ?",
                statementId);
        if (!found.equals(List.of(StoredRow.comparable(usage.row())))) {
            return "its row in internal.usages does not say what it says";
        }
        String id = usage.lineageId();
        if (checked.contains(id)) {
            return null;
        }
        Shape shape = usage.shape();
        String problem = differs("shapes", "server, complete", id, List.of(Arrays.asList(server, shape.complete())));
        problem = problem == null ? differs("shape_edges", String.join(", ", Shape.EDGE), id, shape.edges()) : problem;
        problem = problem == null
                ? differs("shape_columns", String.join(", ", Shape.COLUMN), id, shape.columns())
                : problem;
        if (checked.size() == REMEMBERED) {
            checked.clear();
        }
        checked.add(id);
        return problem;
    }

    /** The rows in no order. */
    private @Nullable String differs(String table, String columns, String id, List<List<@Nullable Object>> expected)
            throws SQLException {
        List<String> told = new ArrayList<>();
        for (List<@Nullable Object> row : expected) {
            told.add(StoredRow.comparable(row).toString());
        }
        List<String> shown = new ArrayList<>();
        for (List<@Nullable String> row :
                rows("SELECT " + columns + " FROM internal." + table + " WHERE lineage_id = ?", id)) {
            shown.add(row.toString());
        }
        Collections.sort(told);
        Collections.sort(shown);
        return told.equals(shown) ? null : "the rows in internal." + table + " do not say what it says";
    }

    private List<List<@Nullable String>> rows(String sql, String parameter) throws SQLException {
        List<List<@Nullable String>> rows = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            select.setString(1, parameter);
            try (ResultSet found = select.executeQuery()) {
                int columns = found.getMetaData().getColumnCount();
                while (found.next()) {
                    rows.add(StoredRow.comparable(StoredRow.values(found, columns)));
                }
            }
        }
        return rows;
    }

    /** What the rows of all the server's statements, which say what their events say, add up to. */
    @Nullable
    String ofServer() throws SQLException {
        String summed = "SELECT s.usage_id, s.outcome, " + UsageSums.DELIVERED + ", COUNT(*),"
                + " CAST(SUM(COALESCE(s.row_count, 0)) AS BIGINT), MIN(s.started_at), MAX(s.started_at)"
                + " FROM audit.statements s WHERE s.server = ? AND s.outcome <> 'running'"
                + " GROUP BY s.usage_id, s.outcome, " + UsageSums.DELIVERED;
        String kept = "SELECT a.usage_id, a.outcome, a.delivered, a.statements, a.row_count, a.first_at, a.last_at"
                + " FROM internal.usage_sums a JOIN internal.usages u ON u.usage_id = a.usage_id WHERE u.server = ?";
        if (any(summed + " EXCEPT " + kept) || any(kept + " EXCEPT " + summed)) {
            return "the rows of internal.usage_sums do not say what the events say";
        }
        if (any("SELECT u.usage_id FROM internal.usages u WHERE u.server = ?"
                + " AND NOT EXISTS (SELECT 1 FROM audit.statements s WHERE s.usage_id = u.usage_id)")) {
            return "internal.usages has rows that no event tells of";
        }
        if (any("SELECT h.lineage_id FROM internal.shapes h WHERE h.server = ?"
                + " AND NOT EXISTS (SELECT 1 FROM internal.usages u WHERE u.lineage_id = h.lineage_id)")) {
            return "internal.shapes has rows that no event tells of";
        }
        return null;
    }

    private boolean any(String sql) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(sql + " LIMIT 1")) {
            for (int i = 1; i <= select.getParameterMetaData().getParameterCount(); i++) {
                select.setString(i, server);
            }
            try (ResultSet found = select.executeQuery()) {
                return found.next();
            }
        }
    }

    /** Rows that are of no server. */
    static @Nullable String leftOver(Connection connection) throws SQLException {
        String ofNoShape =
                " r WHERE NOT EXISTS (SELECT 1 FROM internal.shapes h WHERE h.lineage_id = r.lineage_id) LIMIT 1";
        for (String rows : List.of(
                "shape_edges" + ofNoShape,
                "shape_columns" + ofNoShape,
                "usage_sums r WHERE NOT EXISTS (SELECT 1 FROM internal.usages u WHERE u.usage_id = r.usage_id) LIMIT 1")) {
            try (Statement select = connection.createStatement();
                    ResultSet found = select.executeQuery("SELECT 1 FROM internal." + rows)) {
                if (found.next()) {
                    return "internal." + rows.substring(0, rows.indexOf(' ')) + " has rows that no event tells of";
                }
            }
        }
        return null;
    }
}
