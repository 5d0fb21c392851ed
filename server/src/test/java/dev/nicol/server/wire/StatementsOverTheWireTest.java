package dev.nicol.server.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.policy.NicolError;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Statements, parameters, batches, transactions and failures through the stock Avatica driver. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StatementsOverTheWireTest {
    private static final RelDataType NUMBERS = Rows.row("n", Rows.type(SqlTypeName.BIGINT));

    private WireFixture wire;

    @BeforeAll
    void start() {
        wire = new WireFixture(WireLimits.DEFAULT.withFrameBytes(64 * 1024));
    }

    @AfterAll
    void stop() {
        wire.close();
    }

    @AfterEach
    void nothingStaysOpen() {
        assertThat(wire.statements.openCursors).hasValue(0);
        assertThat(wire.endpoint.connections()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void aMillionRowsStream(String format) throws SQLException {
        wire.statements.rows(
                "select million",
                Rows.row("n", Rows.type(SqlTypeName.BIGINT), "t", Rows.type(SqlTypeName.VARCHAR)),
                Rows.generated(1_000_000, n -> new Object[] {n, "row " + n}));
        long readBefore = wire.statements.rowsRead.get();
        long sum = 0;
        long count = 0;
        try (Connection connection = wire.connect(format);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select million")) {
            assertThat(rows.next()).isTrue();
            // one frame and one row ahead are read, not the whole
            assertThat(wire.statements.rowsRead.get() - readBefore).isLessThan(10_000);
            do {
                sum += rows.getLong(1);
                count++;
            } while (rows.next());
        }
        assertThat(count).isEqualTo(1_000_000);
        assertThat(sum).isEqualTo(499_999_500_000L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void aSmallAnswerIsOneFrameAndReleasesItsSourceAtOnce(String format) throws SQLException {
        wire.statements.rows("select few", NUMBERS, Rows.generated(500, n -> new Object[] {n}));
        try (Connection connection = wire.connect(format);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select few")) {
            assertThat(wire.statements.openCursors).hasValue(0);
            int count = 0;
            while (rows.next()) {
                count++;
            }
            assertThat(count).isEqualTo(500);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void cursorsCloseWithStatementsConnectionsAndRepeatedExecution(String format) throws SQLException {
        wire.statements.rows("select many", NUMBERS, Rows.generated(100_000, n -> new Object[] {n}));
        Connection connection = wire.connect(format);
        Statement statement = connection.createStatement();
        statement.executeQuery("select many").next();
        assertThat(wire.statements.openCursors).hasValue(1);
        statement.executeQuery("select many").next();
        assertThat(wire.statements.openCursors).hasValue(1);
        statement.close();
        assertThat(wire.statements.openCursors).hasValue(0);
        connection.createStatement().executeQuery("select many").next();
        assertThat(wire.statements.openCursors).hasValue(1);
        connection.close();
        assertThat(wire.statements.openCursors).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void failuresCarryTheirStateAndNothingElse(String format) throws SQLException {
        wire.statements.rows("select broken", NUMBERS, () -> {
            throw NicolError.SOURCE_FAILED.because(
                    "The source failed, id `7`.", "secret detail", new IllegalStateException("secret cause"));
        });
        wire.statements.rows("select defect", NUMBERS, () -> {
            throw new AssertionError("secret assertion");
        });
        wire.statements.rows("select late", NUMBERS, Rows.generated(100_000, n -> {
            if (n == 50_000) {
                throw NicolError.CANCELLED.because("The statement timed out.");
            }
            return new Object[] {n};
        }));
        try (Connection connection = wire.connect(format);
                Statement statement = connection.createStatement()) {
            failure(() -> statement.executeQuery("select nowhere"), "42P01", 1004, "There is no answer to `select");
            failure(() -> statement.executeQuery("select broken"), "NS001", 1013, "The source failed, id `7`.");
            failure(() -> statement.executeQuery("select defect"), "XX000", 1018, "Nicol could not answer");
            ResultSet rows = statement.executeQuery("select late");
            assertThatThrownBy(() -> {
                        while (rows.next()) {
                            rows.getLong(1);
                        }
                    })
                    .hasStackTraceContaining("The statement timed out.");
            assertThat(wire.statements.openCursors).hasValue(0);
            wire.statements.rows("select 1", NUMBERS, Rows.of(new Object[] {1L}));
            assertThat(statement.executeQuery("select 1").next()).isTrue();
        }
    }

    private interface Act {
        void run() throws SQLException;
    }

    private static void failure(Act act, String state, int number, String message) {
        assertThatThrownBy(act::run).isInstanceOfSatisfying(SQLException.class, thrown -> {
            assertThat(thrown.getSQLState()).isEqualTo(state);
            assertThat(thrown.getErrorCode()).isEqualTo(number);
            java.io.StringWriter all = new java.io.StringWriter();
            thrown.printStackTrace(new java.io.PrintWriter(all));
            assertThat(all.toString())
                    .contains(message)
                    .doesNotContain("secret")
                    .doesNotContain("dev.nicol.server.wire.AvaticaServlet")
                    .doesNotContain("NicolException");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void parametersOfEveryTypeArriveInTheEnginesRepresentation(String format) throws SQLException {
        RelDataType parameters = Rows.row(
                "0", Rows.type(SqlTypeName.BOOLEAN),
                "1", Rows.type(SqlTypeName.TINYINT),
                "2", Rows.type(SqlTypeName.SMALLINT),
                "3", Rows.type(SqlTypeName.INTEGER),
                "4", Rows.type(SqlTypeName.BIGINT),
                "5", Rows.decimal(38, 10),
                "6", Rows.type(SqlTypeName.REAL),
                "7", Rows.type(SqlTypeName.DOUBLE),
                "8", Rows.type(SqlTypeName.VARCHAR),
                "9", Rows.type(SqlTypeName.VARBINARY),
                "10", Rows.type(SqlTypeName.DATE),
                "11", Rows.type(SqlTypeName.TIME, 3),
                "12", Rows.type(SqlTypeName.TIMESTAMP, 3),
                "13", Rows.type(SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE, 3),
                "14", Rows.type(SqlTypeName.UUID),
                "15", Rows.array(Rows.type(SqlTypeName.BIGINT)),
                "16", Rows.type(SqlTypeName.BIGINT));
        wire.statements.rows("select parameters", NUMBERS, parameters, Rows.of(new Object[] {1L}));
        BigDecimal decimal = new BigDecimal("-1234567890123456789012345678.0000000001");
        try (Connection connection = wire.connect(format);
                PreparedStatement statement = connection.prepareStatement("select parameters")) {
            assertThat(statement.getParameterMetaData().getParameterCount()).isEqualTo(17);
            assertThat(statement.getParameterMetaData().getParameterTypeName(5)).isEqualTo("BIGINT");
            assertThat(statement.getMetaData().getColumnName(1)).isEqualTo("n");
            statement.setBoolean(1, true);
            statement.setByte(2, (byte) -7);
            statement.setShort(3, (short) -300);
            statement.setInt(4, 42);
            statement.setInt(5, 43);
            statement.setBigDecimal(6, decimal);
            statement.setFloat(7, 0.1f);
            statement.setDouble(8, 0.2);
            statement.setString(9, "naïve 😀 '");
            statement.setBytes(10, new byte[] {0, -1, 127});
            statement.setDate(11, Date.valueOf("2026-03-29"));
            statement.setTime(12, Time.valueOf("23:59:58"));
            statement.setTimestamp(13, Timestamp.valueOf("2026-03-29 02:30:00.123"));
            statement.setString(14, "2026-03-29T03:30:00.123+01:00");
            statement.setString(15, "01890a5d-ac96-774b-bcce-b302099a8057");
            statement.setArray(16, connection.createArrayOf("BIGINT", new Object[] {1L, null, Long.MAX_VALUE}));
            statement.setNull(17, Types.BIGINT);
            for (int repeated = 0; repeated < 2; repeated++) {
                try (ResultSet rows = statement.executeQuery()) {
                    assertThat(rows.next()).isTrue();
                }
                assertThat(last())
                        .containsExactly(
                                true,
                                (byte) -7,
                                (short) -300,
                                42,
                                43L,
                                decimal,
                                0.1f,
                                0.2,
                                "naïve 😀 '",
                                new ByteString(new byte[] {0, -1, 127}),
                                (int) LocalDate.parse("2026-03-29").toEpochDay(),
                                86_398_000,
                                millis("2026-03-29T02:30:00.123"),
                                millis("2026-03-29T02:30:00.123"),
                                UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8057"),
                                Arrays.asList(1L, null, Long.MAX_VALUE),
                                null);
            }
        }
    }

    private List<@Nullable Object> last() {
        return wire.statements.bound.get(wire.statements.bound.size() - 1);
    }

    private static long millis(String utc) {
        return LocalDateTime.parse(utc).toInstant(ZoneOffset.UTC).toEpochMilli();
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void aValueThatDoesNotFitIsRefused(String format) throws SQLException {
        wire.statements.rows(
                "select one", NUMBERS, Rows.row("0", Rows.type(SqlTypeName.INTEGER)), Rows.of(new Object[] {1L}));
        try (Connection connection = wire.connect(format);
                PreparedStatement statement = connection.prepareStatement("select one")) {
            statement.setString(1, "abc");
            failure(statement::executeQuery, "22000", 1007, "Parameter `1` is `abc`, which is no INTEGER.");
            statement.setLong(1, 1L << 40);
            failure(statement::executeQuery, "22000", 1007, "which is no INTEGER.");
            statement.setDouble(1, 1.5);
            failure(statement::executeQuery, "22000", 1007, "which is no INTEGER.");
            statement.setString(1, " 12 ");
            assertThat(statement.executeQuery().next()).isTrue();
            assertThat(last()).containsExactly(12);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void countsAndBatches(String format) throws SQLException {
        RelDataType parameters = Rows.row("0", Rows.type(SqlTypeName.BIGINT), "1", Rows.type(SqlTypeName.VARCHAR));
        wire.statements.count("insert two", parameters, () -> 1L);
        wire.statements.count("insert many", Rows.row(), () -> 5_000_000_000L);
        try (Connection connection = wire.connect(format)) {
            try (Statement statement = connection.createStatement()) {
                assertThat(statement.executeLargeUpdate("insert many")).isEqualTo(5_000_000_000L);
                statement.addBatch("insert many");
                statement.addBatch("insert many");
                assertThat(statement.executeLargeBatch()).containsExactly(5_000_000_000L, 5_000_000_000L);
            }
            try (PreparedStatement statement = connection.prepareStatement("insert two")) {
                statement.setLong(1, 1);
                statement.setString(2, "a");
                assertThat(statement.executeUpdate()).isEqualTo(1);
                assertThat(last()).containsExactly(1L, "a");
                for (long n = 10; n < 13; n++) {
                    statement.setLong(1, n);
                    statement.setString(2, null);
                    statement.addBatch();
                }
                assertThat(statement.executeBatch()).containsExactly(1, 1, 1);
                assertThat(wire.statements.bound.subList(
                                wire.statements.bound.size() - 3, wire.statements.bound.size()))
                        .containsExactly(Arrays.asList(10L, null), Arrays.asList(11L, null), Arrays.asList(12L, null));
            }
            try (Statement statement = connection.createStatement()) {
                statement.addBatch("insert nowhere");
                assertThatThrownBy(statement::executeBatch)
                        .isInstanceOfAny(SQLException.class, BatchUpdateException.class, RuntimeException.class)
                        .hasStackTraceContaining("There is no answer to");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void maxRowsIsTheServersBoundAndFetchSizeIsNone(String format) throws SQLException {
        wire.statements.rows("select many", NUMBERS, Rows.generated(100_000, n -> new Object[] {n}));
        try (Connection connection = wire.connect(format);
                Statement statement = connection.createStatement();
                PreparedStatement prepared = connection.prepareStatement("select many")) {
            statement.setMaxRows(7);
            statement.setFetchSize(2);
            assertThat(count(statement.executeQuery("select many"))).isEqualTo(7);
            prepared.setFetchSize(10);
            assertThat(count(prepared.executeQuery())).isEqualTo(100_000);
        }
    }

    private static int count(ResultSet rows) throws SQLException {
        int count = 0;
        while (rows.next()) {
            count++;
        }
        return count;
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void transactions(String format) throws SQLException {
        wire.statements.count("insert", Rows.row(), () -> 1L);
        try (Connection connection = wire.connect(format);
                Statement statement = connection.createStatement()) {
            wire.statements.log.clear();
            connection.commit();
            connection.rollback(); // SQLAlchemy does so in autocommit mode
            assertThat(wire.statements.log).isEmpty();
            connection.setAutoCommit(false);
            statement.executeUpdate("insert");
            connection.rollback();
            statement.executeUpdate("insert");
            connection.commit();
            connection.setAutoCommit(true);
            statement.executeUpdate("insert");
            assertThat(wire.statements.log)
                    .containsExactly(
                            "execute insert", "rollback", "execute insert", "commit", "commit", "execute insert");
            assertThat(connection.getAutoCommit()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void connectionsStateTheirPurposeAndSchemaAndNoSecret(String format) throws SQLException {
        wire.statements.count("insert", Rows.row(), () -> 1L);
        Map<String, String> more = Map.of("purpose", "audit", "job", "nightly", "password", "hunter2", "x", "y");
        try (Connection connection = wire.connect(format, "alice", "wonderland", more);
                Statement statement = connection.createStatement()) {
            assertThat(wire.stated.get("alice")).isEqualTo(Map.of("purpose", "audit", "job", "nightly"));
            connection.setSchema("crm.public");
            statement.executeUpdate("insert");
            var session = wire.statements.sessions.get(wire.statements.sessions.size() - 1);
            assertThat(session.defaultSchema().catalog()).isEqualTo("crm");
            assertThat(session.defaultSchema().schema()).isEqualTo("public");
            assertThat(session.subject().userName()).isEqualTo("alice");
        }
        assertThatThrownBy(() -> wire.connect(format, "alice", "wonderland", Map.of("purpose", "espionage")))
                .hasStackTraceContaining("The purpose `espionage` is not declared.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void aClientInAnotherZoneReadsTheSameWallClock(String format) throws Exception {
        wire.statements.rows(
                "select when",
                Rows.row(
                        "t",
                        Rows.type(SqlTypeName.TIMESTAMP, 3),
                        "d",
                        Rows.type(SqlTypeName.DATE),
                        "c",
                        Rows.type(SqlTypeName.TIME)),
                Rows.row(
                        "0",
                        Rows.type(SqlTypeName.TIMESTAMP, 3),
                        "1",
                        Rows.type(SqlTypeName.DATE),
                        "2",
                        Rows.type(SqlTypeName.TIME)),
                Rows.of(new Object[] {
                    millis("2026-03-08T01:30:00"),
                    (int) LocalDate.parse("2026-03-08").toEpochDay(),
                    86_398_000
                }));
        // the driver fixes its zone when its classes load, so that this client is a process of its own
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process client = new ProcessBuilder(
                        java,
                        "-Duser.timezone=America/New_York",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ZonedClient.class.getName(),
                        wire.url(format))
                .redirectErrorStream(true)
                .start();
        String said = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(client.waitFor()).as(said).isZero();
        assertThat(said.lines())
                .contains("2026-03-08 01:30:00.0 2026-03-08 01:30:00.000 2026-03-08 2026-03-08 23:59:58 23:59:58");
        assertThat(last())
                .containsExactly(
                        millis("2026-03-08T01:30:00"),
                        (int) LocalDate.parse("2026-03-08").toEpochDay(),
                        86_398_000);
    }
}
