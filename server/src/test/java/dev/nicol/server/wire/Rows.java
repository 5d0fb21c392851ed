package dev.nicol.server.wire;

import dev.nicol.adapters.dialect.NicolTypeSystem;
import java.util.Iterator;
import java.util.List;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** Row types and rows for tests. */
final class Rows {
    static final RelDataTypeFactory TYPES = NicolTypeSystem.factory();

    private Rows() {}

    static RelDataType row() {
        return TYPES.builder().build();
    }

    /** A row of name, type, name, type, and so on. */
    static RelDataType row(Object... namesAndTypes) {
        RelDataTypeFactory.Builder row = TYPES.builder();
        for (int i = 0; i < namesAndTypes.length; i += 2) {
            row.add((String) namesAndTypes[i], (RelDataType) namesAndTypes[i + 1]);
        }
        return row.build();
    }

    static RelDataType type(SqlTypeName name) {
        return nullable(TYPES.createSqlType(name));
    }

    static RelDataType type(SqlTypeName name, int precision) {
        return nullable(TYPES.createSqlType(name, precision));
    }

    static RelDataType decimal(int precision, int scale) {
        return nullable(TYPES.createSqlType(SqlTypeName.DECIMAL, precision, scale));
    }

    static RelDataType array(RelDataType component) {
        return nullable(TYPES.createArrayType(component, -1));
    }

    static RelDataType nullable(RelDataType type) {
        return TYPES.createTypeWithNullability(type, true);
    }

    static Supplier<Iterator<@Nullable Object[]>> of(@Nullable Object[]... rows) {
        return () -> List.of(rows).iterator();
    }

    static Supplier<Iterator<@Nullable Object[]>> generated(long count, LongFunction<@Nullable Object[]> row) {
        return () -> LongStream.range(0, count).mapToObj(row).iterator();
    }
}
