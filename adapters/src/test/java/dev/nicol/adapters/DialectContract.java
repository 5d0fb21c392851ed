package dev.nicol.adapters;

import static org.apache.calcite.sql.fun.SqlStdOperatorTable.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.adapters.testing.PlanRunner;
import dev.nicol.adapters.testing.PlanRunner.Parameter;
import dev.nicol.policy.mask.MaskFunctions;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.tools.RelBuilder;
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

    @Test
    void whatIsDeclaredToBeComputedIsComputedAlike() {
        SourceTable probe = table("probe");
        List<String> expected = new ArrayList<>();
        List<String> found = new ArrayList<>();
        int computed = 0;
        for (DialectCases.Case expectation : DialectCases.all()) {
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

    @Test
    void averagesKeepTheirFraction() {
        SourceTable ordered = table("ordered");
        RelBuilder b = probeBuilder(ordered).scan(ordered.physicalName());
        RelNode plan = b.aggregate(b.groupKey(), b.avg(false, "a", b.field("id")), b.avg(false, "b", b.field("v")))
                .build();
        if (source.adapter().computes(AVG, List.of(type(SqlTypeName.INTEGER)))) {
            List<@Nullable Object> row = plans.rows(plan, Map.of()).get(0);
            assertThat((BigDecimal) row.get(0)).isEqualByComparingTo("2.5");
            assertThat((BigDecimal) row.get(1)).isEqualByComparingTo("15");
        }
        b = probeBuilder(ordered).scan(ordered.physicalName());
        RexBuilder rex = b.getRexBuilder();
        RexNode third = rex.makeCast(type(SqlTypeName.DOUBLE), b.field("id"));
        plan = b.project(List.of(third), List.of("x"), true)
                .aggregate(b.groupKey(), b.avg(false, "a", b.field("x")))
                .build();
        assertThat(plans.rows(plan, Map.of())).containsExactly(List.of(2.5));
    }

    private static RelDataType type(SqlTypeName name) {
        return NicolTypeSystem.factory().createSqlType(name);
    }

    private static ByteString bytes(String ascii) {
        return new ByteString(ascii.getBytes(StandardCharsets.US_ASCII));
    }
}
