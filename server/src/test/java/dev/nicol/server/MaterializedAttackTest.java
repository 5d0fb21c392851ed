package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What kept rows must not tell, and must not get wrong: each view has a twin without rows of its own that says what is right. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MaterializedAttackTest {
    private TestNicol nicol;
    private SourceDefinition pg;
    private String shop;

    @BeforeAll
    void start() throws SQLException {
        pg = TestDatabases.postgres("pg");
        SourceDefinition my = TestDatabases.mariadb("my");
        TestDatabases.execute(
                pg.url(),
                pg.user(),
                pg.password(),
                "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(20), email VARCHAR(40), till TIMESTAMP, code CHAR(4))",
                "INSERT INTO people VALUES (1, 'Ann', 'ann@example.org', '2020-01-01 00:00:00', 'ab'),"
                        + " (2, 'Bob', 'bob@example.org', '2990-01-01 00:00:00', 'b'), (3, NULL, NULL, NULL, NULL)",
                "CREATE TABLE letters (id INTEGER PRIMARY KEY, receiver VARCHAR(40))",
                "INSERT INTO letters VALUES (7, 'ann@example.org'), (8, 'zoe@example.org')",
                "CREATE TABLE numbers (i INTEGER PRIMARY KEY, r REAL, d DOUBLE PRECISION, n NUMERIC(38, 10), v VARCHAR(40), day DATE, moment TIMESTAMP)",
                "INSERT INTO numbers VALUES (1, 16777215, 0.30000000000000004, 1234567890123456789012345678.0123456789, 'x ', '0044-03-15 BC', '0044-03-15 12:00:00 BC'),"
                        + " (2, 1.17549435E-38, 1.7976931348623157E308, -0.0000000001, ' \uD83D\uDE00\\n', NULL, NULL), (3, 3.4028235E38, -4.9E-324, 0, '', '9999-12-31', '9999-12-31 23:59:59.999')");
        shop = "my." + TestDatabases.schema(my);
        TestDatabases.execute(
                my.url(),
                my.user(),
                my.password(),
                "CREATE TABLE staff (id INTEGER PRIMARY KEY, name VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci)",
                "INSERT INTO staff VALUES (1, 'Ann'), (2, 'Bob')");
        nicol = TestNicol.start(
                List.of(pg, my, TestDatabases.h2("hh"), TestDatabases.duckdb("dd")),
                """
                users:
                  steve: {password: "$HASH", groups: [raw], roles: [steward, auditor]}
                  rita: {password: "$HASH", groups: [raw]}
                  fay: {password: "$HASH", groups: [finders], roles: [steward]}
                  jo: {password: "$HASH", groups: [joiners]}
                  may: {password: "$HASH", groups: [masked], roles: [steward]}
                  tim: {password: "$HASH", groups: [timed], roles: [steward]}
                  tom: {password: "$HASH", groups: [timedmask], roles: [steward]}
                  none: {password: "$HASH", roles: [steward]}
                  cora: {password: "$HASH", groups: [cora], roles: [steward]}
                  corb: {password: "$HASH", groups: [corb]}
                  cass: {password: "$HASH", groups: [cased]}
                  ddl: {password: "$HASH", groups: [ddl]}
                """,
                """
                grants:
                  - {name: raw, tables: ["pg.**", "my.**", "virtual.**"], actions: [select], raw: ["*"], to: {groups: [raw, timed, timedmask, cora, corb, cased]}}
                  - {name: find, tables: ["pg.**", "virtual.**"], actions: [select], filterable: ["*"], to: {groups: [finders]}}
                  - {name: join, tables: ["pg.**", "virtual.**"], actions: [select], joinable: ["*"], to: {groups: [joiners]}}
                  - {name: see, tables: ["pg.**", "virtual.**"], actions: [select], to: {groups: [masked]}}
                  - {name: define, tables: ["dd.**", "pg.**"], actions: [select, ddl, insert, update, delete], to: {groups: [ddl]}}
                row_filters:
                  - {name: till, tables: ["pg.public.people"], where: "till > CURRENT_TIMESTAMP", to: {groups: [timed]}}
                  - {name: cora, tables: ["pg.public.people"], where: "name <> '$cor1' AND code <> 'b'", to: {groups: [cora]}}
                  - {name: corb, tables: ["pg.public.people"], where: "name <> '$cor2' AND code <> 'b'", to: {groups: [corb]}}
                  - {name: cased, tables: ["virtual.c.live_cases", "virtual.c.kept_cases"], where: "name <> 'bob'", to: {groups: [cased]}}
                column_masks:
                  - {name: cases, columns: ["virtual.c.live_aliases.name", "virtual.c.kept_aliases.name"], to: {groups: [cased]}, mask: {kind: custom, sql: "CASE WHEN name = 'bob' THEN '-' ELSE name END"}}
                  - {name: mail, columns: ["pg.public.people.email"], mask: {kind: redact}, to: {groups: [finders, joiners, masked]}}
                  - {name: later, columns: ["pg.public.people.email"], to: {groups: [timedmask]}, mask: {kind: custom, sql: "CASE WHEN till > CURRENT_TIMESTAMP THEN email ELSE '-' END"}}
                """,
                "classification: {mask_by_default: false}\nmaterialized_views: {pg: public, my: "
                        + TestDatabases.schema(my) + ", hh: PUBLIC, dd: main}");
        nicol.update("steve", "CREATE SCHEMA virtual.c");
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    private void define(String definer, String name, String place, String query) throws SQLException {
        nicol.update(definer, "CREATE VIEW virtual.c.live_" + name + " AS " + query);
        nicol.update(definer, "CREATE MATERIALIZED VIEW virtual.c.kept_" + name + " INTO " + place + " AS " + query);
    }

    private void assertSame(String user, String name, String sql) throws SQLException {
        assertThat(nicol.rows(user, sql.replace("$", "virtual.c.kept_" + name)))
                .as(user + ": " + sql)
                .isEqualTo(nicol.rows(user, sql.replace("$", "virtual.c.live_" + name)));
    }

    @Test
    void conditionsOnStoredValuesAreNotAskedOfMasks() throws SQLException {
        define("fay", "found", "dd", "SELECT id FROM pg.public.people WHERE email = 'ann@example.org'");
        define("may", "mails", "dd", "SELECT id, email FROM pg.public.people");
        define("may", "letters", "dd", "SELECT id, receiver FROM pg.public.letters");
        define(
                "may",
                "joined",
                "dd",
                "SELECT l.id FROM pg.public.letters l JOIN pg.public.people p ON p.email = l.receiver");
        assertThat(nicol.rows("fay", "SELECT id FROM virtual.c.live_found")).containsExactly("1");
        for (String user : List.of("fay", "may", "jo", "rita")) {
            assertSame(user, "found", "SELECT id FROM $ ORDER BY id");
            assertSame(user, "joined", "SELECT id FROM $ ORDER BY id");
            assertSame(user, "mails", "SELECT id FROM $ WHERE email = 'ann@example.org'");
            assertSame(user, "mails", "SELECT l.id FROM $ k JOIN pg.public.letters l ON l.receiver = k.email");
            assertSame(user, "letters", "SELECT k.id FROM $ k JOIN pg.public.people p ON p.email = k.receiver");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tim", "tom"})
    void whatAPolicyHidesInTimeIsNotKept(String user) {
        assertThatThrownBy(() -> nicol.update(
                        user,
                        "CREATE MATERIALIZED VIEW virtual.c.t_" + user
                                + " INTO dd AS SELECT id, email FROM pg.public.people"))
                .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState())
                        .isEqualTo("0A000"));
    }

    @Test
    void whoWritesAViewBelowLearnsNothingByTheDefinersRights() throws SQLException {
        nicol.update("steve", "CREATE VIEW virtual.c.below AS SELECT id, email FROM pg.public.people");
        nicol.update("steve", "CREATE MATERIALIZED VIEW virtual.c.overs INTO dd AS SELECT id FROM virtual.c.below");
        String count = "SELECT row_count FROM nicol.policy.materialized_views WHERE view_name = 'overs'";
        assertThat(nicol.rows("may", count)).containsExactly("null");
        assertThat(nicol.rows("steve", count)).containsExactly("3");
        for (String found : List.of("ann%", "zoe%")) {
            nicol.update(
                    "may",
                    "CREATE OR REPLACE VIEW virtual.c.below AS SELECT id / CASE WHEN email LIKE '" + found
                            + "' THEN 0 ELSE 1 END AS id, email FROM pg.public.people");
            assertThatThrownBy(() -> nicol.update("may", "REFRESH MATERIALIZED VIEW virtual.c.overs"))
                    .as(found)
                    .hasMessageContaining("View `virtual.c.below`, which `virtual.c.overs` reads, is of `may`");
        }
        nicol.update("steve", "CREATE OR REPLACE VIEW virtual.c.below AS SELECT id, email FROM pg.public.people");
        nicol.update("may", "REFRESH MATERIALIZED VIEW virtual.c.overs");
        assertThat(nicol.rows("steve", count)).containsExactly("3");
    }

    @Test
    void onlyARefreshFills() throws SQLException {
        define("steve", "filled", "dd", "SELECT id, name FROM pg.public.people");
        for (String user : List.of("rita", "steve")) {
            assertThatThrownBy(() -> nicol.update(user, "REFRESH MATERIALIZED VIEW virtual.c.kept_filled WITH DATA"))
                    .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState())
                            .isEqualTo("42501"));
        }
    }

    /** MariaDB takes Bob for bob, and DuckDB does not. */
    @Test
    void aRuleOnAViewComparesTextsWhereTheTablesAre() throws SQLException {
        define("steve", "cases", "dd", "SELECT id, name FROM " + shop + ".staff");
        define("steve", "aliases", "dd", "SELECT id, name FROM " + shop + ".staff");
        assertThat(nicol.rows("cass", "SELECT id FROM virtual.c.live_cases")).containsExactly("1");
        assertSame("cass", "cases", "SELECT id FROM $ ORDER BY id");
        assertSame("cass", "aliases", "SELECT id, name FROM $ ORDER BY id");
    }

    @Test
    void aTextThatLooksLikeARowIsAText() throws SQLException {
        nicol.update("cora", "CREATE MATERIALIZED VIEW virtual.c.texts INTO dd AS SELECT id FROM pg.public.people");
        assertThat(nicol.rows("corb", "SELECT id FROM virtual.c.texts")).containsExactly("1");
        assertThat(nicol.rows(
                        "steve",
                        "SELECT DISTINCT source FROM nicol.audit.source_queries WHERE statement_id IN (SELECT statement_id"
                                + " FROM nicol.audit.statements WHERE user_name = 'corb')"))
                .containsExactly("pg");
    }

    @Test
    void aTimeInTheQueryIsKept() throws SQLException {
        define("steve", "today", "dd", "SELECT id, till > CURRENT_TIMESTAMP AS later FROM pg.public.people");
        assertSame("rita", "today", "SELECT * FROM $ ORDER BY id");
    }

    @Test
    void aPlaceThatWasRefusedStaysRefused() throws SQLException {
        String query = " AS SELECT id, code FROM pg.public.people";
        for (String place : List.of("my", "dd", "hh")) {
            nicol.update("steve", "CREATE VIEW virtual.c.codes_" + place + query);
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> nicol.update(
                                "steve",
                                "CREATE OR REPLACE MATERIALIZED VIEW virtual.c.codes_" + place + " INTO " + place
                                        + query))
                        .as(place)
                        .hasMessageContaining("Column `code`");
            }
            assertThatThrownBy(() -> nicol.update("steve", "REFRESH MATERIALIZED VIEW virtual.c.codes_" + place))
                    .as(place)
                    .hasMessageContaining("Column `code`");
        }
    }

    @ParameterizedTest
    @CsvSource({"my", "pg", "hh", "dd"})
    void numbersAtTheirLimits(String place) throws SQLException {
        define("steve", "numbers_" + place, place, "SELECT i, r, d, n, v FROM pg.public.numbers");
        assertSame("rita", "numbers_" + place, "SELECT * FROM $ ORDER BY i");
        assertSame("rita", "numbers_" + place, "SELECT i FROM $ WHERE r = 16777215");
        assertSame("rita", "numbers_" + place, "SELECT i FROM $ WHERE v = 'x'");
        assertSame("rita", "numbers_" + place, "SELECT i FROM $ WHERE v LIKE 'X%' OR v = 'X '");
    }

    @ParameterizedTest
    @CsvSource({"my", "pg", "hh", "dd"})
    void orderAndNulls(String place) throws SQLException {
        define("steve", "names_" + place, place, "SELECT name FROM pg.public.people ORDER BY id DESC LIMIT 2");
        define("steve", "sorted_" + place, place, "SELECT name, id FROM pg.public.people ORDER BY id DESC");
        assertSame("rita", "names_" + place, "SELECT name FROM $ ORDER BY name");
        assertSame("rita", "names_" + place, "SELECT name FROM $ ORDER BY name DESC");
        assertSame("rita", "sorted_" + place, "SELECT name FROM $ ORDER BY name DESC");
        assertSame("rita", "sorted_" + place, "SELECT name FROM $ ORDER BY name NULLS FIRST LIMIT 1");
        assertSame("rita", "sorted_" + place, "SELECT COUNT(*) FROM $ GROUP BY name ORDER BY 1, MIN(id)");
        assertSame("rita", "sorted_" + place, "SELECT id FROM $ WHERE name LIKE 'a%' OR name = 'ann'");
    }

    @Test
    void failuresTellNoValues() throws SQLException {
        String query = " AS SELECT CAST(name AS INTEGER) AS n FROM pg.public.people";
        nicol.update("steve", "CREATE VIEW virtual.c.failing" + query);
        for (String place : List.of("dd", "pg")) {
            assertThatThrownBy(() -> nicol.update(
                            "steve", "CREATE OR REPLACE MATERIALIZED VIEW virtual.c.failing INTO " + place + query))
                    .hasMessageContaining("A value does not fit");
            assertThatThrownBy(() -> nicol.update("none", "REFRESH MATERIALIZED VIEW virtual.c.failing"))
                    .hasMessageNotContaining("Ann");
        }
        assertThat(nicol.rows(
                        "none", "SELECT problem FROM nicol.policy.materialized_views WHERE view_name = 'failing'"))
                .containsExactly("A value does not fit: a cast, an arithmetic operation or a function failed.");
    }

    @ParameterizedTest
    @CsvSource({"day, day", "moment, CAST(moment AS TIMESTAMP(3))"})
    void aYearThatThePlaceDoesNotHaveFails(String column, String value) throws SQLException {
        String query = "SELECT i, " + value + " AS " + column + " FROM pg.public.numbers";
        assertThatThrownBy(() -> define("steve", column + "_my", "my", query))
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .isEqualTo("22000"));
        define("steve", column + "_hh", "hh", query);
        assertSame("rita", column + "_hh", "SELECT * FROM $ ORDER BY " + column);
    }

    @Test
    void blanksThatFillATextAreKeptAsSuch() throws SQLException {
        define("steve", "codes", "pg", "SELECT id, code FROM pg.public.people");
        assertSame(
                "rita", "codes", "SELECT CAST(code AS VARCHAR(9)), CHAR_LENGTH(code), code || 'x' FROM $ ORDER BY id");
        assertSame("rita", "codes", "SELECT id FROM $ WHERE code = 'ab'");
    }

    @ParameterizedTest
    @CsvSource({"dd, dd.main", "pg, pg.public"})
    void noDefinitionReachesStorage(String source, String place) throws SQLException {
        define("steve", "reached_" + source, source, "SELECT id, name FROM pg.public.people");
        String name = nicol.rows(
                        "steve",
                        "SELECT storage_table FROM nicol.policy.materialized_views WHERE view_name = 'kept_reached_"
                                + source + "'")
                .get(0);
        String table = place + "." + name;
        for (String sql : List.of(
                "DROP TABLE " + table,
                "TRUNCATE TABLE " + table,
                "DELETE FROM " + table,
                "ALTER TABLE " + table + " ADD COLUMN z INTEGER",
                "CREATE TABLE " + place + ".copied AS SELECT * FROM " + table,
                "CREATE TABLE " + place + ".referring (id INTEGER, FOREIGN KEY (id) REFERENCES " + table + " (id))",
                "CREATE TABLE " + place + ".\"" + name.toUpperCase(Locale.ROOT) + "\" (id INTEGER)")) {
            assertThatThrownBy(() -> nicol.update("ddl", sql))
                    .as(sql)
                    .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState())
                            .isIn("42P01", "42501"));
        }
        assertSame("rita", "reached_" + source, "SELECT * FROM $ ORDER BY id");
    }
}
