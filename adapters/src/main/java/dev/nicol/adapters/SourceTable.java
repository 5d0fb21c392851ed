package dev.nicol.adapters;

import dev.nicol.policy.TableName;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One table or view of a source.
 *
 * @param name its name in Nicol: the source is the catalog
 * @param physicalName the identifier parts by which the source itself knows it, such as {@code [public, customers]}
 * @param kind {@code TABLE} or {@code VIEW}
 * @param primaryKey column names; empty where there is none
 * @param uniqueKeys sets of column names, primary key included
 * @param keys primary, unique and foreign keys by name, those over columns that may be NULL included
 * @param rowCount the source's own estimate
 * @param counted whether the source has one; else {@code rowCount} is a guess
 * @param statistics of its columns, by their names; without those of which nothing is known
 * @param transactional whether a write of it that fails is taken back
 */
public record SourceTable(
        TableName name,
        List<String> physicalName,
        String kind,
        List<SourceColumn> columns,
        List<String> primaryKey,
        List<List<String>> uniqueKeys,
        List<SourceKey> keys,
        double rowCount,
        boolean counted,
        Map<String, ColumnStatistics> statistics,
        boolean transactional,
        @Nullable String comment) {
    public SourceTable {
        physicalName = List.copyOf(physicalName);
        columns = List.copyOf(columns);
        primaryKey = List.copyOf(primaryKey);
        uniqueKeys = List.copyOf(uniqueKeys);
        keys = List.copyOf(keys);
        statistics = Map.copyOf(statistics);
    }

    /** How many values a column is thought to have; where nothing is known of it, as many as there are rows. */
    public double distinctValues(String column) {
        double rows = Math.max(1, rowCount);
        return uniqueKeys.contains(List.of(column))
                ? rows
                : Math.min(rows, statistics(column).values());
    }

    /** Whether the source says how many rows there are, and how many values a column has. */
    public boolean counts(String column) {
        return counted
                && (uniqueKeys.contains(List.of(column))
                        || Double.isFinite(statistics(column).values()));
    }

    /** The share of rows where a column is NULL, 0 to 1; {@code NaN} where nothing is known of it. */
    public double nullShare(String column) {
        return statistics(column).nulls();
    }

    private ColumnStatistics statistics(String column) {
        return statistics.getOrDefault(column, ColumnStatistics.UNKNOWN);
    }
}
