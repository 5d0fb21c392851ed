package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kept rows when rights change, after a restart, and in every kind of source: always what the view itself would show. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MaterializedRightsTest {
    private static final String GRANTS = """
            grants:
              - {name: all, tables: ["pg.**", "virtual.**"], actions: [select], raw: ["*"], to: {groups: [readers]}}
            """;
    private static final String MASK = """
            column_masks:
              - {name: names, columns: ["pg.public.people.name"], mask: {kind: redact}, to: {users: [steve, rita]}}
            """;

    private TestNicol nicol;
    private SourceDefinition pg;

    @BeforeAll
    void start() throws SQLException {
        pg = TestDatabases.postgres("pg");
        SourceDefinition my = TestDatabases.mariadb("my");
        execute(
                "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(20))",
                "INSERT INTO people VALUES (1, 'Ann')",
                "CREATE TABLE kinds (b BOOLEAN, s SMALLINT, i INTEGER NOT NULL, l BIGINT, n NUMERIC(20, 4), r REAL, d DOUBLE PRECISION,"
                        + " v VARCHAR(30), t TEXT, y BYTEA, da DATE, ti TIME(3), ts TIMESTAMP, u UUID, tz TIMESTAMPTZ, wide NUMERIC)",
                "INSERT INTO kinds VALUES (TRUE, -3, 7, 9223372036854775807, -1234567890123456.7891, 1.5, 0.1, 'Zoë '' \\ ', 'long',"
                        + " '\\x00ff', '0001-01-02', '23:59:59.123', '1969-12-31 23:59:59.123456',"
                        + " '6f1c2f3e-0000-4000-8000-0123456789ab', '2026-03-29 01:30:00.5+00', 123456789012345678.123456),"
                        + " (NULL, NULL, 8, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
        nicol = TestNicol.start(
                List.of(pg, my, TestDatabases.h2("hh"), TestDatabases.duckdb("dd")),
                """
                users:
                  steve: {password: "$HASH", groups: [readers], roles: [steward, auditor]}
                  rita: {password: "$HASH", groups: [readers]}
                  kim: {password: "$HASH", groups: [readers]}
                """,
                GRANTS,
                "materialized_views: {pg: public, my: " + TestDatabases.schema(my) + ", hh: PUBLIC, dd: main}");
        nicol.update("steve", "CREATE SCHEMA virtual.c");
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    private void execute(String... statements) {
        TestDatabases.execute(pg.url(), pg.user(), pg.password(), statements);
    }

    private void load(String policies) throws SQLException, IOException {
        Files.writeString(nicol.directory().resolve("policies/policy.yaml"), policies);
        nicol.rows("steve", "CALL nicol.reload()");
    }

    private String name(String user) throws SQLException {
        return nicol.rows(user, "SELECT name FROM virtual.c.names").get(0);
    }

    @Test
    void keptRowsFollowNobodysRights() throws SQLException, IOException {
        nicol.update("steve", "CREATE MATERIALIZED VIEW virtual.c.names INTO dd AS SELECT name FROM pg.public.people");
        execute("UPDATE people SET name = 'Anna'");
        assertThat(name("rita")).as("kept").isEqualTo("Ann");

        load(GRANTS + MASK);
        assertThat(name("rita")).as("masked now, as is the definer").isEqualTo("***");
        assertThat(name("kim"))
                .as("kept, of the time when the definer saw names")
                .isEqualTo("Ann");

        nicol.update("steve", "REFRESH MATERIALIZED VIEW virtual.c.names");
        assertThat(name("rita")).isEqualTo("***");
        assertThat(name("kim")).as("what is kept is masked, and kim is not").isEqualTo("Anna");

        load(GRANTS);
        execute("UPDATE people SET name = 'Anne'");
        assertThat(name("rita"))
                .as("what is kept is masked, and rita is no more")
                .isEqualTo("Anne");
        nicol.update("steve", "REFRESH MATERIALIZED VIEW virtual.c.names");
        execute("UPDATE people SET name = 'Ann'");
        assertThat(name("rita")).as("kept").isEqualTo("Anne");

        nicol = nicol.restart();
        assertThat(name("rita")).as("kept over a restart").isEqualTo("Anne");
        nicol.update("steve", "CREATE OR REPLACE VIEW virtual.c.names AS SELECT name FROM pg.public.people");
        assertThat(name("rita")).as("a plain view").isEqualTo("Ann");
        assertThat(nicol.rows("steve", "SELECT view_name FROM nicol.policy.materialized_views"))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "pg, tz, ts",
        "hh, CAST(tz AS TIMESTAMP(3) WITH LOCAL TIME ZONE), CAST(ts AS TIMESTAMP(3))",
        "dd, CAST(tz AS TIMESTAMP(3) WITH LOCAL TIME ZONE), CAST(ts AS TIMESTAMP(3))",
        "my, b, CAST(ts AS TIMESTAMP(3))"
    })
    void valuesComeBackAsTheyWere(String place, String moment, String timestamp) throws SQLException {
        String query = "SELECT b, s, i, l, n, r, d, v, t, y, da, ti, " + timestamp + " AS ts, u, " + moment
                + " AS z, i + 1 AS computed,"
                + " CAST(wide AS DECIMAL(30, 6)) AS w FROM pg.public.kinds";
        nicol.update("steve", "CREATE VIEW virtual.c.live_" + place + " AS " + query);
        nicol.update("steve", "CREATE MATERIALIZED VIEW virtual.c.kept_" + place + " INTO " + place + " AS " + query);
        try (Connection rita = nicol.connect("rita")) {
            assertThat(described(rita, "virtual.c.kept_" + place))
                    .isEqualTo(described(rita, "virtual.c.live_" + place))
                    .hasSize(2);
        }
        assertThat(nicol.rows(
                        "steve",
                        "SELECT source FROM nicol.audit.source_queries WHERE statement_id = (SELECT MAX(statement_id)"
                                + " FROM nicol.audit.statements WHERE user_name = 'rita' AND sql_text LIKE '%kept_"
                                + place
                                + "%')"))
                .containsExactly(place);
    }

    /** The types of the columns, and the values of each row. */
    private static List<String> described(Connection connection, String view) throws SQLException {
        List<String> described = new ArrayList<>();
        try (ResultSet rows = connection.createStatement().executeQuery("SELECT * FROM " + view + " ORDER BY i")) {
            int columns = rows.getMetaData().getColumnCount();
            StringBuilder types = new StringBuilder();
            for (int i = 1; i <= columns; i++) {
                types.append(rows.getMetaData().getColumnTypeName(i))
                        .append(rows.getMetaData().getPrecision(i))
                        .append(rows.getMetaData().isNullable(i))
                        .append(' ');
            }
            while (rows.next()) {
                StringBuilder row = new StringBuilder(types);
                for (int i = 1; i <= columns; i++) {
                    Object value = rows.getObject(i);
                    row.append(value instanceof byte[] bytes ? Arrays.toString(bytes) : value)
                            .append('|');
                }
                described.add(row.toString());
            }
        }
        return described;
    }

    @Test
    void aTypeThatThePlaceDoesNotHaveIsRefused() {
        assertThatThrownBy(() -> nicol.update(
                        "steve", "CREATE MATERIALIZED VIEW virtual.c.finer INTO dd AS SELECT tz FROM pg.public.kinds"))
                .hasMessageContaining("CAST it to TIMESTAMP(3) WITH LOCAL TIME ZONE");
        assertThatThrownBy(
                        () -> nicol.update(
                                "steve",
                                "CREATE MATERIALIZED VIEW virtual.c.moments INTO my AS SELECT CAST(tz AS TIMESTAMP(3) WITH LOCAL TIME ZONE) AS tz FROM pg.public.kinds"))
                .hasMessageContaining("Column `tz`")
                .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState())
                        .isEqualTo("0A000"));
    }
}
