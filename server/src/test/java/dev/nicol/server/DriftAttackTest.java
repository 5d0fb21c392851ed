package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Failures of values that do not fit a view's types tell nothing of rows that a rule on the view hides. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DriftAttackTest {
    private final SourceDefinition pg = TestDatabases.postgres("pg");
    private final SourceDefinition my = TestDatabases.mariadb("my");
    private TestNicol nicol;

    @BeforeAll
    void start() throws SQLException {
        for (SourceDefinition source : List.of(pg, my)) {
            run(
                    source,
                    "CREATE TABLE staff (id INTEGER, name VARCHAR(5), secret VARCHAR(20))",
                    "INSERT INTO staff VALUES (1, 'Ann', 'a'), (2, 'Bob', 'zebra')");
        }
        nicol = TestNicol.start(List.of(pg, my), """
                users:
                  ann: {password: "$HASH", groups: [analysts]}
                  steve: {password: "$HASH", groups: [stewards], roles: [steward]}
                """, """
                grants:
                  - {name: all, tables: ["pg.**", "my.**", "virtual.**"], actions: [select], raw: ["*"], to: {groups: [analysts, stewards]}}
                row_filters:
                  - {name: short, tables: ["virtual.v.*"], to: {groups: [analysts]}, where: "name NOT LIKE 'B%'"}
                """, "classification: {mask_by_default: false}");
        nicol.update("steve", "CREATE SCHEMA virtual.v");
        for (SourceDefinition source : List.of(pg, my)) {
            nicol.update(
                    "steve",
                    "CREATE VIEW virtual.v." + source.name() + " AS SELECT id, name, secret FROM " + source.name() + "."
                            + TestDatabases.schema(source) + ".staff");
        }
        run(
                pg,
                "ALTER TABLE staff ALTER COLUMN name TYPE VARCHAR(50)",
                "UPDATE staff SET name = 'Bartholomew' WHERE id = 2");
        run(my, "ALTER TABLE staff MODIFY name VARCHAR(50)", "UPDATE staff SET name = 'Bartholomew' WHERE id = 2");
        nicol.rows("steve", "CALL nicol.reload()");
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    private static void run(SourceDefinition source, String... statements) {
        TestDatabases.execute(source.url(), source.user(), source.password(), statements);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg", "my"})
    void hiddenRowsDoNotFailByWhatTheyHold(String source) throws SQLException {
        for (String sql : List.of(
                "SELECT id FROM virtual.v.%s",
                "SELECT id FROM virtual.v.%s WHERE secret = 'zebra'",
                "SELECT id FROM virtual.v.%s WHERE secret = 'nothing'",
                "SELECT id, name FROM virtual.v.%s WHERE id = 3",
                "SELECT COUNT(*) FROM virtual.v.%s WHERE id = 3",
                "SELECT s.id FROM virtual.v.%s s JOIN (VALUES (3)) AS t (x) ON t.x = s.id",
                "SELECT id FROM virtual.v.%s ORDER BY id LIMIT 1")) {
            assertThat(answer(sql.formatted(source))).as(sql).isEqualTo("22000");
        }
    }

    private String answer(String sql) {
        try {
            return nicol.rows("ann", sql).toString();
        } catch (SQLException failure) {
            return failure.getSQLState();
        }
    }
}
