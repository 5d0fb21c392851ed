package dev.nicol.adapters.duckdb;

import dev.nicol.adapters.dialect.CastNames;
import dev.nicol.adapters.dialect.DatetimeSql;
import dev.nicol.adapters.dialect.MaskSql;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.adapters.dialect.PushableOperators;
import dev.nicol.adapters.dialect.SqlTemplate;
import dev.nicol.adapters.dialect.SubstringSql;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.avatica.util.TimeUnitRange;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlAbstractDateTimeLiteral;
import org.apache.calcite.sql.SqlIntervalLiteral;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.dialect.DuckDBSqlDialect;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** DuckDB's SQL. */
final class DuckdbDialect extends DuckDBSqlDialect {
    private static final DatetimeSql DATETIMES = new DatetimeSql(
            Map.of(
                    TimeUnitRange.YEAR, "EXTRACT(year FROM {0})",
                    TimeUnitRange.QUARTER, "EXTRACT(quarter FROM {0})",
                    TimeUnitRange.MONTH, "EXTRACT(month FROM {0})",
                    TimeUnitRange.WEEK, "EXTRACT(week FROM {0})",
                    TimeUnitRange.DAY, "EXTRACT(day FROM {0})",
                    TimeUnitRange.DOW, "(EXTRACT(dow FROM {0}) + 1)",
                    TimeUnitRange.DOY, "EXTRACT(doy FROM {0})",
                    TimeUnitRange.HOUR, "EXTRACT(hour FROM {0})",
                    TimeUnitRange.MINUTE, "EXTRACT(minute FROM {0})",
                    TimeUnitRange.SECOND, "EXTRACT(second FROM {0})"),
            Map.of(
                    TimeUnitRange.YEAR, "DATE_TRUNC('year', {0})",
                    TimeUnitRange.QUARTER, "DATE_TRUNC('quarter', {0})",
                    TimeUnitRange.MONTH, "DATE_TRUNC('month', {0})",
                    TimeUnitRange.WEEK, "DATE_TRUNC('week', {0} + INTERVAL '1' DAY) - INTERVAL '1' DAY",
                    TimeUnitRange.DAY, "DATE_TRUNC('day', {0})",
                    TimeUnitRange.HOUR, "DATE_TRUNC('hour', {0})",
                    TimeUnitRange.MINUTE, "DATE_TRUNC('minute', {0})",
                    TimeUnitRange.SECOND, "DATE_TRUNC('second', {0})"),
            DuckdbDialect::castName);

    private static final String HASH = "SHA256(CAST({2} AS BLOB) || UNHEX(SHA256(CAST({1} AS BLOB) || ENCODE({0}))))";

    private static final MaskSql MASKS = new MaskSql(
            new MaskSql.Words(
                    (first, last) -> SqlTemplate.of(("CASE WHEN LENGTH({0}) <= %d THEN REPEAT({1}, LENGTH({0}))"
                                    + " ELSE LEFT({0}, %d) || REPEAT({1}, LENGTH({0}) - %d) || RIGHT({0}, %d) END")
                            .formatted(first + last, first, first + last, last)),
                    HASH,
                    "CAST({0} AS VARCHAR)",
                    "(CAST('0x' || SUBSTRING(" + HASH + ", 1, 16) AS UBIGINT) & CAST(%s AS UBIGINT))",
                    true),
            DATETIMES,
            DuckdbDialect::castName);

    DuckdbDialect() {
        super(DEFAULT_CONTEXT.withDataTypeSystem(NicolTypeSystem.INSTANCE));
    }

    static String castName(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case UTINYINT -> "SMALLINT";
            case USMALLINT -> "INTEGER";
            case UINTEGER -> "BIGINT";
            case UBIGINT -> "DECIMAL(20, 0)";
            case DECIMAL -> CastNames.decimal("DECIMAL", type);
            case FLOAT, DOUBLE -> "DOUBLE";
            case CHAR, VARCHAR -> "VARCHAR";
            case BINARY, VARBINARY -> "BLOB";
            case TIME -> "TIME";
            case TIMESTAMP -> "TIMESTAMP";
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ -> "TIMESTAMPTZ";
            case ARRAY -> castName(Objects.requireNonNull(type.getComponentType())) + "[]";
            default ->
                SqlTypeName.INTERVAL_TYPES.contains(type.getSqlTypeName())
                        ? "INTERVAL"
                        : type.getSqlTypeName().getName();
        };
    }

    @Override
    public @Nullable SqlNode getCastSpec(RelDataType type) {
        return type.getSqlTypeName() == SqlTypeName.NULL ? null : CastNames.spec(castName(type), type);
    }

    @Override
    public boolean supportsCharSet() {
        return false;
    }

    @Override
    public boolean supportsImplicitTypeCoercion(RexCall call) {
        return false;
    }

    @Override
    public boolean supportsAggregateFunction(SqlKind kind) {
        return kind == SqlKind.AVG || super.supportsAggregateFunction(kind);
    }

    @Override
    public RexNode prepareUnparse(RexNode rex) {
        if (rex instanceof RexCall call) {
            RexNode mask = MASKS.rewrite(call);
            RexNode datetime = mask == null ? DATETIMES.rewrite(call) : mask;
            RexNode rewritten = datetime == null ? SubstringSql.rewrite(call) : datetime;
            if (rewritten != null) {
                return rewritten;
            } else if (call.getKind() == SqlKind.DIVIDE
                    && call.getOperands().stream()
                            .allMatch(operand -> PushableOperators.isInteger(operand.getType()))) {
                return SqlTemplate.of("({0} // {1})").call(call.getType(), call.getOperands());
            }
        } else if (rex instanceof RexLiteral literal
                && !literal.isNull()
                && SqlTypeName.BINARY_TYPES.contains(literal.getType().getSqlTypeName())) {
            String hex =
                    Objects.requireNonNull(literal.getValueAs(ByteString.class)).toString(16);
            return SqlTemplate.of("UNHEX('" + hex + "')").call(literal.getType(), List.of());
        }
        return rex;
    }

    @Override
    public void quoteStringLiteral(StringBuilder buffer, @Nullable String charset, String value) {
        super.quoteStringLiteral(buffer, null, value);
    }

    @Override
    public void unparseDateTimeLiteral(
            SqlWriter writer, SqlAbstractDateTimeLiteral literal, int leftPrec, int rightPrec) {
        if (literal.getTypeName() == SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE) {
            writer.literal("TIMESTAMPTZ '" + literal.toFormattedString() + "+00'");
        } else {
            super.unparseDateTimeLiteral(writer, literal, leftPrec, rightPrec);
        }
    }

    @Override
    public void unparseSqlIntervalLiteral(SqlWriter writer, SqlIntervalLiteral literal, int leftPrec, int rightPrec) {
        DatetimeSql.unparseInterval(writer, literal, false);
    }

    @Override
    public void unparseOffsetFetch(SqlWriter writer, @Nullable SqlNode offset, @Nullable SqlNode fetch) {
        unparseFetchUsingLimit(writer, offset, fetch);
    }
}
