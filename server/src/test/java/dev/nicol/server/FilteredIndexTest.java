package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A row filter does not cost the index: the source's own EXPLAIN of what it is sent says so, with 100,000 rows. */
class FilteredIndexTest {
    private static final String USERS = """
            users:
              alice: {password: "$HASH", groups: [analysts]}
              audra: {password: "$HASH", roles: [auditor]}
            """;
    private static final List<String> TABLES = List.of("plain", "looks", "asks", "far");

    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    abstract static class Contract {
        private SourceDefinition hr;
        private Source direct;
        private TestNicol nicol;
        private String schema;

        abstract SourceDefinition source(String name);

        /** A series of numbers from 1 to 100000 as a FROM item with column {@code n}. */
        abstract String series();

        /** Whether a plan finds rows of a table by its primary key. */
        abstract boolean byKey(String plan, String table);

        @BeforeAll
        void start() throws SQLException {
            hr = source("hr");
            schema = "hr." + TestDatabases.schema(hr);
            SourceDefinition rights = TestDatabases.h2("rights");
            TestDatabases.execute(
                    rights.url(),
                    rights.user(),
                    rights.password(),
                    "CREATE TABLE g (usr VARCHAR(20), region VARCHAR(10))",
                    "INSERT INTO g VALUES ('alice', 'EU'), ('alice', 'AP')",
                    "CREATE TABLE many (v INTEGER)",
                    "INSERT INTO many SELECT X FROM SYSTEM_RANGE(1, 10000)",
                    "CREATE TABLE ranges (low INTEGER, high INTEGER)",
                    "INSERT INTO ranges SELECT X * 10, X * 10 + 4 FROM SYSTEM_RANGE(1, 1000)");
            direct = new Source(hr);
            try (Connection connection = direct.connection();
                    Statement statement = connection.createStatement()) {
                List<String> tables = new ArrayList<>(TABLES);
                tables.addAll(List.of("most", "ranged"));
                for (String table : tables) {
                    statement.execute("CREATE TABLE " + table
                            + " (id INTEGER NOT NULL PRIMARY KEY, region VARCHAR(10), k INTEGER)");
                    statement.execute("INSERT INTO " + table
                            + " SELECT n, CASE WHEN MOD(n, 2) = 0 THEN 'EU' ELSE 'US' END," + " n FROM " + series());
                }
                statement.execute("CREATE TABLE g (usr VARCHAR(20), region VARCHAR(10))");
                statement.execute("INSERT INTO g VALUES ('alice', 'EU'), ('alice', 'AP')");
                statement.execute("CREATE TABLE few (id INTEGER NOT NULL PRIMARY KEY, k INTEGER)");
                statement.execute("INSERT INTO few VALUES (1, 500), (2, 501), (3, 502)");
                if (!hr.kind().equals("h2")) {
                    for (String table : tables) {
                        statement.execute((hr.kind().equals("mysql") ? "ANALYZE TABLE " : "ANALYZE ") + table);
                    }
                }
            }
            nicol = TestNicol.start(
                    List.of(hr, rights), USERS, """
                    grants:
                      - {name: all, tables: ["hr.**"], actions: [select, update, delete], raw: ["*"], to: {groups: [analysts]}}
                    row_filters:
                      - {name: f1, tables: ["$s.plain"], to: {groups: [analysts]}, where: "region = 'EU'"}
                      - {name: f2, tables: ["$s.looks"], to: {groups: [analysts]}, where: "region IN (SELECT g.region FROM $s.g g WHERE g.usr = CURRENT_USER)"}
                      - {name: f3, tables: ["$s.asks"], to: {groups: [analysts]}, where: "EXISTS (SELECT 1 FROM $s.g g WHERE g.usr = CURRENT_USER AND g.region = asks.region)"}
                      - {name: f4, tables: ["$s.far"], to: {groups: [analysts]}, where: "region IN (SELECT g.region FROM rights.public.g g WHERE g.usr = CURRENT_USER)"}
                      - {name: f5, tables: ["$s.most"], to: {groups: [analysts]}, where: "id IN (SELECT m.v FROM rights.public.many m)"}
                      - {name: f6, tables: ["$s.ranged"], to: {groups: [analysts]}, where: "EXISTS (SELECT 1 FROM rights.public.ranges r WHERE ranged.id BETWEEN r.low AND r.high)"}
                    """.replace("$s", schema), "classification: {mask_by_default: false}");
        }

        @AfterAll
        void stop() {
            if (nicol != null) {
                nicol.close();
            }
            direct.close();
        }

        @Test
        void aKeyIsFoundByItsIndex() throws SQLException {
            for (String table : TABLES) {
                keyed(table, "SELECT id, region FROM $t WHERE id = 500", "500|EU");
                keyed(table, "SELECT id, region FROM $t WHERE id IN (500, 501)", "500|EU");
                // What can fail stands outside of the fence, the key inside.
                keyed(table, "SELECT id, 1000 / (id - 501) FROM $t WHERE id = 500", "500|-1000");
            }
        }

        @Test
        void aJoinOnAKeyFindsItByItsIndex() throws SQLException {
            for (String table : TABLES) {
                if (joinsByKey()) {
                    keyed(table, "SELECT f.id, t.region FROM $s.few f JOIN $t t ON t.id = f.k WHERE f.id = 1", "1|EU");
                }
                keyed(table, "SELECT t.id FROM $s.few f JOIN $t t ON t.id = f.k WHERE f.k = 500", "500");
                keyed(
                        table,
                        "SELECT t.id, 1000 / (t.id - 501) FROM $s.few f JOIN $t t ON t.id = f.k WHERE f.k = 500",
                        "500|-1000");
            }
        }

        /** Whether this kind ever joins by an index. */
        boolean joinsByKey() {
            return true;
        }

        @Test
        void asManyValuesAsThereMayBe() throws SQLException {
            assertThat(nicol.rows("alice", "SELECT COUNT(*), MAX(id) FROM " + schema + ".most"))
                    .containsExactly("10000|10000");
            assertThat(nicol.rows("alice", "SELECT COUNT(*), MAX(id) FROM " + schema + ".ranged WHERE id < 1000"))
                    .containsExactly("495|994");
            assertThat(nicol.update(
                            "alice", "DELETE FROM " + schema + ".ranged WHERE k < 100 AND CHAR_LENGTH(region) = 2"))
                    .isEqualTo(45);
        }

        private void keyed(String table, String sql, String row) throws SQLException {
            String located = sql.replace("$t", schema + "." + table).replace("$s", schema);
            assertThat(nicol.rows("alice", located)).as(located).containsExactly(row);
            List<String> sent = nicol.rows(
                    "audra",
                    "SELECT q.sql_sent FROM nicol.audit.source_queries q JOIN nicol.audit.statements s ON s.statement_id ="
                            + " q.statement_id WHERE q.source = 'hr' AND s.sql_text = '" + located.replace("'", "''")
                            + "'");
            assertThat(sent).as(located).hasSize(1);
            int key = Integer.parseInt(sql.substring(sql.lastIndexOf(' ') + 1).replaceAll("\\D", ""));
            String plan = explained(sent.get(0), key);
            assertThat(byKey(plan, table)).as(sent.get(0) + "\n" + plan).isTrue();
        }

        /** @param key that the statement asks for, where it was sent as a parameter; what a policy looked up is a text */
        private String explained(String sql, int key) throws SQLException {
            try (Connection connection = direct.connection();
                    PreparedStatement explain = connection.prepareStatement("EXPLAIN " + sql)) {
                String[] before = sql.split("\\?", -1);
                for (int i = 1; i < before.length; i++) {
                    if (before[i - 1].matches("(?s).*\\b(id|k)\\W = ")) {
                        explain.setInt(i, key);
                    } else {
                        explain.setString(i, "EU");
                    }
                }
                try (ResultSet rows = explain.executeQuery()) {
                    return String.join("\n", TestNicol.rows(rows));
                }
            }
        }
    }

    @Nested
    class OnPostgres extends Contract {
        @Override
        SourceDefinition source(String name) {
            return TestDatabases.postgres(name);
        }

        @Override
        String series() {
            return "generate_series(1, 100000) AS s(n)";
        }

        @Override
        boolean byKey(String plan, String table) {
            return plan.contains(table + "_pkey") && !plan.contains("Seq Scan on " + table);
        }
    }

    @Nested
    class OnMysql extends Contract {
        @Override
        SourceDefinition source(String name) {
            return TestDatabases.mariadb(name);
        }

        @Override
        String series() {
            return "(SELECT seq AS n FROM seq_1_to_100000) AS s";
        }

        @Override
        boolean byKey(String plan, String table) {
            return plan.lines()
                            .filter(line -> line.contains("|" + table + "|") || line.contains("|t|"))
                            .allMatch(line -> line.contains("|PRIMARY|"))
                    && plan.contains("|PRIMARY|");
        }
    }

    @Nested
    class OnH2 extends Contract {
        @Override
        SourceDefinition source(String name) {
            return TestDatabases.h2(name);
        }

        @Override
        String series() {
            return "(SELECT X AS n FROM SYSTEM_RANGE(1, 100000)) AS s";
        }

        @Override
        boolean byKey(String plan, String table) {
            return plan.contains("PRIMARY_KEY") && !plan.contains("PUBLIC." + table.toUpperCase() + ".tableScan");
        }
    }

    @Nested
    class OnDuckdb extends Contract {
        @Override
        SourceDefinition source(String name) {
            return TestDatabases.duckdb(name);
        }

        @Override
        String series() {
            return "generate_series(1, 100000) AS s(n)";
        }

        /** It shows no index, but whether the scan itself leaves out rows by the key. */
        @Override
        boolean byKey(String plan, String table) {
            return plan.contains("id=500") || plan.contains("id IN") || plan.contains("Index Scan");
        }

        @Override
        boolean joinsByKey() {
            return false;
        }
    }
}
