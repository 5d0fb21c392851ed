package dev.nicol.adapters;

import static org.apache.calcite.sql.fun.SqlStdOperatorTable.*;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.apache.calcite.avatica.util.TimeUnit;
import org.apache.calcite.avatica.util.TimeUnitRange;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlIntervalQualifier;
import org.apache.calcite.sql.fun.SqlTrimFunction;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.tools.RelBuilder;
import org.apache.calcite.util.DateString;
import org.apache.calcite.util.TimestampString;
import org.jspecify.annotations.Nullable;

/** Expressions over the one row of the table {@code probe}, and what they are worth on every database. */
final class DialectCases {
    private DialectCases() {}

    /** One expression over the row of {@code probe}, and its value as the engine has it. */
    record Case(
            BiFunction<RelBuilder, RexBuilder, RexNode> expression,
            @Nullable Object expected) {}

    private static Case of(BiFunction<RelBuilder, RexBuilder, RexNode> expression, @Nullable Object expected) {
        return new Case(expression, expected);
    }

    static List<Case> all() {
        List<Case> cases = new ArrayList<>();
        // numbers
        cases.add(of((b, r) -> b.call(PLUS, b.field("i"), b.literal(2)), 9));
        cases.add(of((b, r) -> b.call(PLUS, b.field("i"), b.field("n")), null));
        cases.add(of((b, r) -> b.call(DIVIDE, b.field("i"), b.literal(2)), 3));
        cases.add(of((b, r) -> b.call(DIVIDE, b.call(UNARY_MINUS, b.field("i")), b.literal(2)), -3));
        cases.add(of((b, r) -> b.call(DIVIDE, b.field("e"), b.literal(new BigDecimal("2"))), 1.25));
        cases.add(of((b, r) -> b.call(MOD, b.call(UNARY_MINUS, b.field("i")), b.literal(4)), -3));
        cases.add(of((b, r) -> b.call(ABS, b.call(UNARY_MINUS, b.field("i"))), 7));
        cases.add(of((b, r) -> b.call(MULTIPLY, b.field("d"), b.field("d")), new BigDecimal("156.25000000")));
        cases.add(of((b, r) -> b.call(FLOOR, b.field("e")), 2.0));
        cases.add(of((b, r) -> b.call(CEIL, b.field("e")), 3.0));
        cases.add(of((b, r) -> b.call(PLUS, b.field("i"), r.makeApproxLiteral(new BigDecimal("0.1"))), 7.1));
        cases.add(of((b, r) -> r.makeApproxLiteral(new BigDecimal("1E300")), 1e300));
        // conversions
        cases.add(of((b, r) -> cast(r, b.field("i"), SqlTypeName.BIGINT), 7L));
        cases.add(of((b, r) -> cast(r, b.field("i"), SqlTypeName.DOUBLE), 7.0));
        cases.add(of((b, r) -> cast(r, b.field("i"), SqlTypeName.VARCHAR), "7"));
        cases.add(of((b, r) -> cast(r, b.field("t"), SqlTypeName.VARCHAR), "Hello World"));
        cases.add(of((b, r) -> cast(r, b.field("t"), SqlTypeName.VARCHAR, 5), "Hello"));
        cases.add(of((b, r) -> cast(r, b.field("d"), SqlTypeName.INTEGER), 13));
        cases.add(of((b, r) -> cast(r, b.field("i"), SqlTypeName.DECIMAL, 38, 10), new BigDecimal("7.0000000000")));
        cases.add(of((b, r) -> cast(r, b.field("dd"), SqlTypeName.TIMESTAMP, 6), millis("2024-02-29T00:00:00")));
        cases.add(of((b, r) -> r.makeNullLiteral(r.getTypeFactory().createSqlType(SqlTypeName.VARCHAR)), null));
        // text
        cases.add(of((b, r) -> b.call(CONCAT, b.field("t"), b.literal("!")), "Hello World!"));
        cases.add(of(
                (b, r) -> b.call(CONCAT, b.call(CONCAT, b.literal("a"), b.field("t")), b.literal("b")),
                "aHello Worldb"));
        cases.add(of((b, r) -> b.call(CONCAT, b.field("t"), cast(r, b.field("n"), SqlTypeName.VARCHAR)), null));
        cases.add(of((b, r) -> b.call(UPPER, b.field("t")), "HELLO WORLD"));
        cases.add(of((b, r) -> b.call(CHAR_LENGTH, b.field("t")), 11));
        cases.add(of((b, r) -> b.call(SUBSTRING, b.field("t"), b.literal(1), b.literal(4)), "Hell"));
        cases.add(of((b, r) -> b.call(SUBSTRING, b.field("t"), b.field("i")), "World"));
        cases.add(of((b, r) -> b.call(SUBSTRING, b.field("t"), b.literal(0), b.literal(3)), "He"));
        cases.add(of((b, r) -> b.call(SUBSTRING, b.field("t"), b.literal(-1), b.literal(4)), "He"));
        cases.add(of((b, r) -> b.call(SUBSTRING, b.field("t"), b.literal(-1)), "Hello World"));
        cases.add(of((b, r) -> b.call(SUBSTRING, b.field("t"), b.literal(-5), b.literal(2)), ""));
        cases.add(of((b, r) -> b.call(POSITION, b.literal("World"), b.field("t")), 7));
        cases.add(of(
                (b, r) -> b.call(TRIM, r.makeFlag(SqlTrimFunction.Flag.BOTH), b.literal("H"), b.field("t")),
                "ello World"));
        cases.add(of((b, r) -> b.call(LIKE, b.field("t"), b.literal("Hello%")), true));
        cases.add(of((b, r) -> b.call(LIKE, b.field("t"), b.literal("Hello\\%")), false));
        cases.add(of((b, r) -> b.call(LIKE, b.literal("a\\b"), b.literal("a\\_")), true));
        cases.add(of((b, r) -> b.call(LIKE, b.literal("50%"), b.literal("50!%"), b.literal("!")), true));
        cases.add(of((b, r) -> b.call(NOT_LIKE, b.field("t"), b.literal("x%")), true));
        // logic
        cases.add(of((b, r) -> b.call(IS_NOT_DISTINCT_FROM, b.field("n"), b.field("n")), true));
        cases.add(of((b, r) -> b.call(IS_DISTINCT_FROM, b.field("n"), b.field("i")), true));
        cases.add(of((b, r) -> b.call(IS_NOT_TRUE, b.call(EQUALS, b.field("n"), b.field("i"))), true));
        cases.add(of((b, r) -> b.call(AND, b.call(EQUALS, b.field("i"), b.field("id")), b.literal(true)), false));
        cases.add(of((b, r) -> b.call(COALESCE, b.field("n"), b.field("i")), 7));
        cases.add(of(
                (b, r) -> b.call(
                        CASE, b.call(GREATER_THAN, b.field("i"), b.literal(5)), b.literal("big"), b.literal("sml")),
                "big"));
        cases.add(of((b, r) -> b.in(b.field("i"), b.literal(3), b.literal(7)), true));
        cases.add(of((b, r) -> b.between(b.field("dd"), date(r, "2024-02-01"), date(r, "2024-02-29")), true));
        cases.add(of(
                (b, r) -> b.equals(
                        b.field("ts"), r.makeTimestampLiteral(new TimestampString("2024-12-29 23:59:58.123456"), 6)),
                true));
        // dates and times
        extract(cases, "dd", TimeUnitRange.YEAR, 2024);
        extract(cases, "dd", TimeUnitRange.QUARTER, 1);
        extract(cases, "dd", TimeUnitRange.MONTH, 2);
        extract(cases, "dd", TimeUnitRange.DAY, 29);
        extract(cases, "ts", TimeUnitRange.WEEK, 52);
        extract(cases, "ts", TimeUnitRange.DOW, 1);
        extract(cases, "ts", TimeUnitRange.DOY, 364);
        extract(cases, "ts", TimeUnitRange.HOUR, 23);
        extract(cases, "ts", TimeUnitRange.SECOND, 58);
        floor(cases, "dd", TimeUnitRange.YEAR, days("2024-01-01"));
        floor(cases, "dd", TimeUnitRange.QUARTER, days("2024-01-01"));
        floor(cases, "dd", TimeUnitRange.MONTH, days("2024-02-01"));
        floor(cases, "dd", TimeUnitRange.WEEK, days("2024-02-25"));
        floor(cases, "ts", TimeUnitRange.WEEK, millis("2024-12-29T00:00:00"));
        floor(cases, "ts", TimeUnitRange.QUARTER, millis("2024-10-01T00:00:00"));
        floor(cases, "ts", TimeUnitRange.DAY, millis("2024-12-29T00:00:00"));
        floor(cases, "ts", TimeUnitRange.MINUTE, millis("2024-12-29T23:59:00"));
        floor(cases, "ts", TimeUnitRange.SECOND, millis("2024-12-29T23:59:58"));
        cases.add(of((b, r) -> plus(r, b.field("dd"), "366", TimeUnit.DAY), days("2025-03-01")));
        cases.add(of((b, r) -> plus(r, b.field("dd"), "-1", TimeUnit.MONTH), days("2024-01-29")));
        cases.add(of((b, r) -> plus(r, b.field("dd"), "12", TimeUnit.MONTH), days("2025-02-28")));
        cases.add(of((b, r) -> plus(r, b.field("ts"), "48", TimeUnit.HOUR), millis("2024-12-31T23:59:58.123")));
        return cases;
    }

    private static void extract(List<Case> cases, String field, TimeUnitRange unit, long expected) {
        cases.add(of((b, r) -> b.call(EXTRACT, r.makeFlag(unit), b.field(field)), expected));
    }

    private static void floor(List<Case> cases, String field, TimeUnitRange unit, Object expected) {
        cases.add(of(
                (b, r) -> r.makeCall(b.field(field).getType(), FLOOR, List.of(b.field(field), r.makeFlag(unit))),
                expected));
    }

    private static RexNode plus(RexBuilder r, RexNode datetime, String amount, TimeUnit unit) {
        SqlIntervalQualifier qualifier = new SqlIntervalQualifier(unit, 4, null, -1, SqlParserPos.ZERO);
        BigDecimal value = new BigDecimal(amount).multiply(unit.multiplier);
        return r.makeCall(
                datetime.getType(), DATETIME_PLUS, List.of(datetime, r.makeIntervalLiteral(value, qualifier)));
    }

    private static RexNode cast(RexBuilder r, RexNode value, SqlTypeName name, int... precision) {
        RelDataTypeFactory types = r.getTypeFactory();
        RelDataType type =
                switch (precision.length) {
                    case 0 -> types.createSqlType(name);
                    case 1 -> types.createSqlType(name, precision[0]);
                    default -> types.createSqlType(name, precision[0], precision[1]);
                };
        return r.makeAbstractCast(types.createTypeWithNullability(type, true), value, false);
    }

    private static RexNode date(RexBuilder r, String date) {
        return r.makeDateLiteral(new DateString(date));
    }

    private static int days(String date) {
        return (int) LocalDate.parse(date).toEpochDay();
    }

    private static long millis(String timestamp) {
        return LocalDateTime.parse(timestamp).toInstant(ZoneOffset.UTC).toEpochMilli();
    }
}
