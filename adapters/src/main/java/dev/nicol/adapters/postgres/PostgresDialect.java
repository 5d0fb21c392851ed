package dev.nicol.adapters.postgres;

import dev.nicol.adapters.dialect.CastNames;
import dev.nicol.adapters.dialect.DatetimeSql;
import dev.nicol.adapters.dialect.LikeSql;
import dev.nicol.adapters.dialect.MaskSql;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.adapters.dialect.SqlTemplate;
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
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIntervalLiteral;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.dialect.PostgresqlSqlDialect;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** PostgreSQL's SQL. */
final class PostgresDialect extends PostgresqlSqlDialect {
    private static final DatetimeSql DATETIMES = new DatetimeSql(
            Map.of(
                    TimeUnitRange.YEAR, "CAST(EXTRACT(YEAR FROM {0}) AS bigint)",
                    TimeUnitRange.QUARTER, "CAST(EXTRACT(QUARTER FROM {0}) AS bigint)",
                    TimeUnitRange.MONTH, "CAST(EXTRACT(MONTH FROM {0}) AS bigint)",
                    TimeUnitRange.WEEK, "CAST(EXTRACT(WEEK FROM {0}) AS bigint)",
                    TimeUnitRange.DAY, "CAST(EXTRACT(DAY FROM {0}) AS bigint)",
                    TimeUnitRange.DOW, "CAST(EXTRACT(DOW FROM {0}) + 1 AS bigint)",
                    TimeUnitRange.DOY, "CAST(EXTRACT(DOY FROM {0}) AS bigint)",
                    TimeUnitRange.HOUR, "CAST(EXTRACT(HOUR FROM {0}) AS bigint)",
                    TimeUnitRange.MINUTE, "CAST(EXTRACT(MINUTE FROM {0}) AS bigint)",
                    TimeUnitRange.SECOND, "CAST(FLOOR(EXTRACT(SECOND FROM {0})) AS bigint)"),
            // The cast keeps a DATE from becoming a timestamp with time zone.
            Map.of(
                    TimeUnitRange.YEAR, "DATE_TRUNC('year', CAST({0} AS timestamp))",
                    TimeUnitRange.QUARTER, "DATE_TRUNC('quarter', CAST({0} AS timestamp))",
                    TimeUnitRange.MONTH, "DATE_TRUNC('month', CAST({0} AS timestamp))",
                    TimeUnitRange.WEEK,
                            "DATE_TRUNC('week', CAST({0} AS timestamp) + INTERVAL '1' DAY) - INTERVAL '1' DAY",
                    TimeUnitRange.DAY, "DATE_TRUNC('day', CAST({0} AS timestamp))",
                    TimeUnitRange.HOUR, "DATE_TRUNC('hour', CAST({0} AS timestamp))",
                    TimeUnitRange.MINUTE, "DATE_TRUNC('minute', CAST({0} AS timestamp))",
                    TimeUnitRange.SECOND, "DATE_TRUNC('second', CAST({0} AS timestamp))"),
            PostgresDialect::castName);

    private static final String HASH = "ENCODE(SHA256(CAST({2} AS bytea) || SHA256(CAST({1} AS bytea)"
            + " || CONVERT_TO(CAST({0} AS text), 'UTF8'))), 'hex')";

    private static final MaskSql MASKS = new MaskSql(
            new MaskSql.Words(
                    PostgresDialect::partial,
                    HASH,
                    "CAST({0} AS text)",
                    "(CAST(CAST('x' || SUBSTRING(" + HASH + ", 1, 16) AS bit(64)) AS bigint) & CAST(%s AS bigint))",
                    // as text, a CHAR has none of its blanks
                    false),
            DATETIMES,
            PostgresDialect::castName);

    private static SqlTemplate partial(int first, int last) {
        String front = first == 0 ? "" : "LEFT({0}, " + first + ") || ";
        return SqlTemplate.of(
                "CASE WHEN CHAR_LENGTH({0}) <= " + (first + last) + " THEN REPEAT({1}, CHAR_LENGTH({0})) ELSE " + front
                        + "REPEAT({1}, CHAR_LENGTH({0}) - " + (first + last) + ") || RIGHT({0}, " + last + ") END");
    }

    PostgresDialect() {
        super(DEFAULT_CONTEXT.withDataTypeSystem(NicolTypeSystem.INSTANCE));
    }

    /** {@link dev.nicol.adapters.sql.SourceSqlConverter} leaves constants out itself; Calcite's way asks what it may fail to tell. */
    @Override
    public boolean supportsOrderByLiteral() {
        return true;
    }

    static String castName(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case TINYINT, SMALLINT, UTINYINT -> "smallint";
            case INTEGER, USMALLINT -> "integer";
            case BIGINT, UINTEGER -> "bigint";
            case UBIGINT -> "numeric(20)";
            case DECIMAL -> CastNames.decimal("numeric", type);
            case REAL -> "real";
            case FLOAT, DOUBLE -> "double precision";
            case CHAR -> CastNames.sized("char", type, 10_485_760);
            case VARCHAR -> type.getPrecision() > 0 ? CastNames.sized("varchar", type, 10_485_760) : "text";
            case BINARY, VARBINARY -> "bytea";
            case TIME -> CastNames.sized("time", type, 6);
            case TIMESTAMP -> CastNames.sized("timestamp", type, 6);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ -> CastNames.sized("timestamptz", type, 6);
            case ARRAY -> castName(Objects.requireNonNull(type.getComponentType())) + "[]";
            default ->
                SqlTypeName.INTERVAL_TYPES.contains(type.getSqlTypeName())
                        ? "interval"
                        : type.getSqlTypeName().getName();
        };
    }

    @Override
    public @Nullable SqlNode getCastSpec(RelDataType type) {
        return type.getSqlTypeName() == SqlTypeName.NULL ? null : CastNames.spec(castName(type), type);
    }

    @Override
    public boolean supportsImplicitTypeCoercion(RexCall call) {
        return false;
    }

    @Override
    public RexNode prepareUnparse(RexNode rex) {
        if (rex instanceof RexCall call) {
            RexNode mask = MASKS.rewrite(call);
            RexNode rewritten = mask == null ? DATETIMES.rewrite(call) : mask;
            return rewritten == null ? rex : rewritten;
        } else if (rex instanceof RexLiteral literal && !literal.isNull()) {
            if (SqlTypeName.APPROX_TYPES.contains(literal.getType().getSqlTypeName())) {
                // 1.5E0 is numeric here, and would be added and compared as such.
                return SqlTemplate.of("CAST('" + literal.getValueAs(Double.class) + "' AS double precision)")
                        .call(literal.getType(), List.of());
            } else if (SqlTypeName.BINARY_TYPES.contains(literal.getType().getSqlTypeName())) {
                // X'…' is a bit string here.
                String hex = Objects.requireNonNull(literal.getValueAs(ByteString.class))
                        .toString(16);
                return SqlTemplate.of("DECODE('" + hex + "', 'hex')").call(literal.getType(), List.of());
            }
        }
        return rex;
    }

    @Override
    public void unparseCall(SqlWriter writer, SqlCall call, int leftPrec, int rightPrec) {
        super.unparseCall(
                writer, call.getKind() == SqlKind.LIKE ? LikeSql.withoutEscape(call) : call, leftPrec, rightPrec);
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

    /** FETCH takes no parameter without parentheses. */
    @Override
    public void unparseOffsetFetch(SqlWriter writer, @Nullable SqlNode offset, @Nullable SqlNode fetch) {
        unparseFetchUsingLimit(writer, offset, fetch);
    }
}
