package dev.nicol.server.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.policy.NicolError;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows in many frames, and the values where writing bytes by hand goes wrong first. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FramesTest {
    private static final int ROWS = 3_000;
    private static final int CHUNK = 1024;
    private static final long SEED = 11;
    private static final Duration TICK = Duration.ofMillis(100);

    private WireFixture wire;

    @BeforeAll
    void start() {
        wire = new WireFixture(WireLimits.DEFAULT.withFrameBytes(10_000));
    }

    @AfterAll
    void stop() {
        wire.close();
    }

    private interface Read {
        @Nullable
        Object value(ResultSet rows) throws SQLException;
    }

    private void column(String format, RelDataType type, List<? extends @Nullable Object> values, Read read)
            throws SQLException {
        wire.statements.rows("select column", Rows.row("v", type), () -> values.stream()
                .map(value -> new @Nullable Object[] {value})
                .iterator());
        List<@Nullable Object> got = new ArrayList<>();
        try (Connection connection = wire.connect(format);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select column")) {
            while (rows.next()) {
                got.add(read.value(rows));
            }
        }
        assertThat(got).hasSameSizeAs(values);
        for (int i = 0; i < values.size(); i++) {
            assertThat(got.get(i)).as("value %s", i).isEqualTo(values.get(i));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void decimalsOfEverySizeAndScale(String format) throws SQLException {
        Random random = new Random(SEED);
        List<BigDecimal> values = new ArrayList<>();
        for (int i = 0; i < ROWS; i++) {
            BigInteger unscaled = new BigInteger(1 + random.nextInt(126), random);
            values.add(new BigDecimal(random.nextBoolean() ? unscaled : unscaled.negate(), 1 + random.nextInt(40)));
        }
        for (int scale = 1; scale < 30; scale++) {
            for (long unscaled : new long[] {0, 1, -1, 9, 10, 999_999_999_999_999_999L, -1_000_000_000_000_000_000L}) {
                values.add(BigDecimal.valueOf(unscaled, scale));
            }
        }
        column(format, Rows.decimal(38, 10), values, rows -> rows.getBigDecimal(1));
        List<BigDecimal> whole = List.of(new BigDecimal("2.5E+7"), new BigDecimal("-1E+30"), BigDecimal.TEN.pow(37));
        column(format, Rows.decimal(38, 0), whole, rows -> new BigDecimal(rows.getString(1)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void wholeNumbersOfEverySize(String format) throws SQLException {
        List<Long> values = new ArrayList<>(List.of(0L, -1L, Long.MAX_VALUE, Long.MIN_VALUE));
        for (int bits = 0; bits < Long.SIZE; bits++) {
            values.addAll(List.of(1L << bits, (1L << bits) - 1, -(1L << bits), -(1L << bits) + 1));
        }
        for (long power = 1; power < Long.MAX_VALUE / 10; power *= 10) {
            values.addAll(List.of(power, power - 1, -power, -power + 1));
        }
        column(format, Rows.type(SqlTypeName.BIGINT), values, rows -> rows.getLong(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void floatingPointOfEverySize(String format) throws SQLException {
        Random random = new Random(SEED);
        List<Double> doubles = new ArrayList<>();
        List<Float> floats = new ArrayList<>();
        for (int i = 0; i < ROWS; i++) {
            double each = Double.longBitsToDouble(random.nextLong());
            float real = Float.intBitsToFloat(random.nextInt());
            doubles.add(Double.isNaN(each) ? i : each);
            floats.add(Float.isNaN(real) ? i : real);
        }
        column(format, Rows.type(SqlTypeName.DOUBLE), doubles, rows -> rows.getDouble(1));
        column(format, Rows.type(SqlTypeName.REAL), floats, rows -> rows.getFloat(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void textOfEveryCharacterAndLength(String format) throws SQLException {
        List<@Nullable String> values = new ArrayList<>();
        for (int point = 0; point <= Character.MAX_CODE_POINT; point += point < 0x900 ? 1 : 97) {
            if (point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE) {
                values.add("<" + Character.toString(point) + ">");
            }
        }
        for (int size : new int[] {126, 127, 128, 129, CHUNK - 1, CHUNK, CHUNK + 1, 16_382, 16_383, 16_384, 50_000}) {
            values.add("x".repeat(size));
            values.add("x".repeat(size) + "😀");
            values.add("\u0001".repeat(size));
            values.add("ü".repeat(size));
            values.add("😀".repeat(size) + "\"");
            values.add(null);
        }
        column(format, Rows.type(SqlTypeName.VARCHAR), values, rows -> rows.getString(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void halfACharacterIsRefusedInsteadOfChanged(String format) {
        for (String half : List.of("a\ud83d", "\ude00", "\ud83dx", "\ude00\ud83d")) {
            assertThatThrownBy(() ->
                            column(format, Rows.type(SqlTypeName.VARCHAR), List.of(half), rows -> rows.getString(1)))
                    .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                            .isEqualTo("0A000"))
                    .hasMessageContaining("no Unicode");
        }
        assertThat(wire.statements.openCursors).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void arraysOfArraysAndLongOnes(String format) throws SQLException {
        List<List<String>> nested = List.of(List.of("a", "x".repeat(300)), List.of(), List.of("b".repeat(20_000)));
        List<Long> many = new ArrayList<>();
        for (long i = 0; i < 20_000; i++) {
            many.add(i * i);
        }
        column(
                format,
                Rows.array(Rows.type(SqlTypeName.BIGINT)),
                List.of(many, List.of(), List.of(1L)),
                rows -> List.of((Object[]) rows.getArray(1).getArray()));
        wire.statements.rows(
                "select nested",
                Rows.row("v", Rows.array(Rows.array(Rows.type(SqlTypeName.VARCHAR)))),
                Rows.of(new Object[] {nested}));
        try (Connection connection = wire.connect(format);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select nested")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getMetaData().getColumnTypeName(1)).isEqualTo("VARCHAR ARRAY ARRAY");
            assertThat(rows.getArray(1).toString()).isEqualTo(nested.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void bytesAreCountedByValueWhateverTheFormat(String format) throws SQLException {
        wire.statements.rows(
                "select counted",
                Rows.row(
                        "n",
                        Rows.type(SqlTypeName.INTEGER),
                        "d",
                        Rows.decimal(12, 2),
                        "t",
                        Rows.type(SqlTypeName.VARCHAR),
                        "b",
                        Rows.type(SqlTypeName.VARBINARY),
                        "f",
                        Rows.type(SqlTypeName.BOOLEAN),
                        "r",
                        Rows.type(SqlTypeName.DOUBLE),
                        "a",
                        Rows.array(Rows.decimal(12, 2)),
                        "z",
                        Rows.type(SqlTypeName.VARCHAR)),
                Rows.of(new @Nullable Object[] {
                    7,
                    new BigDecimal("-12.50"),
                    "ü\n\"😀",
                    new ByteString(new byte[5]),
                    true,
                    1.5,
                    List.of(new BigDecimal("1.00"), new BigDecimal("22")),
                    null
                }));
        long before = wire.statements.sentBytes.get();
        try (Connection connection = wire.connect(format);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select counted")) {
            assertThat(rows.next()).isTrue();
        }
        // a number 8, a decimal its digits and 2, text in UTF-8, bytes, a truth value 1, an array its elements, NULL 1
        assertThat(wire.statements.sentBytes.get() - before)
                .isEqualTo(8 + 6 + (2 + 1 + 1 + 4) + 5 + 1 + 8 + (5 + 4) + 1);
    }

    @Test
    void anAnswerThatFailedFailsAgainWhereTheClientAsksAgain() throws Exception {
        wire.statements.rows(
                "select failing", Rows.row("n", Rows.type(SqlTypeName.BIGINT)), Rows.generated(100_000, n -> {
                    if (n == 3_000) {
                        throw NicolError.SOURCE_FAILED.because("it broke");
                    }
                    return new Object[] {n};
                }));
        String id = "failing";
        RawClient.post(wire, "{\"request\":\"openConnection\",\"connectionId\":\"" + id + "\"}");
        RawClient.post(wire, "{\"request\":\"createStatement\",\"connectionId\":\"" + id + "\"}");
        String answer = RawClient.post(
                wire,
                "{\"request\":\"prepareAndExecute\",\"connectionId\":\"" + id
                        + "\",\"statementId\":1,\"sql\":\"select failing\",\"maxRowCount\":-1}");
        int offset = answer.split("\\],\\[").length;
        while (!answer.contains("it broke")) {
            assertThat(offset).isLessThan(3_001);
            answer = fetch(id, offset);
            offset += answer.split("\\],\\[").length;
        }
        offset = offset - answer.split("\\],\\[").length;
        // never the end of an answer that has none
        assertThat(fetch(id, offset)).contains("it broke").doesNotContain("\"done\":true");
        assertThat(wire.statements.openCursors).hasValue(0);
    }

    private String fetch(String id, int offset) throws Exception {
        return RawClient.post(
                wire,
                "{\"request\":\"fetch\",\"connectionId\":\"" + id + "\",\"statementId\":1,\"offset\":" + offset
                        + ",\"fetchMaxRowCount\":10}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void oneFrameIsReadAheadOfAClientThatFetches(String format) throws SQLException {
        wire.statements.rows("select many", Rows.row("n", Rows.type(SqlTypeName.BIGINT)), Rows.generated(100_000, n ->
                new Object[] {n}));
        long before = wire.statements.rowsRead.get();
        try (Connection connection = wire.connect(format);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select many")) {
            assertThat(rows.next()).isTrue();
            long first = wire.statements.rowsRead.get() - before;
            await().during(TICK).until(() -> wire.statements.rowsRead.get() - before == first);
            for (long n = 1; n < first; n++) {
                assertThat(rows.next()).isTrue();
            }
            long frame = first - 1; // with the row that tells whether there are more
            await().until(() -> wire.statements.rowsRead.get() - before > 2 * frame + 1);
            await().during(TICK).until(() -> wire.statements.rowsRead.get() - before <= 3 * frame + frame / 2);
            for (long n = first; n < 100_000; n++) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getLong(1)).isEqualTo(n);
            }
            assertThat(rows.next()).isFalse();
        }
        assertThat(wire.statements.openCursors).hasValue(0);
    }

    @Test
    void closingAnAnswerThatIsReadAheadCancelsNothing() throws SQLException {
        wire.statements.rows("select many", Rows.row("n", Rows.type(SqlTypeName.BIGINT)), Rows.generated(100_000, n ->
                new Object[] {n}));
        for (int i = 0; i < 50; i++) {
            try (Connection connection = wire.connect("json");
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery("select many")) {
                for (int n = 0; n < 3_000; n++) {
                    rows.next();
                }
            }
            assertThat(wire.statements.openCursors).hasValue(0);
        }
        assertThat(wire.statements.cancelled).hasValue(0);
    }
}
