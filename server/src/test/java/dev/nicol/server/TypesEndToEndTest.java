package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TimeZone;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every value comes back as it was stored, finds its row when it is bound, and is stored as it was bound; between a
 * client and a server in a zone with summer time and databases in another one.
 */
@Tag("another-zone")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class TypesEndToEndTest {
    /**
     * One value.
     *
     * @param type its column's
     * @param literal in the source's SQL
     * @param text what {@code getString} answers, bytes in hexadecimal; null for NULL
     * @param bound what a client binds
     */
    record Value(
            String source,
            int number,
            String type,
            String literal,
            @Nullable String text,
            @Nullable Object bound) {
        String table() {
            return "v" + number;
        }

        @Override
        public String toString() {
            return source + " " + type + " " + (text == null || text.length() < 40 ? text : text.substring(0, 40));
        }
    }

    private static final String EMOJI = "naïve 日本 😀 Ω'\"\\";
    private static final String UUID = "123e4567-e89b-12d3-a456-426614174000";

    private TestNicol nicol;
    private SourceDefinition postgres;
    private SourceDefinition mariadb;

    private static List<Value> values() {
        List<Value> values = new ArrayList<>();
        for (Object[] row : new Object[][] {
            {"pg", "INTEGER", "NULL", null, null},
            {"pg", "TEXT", "NULL", null, null},
            {"pg", "TIMESTAMP", "NULL", null, null},
            {"pg", "TEXT", "''", "", ""},
            {"pg", "TEXT", "E'naïve 日本 😀 Ω\\'\"\\\\'", EMOJI, EMOJI},
            {"pg", "VARCHAR(30)", "E'naïve 日本 😀 Ω\\'\"\\\\'", EMOJI, EMOJI},
            {"pg", "CHAR(3)", "'ab'", "ab ", "ab "},
            {
                "pg",
                "NUMERIC(38,10)",
                "1234567890123456789012345678.0123456789",
                "1234567890123456789012345678.0123456789",
                new BigDecimal("1234567890123456789012345678.0123456789")
            },
            {"pg", "NUMERIC(38,10)", "-0.0000000001", "-0.0000000001", new BigDecimal("-0.0000000001")},
            {
                "pg",
                "NUMERIC",
                "12345678901234567890.5",
                "12345678901234567890.5",
                new BigDecimal("12345678901234567890.5")
            },
            {"pg", "SMALLINT", "-32768", "-32768", (short) -32768},
            {"pg", "INTEGER", "2147483647", "2147483647", 2147483647},
            {"pg", "BIGINT", "9223372036854775807", "9223372036854775807", Long.MAX_VALUE},
            {"pg", "BIGINT", "-9223372036854775808", "-9223372036854775808", Long.MIN_VALUE},
            {"pg", "DOUBLE PRECISION", "0.1", "0.1", 0.1},
            {"pg", "REAL", "1.5", "1.5", 1.5f},
            {"pg", "BOOLEAN", "TRUE", "true", true},
            {"pg", "BOOLEAN", "FALSE", "false", false},
            {"pg", "DATE", "'2024-02-29'", "2024-02-29", Date.valueOf("2024-02-29")},
            {"pg", "DATE", "'1500-03-01'", "1500-03-01", "1500-03-01"},
            {"pg", "DATE", "'0001-01-01'", "0001-01-01", "0001-01-01"},
            {"pg", "DATE", "'9999-12-31'", "9999-12-31", "9999-12-31"},
            {"pg", "TIME", "'23:59:59'", "23:59:59.000", Time.valueOf("23:59:59")},
            {"pg", "TIME", "'00:00:00'", "00:00:00.000", Time.valueOf("00:00:00")},
            // in the gap of Berlin's spring, and of New York's
            {"pg", "TIMESTAMP", "'2024-03-31 02:30:00'", "2024-03-31 02:30:00.000", "2024-03-31 02:30:00"},
            {
                "pg",
                "TIMESTAMP",
                "'2024-03-10 02:30:00'",
                "2024-03-10 02:30:00.000",
                Timestamp.valueOf("2024-03-10 02:30:00")
            },
            // twice in Berlin's autumn
            {"pg", "TIMESTAMP", "'2024-10-27 02:30:00'", "2024-10-27 02:30:00.000", "2024-10-27 02:30:00"},
            {"pg", "TIMESTAMP", "'1500-01-01 12:00:00'", "1500-01-01 12:00:00.000", "1500-01-01 12:00:00"},
            {"pg", "TIMESTAMP(3)", "'2024-06-01 12:34:56.789'", "2024-06-01 12:34:56.789", "2024-06-01 12:34:56.789"},
            {"pg", "TIMESTAMPTZ", "'2024-10-27 02:30:00+01'", "2024-10-27T01:30:00Z", "2024-10-27T01:30:00Z"},
            {"pg", "TIMESTAMPTZ", "'2024-03-31 00:59:59-05'", "2024-03-31T05:59:59Z", "2024-03-31T07:59:59+02:00"},
            {"pg", "BYTEA", "'\\x00ff10'", "00ff10", new byte[] {0, -1, 16}},
            {"pg", "BYTEA", "'\\x'", "", new byte[0]},
            {"pg", "UUID", "'" + UUID + "'", UUID, UUID},
            {"pg", "JSON", "'{\"a\": [1, \"😀\"]}'", "{\"a\": [1, \"😀\"]}", "{\"a\": [1, \"😀\"]}"},
            {"pg", "JSONB", "'{\"a\": 1}'", "{\"a\": 1}", "{\"a\": 1}"},
            {"pg", "INET", "'10.0.0.1'", "10.0.0.1/32", "10.0.0.1/32"},
            {"pg", "INTERVAL", "'1 day 02:03:04'", "1 day 02:03:04", "1 day 02:03:04"},
            {"maria", "INT", "NULL", null, null},
            {"maria", "LONGTEXT", "''", "", ""},
            {"maria", "VARCHAR(40)", "'naïve 日本 😀 Ω''\"\\\\'", EMOJI, EMOJI},
            {
                "maria",
                "DECIMAL(38,10)",
                "1234567890123456789012345678.0123456789",
                "1234567890123456789012345678.0123456789",
                new BigDecimal("1234567890123456789012345678.0123456789")
            },
            {"maria", "BIGINT", "-9223372036854775808", "-9223372036854775808", Long.MIN_VALUE},
            {"maria", "TINYINT UNSIGNED", "255", "255", 255},
            {"maria", "INT UNSIGNED", "4294967295", "4294967295", 4294967295L},
            {
                "maria",
                "BIGINT UNSIGNED",
                "18446744073709551615",
                "18446744073709551615",
                new BigDecimal("18446744073709551615")
            },
            {"maria", "BOOLEAN", "TRUE", "true", true},
            {"maria", "DOUBLE", "0.1", "0.1", 0.1},
            {"maria", "DATE", "'1500-03-01'", "1500-03-01", "1500-03-01"},
            {"maria", "TIME", "'23:59:59'", "23:59:59", Time.valueOf("23:59:59")},
            {"maria", "DATETIME", "'2024-03-31 02:30:00'", "2024-03-31 02:30:00", "2024-03-31 02:30:00"},
            {"maria", "DATETIME(3)", "'2024-10-27 02:30:00.125'", "2024-10-27 02:30:00.125", "2024-10-27 02:30:00.125"},
            {"maria", "LONGBLOB", "X'00FF10'", "00ff10", new byte[] {0, -1, 16}},
            {"maria", "JSON", "'{\"a\": 1}'", "{\"a\": 1}", "{\"a\": 1}"},
            {"maria", "UUID", "'" + UUID + "'", UUID, UUID}
        }) {
            values.add(new Value(
                    (String) row[0], values.size(), (String) row[1], (String) row[2], (String) row[3], row[4]));
        }
        return values;
    }

    static Stream<Value> stored() {
        return values().stream();
    }

    @BeforeAll
    void start() {
        assertThat(TimeZone.getDefault().getID())
                .as("the zone that server/pom.xml starts this test's JVM in")
                .isEqualTo("Europe/Berlin");
        postgres = TestDatabases.postgres("pg");
        mariadb = TestDatabases.mariadb("maria");
        List<String> pg = new ArrayList<>();
        List<String> maria = new ArrayList<>();
        for (Value value : values()) {
            List<String> statements = value.source().equals("pg") ? pg : maria;
            statements.add("CREATE TABLE " + value.table() + " (id INTEGER, v " + value.type() + ")");
            statements.add("INSERT INTO " + value.table() + " VALUES (1, " + value.literal() + ")");
        }
        pg.add("CREATE TYPE mood AS ENUM ('sad', 'ok')");
        pg.add("CREATE TABLE documents (id INTEGER, doc JSONB, length INTERVAL, feeling mood)");
        pg.add("CREATE TABLE lists (id INTEGER, n INTEGER[], t TEXT[])");
        pg.add("INSERT INTO lists VALUES (1, '{1,NULL,3}', '{\"a,b\",\"\"}')");
        TestDatabases.execute(postgres.url(), "postgres", "", pg.toArray(String[]::new));
        TestDatabases.execute(mariadb.url(), mariadb.user(), mariadb.password(), maria.toArray(String[]::new));
        nicol = TestNicol.start(
                List.of(postgres, mariadb),
                "users: {steve: {password: \"$HASH\", groups: [stewards]}}\n",
                "grants:\n  - {name: all, tables: [\"pg.**\", \"maria.**\"], actions: [select, insert, update, delete], raw:"
                        + " [\"*\"], to: {groups: [stewards]}}\n");
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    private String table(Value value) {
        return value.source().equals("pg")
                ? "pg.public." + value.table()
                : "maria." + mariadb.user() + "." + value.table();
    }

    @ParameterizedTest
    @MethodSource("stored")
    void comesBackFindsItsRowAndIsStored(Value value) throws SQLException {
        for (String serialization : List.of("json", "protobuf")) {
            try (Connection connection = nicol.connect("steve", serialization, new String[0])) {
                String table = table(value);
                assertThat(one(connection, "SELECT v FROM " + table + " WHERE id = 1"))
                        .as("read in " + serialization)
                        .isEqualTo(value.text());
                // JSON has no equality, and NULL equals nothing
                if (value.bound() != null && !value.type().equals("JSON")) {
                    try (PreparedStatement find =
                            connection.prepareStatement("SELECT id FROM " + table + " WHERE v = ?")) {
                        bind(find, 1, value.bound());
                        try (ResultSet rows = find.executeQuery()) {
                            assertThat(TestNicol.rows(rows))
                                    .as("found in " + serialization)
                                    .containsExactly("1");
                        }
                    }
                }
                try (PreparedStatement insert =
                        connection.prepareStatement("INSERT INTO " + table + " (id, v) VALUES (2, ?)")) {
                    bind(insert, 1, value.bound());
                    assertThat(insert.executeUpdate()).isEqualTo(1);
                }
                assertThat(one(connection, "SELECT v FROM " + table + " WHERE id = 2"))
                        .as("stored in " + serialization)
                        .isEqualTo(value.text());
                assertThat(distinctAtSource(value)).as("equal at the source").isEqualTo(1);
                try (Statement delete = connection.createStatement()) {
                    delete.executeUpdate("DELETE FROM " + table + " WHERE id = 2");
                }
            }
        }
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.ValueSource(strings = {"json", "protobuf"})
    void listsAreRead(String serialization) throws SQLException {
        try (Connection connection = nicol.connect("steve", serialization, new String[0]);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT n, t FROM pg.public.lists WHERE id = 1")) {
            assertThat(rows.next()).isTrue();
            assertThat((Object[]) rows.getArray(1).getArray()).containsExactly(1, null, 3);
            assertThat((Object[]) rows.getArray(2).getArray()).containsExactly("a,b", "");
        }
        assertThat(nicol.update("steve", "INSERT INTO pg.public.lists (id, n, t) VALUES (2, ARRAY[4, 5], ARRAY['x'])"))
                .isEqualTo(1);
        assertThat(nicol.rows("steve", "SELECT COUNT(*) FROM pg.public.lists WHERE n[2] = 5"))
                .containsExactly("1");
        assertThat(nicol.update("steve", "DELETE FROM pg.public.lists WHERE id = 2"))
                .isEqualTo(1);
    }

    @Test
    void whatReadsAsTextIsWrittenAsWhatItIs() throws SQLException {
        assertThat(nicol.update(
                        "steve",
                        "INSERT INTO pg.public.documents VALUES (1, '{\"a\": 1}', '1 day', 'sad'), (2,"
                                + " NULL, NULL, NULL)"))
                .isEqualTo(2);
        assertThat(nicol.update(
                        "steve",
                        "INSERT INTO pg.public.documents (id, feeling, doc) SELECT id + 10, feeling, doc FROM"
                                + " pg.public.documents"))
                .isEqualTo(2);
        assertThat(nicol.update("steve", "UPDATE pg.public.documents SET doc = '[2]', feeling = 'ok' WHERE id = 2"))
                .isEqualTo(1);
        assertThat(nicol.update(
                        "steve",
                        "INSERT INTO pg.public.documents (id, doc) SELECT id + 20, '[' || CAST(id AS VARCHAR) || ']' FROM maria."
                                + mariadb.user() + ".v" + maria() + " WHERE id = 1"))
                .isEqualTo(1);
        assertThat(nicol.rows("steve", "SELECT * FROM pg.public.documents ORDER BY id"))
                .containsExactly(
                        "1|{\"a\": 1}|1 day|sad",
                        "2|[2]|null|ok",
                        "11|{\"a\": 1}|null|sad",
                        "12|null|null|null",
                        "21|[1]|null|null");
        assertThat(
                        nicol.update(
                                "steve",
                                "UPDATE pg.public.documents SET length = '2 days' WHERE feeling LIKE 's%' AND doc = '{\"a\": 1}'"))
                .isEqualTo(2);
        try (Connection connection = nicol.connect("steve");
                PreparedStatement delete = connection.prepareStatement(
                        "DELETE FROM pg.public.documents WHERE feeling = ? AND length = ?")) {
            delete.setString(1, "sad");
            delete.setString(2, "2 days");
            assertThat(delete.executeUpdate()).isEqualTo(2);
        }
        assertThatThrownBy(() -> nicol.update("steve", "INSERT INTO pg.public.documents (id, doc) VALUES (3, '{')"))
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .isEqualTo("22000"));
    }

    @Test
    void uuidsAreComparedWithLiterals() throws SQLException {
        for (Value value : values()) {
            if (value.type().equals("UUID") && value.source().equals("pg")) {
                assertThat(nicol.rows("steve", "SELECT id FROM " + table(value) + " WHERE v = '" + UUID + "'"))
                        .containsExactly("1");
            }
        }
    }

    /** H2 makes one JSON string of any text; until that can be told it, nothing is written. */
    @Test
    void jsonOfH2IsNotWritten() throws SQLException {
        SourceDefinition h2 = TestDatabases.h2("h2");
        TestDatabases.execute(h2.url(), "sa", "", "CREATE TABLE documents (id INTEGER, doc JSON)");
        try (TestNicol other = TestNicol.start(
                List.of(h2),
                "users: {steve: {password: \"$HASH\", groups: [stewards]}}\n",
                "grants:\n  - {name: all, tables: [\"h2.**\"], actions: [select, insert], to: {groups: [stewards]}}\n")) {
            assertThatThrownBy(() -> other.update("steve", "INSERT INTO h2.public.documents VALUES (1, '[1]')"))
                    .hasMessageContaining("is JSON, and H2 would store a text as one JSON string");
            assertThat(other.update("steve", "INSERT INTO h2.public.documents (id) VALUES (1)"))
                    .isEqualTo(1);
        }
    }

    private static int maria() {
        return values().stream()
                .filter(value -> value.source().equals("maria"))
                .findFirst()
                .orElseThrow()
                .number();
    }

    /** Different texts of the two rows, as the source itself prints them. */
    private int distinctAtSource(Value value) throws SQLException {
        SourceDefinition source = value.source().equals("pg") ? postgres : mariadb;
        String text = value.source().equals("pg") ? "v::text" : "HEX(v)";
        try (Connection connection = DriverManager.getConnection(source.url(), source.user(), source.password());
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT COUNT(*) FROM (SELECT DISTINCT " + text + " AS x FROM " + value.table() + ") d")) {
            rows.next();
            return rows.getInt(1);
        }
    }

    private static void bind(PreparedStatement statement, int index, @Nullable Object bound) throws SQLException {
        if (bound == null) {
            statement.setNull(index, Types.VARCHAR);
        } else if (bound instanceof byte[] bytes) {
            statement.setBytes(index, bytes);
        } else {
            statement.setObject(index, bound);
        }
    }

    private static @Nullable String one(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            assertThat(rows.next()).isTrue();
            String text =
                    switch (rows.getMetaData().getColumnType(1)) {
                        case Types.VARBINARY -> HexFormat.of().formatHex(rows.getBytes(1));
                        case Types.DECIMAL ->
                            rows.getBigDecimal(1) == null
                                    ? null
                                    : rows.getBigDecimal(1).toPlainString();
                        default -> rows.getString(1);
                    };
            assertThat(rows.next()).isFalse();
            return text;
        }
    }
}
