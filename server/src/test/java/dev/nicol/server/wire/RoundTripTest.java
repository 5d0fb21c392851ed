package dev.nicol.server.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.type.SqlTypeName;
import org.joou.ULong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every type of value, read back through the stock Avatica driver in both formats. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RoundTripTest {
    private static final String DIGITS_38 = "12345678901234567890123456789012345678";
    private static final long DST_GAP = LocalDateTime.parse("2026-03-29T02:30:00.123")
            .toInstant(ZoneOffset.UTC)
            .toEpochMilli();
    private static final byte[] BYTES = {0, 1, -1, 127, -128, '"', '\\'};

    private WireFixture wire;

    @BeforeAll
    void start() {
        wire = new WireFixture();
    }

    @AfterAll
    void stop() {
        wire.close();
    }

    private interface Check {
        void on(ResultSet rows) throws SQLException;
    }

    private void one(String format, RelDataType type, @Nullable Object value, Check check) throws SQLException {
        wire.statements.rows("select v", Rows.row("v", type), Rows.of(new @Nullable Object[] {value}));
        try (Connection connection = wire.connect(format);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select v")) {
            assertThat(rows.next()).isTrue();
            check.on(rows);
            assertThat(rows.next()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void integers(String format) throws SQLException {
        one(format, Rows.type(SqlTypeName.TINYINT), (byte) -128, rows -> {
            assertThat(rows.getByte(1)).isEqualTo((byte) -128);
            assertThat(rows.getObject(1)).isEqualTo((byte) -128);
        });
        one(format, Rows.type(SqlTypeName.SMALLINT), Short.MIN_VALUE, rows -> assertThat(rows.getObject(1))
                .isEqualTo(Short.MIN_VALUE));
        one(format, Rows.type(SqlTypeName.INTEGER), Integer.MIN_VALUE, rows -> assertThat(rows.getObject(1))
                .isEqualTo(Integer.MIN_VALUE));
        one(format, Rows.type(SqlTypeName.BIGINT), Long.MIN_VALUE, rows -> {
            assertThat(rows.getObject(1)).isEqualTo(Long.MIN_VALUE);
            assertThat(rows.getString(1)).isEqualTo("-9223372036854775808");
        });
        one(format, Rows.type(SqlTypeName.BIGINT), 7L, rows -> assertThat(rows.getObject(1))
                .isEqualTo(7L));
        one(format, Rows.type(SqlTypeName.UBIGINT), ULong.valueOf("18446744073709551615"), rows -> assertThat(
                        rows.getBigDecimal(1))
                .isEqualTo(new BigDecimal("18446744073709551615")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void decimalsKeepEveryDigitAndTheirScale(String format) throws SQLException {
        one(format, Rows.decimal(38, 0), new BigDecimal(DIGITS_38), rows -> {
            assertThat(rows.getBigDecimal(1)).isEqualTo(new BigDecimal(DIGITS_38));
            assertThat(rows.getObject(1)).isEqualTo(new BigDecimal(DIGITS_38));
        });
        one(
                format,
                Rows.decimal(38, 10),
                new BigDecimal("-1234567890123456789012345678.0000000001"),
                rows -> assertThat(rows.getBigDecimal(1))
                        .isEqualTo(new BigDecimal("-1234567890123456789012345678.0000000001")));
        one(format, Rows.decimal(12, 2), new BigDecimal("10.50"), rows -> assertThat(rows.getBigDecimal(1))
                .isEqualTo(new BigDecimal("10.50")));
        one(format, Rows.decimal(12, 2), new BigDecimal("0.00"), rows -> assertThat(rows.getBigDecimal(1))
                .isEqualTo(new BigDecimal("0.00")));
        one(format, Rows.decimal(38, 20), new BigDecimal("0.00000000000000000001"), rows -> assertThat(
                        rows.getBigDecimal(1))
                .isEqualTo(new BigDecimal("0.00000000000000000001")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void floatingPoint(String format) throws SQLException {
        for (double each : new double[] {
            0.1, -0.0, 1e300, Double.MIN_VALUE, Double.MAX_VALUE, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
        }) {
            one(format, Rows.type(SqlTypeName.DOUBLE), each, rows -> {
                assertThat(rows.getDouble(1)).isEqualTo(each);
                assertThat(rows.getObject(1)).isEqualTo(each);
            });
        }
        one(format, Rows.type(SqlTypeName.REAL), 0.1f, rows -> assertThat(rows.getFloat(1))
                .isEqualTo(0.1f));
    }

    @ParameterizedTest
    @ValueSource(strings = "protobuf")
    void notANumberOverProtobuf(String format) throws SQLException {
        one(format, Rows.type(SqlTypeName.DOUBLE), Double.NaN, rows -> assertThat(rows.getDouble(1))
                .isNaN());
    }

    @ParameterizedTest
    @ValueSource(strings = "json")
    void notANumberIsRefusedOverJsonInsteadOfChanged(String format) {
        assertThatThrownBy(() -> one(format, Rows.type(SqlTypeName.DOUBLE), Double.NaN, rows -> {}))
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .isEqualTo("0A000"))
                .hasMessageContaining("serialization=protobuf");
        assertThat(wire.statements.openCursors).hasValue(0);
    }

    /** The stock driver's JSON reader would fail on them with words of its own. */
    @ParameterizedTest
    @ValueSource(strings = "json")
    void whatJsonReadersDoNotTakeIsRefused(String format) {
        for (Object tooLong : List.of("x".repeat(20_000_001), new ByteString(new byte[15_000_001]))) {
            SqlTypeName type = tooLong instanceof String ? SqlTypeName.VARCHAR : SqlTypeName.VARBINARY;
            assertThatThrownBy(() -> one(format, Rows.type(type), tooLong, rows -> {}))
                    .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                            .isEqualTo("0A000"))
                    .hasMessageContaining("serialization=protobuf");
        }
        assertThat(wire.statements.openCursors).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void longTextAndBytes(String format) throws SQLException {
        String text = "x".repeat(19_999_999);
        one(format, Rows.type(SqlTypeName.VARCHAR), text, rows -> assertThat(rows.getString(1))
                .isEqualTo(text));
        byte[] bytes = new byte[14_999_999];
        one(format, Rows.type(SqlTypeName.VARBINARY), new ByteString(bytes), rows -> assertThat(rows.getBytes(1))
                .isEqualTo(bytes));
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void text(String format) throws SQLException {
        for (String each : List.of("", " ", "naïve 😀 \u0000 \" \\ ' \n", "x".repeat(100_000))) {
            one(format, Rows.type(SqlTypeName.VARCHAR), each, rows -> {
                assertThat(rows.getString(1)).isEqualTo(each);
                assertThat(rows.getObject(1)).isEqualTo(each);
            });
        }
        one(format, Rows.type(SqlTypeName.CHAR, 5), "ab", rows -> {
            assertThat(rows.getString(1)).isEqualTo("ab");
            assertThat(rows.getMetaData().getColumnTypeName(1)).isEqualTo("CHAR");
            assertThat(rows.getMetaData().getPrecision(1)).isEqualTo(5);
        });
        one(format, Rows.type(SqlTypeName.CHAR, Integer.MAX_VALUE), "ab", rows -> {
            assertThat(rows.getString(1)).isEqualTo("ab");
            assertThat(rows.getMetaData().getPrecision(1)).isLessThan(100_000);
        });
        UUID uuid = UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8057");
        one(format, Rows.type(SqlTypeName.UUID), uuid, rows -> {
            assertThat(rows.getObject(1)).isEqualTo(uuid.toString());
            assertThat(rows.getMetaData().getColumnTypeName(1)).isEqualTo("VARCHAR");
            assertThat(rows.getMetaData().getPrecision(1)).isEqualTo(36);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void binary(String format) throws SQLException {
        for (byte[] each : List.of(new byte[0], BYTES)) {
            one(format, Rows.type(SqlTypeName.VARBINARY), new ByteString(each), rows -> {
                assertThat(rows.getBytes(1)).isEqualTo(each);
                assertThat(rows.getObject(1)).isEqualTo(each);
            });
            one(format, Rows.type(SqlTypeName.BINARY, 7), new ByteString(each), rows -> assertThat(rows.getBytes(1))
                    .isEqualTo(each));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void datesAndTimes(String format) throws SQLException {
        one(
                format,
                Rows.type(SqlTypeName.DATE),
                (int) LocalDate.parse("1500-01-01").toEpochDay(),
                rows -> assertThat(rows.getString(1)).isEqualTo("1500-01-01"));
        one(
                format,
                Rows.type(SqlTypeName.DATE),
                (int) LocalDate.parse("2026-03-29").toEpochDay(),
                rows -> {
                    assertThat(rows.getDate(1)).isEqualTo(Date.valueOf("2026-03-29"));
                    assertThat(rows.getObject(1)).isEqualTo(Date.valueOf("2026-03-29"));
                });
        one(format, Rows.type(SqlTypeName.TIME, 3), 86_399_999, rows -> {
            assertThat(rows.getString(1)).isEqualTo("23:59:59.999");
            assertThat(rows.getTime(1).getTime()).isEqualTo(new Time(86_399_999).getTime());
        });
        one(format, Rows.type(SqlTypeName.TIMESTAMP, 6), DST_GAP, rows -> {
            assertThat(rows.getString(1)).isEqualTo("2026-03-29 02:30:00.123");
            assertThat(rows.getTimestamp(1)).isEqualTo(Timestamp.valueOf("2026-03-29 02:30:00.123"));
            assertThat(rows.getObject(1)).isEqualTo(Timestamp.valueOf("2026-03-29 02:30:00.123"));
        });
        one(format, Rows.type(SqlTypeName.TIMESTAMP, 3), -1L, rows -> assertThat(rows.getString(1))
                .isEqualTo("1969-12-31 23:59:59.999"));
        one(format, Rows.type(SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE, 3), DST_GAP, rows -> {
            assertThat(rows.getString(1)).isEqualTo("2026-03-29T02:30:00.123Z");
            assertThat(rows.getObject(1)).isEqualTo("2026-03-29T02:30:00.123Z");
            assertThat(rows.getMetaData().getColumnTypeName(1)).isEqualTo("TIMESTAMP WITH TIME ZONE");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void arrays(String format) throws SQLException {
        array(format, Rows.type(SqlTypeName.BIGINT), Arrays.asList(1L, null, Long.MAX_VALUE), 1L, null, Long.MAX_VALUE);
        array(format, Rows.type(SqlTypeName.INTEGER), List.of());
        array(format, Rows.type(SqlTypeName.VARCHAR), Arrays.asList("a", null, ""), "a", null, "");
        array(format, Rows.type(SqlTypeName.DOUBLE), List.of(1.0, 0.5), 1.0, 0.5);
        array(format, Rows.type(SqlTypeName.BOOLEAN), List.of(true, false), true, false);
        array(
                format,
                Rows.decimal(38, 0),
                List.of(new BigDecimal("125"), new BigDecimal(DIGITS_38)),
                new BigDecimal("125"),
                new BigDecimal(DIGITS_38));
        array(
                format,
                Rows.decimal(10, 2),
                List.of(new BigDecimal("1.50"), new BigDecimal("100.00")),
                new BigDecimal("1.50"),
                new BigDecimal("100.00"));
        array(
                format,
                Rows.type(SqlTypeName.DATE),
                List.of((int) LocalDate.parse("2026-03-29").toEpochDay()),
                Date.valueOf("2026-03-29"));
        array(
                format,
                Rows.type(SqlTypeName.TIMESTAMP, 3),
                List.of(DST_GAP),
                Timestamp.valueOf("2026-03-29 02:30:00.123"));
    }

    private void array(String format, RelDataType component, List<?> value, @Nullable Object... expected)
            throws SQLException {
        one(format, Rows.array(component), value, rows -> {
            Object read = rows.getArray(1).getArray();
            assertThat((Object[]) read).containsExactly(expected);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void nullsOfEveryType(String format) throws SQLException {
        List<RelDataType> types = List.of(
                Rows.type(SqlTypeName.BOOLEAN),
                Rows.type(SqlTypeName.TINYINT),
                Rows.type(SqlTypeName.UTINYINT),
                Rows.type(SqlTypeName.BIGINT),
                Rows.type(SqlTypeName.UBIGINT),
                Rows.decimal(38, 10),
                Rows.type(SqlTypeName.REAL),
                Rows.type(SqlTypeName.DOUBLE),
                Rows.type(SqlTypeName.CHAR, 5),
                Rows.type(SqlTypeName.VARCHAR),
                Rows.type(SqlTypeName.VARBINARY),
                Rows.type(SqlTypeName.DATE),
                Rows.type(SqlTypeName.TIME, 3),
                Rows.type(SqlTypeName.TIMESTAMP, 3),
                Rows.type(SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE, 3),
                Rows.type(SqlTypeName.UUID),
                Rows.type(SqlTypeName.NULL),
                Rows.array(Rows.type(SqlTypeName.INTEGER)));
        Object[] row = new Object[types.size()];
        Object[] namesAndTypes = new Object[types.size() * 2];
        for (int i = 0; i < types.size(); i++) {
            namesAndTypes[2 * i] = "c" + i;
            namesAndTypes[2 * i + 1] = types.get(i);
        }
        wire.statements.rows("select nulls", Rows.row(namesAndTypes), Rows.of(row));
        try (Connection connection = wire.connect(format);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select nulls")) {
            assertThat(rows.next()).isTrue();
            for (int i = 1; i <= row.length; i++) {
                assertThat(rows.getObject(i)).as("column %s", types.get(i - 1)).isNull();
                assertThat(rows.wasNull()).isTrue();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void columnsAreDescribedInJdbcsWords(String format) throws SQLException {
        wire.statements.rows(
                "select described",
                Rows.row(
                        "id",
                        Rows.TYPES.createSqlType(SqlTypeName.BIGINT),
                        "note",
                        Rows.type(SqlTypeName.VARCHAR),
                        "amount",
                        Rows.decimal(12, 2)),
                () -> Collections.emptyIterator());
        try (Connection connection = wire.connect(format);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select described")) {
            assertThat(rows.next()).isFalse();
            ResultSetMetaData described = rows.getMetaData();
            assertThat(described.getColumnCount()).isEqualTo(3);
            assertThat(described.getColumnLabel(1)).isEqualTo("id");
            assertThat(described.getColumnTypeName(1)).isEqualTo("BIGINT");
            assertThat(described.isNullable(1)).isEqualTo(ResultSetMetaData.columnNoNulls);
            assertThat(described.getColumnTypeName(2)).isEqualTo("VARCHAR");
            assertThat(described.isNullable(2)).isEqualTo(ResultSetMetaData.columnNullable);
            assertThat(described.getColumnTypeName(3)).isEqualTo("DECIMAL");
            assertThat(described.getPrecision(3)).isEqualTo(12);
            assertThat(described.getScale(3)).isEqualTo(2);
            assertThat(described.getColumnClassName(3)).isEqualTo("java.math.BigDecimal");
        }
    }
}
