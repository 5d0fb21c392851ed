package dev.nicol.server.audit;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What statements that have ended, or are dropped, add to {@code internal.usage_sums}, or take from it: one change for each row. */
final class UsageSums {
    /** Of a row of {@code audit.statements} named s: what a failed statement without rows did not do. */
    static final String DELIVERED = "(NOT (s.outcome = 'failed' AND COALESCE(s.row_count, 0) = 0))";

    private static final String OF_ONE = " WHERE usage_id = ? AND outcome = ? AND delivered = ?";

    private final Map<Key, Sum> sums = new LinkedHashMap<>();

    private record Key(long usageId, String outcome, boolean delivered) {}

    private static final class Sum {
        private long statements;
        private long rows;
        private OffsetDateTime firstAt;
        private OffsetDateTime lastAt;

        Sum(OffsetDateTime at) {
            firstAt = at;
            lastAt = at;
        }
    }

    void add(long usageId, String outcome, long rows, OffsetDateTime startedAt) {
        boolean delivered = !(outcome.equals("failed") && rows == 0);
        Sum sum = sums.computeIfAbsent(new Key(usageId, outcome, delivered), key -> new Sum(startedAt));
        sum.statements++;
        sum.rows += rows;
        sum.firstAt = startedAt.isBefore(sum.firstAt) ? startedAt : sum.firstAt;
        sum.lastAt = startedAt.isAfter(sum.lastAt) ? startedAt : sum.lastAt;
    }

    /** Adds the sums to the store's; the caller commits. */
    void write(Connection connection) throws SQLException {
        List<List<@Nullable Object>> rows = new ArrayList<>();
        sums.entrySet()
                .forEach(entry -> rows.add(Arrays.asList(
                        entry.getValue().statements,
                        entry.getValue().rows,
                        entry.getValue().firstAt,
                        entry.getValue().lastAt,
                        entry.getKey().usageId,
                        entry.getKey().outcome,
                        entry.getKey().delivered)));
        TrailTransaction.changeOrAdd(
                connection,
                "UPDATE internal.usage_sums SET statements = statements + ?, row_count = row_count + ?,"
                        + " first_at = LEAST(first_at, ?), last_at = GREATEST(last_at, ?)" + OF_ONE,
                "INSERT INTO internal.usage_sums (statements, row_count, first_at, last_at, usage_id, outcome, delivered)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows);
    }

    /** Takes the sums from the store's, once the statements themselves are deleted; the caller commits. */
    void takeBack(Connection connection) throws SQLException {
        if (sums.isEmpty()) {
            return;
        }
        List<List<@Nullable Object>> less = new ArrayList<>();
        List<List<@Nullable Object>> keys = new ArrayList<>();
        List<List<@Nullable Object>> bounds = new ArrayList<>();
        Set<Long> usageIds = new LinkedHashSet<>();
        for (Map.Entry<Key, Sum> entry : sums.entrySet()) {
            Key key = entry.getKey();
            Sum sum = entry.getValue();
            usageIds.add(key.usageId);
            less.add(List.of(sum.statements, sum.rows, key.usageId, key.outcome, key.delivered));
            keys.add(List.of(key.usageId, key.outcome, key.delivered));
            bounds.add(List.of(
                    key.usageId,
                    key.outcome,
                    key.delivered,
                    sum.lastAt,
                    key.usageId,
                    key.outcome,
                    key.delivered,
                    key.usageId,
                    key.outcome,
                    key.delivered));
        }
        TrailTransaction.batch(
                connection,
                "UPDATE internal.usage_sums SET statements = statements - ?, row_count = row_count - ?" + OF_ONE,
                less);
        TrailTransaction.batch(connection, "DELETE FROM internal.usage_sums" + OF_ONE + " AND statements = 0", keys);
        TrailTransaction.batch(
                connection,
                "UPDATE internal.usage_sums SET first_at = COALESCE((" + oneOf("") + "), first_at),"
                        + " last_at = CASE WHEN last_at > ? THEN last_at ELSE COALESCE((" + oneOf(" DESC")
                        + "), last_at) END" + OF_ONE,
                bounds);
        Usages.deleteUnused(connection, usageIds);
    }

    /** The first or last of the statements that are left, by the index: a usage may have millions. */
    private static String oneOf(String direction) {
        return "SELECT s.started_at FROM audit.statements s WHERE s.usage_id = ? AND s.outcome = ? AND " + DELIVERED
                + " = ? ORDER BY s.usage_id" + direction + ", s.outcome" + direction + ", s.started_at" + direction
                + " LIMIT 1";
    }
}
