package dev.nicol.adapters;

import static org.apache.calcite.sql.fun.SqlStdOperatorTable.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.testing.PlanRunner;
import dev.nicol.adapters.testing.PlanRunner.Parameter;
import dev.nicol.policy.mask.MaskFunctions;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.avatica.util.TimeUnit;
import org.apache.calcite.avatica.util.TimeUnitRange;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.sql.SqlIntervalQualifier;
import org.apache.calcite.sql.fun.SqlTrimFunction;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.tools.RelBuilder;
import org.apache.calcite.util.DateString;
import org.apache.calcite.util.TimestampString;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What every dialect writes, shown by what the real database answers. */
abstract class DialectContract extends LiveSource {
    /** Each would end a literal, escape something or be lost on some database. */
    private static final List<String> HOSTILE = List.of(
            "'",
            "\\",
            "\\'",
            "'\\",
            "' OR 1=1 -- ",
            "\\' OR 1=1 -- ",
            "\"",
            "`",
            "a\nb",
            "a\tb\r",
            "%_",
            "?",
            "$1",
            ":x",
            "{fn now()}",
            "/* */",
            "",
            " ",
            "Zoë",
            "日本語",
            "😀👍🏽",
            "x'; DROP TABLE probe; --",
            "\\\\",
            "\u007f",
            "{0}");

    private static final String INNER = "6".repeat(64);
    private static final String OUTER = "\\".repeat(64);

    protected DialectContract(SourceDefinition definition) {
        super(definition);
    }

    /** Kinds differ in how they spell {@code TIMESTAMP(6)} and {@code DOUBLE PRECISION}. */
    protected abstract String timestampType();

    @BeforeAll
    void createProbe() {
        execute(
                quoted("CREATE TABLE probe ([id] INTEGER NOT NULL, [i] INTEGER, [n] INTEGER, [t] VARCHAR(200),"
                        + " [d] DECIMAL(20, 4), [e] DOUBLE PRECISION, [dd] DATE, [ts] " + timestampType() + ")"),
                "INSERT INTO probe VALUES (1, 7, NULL, 'Hello World', 12.5000, 2.5, DATE '2024-02-29',"
                        + " TIMESTAMP '2024-12-29 23:59:58.123456')",
                quoted("CREATE TABLE ordered ([id] INTEGER NOT NULL, [v] INTEGER)"),
                "INSERT INTO ordered VALUES (1, 20), (2, NULL), (3, 10), (4, NULL)",
                quoted("CREATE TABLE texts ([id] INTEGER NOT NULL, [t] VARCHAR(200))"));
    }

    /** Names in brackets as they stand: H2 would make them upper case. */
    private String quoted(String sql) {
        return Pattern.compile("\\[(\\w+)\\]")
                .matcher(sql)
                .replaceAll(name ->
                        Matcher.quoteReplacement(source.adapter().dialect().quoteIdentifier(name.group(1))));
    }

    /** One expression over the row of {@code probe}, and its value as the engine has it. */
    private record Case(
            BiFunction<RelBuilder, RexBuilder, RexNode> expression,
            @Nullable Object expected) {}

    private static Case of(BiFunction<RelBuilder, RexBuilder, RexNode> expression, @Nullable Object expected) {
        return new Case(expression, expected);
    }

    private static List<Case> cases() {
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

    @Test
    void whatIsDeclaredToBeComputedIsComputedAlike() {
        SourceTable probe = table("probe");
        List<String> expected = new ArrayList<>();
        List<String> found = new ArrayList<>();
        int computed = 0;
        for (Case expectation : cases()) {
            RelBuilder builder = probeBuilder(probe).scan(probe.physicalName());
            RexNode expression = expectation.expression().apply(builder, builder.getRexBuilder());
            if (computes(expression)) {
                computed++;
                // The sort of a name keeps RelBuilder from folding the expression.
                RelNode plan = builder.project(List.of(expression), List.of("answer"), true)
                        .build();
                expected.add(expression + " = " + expectation.expected());
                found.add(expression + " = " + answer(plan));
            }
        }
        assertThat(differences(found, expected)).isEmpty();
        assertThat(computed).isGreaterThan(55);
    }

    /** Of two equally long lists, only what differs: they are long. */
    protected static List<String> differences(List<String> found, List<String> expected) {
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < expected.size(); i++) {
            if (!found.get(i).equals(expected.get(i))) {
                differences.add(found.get(i) + ", not " + expected.get(i));
            }
        }
        return differences;
    }

    private @Nullable Object answer(RelNode plan) {
        try {
            return plans.rows(plan, Map.of()).get(0).get(0);
        } catch (RuntimeException failure) {
            return failure.getMessage() + " " + failure.getCause();
        }
    }

    private static RelBuilder probeBuilder(SourceTable... tables) {
        return PlanRunner.builder(List.of(tables)).transform(configuration -> configuration.withSimplify(false));
    }

    private boolean computes(RexNode expression) {
        boolean[] all = {true};
        expression.accept(new RexVisitorImpl<Void>(true) {
            @Override
            public Void visitCall(RexCall call) {
                List<RelDataType> types = new ArrayList<>(
                        call.getOperands().stream().map(RexNode::getType).toList());
                if (call.getOperator() == CAST) {
                    types.add(call.getType());
                }
                all[0] &= source.adapter().computes(call.getOperator(), types);
                return super.visitCall(call);
            }
        });
        return all[0];
    }

    @Test
    void hostileTextStaysTextAsLiteralAndAsParameter() {
        SourceTable probe = table("probe");
        for (String text : HOSTILE) {
            RelBuilder builder = probeBuilder(probe).scan(probe.physicalName());
            RexBuilder rex = builder.getRexBuilder();
            RelDataType type = rex.getTypeFactory().createSqlType(SqlTypeName.VARCHAR);
            RexNode literal = builder.literal(text);
            RexNode parameter = rex.makeCast(type, rex.makeDynamicParam(type, 0));
            RelNode plan = builder.project(
                            List.of(literal, parameter, builder.equals(literal, parameter)),
                            List.of("a", "b", "c"),
                            true)
                    .build();
            assertThat(plans.rows(plan, Map.of(0, new Parameter(text, type))))
                    .as(text)
                    .containsExactly(List.of(text, text, true));
        }
        assertThat(table("probe").columns()).hasSize(8);
    }

    @Test
    void partialCountsCharactersAndReplacesShortValuesWhole() {
        assertThat(partial(0, 4, "*", "123-45-6789")).isEqualTo("*******6789");
        assertThat(partial(2, 2, "#", "abcdef")).isEqualTo("ab##ef");
        assertThat(partial(2, 2, "*", "abcd")).isEqualTo("****");
        assertThat(partial(0, 4, "*", "")).isEqualTo("");
        assertThat(partial(0, 4, "*", null)).isNull();
        assertThat(partial(1, 1, "*", "😀é日本👍")).isEqualTo("😀***👍");
        assertThat(partial(0, 2, "*", "😀👍")).isEqualTo("**");
        assertThat(partial(1, 0, "x", "a\nb\r\nc")).isEqualTo("axxxxx");
        assertThat(partial(0, 1, "$1\\'{0}", "abc")).isEqualTo("$1\\'{0}$1\\'{0}c");
        assertThat(partial(0, 0, "*", "abc")).isEqualTo("***");
    }

    private @Nullable Object partial(int first, int last, String with, @Nullable String text) {
        return masked(
                text,
                (b, r) -> r.makeCall(
                        MaskFunctions.PARTIAL,
                        b.field("t"),
                        r.makeExactLiteral(BigDecimal.valueOf(first)),
                        r.makeExactLiteral(BigDecimal.valueOf(last)),
                        b.literal(with)));
    }

    /** Values of {@code HMAC-SHA256} over a key of zeros, computed with openssl. */
    @Test
    void hashIsHmacSha256() {
        assertThat(hash("")).isEqualTo("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
        assertThat(hash("alice@example.com")).isEqualTo(HASH_OF_ALICE);
        assertThat(hash("😀é日本")).isEqualTo(HASH_OF_UNICODE);
        assertThat(hash(null)).isNull();
    }

    static final String HASH_OF_ALICE = "0cf19c8f102ecc62b033b451c1d7cbe462dbb7a67636d9f843145c96788ed961";
    static final String HASH_OF_UNICODE = "e5ffd5f01e84bac307e673f0be419420b233e34ffce4462597e5efb8f70e4c09";

    private @Nullable Object hash(@Nullable String text) {
        return masked(text, (b, r) -> {
            RelDataType pad = r.getTypeFactory().createSqlType(SqlTypeName.VARBINARY, 64);
            return r.makeCall(MaskFunctions.HASH, b.field("t"), r.makeDynamicParam(pad, 0), r.makeDynamicParam(pad, 1));
        });
    }

    private @Nullable Object masked(@Nullable String text, BiFunction<RelBuilder, RexBuilder, RexNode> mask) {
        SourceTable texts = table("texts");
        RelDataTypeFactory types = NicolTypeSystem.factory();
        RelDataType pad = types.createSqlType(SqlTypeName.VARBINARY, 64);
        execute("DELETE FROM texts");
        try (var connection = source.connection();
                var insert = connection.prepareStatement("INSERT INTO texts VALUES (1, ?)")) {
            source.adapter().bind(insert, 1, text, types.createSqlType(SqlTypeName.VARCHAR));
            insert.executeUpdate();
        } catch (java.sql.SQLException failure) {
            throw new IllegalStateException(failure);
        }
        RelBuilder builder = probeBuilder(texts).scan(texts.physicalName());
        RexNode masked = mask.apply(builder, builder.getRexBuilder());
        RelNode plan = builder.project(List.of(masked), List.of("masked"), true).build();
        return plans.rows(
                        plan,
                        Map.of(
                                0, new Parameter(bytes(INNER), pad),
                                1, new Parameter(bytes(OUTER), pad)))
                .get(0)
                .get(0);
    }

    @Test
    void orderPlacesNullsAsAskedAndLimitsRows() {
        assertThat(ordered(false, false, -1, -1)).containsExactly(3, 1, 2, 4);
        assertThat(ordered(false, true, -1, -1)).containsExactly(2, 4, 3, 1);
        assertThat(ordered(true, false, -1, -1)).containsExactly(1, 3, 2, 4);
        assertThat(ordered(true, true, -1, -1)).containsExactly(2, 4, 1, 3);
        assertThat(ordered(false, false, 1, 2)).containsExactly(1, 2);
        assertThat(ordered(false, false, 3, -1)).containsExactly(4);
        assertThat(ordered(false, false, -1, 1)).containsExactly(3);
    }

    private List<@Nullable Object> ordered(boolean descending, boolean nullsFirst, int offset, int fetch) {
        SourceTable ordered = table("ordered");
        RelBuilder b = probeBuilder(ordered).scan(ordered.physicalName());
        RexNode key = descending ? b.desc(b.field("v")) : b.field("v");
        b.sortLimit(offset, fetch, nullsFirst ? b.nullsFirst(key) : b.nullsLast(key), b.field("id"));
        return plans.rows(b.build(), Map.of()).stream().map(row -> row.get(0)).toList();
    }

    @Test
    void aggregatesAndWindowsAgree() {
        SourceTable ordered = table("ordered");
        RelBuilder b = probeBuilder(ordered).scan(ordered.physicalName());
        b.aggregate(
                b.groupKey(),
                b.countStar("c"),
                b.count(false, "n", b.field("v")),
                b.sum(b.field("v")),
                b.min(b.field("v")),
                b.max(b.field("v")));
        assertThat(plans.rows(b.build(), Map.of())).containsExactly(List.of(4L, 2L, 30L, 10, 20));

        b = probeBuilder(ordered).scan(ordered.physicalName());
        RexNode running = b.aggregateCall(SUM, b.field("v"))
                .over()
                .orderBy(b.field("id"))
                .rowsUnbounded()
                .toRex();
        RexNode number =
                b.aggregateCall(ROW_NUMBER).over().orderBy(b.field("id")).toRex();
        RelNode plan = b.project(List.of(b.field("id"), running, number), List.of("id", "r", "n"), true)
                .sort(0)
                .build();
        assertThat(plans.rows(plan, Map.of())).extracting(row -> row.get(2)).containsExactly(1L, 2L, 3L, 4L);
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

    private static ByteString bytes(String ascii) {
        return new ByteString(ascii.getBytes(StandardCharsets.US_ASCII));
    }
}
