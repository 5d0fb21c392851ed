package dev.nicol.adapters.sql;

import java.util.List;
import java.util.Map;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/**
 * One statement in one source's own SQL.
 *
 * @param text exactly as it is sent; values stand as {@code ?}
 * @param parameters for each {@code ?} in order the index of its value: a statement's own parameter from 0, or a bound
 *     value (see {@code BoundParameter})
 * @param parameterTypes type of each index
 * @param rowType columns of the answer; no fields for a write
 * @param oneScan whether it reads one table, once, and nothing beside it
 * @param fewRows whether its rows are known to be fetched at once
 * @param ifFew the same with a bound of {@link #FETCH_ROWS} rows, for a source that computes an answer more slowly
 *     for a cursor: fewer rows are all of them; null where it is not worth trying
 */
public record SourceSql(
        String source,
        String text,
        List<Integer> parameters,
        Map<Integer, RelDataType> parameterTypes,
        RelDataType rowType,
        boolean oneScan,
        boolean fewRows,
        @Nullable SourceSql ifFew) {
    /** Rows a driver fetches at once. */
    public static final int FETCH_ROWS = 1_000;

    public SourceSql {
        parameters = List.copyOf(parameters);
        parameterTypes = Map.copyOf(parameterTypes);
    }
}
