package dev.nicol.policy;

import java.util.List;

/** What the engine must know of a table: its name and all its columns in order. */
public record TableFacts(TableName name, List<ColumnFacts> columns) {
    public TableFacts {
        columns = List.copyOf(columns);
    }
}
