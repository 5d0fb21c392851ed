package dev.nicol.server.pipeline;

import dev.nicol.policy.TableName;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/**
 * What of a statement's rows the trail tells apart.
 *
 * @param body what runs; a query's rows have the keys of {@code read} behind what is shown
 * @param shown how many columns of a query's rows are
 * @param untold tables some of whose rows are read and not told apart
 * @param written null where rows of no table that counts are
 */
record Watched(
        Body body,
        int shown,
        List<Read> read,
        Set<TableName> untold,
        @Nullable Written written) {

    /**
     * The primary key of one table's row.
     *
     * @param columns where its columns stand in a row of the query
     */
    record Read(TableName table, List<Integer> columns, List<RelDataType> types) {}

    /**
     * A table that is written to.
     *
     * @param access {@code insert, update, delete}
     * @param key columns of its primary key; empty where its rows cannot be told apart
     * @param moved whether rows get another primary key
     */
    record Written(TableName table, String access, List<String> key, List<RelDataType> types, boolean moved) {}
}
