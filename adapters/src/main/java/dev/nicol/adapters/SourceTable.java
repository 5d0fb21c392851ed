package dev.nicol.adapters;

import dev.nicol.policy.TableName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One table or view of a source.
 *
 * @param name its name in Nicol: the source is the catalog
 * @param physicalName the identifier parts by which the source itself knows it, such as {@code [public, customers]}
 * @param kind {@code TABLE} or {@code VIEW}
 * @param primaryKey column names; empty where there is none
 * @param uniqueKeys sets of column names, primary key included
 * @param rowCount the source's own estimate
 * @param counted whether the source has one; else {@code rowCount} is a guess
 * @param transactional whether a write of it that fails is taken back
 */
public record SourceTable(
        TableName name,
        List<String> physicalName,
        String kind,
        List<SourceColumn> columns,
        List<String> primaryKey,
        List<List<String>> uniqueKeys,
        double rowCount,
        boolean counted,
        boolean transactional,
        @Nullable String comment) {
    public SourceTable {
        physicalName = List.copyOf(physicalName);
        columns = List.copyOf(columns);
        primaryKey = List.copyOf(primaryKey);
        uniqueKeys = List.copyOf(uniqueKeys);
    }
}
