package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a governed table shows and takes, the same on every kind of source. The oracle is {@code emp_alice}: a copy that was
 * filtered and masked by hand, read by a steward.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class GovernedSourceContract {
    private static final String USERS = """
            users:
              alice: {password: "$HASH", groups: [analysts]}
              steve: {password: "$HASH", groups: [stewards], roles: [steward]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private TestNicol nicol;
    private String schema;
    private SourceDefinition source;
    private Source direct;

    /** An empty database of the kind. */
    abstract SourceDefinition emptySource(String name);

    /** The schema that its tables are in, as Nicol names it. */
    abstract String schemaOf(SourceDefinition definition);

    /** Where the table is that the row filter looks up; null: beside the data. */
    @Nullable
    SourceDefinition lookUpSource() {
        return null;
    }

    @BeforeAll
    void start() {
        source = emptySource("hr");
        direct = new Source(source);
        schema = schemaOf(source);
        SourceDefinition elsewhere = lookUpSource();
        SourceDefinition grantsSource = elsewhere == null ? source : elsewhere;
        String grantsTable = grantsSource.name() + "." + TestDatabases.schema(grantsSource) + ".grants";
        TestDatabases.execute(
                grantsSource.url(),
                grantsSource.user(),
                grantsSource.password(),
                "CREATE TABLE grants (usr VARCHAR(40), region VARCHAR(10))",
                "INSERT INTO grants VALUES ('alice', 'EU'), ('steve', 'US')");
        execute(
                "CREATE TABLE emp (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), region VARCHAR(10), salary INTEGER,"
                        + " ssn VARCHAR(20), dept INTEGER)",
                "CREATE TABLE emp_alice (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), region VARCHAR(10),"
                        + " salary INTEGER, ssn VARCHAR(20), dept INTEGER)",
                "INSERT INTO emp_alice VALUES (1, 'Ann', 'EU', NULL, '*******1111', 10),"
                        + " (3, 'Cid', 'EU', NULL, '*******3333', 20)");
        nicol = TestNicol.start(
                elsewhere == null ? List.of(source) : List.of(source, elsewhere), USERS, """
                grants:
                  - {name: analysts, tables: ["hr.*.emp"], actions: [select, insert, update, delete], to: {groups: [analysts]}}
                  - {name: stewards, tables: ["hr.**"], actions: [select, insert, update, delete, ddl], raw: ["*"], to: {groups: [stewards]}}
                row_filters:
                  - {name: own-region, tables: ["hr.*.emp"], to: {groups: [analysts]}, where: "region IN (SELECT g.region FROM %s g WHERE g.usr = CURRENT_USER)"}
                column_masks:
                  - {name: ssn-last4, columns: ["hr.*.emp.ssn"], to: {groups: [analysts]}, mask: {kind: partial, last: 4, with: "*"}}
                  - {name: no-salary, columns: ["hr.*.emp.salary"], to: {groups: [analysts]}, mask: {kind: "null"}}
                guardrails:
                  - {name: no-unbounded-writes, statements: [delete, update], check: unbounded_write, action: deny}
                  - {name: no-drop, statements: [drop, truncate], action: deny}
                """.formatted(grantsTable));
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
        direct.close();
    }

    @BeforeEach
    void fill() {
        execute(
                "DELETE FROM emp",
                "INSERT INTO emp VALUES (1, 'Ann', 'EU', 100, '111-11-1111', 10), (2, 'Bob', 'US', 200, '222-22-2222', 10),"
                        + " (3, 'Cid', 'EU', 300, '333-33-3333', 20), (4, 'Dee', 'US', 0, '444-44-4444', 20)");
    }

    private void execute(String... statements) {
        try (Connection connection = direct.connection();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private String emp() {
        return "hr." + schema + ".emp";
    }

    /** {@code $emp} is what alice reads; the oracle reads the copy instead. */
    @ParameterizedTest
    @MethodSource("dev.nicol.server.testing.GovernedReads#statements")
    void readsAsOverThePhysicalCopy(String sql) throws SQLException {
        List<String> expected = nicol.rows("steve", sql.replace("$emp", "hr." + schema + ".emp_alice"));

        assertThat(nicol.rows("alice", sql.replace("$emp", emp()))).isEqualTo(expected);
    }

    @Test
    void aFailingCastShowsNothing() {
        assertThatThrownBy(() -> nicol.rows("alice", "SELECT id FROM " + emp() + " WHERE CAST(name AS INTEGER) > 0"))
                .isInstanceOfSatisfying(SQLException.class, failure -> {
                    assertThat(failure.getSQLState()).isEqualTo("22000");
                    assertThat(failure.getMessage()
                                    .substring(failure.getMessage().indexOf("Remote driver error")))
                            .doesNotContain("Ann")
                            .doesNotContain("Cid")
                            .doesNotContain("region")
                            .doesNotContainIgnoringCase("from");
                });
    }

    /** By the source alone, and where the engine joins two. */
    @Test
    void aSubQueryStandsForOneValue() throws SQLException {
        String elsewhere = " FROM nicol.information_schema.schemata FETCH FIRST 1 ROW ONLY";
        assertThat(nicol.rows("alice", "SELECT (SELECT ssn FROM " + emp() + " WHERE id = 3)" + elsewhere))
                .containsExactly("*******3333");
        assertThat(nicol.rows("alice", "SELECT (SELECT name FROM " + emp() + " WHERE dept = 30)" + elsewhere))
                .containsExactly("null");
        assertCode("alice", "SELECT (SELECT name FROM " + emp() + ")" + elsewhere, "22000");
        assertCode("alice", "SELECT (SELECT name FROM " + emp() + ") FROM " + emp(), "22000");
    }

    @Test
    void hiddenThingsDoNotExist() {
        assertCode("alice", "SELECT * FROM hr." + schema + ".grants", "42P01");
        assertCode("alice", "SELECT ctid FROM " + emp(), "42703");
        assertCode("alice", "SELECT * FROM hr." + schema + ".emp_alice", "42P01");
        assertCode("alice", "SELECT * FROM hr." + schema + ".nothing", "42P01");
        assertCode("alice", "SELECT nothing FROM " + emp(), "42703");
    }

    @Test
    void explainShowsNoPolicy() throws SQLException {
        assertThat(String.join("\n", nicol.rows("alice", "EXPLAIN PLAN FOR SELECT * FROM " + emp())))
                .doesNotContain("grants")
                .doesNotContain("usr")
                .containsIgnoringCase("emp");
    }

    @Test
    void writesObeyTheFilter() throws SQLException {
        assertThat(nicol.update("alice", "DELETE FROM " + emp() + " WHERE id = 2"))
                .isZero();
        assertThat(nicol.update(
                        "alice",
                        "DELETE FROM " + emp() + " WHERE id IN (SELECT id FROM " + emp() + " WHERE dept = 10)"))
                .isEqualTo(1);
        assertThat(nicol.rows("steve", "SELECT id FROM " + emp() + " ORDER BY id"))
                .containsExactly("2", "3", "4");
        assertThat(nicol.update("alice", "UPDATE " + emp() + " SET name = 'Cyd' WHERE id > 1 AND name LIKE 'C%'"))
                .isEqualTo(1);
        assertThat(nicol.update(
                        "alice", "INSERT INTO " + emp() + " (id, name, region, dept) VALUES (8, 'Eve', 'EU', 10)"))
                .isEqualTo(1);
        assertThat(nicol.rows("steve", "SELECT id, name FROM " + emp() + " ORDER BY id"))
                .containsExactly("2|Bob", "3|Cyd", "4|Dee", "8|Eve");
    }

    @Test
    void writesThatAPolicyForbids() throws SQLException {
        assertCode("alice", "INSERT INTO " + emp() + " VALUES (9, 'X', 'US', 1, 'x', 10)", "42501");
        assertCode("alice", "INSERT INTO " + emp() + " SELECT * FROM " + emp(), "42501");
        assertCode("alice", "UPDATE " + emp() + " SET ssn = ssn WHERE id = 1", "42501");
        assertCode("alice", "UPDATE " + emp() + " SET name = 'x' WHERE ssn = '111-11-1111'", "42501");
        assertCode("alice", "UPDATE " + emp() + " SET region = 'US' WHERE id = 1", "42501");
        assertCode("alice", "DELETE FROM " + emp() + " WHERE salary > 1", "42501");
        assertCode(
                "alice",
                "MERGE INTO " + emp()
                        + " AS t USING (VALUES (1)) AS s(i) ON t.id = s.i WHEN MATCHED THEN UPDATE SET name = 'x'",
                "0A000");
        assertThat(nicol.rows("steve", "SELECT COUNT(*) FROM " + emp())).containsExactly("4");
    }

    /** What a mask showed must not be written over what it hides. */
    @Test
    void whatMasksShowIsNotWritten() throws SQLException {
        for (String value : List.of("'*******1111'", "'****'", "'*5678'", "'*******' || '1111'")) {
            assertCode("alice", "INSERT INTO " + emp() + " (id, region, ssn) VALUES (9, 'EU', " + value + ")", "42501");
        }
        assertCode(
                "alice",
                "INSERT INTO " + emp()
                        + " (id, region, ssn) VALUES (9, 'EU', '999-99-9999'), (10, 'EU', '*******1111')",
                "42501");
        try (Connection connection = nicol.connect("alice");
                PreparedStatement insert = connection.prepareStatement(
                        "INSERT INTO " + emp() + " (id, region, ssn) VALUES (?, 'EU', ?)")) {
            insert.setInt(1, 9);
            insert.setString(2, "*******1111");
            assertThatThrownBy(insert::executeUpdate)
                    .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                            .isEqualTo("42501"));
            insert.setString(2, "999-99-9999");
            assertThat(insert.executeUpdate()).isEqualTo(1);
        }
        assertThat(nicol.update(
                        "alice", "INSERT INTO " + emp() + " (id, region, ssn, salary) VALUES (10, 'EU', NULL, 7)"))
                .isEqualTo(1);
        assertThat(nicol.rows("steve", "SELECT id, ssn, salary FROM " + emp() + " WHERE id > 4 ORDER BY id"))
                .containsExactly("9|999-99-9999|null", "10|null|7");
    }

    /** New rows are asked of the filter by the source, wherever they come from. */
    @Test
    void rowsFromElsewhereObeyTheFilter() throws SQLException {
        assertThat(nicol.update(
                        "alice",
                        "INSERT INTO " + emp() + " (id, name, region) SELECT id + 10, name, region FROM " + emp()))
                .isEqualTo(2);
        assertCode(
                "alice",
                "INSERT INTO " + emp() + " (id, name, region) SELECT id + 20, name, CASE WHEN id = 3 THEN 'US' ELSE"
                        + " region END FROM " + emp(),
                "42501");
        assertThat(nicol.update("alice", "UPDATE " + emp() + " SET region = region, name = 'Z' WHERE id = 11"))
                .isEqualTo(1);
        assertCode("alice", "UPDATE " + emp() + " SET region = 'us' WHERE id = 11", "42501");
        assertCode("alice", "UPDATE " + emp() + " SET region = name WHERE id > 0", "42501");
        assertThat(nicol.rows("steve", "SELECT id, name, region FROM " + emp() + " WHERE id > 4 ORDER BY id"))
                .containsExactly("11|Z|EU", "13|Cid|EU");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DELETE FROM $emp",
                "DELETE FROM $emp WHERE 1 = 1",
                "DELETE FROM $emp WHERE id = id",
                "UPDATE $emp SET name = 'x' WHERE name = 'y' OR TRUE",
                "UPDATE $emp SET name = 'x'",
                "DROP TABLE $emp",
                "TRUNCATE TABLE $emp"
            })
    void guardrailsDeny(String sql) throws SQLException {
        assertCode("steve", sql.replace("$emp", emp()), "NG001");
        assertThat(nicol.rows("steve", "SELECT COUNT(*) FROM " + emp())).containsExactly("4");
    }

    @Test
    void definitionsPassThrough() throws SQLException {
        String table = "hr." + schema + ".made";
        assertThat(nicol.update(
                        "steve", "CREATE TABLE " + table + " (id INTEGER NOT NULL PRIMARY KEY, note VARCHAR(20))"))
                .isZero();
        assertThat(nicol.update("steve", "INSERT INTO " + table + " SELECT id, name FROM " + emp() + " WHERE id < 3"))
                .isEqualTo(2);
        nicol.update("steve", "ALTER TABLE " + table + " ADD COLUMN more INTEGER");
        assertThat(nicol.rows("steve", "SELECT * FROM " + table + " ORDER BY id"))
                .containsExactly("1|Ann|null", "2|Bob|null");
        assertCode("alice", "CREATE TABLE hr." + schema + ".mine (id INTEGER)", "42501");
    }

    @Test
    void anUpdateComputes() throws SQLException {
        String table = "hr." + schema + ".priced";
        nicol.update("steve", "CREATE TABLE " + table + " (id INTEGER NOT NULL PRIMARY KEY, price DECIMAL(10, 2))");
        nicol.update("steve", "INSERT INTO " + table + " VALUES (1, 10.00), (2, 20.00)");

        assertThat(nicol.update("steve", "UPDATE " + table + " SET price = price * 1.05 + 1 WHERE id = 1"))
                .isEqualTo(1);
        assertThat(nicol.rows("steve", "SELECT id, price FROM " + table + " ORDER BY id"))
                .containsExactly("1|11.50", "2|20.00");
    }

    @Test
    void everythingIsInTheTrail() throws SQLException {
        nicol.rows("alice", "SELECT ssn, name FROM " + emp() + " WHERE id = 3");
        assertCode("alice", "DROP TABLE " + emp(), "42501");

        assertThat(nicol.rows(
                        "audra",
                        "SELECT user_name, outcome, row_count FROM nicol.audit.statements WHERE sql_text LIKE '%id = 3' "
                                + "ORDER BY started_at DESC LIMIT 1"))
                .containsExactly("alice|succeeded|1");
        assertThat(nicol.rows(
                        "audra",
                        "SELECT outcome, sqlstate FROM nicol.audit.statements WHERE statement_kind = 'DROP_TABLE'"
                                + " AND user_name = 'alice' ORDER BY started_at DESC LIMIT 1"))
                .containsExactly("denied|42501");
        assertThat(
                        nicol.rows(
                                "audra",
                                "SELECT e.target_column, LOWER(e.source_column), e.kind, e.masked FROM nicol.lineage.edges e JOIN"
                                        + " nicol.audit.statements s ON s.statement_id = e.statement_id WHERE s.user_name ="
                                        + " 'alice' AND s.sql_text LIKE 'SELECT ssn, name%id = 3' AND e.direct AND e.phase = 'ran' ORDER BY 1 DESC"))
                .startsWith("ssn|ssn|TRANSFORMATION|true", "name|name|IDENTITY|false");
        assertThat(nicol.rows("alice", "SELECT DISTINCT user_name FROM nicol.audit.statements"))
                .containsExactly("alice");
    }

    private void assertCode(String user, String sql, String sqlState) {
        assertThatThrownBy(() -> nicol.update(user, sql))
                .as(sql)
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .as(failure.getMessage())
                        .isEqualTo(sqlState));
    }
}
