package dev.nicol.policy.classify;

import dev.nicol.policy.TableName;
import java.util.List;
import org.apache.calcite.rel.type.RelDataType;

/**
 * What a column looks like: where it stands, what it is declared as, and some of its values.
 *
 * @param type as the catalogue has it
 * @param values non-NULL values as text, at most as many as {@code classification.sample_rows}; they never leave this
 *     package: no evidence, log line or error holds one
 */
public record ColumnSample(TableName table, String column, RelDataType type, List<String> values) {
    public ColumnSample {
        values = List.copyOf(values);
    }

    @Override
    public String toString() {
        return "sample of " + values.size() + " values of " + table + "." + column;
    }
}
