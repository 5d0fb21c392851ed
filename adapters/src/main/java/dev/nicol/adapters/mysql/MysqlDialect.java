package dev.nicol.adapters.mysql;

import dev.nicol.adapters.dialect.CastNames;
import dev.nicol.adapters.dialect.DatetimeSql;
import dev.nicol.adapters.dialect.LikeSql;
import dev.nicol.adapters.dialect.MaskSql;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.adapters.dialect.PushableOperators;
import dev.nicol.adapters.dialect.SqlTemplate;
import dev.nicol.adapters.dialect.SubstringSql;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.calcite.avatica.util.TimeUnitRange;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlAbstractDateTimeLiteral;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlIntervalLiteral;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.dialect.MysqlSqlDialect;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** What MySQL and MariaDB both understand. */
final class MysqlDialect extends MysqlSqlDialect {
    private static final DatetimeSql DATETIMES = new DatetimeSql(
            Map.of(
                    TimeUnitRange.YEAR, "EXTRACT(YEAR FROM {0})",
                    TimeUnitRange.QUARTER, "EXTRACT(QUARTER FROM {0})",
                    TimeUnitRange.MONTH, "EXTRACT(MONTH FROM {0})",
                    TimeUnitRange.WEEK, "WEEK({0}, 3)",
                    TimeUnitRange.DAY, "EXTRACT(DAY FROM {0})",
                    TimeUnitRange.DOW, "DAYOFWEEK({0})",
                    TimeUnitRange.DOY, "DAYOFYEAR({0})",
                    TimeUnitRange.HOUR, "EXTRACT(HOUR FROM {0})",
                    TimeUnitRange.MINUTE, "EXTRACT(MINUTE FROM {0})",
                    TimeUnitRange.SECOND, "EXTRACT(SECOND FROM {0})"),
            Map.of(
                    TimeUnitRange.YEAR, "DATE_FORMAT({0}, '%Y-01-01')",
                    TimeUnitRange.QUARTER, "DATE_FORMAT({0}, '%Y-01-01') + INTERVAL (QUARTER({0}) - 1) QUARTER",
                    TimeUnitRange.MONTH, "DATE_FORMAT({0}, '%Y-%m-01')",
                    TimeUnitRange.WEEK, "CAST({0} AS DATE) - INTERVAL (DAYOFWEEK({0}) - 1) DAY",
                    TimeUnitRange.DAY, "CAST({0} AS DATE)",
                    TimeUnitRange.HOUR, "DATE_FORMAT({0}, '%Y-%m-%d %H:00:00')",
                    TimeUnitRange.MINUTE, "DATE_FORMAT({0}, '%Y-%m-%d %H:%i:00')",
                    TimeUnitRange.SECOND, "DATE_FORMAT({0}, '%Y-%m-%d %H:%i:%s')"),
            MysqlDialect::castName);

    private static final String HASH = "SHA2(CONCAT(CAST({2} AS BINARY), UNHEX(SHA2(CONCAT(CAST({1} AS BINARY),"
            + " CAST(CONVERT({0} USING utf8mb4) AS BINARY)), 256))), 256)";

    private static final MaskSql MASKS = new MaskSql(
            new MaskSql.Words(
                    (first, last) ->
                            SqlTemplate.of(("CASE WHEN CHAR_LENGTH({0}) <= %d THEN REPEAT({1}, CHAR_LENGTH({0}))"
                                            + " ELSE CONCAT(LEFT({0}, %d), REPEAT({1}, CHAR_LENGTH({0}) - %d), RIGHT({0}, %d)) END")
                                    .formatted(first + last, first, first + last, last)),
                    HASH,
                    "CAST({0} AS CHAR)",
                    "(CAST(CONV(SUBSTRING(" + HASH + ", 1, 16), 16, 10) AS UNSIGNED) & %s)",
                    true),
            DATETIMES,
            MysqlDialect::castName);

    /** Texts are equal where all their characters are, blanks at the end too; each of the two skips the other's comment. */
    private static final String STORED_TEXT =
            " CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */";

    /** MySQL has no OFFSET without LIMIT; its manual suggests this number. */
    private static final String ALL_ROWS = "18446744073709551615";

    /** Seconds and smaller have fractions; a literal of these digits is exact. */
    private static final int MICROSECOND_DIGITS = 6;

    /** Of a decimal. */
    private static final int MOST_DIGITS = 65;

    private static final int MOST_FRACTION_DIGITS = 30;

    /** Longer texts are kept apart from their row. */
    private static final int MOST_VARCHAR = 1000;

    MysqlDialect() {
        super(DEFAULT_CONTEXT.withDataTypeSystem(NicolTypeSystem.INSTANCE));
    }

    static String castName(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case BOOLEAN, TINYINT, SMALLINT, INTEGER, BIGINT, UTINYINT, USMALLINT, UINTEGER -> "SIGNED";
            case UBIGINT -> "UNSIGNED";
            case DECIMAL -> CastNames.decimal("DECIMAL", type);
            case REAL, FLOAT, DOUBLE -> "DOUBLE";
            case CHAR, VARCHAR -> type.getPrecision() > 0 ? "CHAR(" + type.getPrecision() + ")" : "CHAR";
            case UUID -> "CHAR(36)";
            case BINARY, VARBINARY -> "BINARY";
            case TIME -> CastNames.sized("TIME", type, MICROSECOND_DIGITS);
            case TIMESTAMP, TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ ->
                CastNames.sized("DATETIME", type, MICROSECOND_DIGITS);
            default -> type.getSqlTypeName().getName();
        };
    }

    /** The type of a column that keeps every value; null where there is none, as for moments before 1970 and after 2038. */
    static @Nullable String storageName(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case BOOLEAN -> "TINYINT(1)";
            case TINYINT, SMALLINT, INTEGER, BIGINT, DATE, UUID ->
                type.getSqlTypeName().getName();
            case REAL -> "FLOAT";
            case FLOAT, DOUBLE -> "DOUBLE";
            case DECIMAL ->
                type.getPrecision() <= MOST_DIGITS && type.getScale() <= MOST_FRACTION_DIGITS
                        ? CastNames.decimal("DECIMAL", type)
                        : null;
            case VARCHAR ->
                (type.getPrecision() > 0 && type.getPrecision() <= MOST_VARCHAR
                                ? "VARCHAR(" + type.getPrecision() + ")"
                                : "LONGTEXT")
                        + STORED_TEXT;
            case BINARY, VARBINARY -> "LONGBLOB";
            case TIME -> CastNames.sized("TIME", type, MICROSECOND_DIGITS);
            case TIMESTAMP -> CastNames.sized("DATETIME", type, MICROSECOND_DIGITS);
            default -> null;
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
    public boolean supportsJoinType(JoinRelType joinType) {
        return joinType != JoinRelType.FULL;
    }

    @Override
    public boolean supportsAggregateFunction(SqlKind kind) {
        return switch (kind) {
            case COUNT, SUM, SUM0, MIN, MAX, AVG, LITERAL_AGG -> true;
            default -> false;
        };
    }

    @Override
    public RexNode prepareUnparse(RexNode rex) {
        if (rex instanceof RexCall call) {
            RexNode mask = MASKS.rewrite(call);
            RexNode rewritten = mask == null ? DATETIMES.rewrite(call) : mask;
            if (rewritten != null) {
                return rewritten;
            }
            if (call.getKind() == SqlKind.DIVIDE
                    && call.getOperands().stream()
                            .allMatch(operand -> PushableOperators.isInteger(operand.getType()))) {
                return SqlTemplate.of("({0} DIV {1})").call(call.getType(), call.getOperands());
            }
            RexNode substring = SubstringSql.rewrite(call);
            return substring == null ? rex : substring;
        } else if (rex instanceof RexLiteral literal && literal.getType().getSqlTypeName() == SqlTypeName.UUID) {
            UUID value = literal.getValueAs(UUID.class);
            return value == null ? rex : SqlTemplate.of("'" + value + "'").call(literal.getType(), List.of());
        }
        return rex;
    }

    @Override
    public void unparseCall(SqlWriter writer, SqlCall call, int leftPrec, int rightPrec) {
        if (call.getOperator() == SqlStdOperatorTable.CONCAT) {
            // Two bars are OR here, whatever the session's mode.
            SqlTemplate.of("CONCAT({0}, {1})").unparse(writer, call.getOperandList());
        } else if (call.getKind() == SqlKind.IS_NOT_DISTINCT_FROM) {
            boolean columns = call.getOperandList().stream().allMatch(SqlIdentifier.class::isInstance);
            // MariaDB makes one key look-up of a = b AND a <=> b over a sub-select, and it finds NULLs.
            SqlTemplate.of(columns ? "({0} <=> {1}) IS TRUE" : "({0} <=> {1})").unparse(writer, call.getOperandList());
        } else if (call.getKind() == SqlKind.IS_DISTINCT_FROM) {
            SqlTemplate.of("(NOT {0} <=> {1})").unparse(writer, call.getOperandList());
        } else {
            SqlCall written = call.getKind() == SqlKind.LIKE ? LikeSql.withDoubledBackslashes(call) : call;
            super.unparseCall(writer, written, leftPrec, rightPrec);
        }
    }

    /**
     * A backslash escapes or does not, as the session's mode says; hexadecimal digits mean the same under both
     * (CALCITE-7667: the stock dialect lets {@code '\'} run on into the rest of the statement).
     */
    @Override
    public void quoteStringLiteral(StringBuilder buffer, @Nullable String charset, String value) {
        boolean plain = value.chars().allMatch(character -> character >= ' ' && character != '\\' && character != 127);
        if (plain) {
            super.quoteStringLiteral(buffer, null, value);
        } else {
            String hex = HexFormat.of().formatHex(value.getBytes(StandardCharsets.UTF_8));
            buffer.append("_utf8mb4 X'").append(hex).append('\'');
        }
    }

    @Override
    public void unparseDateTimeLiteral(
            SqlWriter writer, SqlAbstractDateTimeLiteral literal, int leftPrec, int rightPrec) {
        if (literal.getTypeName() == SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE) {
            // The session's zone is UTC.
            writer.literal("TIMESTAMP '" + literal.toFormattedString() + "'");
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
        if (fetch == null) {
            writer.newlineAndIndent();
            writer.keyword("LIMIT");
            writer.print(ALL_ROWS);
            writer.setNeedWhitespace(true);
            unparseOffset(writer, offset);
        } else {
            unparseFetchUsingLimit(writer, offset, fetch);
        }
    }
}
