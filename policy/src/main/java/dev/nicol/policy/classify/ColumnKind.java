package dev.nicol.policy.classify;

import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.type.SqlTypeName;

/** Families of declared types, as far as entities care. */
enum ColumnKind {
    TEXT,
    WHOLE_NUMBER,
    FRACTION,
    DATE,
    MOMENT,
    /** Truth values, intervals, bytes and the like: no entity stands there. */
    NONE;

    static final Set<ColumnKind> CODES = Set.of(TEXT, WHOLE_NUMBER, FRACTION);
    static final Set<ColumnKind> TEXTS = Set.of(TEXT);

    static ColumnKind of(RelDataType type) {
        SqlTypeName name = type.getSqlTypeName();
        return switch (name) {
            case BOOLEAN, BINARY, VARBINARY, TIME, TIME_WITH_LOCAL_TIME_ZONE, TIME_TZ, GEOMETRY -> NONE;
            case TINYINT, SMALLINT, INTEGER, BIGINT -> WHOLE_NUMBER;
            case DECIMAL -> type.getScale() == 0 ? WHOLE_NUMBER : FRACTION;
            case FLOAT, REAL, DOUBLE -> FRACTION;
            case DATE -> DATE;
            case TIMESTAMP, TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ -> MOMENT;
            default -> SqlTypeName.INTERVAL_TYPES.contains(name) ? NONE : TEXT;
        };
    }
}
