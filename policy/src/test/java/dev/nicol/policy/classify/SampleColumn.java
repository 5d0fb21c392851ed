package dev.nicol.policy.classify;

import dev.nicol.policy.TableName;
import java.util.List;
import org.apache.calcite.rel.type.RelDataTypeSystem;
import org.apache.calcite.sql.type.SqlTypeFactoryImpl;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * A generated column and what it holds.
 *
 * @param entity its tag; empty for a decoy
 */
record SampleColumn(String entity, String table, String name, SqlTypeName type, List<String> values) {
    private static final SqlTypeFactoryImpl TYPES = new SqlTypeFactoryImpl(RelDataTypeSystem.DEFAULT);

    ColumnSample sample() {
        return new ColumnSample(
                new TableName("crm", "public", table),
                name,
                switch (type) {
                    case VARCHAR -> TYPES.createSqlType(type, 4000);
                    case CHAR ->
                        TYPES.createSqlType(
                                type,
                                values.stream().mapToInt(String::length).max().orElse(10));
                    case DECIMAL -> TYPES.createSqlType(type, 18, 6);
                    default -> TYPES.createSqlType(type);
                },
                values);
    }
}
