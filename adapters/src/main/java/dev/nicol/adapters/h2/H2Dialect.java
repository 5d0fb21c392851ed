package dev.nicol.adapters.h2;

import dev.nicol.adapters.dialect.CastNames;
import dev.nicol.adapters.dialect.DatetimeSql;
import dev.nicol.adapters.dialect.LikeSql;
import dev.nicol.adapters.dialect.MaskSql;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.adapters.dialect.SqlTemplate;
import dev.nicol.adapters.dialect.SubstringSql;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.calcite.avatica.util.TimeUnitRange;
import org.apache.calcite.config.NullCollation;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlAbstractDateTimeLiteral;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIntervalLiteral;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.dialect.H2SqlDialect;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** H2's SQL. */
final class H2Dialect extends H2SqlDialect {
    private static final DatetimeSql DATETIMES = new DatetimeSql(
            Map.of(
                    TimeUnitRange.YEAR, "EXTRACT(YEAR FROM {0})",
                    TimeUnitRange.QUARTER, "EXTRACT(QUARTER FROM {0})",
                    TimeUnitRange.MONTH, "EXTRACT(MONTH FROM {0})",
                    TimeUnitRange.WEEK, "EXTRACT(ISO_WEEK FROM {0})",
                    TimeUnitRange.DAY, "EXTRACT(DAY FROM {0})",
                    TimeUnitRange.DOW, "(MOD(EXTRACT(ISO_DAY_OF_WEEK FROM {0}), 7) + 1)",
                    TimeUnitRange.DOY, "EXTRACT(DAY_OF_YEAR FROM {0})",
                    TimeUnitRange.HOUR, "EXTRACT(HOUR FROM {0})",
                    TimeUnitRange.MINUTE, "EXTRACT(MINUTE FROM {0})",
                    TimeUnitRange.SECOND, "EXTRACT(SECOND FROM {0})"),
            Map.of(
                    TimeUnitRange.YEAR, "DATE_TRUNC('YEAR', {0})",
                    TimeUnitRange.QUARTER, "DATE_TRUNC('QUARTER', {0})",
                    TimeUnitRange.MONTH, "DATE_TRUNC('MONTH', {0})",
                    TimeUnitRange.WEEK, "DATE_TRUNC('ISO_WEEK', {0} + INTERVAL '1' DAY) - INTERVAL '1' DAY",
                    TimeUnitRange.DAY, "DATE_TRUNC('DAY', {0})",
                    TimeUnitRange.HOUR, "DATE_TRUNC('HOUR', {0})",
                    TimeUnitRange.MINUTE, "DATE_TRUNC('MINUTE', {0})",
                    TimeUnitRange.SECOND, "DATE_TRUNC('SECOND', {0})"),
            H2Dialect::castName);

    private static final String DIGEST = "HASH('SHA-256', CAST({2} AS VARBINARY) || HASH('SHA-256',"
            + " CAST({1} AS VARBINARY) || STRINGTOUTF8({0})))";

    /**
     * CHAR_LENGTH and LEFT count UTF-16 units; a dot of a regular expression is a character. The first match takes what
     * is kept in front, each further one begins where the last ended, and all leave the end alone.
     */
    private static final MaskSql MASKS = new MaskSql(
            new MaskSql.Words(
                    (first, last) -> SqlTemplate.of(("CASE WHEN REGEXP_LIKE({0}, '(?s)\\A.<<0,%d>>\\z')"
                                    + " THEN REGEXP_REPLACE({0}, '(?s).', {2})"
                                    + " ELSE REGEXP_REPLACE({0}, '(?s)(?:\\A(.<<%d>>)|\\G(?!\\A)).(?=.<<%d>>)', '$1' || {2}) END")
                            .formatted(first + last, first, last)),
                    "LOWER(RAWTOHEX(" + DIGEST + "))",
                    "CAST({0} AS VARCHAR)",
                    "BITAND(CAST(SUBSTRING(" + DIGEST + " FROM 1 FOR 8) AS BIGINT), CAST(%s AS BIGINT))",
                    true),
            DATETIMES,
            H2Dialect::castName);

    private static final RexBuilder REX = new RexBuilder(NicolTypeSystem.factory());

    private static final int MOST_CHARACTERS = 1_000_000_000;

    H2Dialect() {
        super(DEFAULT_CONTEXT
                .withDataTypeSystem(NicolTypeSystem.INSTANCE)
                .withIdentifierQuoteString("\"")
                .withNullCollation(NullCollation.LOW));
    }

    static String castName(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case UTINYINT -> "SMALLINT";
            case USMALLINT -> "INTEGER";
            case UINTEGER -> "BIGINT";
            case UBIGINT -> "NUMERIC(20)";
            case DECIMAL -> CastNames.decimal("NUMERIC", type);
            case FLOAT, DOUBLE -> "DOUBLE PRECISION";
            case CHAR -> CastNames.sized("CHAR", type, MOST_CHARACTERS);
            case VARCHAR -> CastNames.sized("VARCHAR", type, MOST_CHARACTERS);
            case BINARY, VARBINARY -> "VARBINARY";
            case TIME -> CastNames.sized("TIME", type, 9);
            case TIMESTAMP -> CastNames.sized("TIMESTAMP", type, 9);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ ->
                CastNames.sized("TIMESTAMP", type, 9) + " WITH TIME ZONE";
            case ARRAY -> castName(Objects.requireNonNull(type.getComponentType())) + " ARRAY";
            default -> type.getSqlTypeName().getName();
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
    public boolean supportsWindowFunctions() {
        return true;
    }

    @Override
    public boolean supportsAggregateFunction(SqlKind kind) {
        return kind == SqlKind.AVG || super.supportsAggregateFunction(kind);
    }

    @Override
    public RexNode prepareUnparse(RexNode rex) {
        RexNode exists = existence(rex);
        if (exists != null) {
            return exists;
        } else if (rex instanceof RexCall call) {
            RexNode mask = MASKS.rewrite(call);
            RexNode datetime = mask == null ? DATETIMES.rewrite(call) : mask;
            RexNode rewritten = datetime == null ? SubstringSql.rewrite(call) : datetime;
            return rewritten == null ? rex : rewritten;
        } else if (rex instanceof RexLiteral literal
                && !literal.isNull()
                && SqlTypeName.APPROX_TYPES.contains(literal.getType().getSqlTypeName())) {
            // 1.5E0 is a DECFLOAT here.
            return SqlTemplate.of("CAST('" + literal.getValueAs(Double.class) + "' AS DOUBLE PRECISION)")
                    .call(literal.getType(), List.of());
        }
        return rex;
    }

    /** A test of EXISTS, which is never unknown, and here no operand of IS TRUE and its like; null for anything else. */
    private static @Nullable RexNode existence(RexNode rex) {
        if (!(rex instanceof RexCall test)
                || test.getOperands().size() != 1
                || !isExists(test.getOperands().get(0))) {
            return null;
        }
        RexNode exists = test.getOperands().get(0);
        return switch (test.getKind()) {
            case IS_TRUE, IS_NOT_FALSE -> exists;
            case IS_NOT_TRUE, IS_FALSE -> REX.makeCall(SqlStdOperatorTable.NOT, exists);
            default -> null;
        };
    }

    private static boolean isExists(RexNode rex) {
        return rex.getKind() == SqlKind.EXISTS
                || rex.getKind() == SqlKind.NOT
                        && isExists(((RexCall) rex).getOperands().get(0));
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
            writer.literal("TIMESTAMP WITH TIME ZONE '" + literal.toFormattedString() + "+00'");
        } else {
            super.unparseDateTimeLiteral(writer, literal, leftPrec, rightPrec);
        }
    }

    @Override
    public void unparseSqlIntervalLiteral(SqlWriter writer, SqlIntervalLiteral literal, int leftPrec, int rightPrec) {
        DatetimeSql.unparseInterval(writer, literal, true);
    }

    @Override
    public void unparseOffsetFetch(SqlWriter writer, @Nullable SqlNode offset, @Nullable SqlNode fetch) {
        unparseFetchUsingAnsi(writer, offset, fetch);
    }
}
