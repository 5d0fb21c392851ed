package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What hostile people and programs try beside reading a table: definitions that let the source evaluate what they may not,
 * approvals used for something else, system tables that say too much, statements that cost too much.
 *
 * <p>Longer than 400 lines because each hole that was found keeps its test beside the others.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AttackTest {
    private static final String USERS = """
            users:
              alice: {password: "$HASH", groups: [analysts]}
              leaver: {password: "$HASH", groups: [leavers, analysts]}
              dev: {password: "$HASH", groups: [developers]}
              nobody: {password: "$HASH"}
              dana: {password: "$HASH", groups: [dba]}
              steve: {password: "$HASH", groups: [stewards], roles: [steward]}
              audra: {password: "$HASH", roles: [auditor]}
            agents:
              helper: {password: "$HASH", acts_for: [dana], purposes: [support]}
            """;

    private static final String POLICIES = """
            grants:
              - {name: analysts, tables: ["hr.*.emp"], actions: [select], to: {groups: [analysts]}}
              - {name: developers, tables: ["hr.*.masked", "hr.*.scratch*"], columns: {deny: [secret]}, actions: [select, insert, update, delete, ddl], to: {groups: [developers]}}
              - {name: analysts-note, tables: ["hr.*.notes"], actions: [select, insert], to: {groups: [analysts]}}
              - {name: developers-read, tables: ["hr.*.emp"], actions: [select], to: {groups: [developers]}}
              - {name: stewards, tables: ["hr.**"], actions: [select, insert, update, delete, ddl], raw: ["*"], to: {groups: [stewards]}}
            row_filters:
              - {name: own-region, tables: ["hr.*.emp"], to: {groups: [analysts, developers]}, where: "region IN (SELECT g.region FROM hr.public.grants g WHERE g.usr = CURRENT_USER)"}
              - {name: open-notes, tables: ["hr.*.notes"], to: {groups: [analysts]}, where: "region IS NULL OR region = 'EU'"}
            column_masks:
              - {name: ssn-last4, columns: ["hr.*.masked.ssn"], to: {groups: [developers]}, mask: {kind: partial, last: 4, with: "*"}}
            guardrails:
              - {name: drops-need-two, statements: [drop], action: hold, approvers: {groups: [dba]}}
              - {name: inserts-need-two, statements: [insert], action: hold, approvers: {groups: [dba]}, to: {groups: [stewards]}}
            """;

    private TestNicol nicol;
    private Source direct;

    @BeforeAll
    void start() {
        SourceDefinition source = TestDatabases.postgres("hr");
        direct = new Source(source);
        execute(
                "CREATE TABLE emp (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), region VARCHAR(10))",
                "CREATE TABLE grants (usr VARCHAR(40), region VARCHAR(10))",
                "CREATE TABLE masked (id INTEGER NOT NULL PRIMARY KEY, ssn VARCHAR(20) UNIQUE, secret VARCHAR(20))",
                "CREATE TABLE notes (id INTEGER, region VARCHAR(10) DEFAULT 'US')",
                "CREATE SCHEMA one",
                "CREATE TABLE one.scratch (id INTEGER)",
                "CREATE SCHEMA two",
                "CREATE TABLE two.scratch (id INTEGER)",
                "INSERT INTO grants VALUES ('alice', 'EU'), ('dev', 'EU')",
                "INSERT INTO emp VALUES (1, 'Ann', 'EU'), (2, 'Bob', 'US')",
                "INSERT INTO masked VALUES (1, '111-11-1111', 'x'), (2, '222-22-2222', 'y')");
        nicol = TestNicol.start(List.of(source), USERS, POLICIES, "limits: {statement_timeout_s: 3}");
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
        direct.close();
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

    /** A default or check is evaluated by the source as the pool's user: only what is known harmless may stand there. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE TABLE hr.public.scratch1 (id INTEGER, v VARCHAR(200) DEFAULT current_setting('data_directory'))",
                "CREATE TABLE hr.public.scratch1 (v VARCHAR(200) CHECK (v <> pg_read_file('/etc/hostname')))",
                "CREATE TABLE hr.public.scratch1 (v VARCHAR(200) DEFAULT CURRENT_USER)",
                "CREATE TABLE hr.public.scratch1 (id BIGINT DEFAULT nextval('s'))",
                "CREATE TABLE hr.public.scratch1 (id INTEGER CHECK (id > (SELECT MAX(id) FROM hr.public.emp)))",
                "CREATE TABLE hr.public.scratch1 (id INTEGER CHECK (id IN (SELECT id FROM hr.public.emp)))",
                "CREATE TABLE hr.public.scratch1 (v grants)",
                "ALTER TABLE hr.public.masked ADD COLUMN w VARCHAR(200) DEFAULT pg_read_file('/etc/hostname')",
                "ALTER TABLE hr.public.masked ALTER COLUMN id SET DEFAULT pg_sleep(1)"
            })
    void definitionsCallNothingAtTheSource(String sql) {
        assertCode("dev", sql, "0A000");
    }

    /** Under another name a masked column is bare; a constraint over raw values answers questions about them. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "ALTER TABLE hr.public.masked RENAME COLUMN ssn TO scratch",
                "ALTER TABLE hr.public.masked RENAME TO scratch_masked",
                "ALTER TABLE hr.public.masked ADD CHECK (ssn <> '111-11-1111')",
                "ALTER TABLE hr.public.masked ADD CHECK (id > 0 OR UPPER(ssn) LIKE '111%')",
                "ALTER TABLE hr.public.masked ADD UNIQUE (id, ssn)",
                "ALTER TABLE hr.public.masked ALTER COLUMN ssn TYPE INTEGER",
                "ALTER TABLE hr.public.masked ALTER COLUMN ssn SET NOT NULL",
                "ALTER TABLE hr.public.masked ALTER COLUMN ssn SET DEFAULT '1'",
                "ALTER TABLE hr.public.masked DROP COLUMN ssn",
                "CREATE TABLE hr.public.scratch2 (s VARCHAR(20) REFERENCES hr.public.masked (ssn))",
                "CREATE TABLE hr.public.scratch2 (i INTEGER REFERENCES hr.public.emp (id))",
                "CREATE TABLE hr.public.scratch2 (i INTEGER REFERENCES hr.public.emp)",
                "ALTER TABLE hr.one.scratch ADD FOREIGN KEY (id) REFERENCES hr.public.emp (id)",
                "ALTER TABLE hr.one.scratch RENAME TO emp2"
            })
    void definitionsTouchNothingHidden(String sql) throws SQLException {
        assertCode("dev", sql, "42501");

        assertThat(nicol.rows("dev", "SELECT * FROM hr.public.masked ORDER BY id"))
                .containsExactly("1|*******1111", "2|*******2222");
    }

    @Test
    void definitionsSeeNoDeniedColumnAndNoHiddenTable() {
        assertCode("dev", "ALTER TABLE hr.public.masked RENAME COLUMN secret TO open", "42703");
        assertCode("dev", "ALTER TABLE hr.public.masked ADD CHECK (secret <> 'x')", "42703");
        assertCode("dev", "ALTER TABLE hr.public.masked DROP COLUMN secret", "42703");
        assertCode("dev", "ALTER TABLE hr.one.scratch ADD FOREIGN KEY (id) REFERENCES hr.public.grants (usr)", "42P01");
        assertCode("dev", "ALTER TABLE hr.one.scratch ADD FOREIGN KEY (id) REFERENCES public.grants (usr)", "42P01");
    }

    @Test
    void harmlessDefinitionsStillWork() throws SQLException {
        nicol.update(
                "dev",
                "CREATE TABLE hr.public.scratch3 (id INTEGER NOT NULL PRIMARY KEY, price DECIMAL(10, 2) DEFAULT -1.5,"
                        + " made TIMESTAMP DEFAULT CURRENT_TIMESTAMP, code VARCHAR(5) DEFAULT 'a' || 'b',"
                        + " CHECK (price <> 0 AND (code LIKE 'a%' OR code IN ('x', 'y'))))");
        nicol.update("dev", "CREATE TABLE hr.public.scratch4 (p INTEGER REFERENCES hr.public.scratch3 (id))");
        nicol.update("dev", "ALTER TABLE hr.public.scratch4 ADD COLUMN q INTEGER DEFAULT 3");
        nicol.update("dev", "ALTER TABLE hr.public.scratch4 ADD FOREIGN KEY (q) REFERENCES hr.public.scratch3 (id)");
        nicol.update("dev", "ALTER TABLE hr.public.scratch4 RENAME TO scratch5");
        nicol.update("dev", "INSERT INTO hr.public.scratch3 (id) VALUES (3)");
        nicol.update("dev", "INSERT INTO hr.public.scratch5 (p) VALUES (3)");

        assertThat(nicol.rows(
                        "dev",
                        "SELECT s.id, s.price, s.code, t.q FROM hr.public.scratch3 s"
                                + " JOIN hr.public.scratch5 t ON t.p = s.id WHERE s.made IS NOT NULL"))
                .containsExactly("3|-1.50|ab|3");
    }

    /** Whether a schema or source is there is a fact of the catalogue, which shows what is granted. */
    @Test
    void nobodyLearnsWhichSchemasThereAre() {
        assertThat(message("nobody", "CREATE TABLE hr.public.x (a INTEGER)"))
                .isEqualTo(
                        message("nobody", "CREATE TABLE hr.nope.x (a INTEGER)").replace("nope", "public"))
                .isEqualTo(message("nobody", "CREATE TABLE zz.public.x (a INTEGER)")
                        .replace("zz", "hr"));
    }

    @Test
    void systemTablesShowNothingOfOthersNorOfPolicies() throws SQLException {
        nicol.rows("alice", "SELECT name FROM hr.public.emp");
        assertCode("steve", "DROP TABLE hr.two.scratch", "NA001");

        assertThat(nicol.rows(
                        "alice", "SELECT DISTINCT source_table FROM nicol.lineage.edges WHERE source_catalog = 'hr'"))
                .containsExactly("emp");
        assertThat(nicol.rows("alice", "SELECT * FROM nicol.lineage.edges WHERE kind = 'POLICY_FILTER'"))
                .isEmpty();
        assertThat(nicol.rows(
                        "audra",
                        "SELECT DISTINCT source_column FROM nicol.lineage.edges WHERE source_table = 'grants'"
                                + " AND kind = 'POLICY_FILTER' ORDER BY 1"))
                .contains("region", "usr");
        String requests = "SELECT DISTINCT requested_by FROM nicol.approval.requests WHERE sql_text LIKE 'DROP%two%'";
        assertThat(nicol.rows("alice", requests)).isEmpty();
        assertThat(nicol.rows("steve", requests)).containsExactly("steve");
        assertThat(nicol.rows("dana", requests)).containsExactly("steve");
        assertThat(nicol.rows("audra", requests)).containsExactly("steve");
    }

    /** The same words under another default schema are another statement. */
    @Test
    void anApprovalIsForItsTargetAlone() throws SQLException {
        try (Connection steve = nicol.connect("steve");
                Statement statement = steve.createStatement()) {
            steve.setSchema("hr.one");
            String request = held(() -> statement.executeUpdate("INSERT INTO scratch VALUES (7)"));
            approve(request);
            steve.setSchema("hr.two");

            assertThatThrownBy(() -> statement.executeUpdate("INSERT INTO scratch VALUES (7)"))
                    .hasMessageContaining("Held for approval");
            steve.setSchema("hr.one");
            assertThat(statement.executeUpdate("INSERT INTO scratch VALUES (7)"))
                    .isEqualTo(1);
            assertThatThrownBy(() -> statement.executeUpdate("INSERT INTO scratch VALUES (7)"))
                    .as("an approval is for one execution")
                    .hasMessageContaining("Held for approval");

            String drop = held(() -> statement.executeUpdate("DROP TABLE scratch"));
            approve(drop);
            steve.setSchema("hr.two");
            assertThatThrownBy(() -> statement.executeUpdate("DROP TABLE scratch"))
                    .hasMessageContaining("Held for approval");
        }
    }

    @Test
    void anApprovalIsForItsParametersAlone() throws SQLException {
        execute("CREATE TABLE two.pairs (a VARCHAR(20), b VARCHAR(20))");
        nicol.rows("steve", "CALL nicol.reload()");
        try (Connection steve = nicol.connect("steve");
                PreparedStatement insert = steve.prepareStatement("INSERT INTO hr.two.pairs VALUES (?, ?)")) {
            insert.setString(1, "x, y");
            insert.setString(2, "z");
            approve(held(insert::executeUpdate));
            insert.setString(1, "x");
            insert.setString(2, "y, z");

            assertThatThrownBy(insert::executeUpdate).hasMessageContaining("Held for approval");
        }
    }

    @Test
    void nobodyApprovesOwnRequestsAndNoAgentDecides() throws SQLException {
        String request = held(() -> nicol.update("steve", "DROP TABLE hr.one.scratch"));

        assertCode("steve", "CALL nicol.approve('" + request + "')", "42501");
        assertCode("alice", "CALL nicol.approve('" + request + "')", "42501");
        try (Connection helper = nicol.connect("helper", "on_behalf_of", "dana");
                Statement statement = helper.createStatement()) {
            assertThatThrownBy(() -> statement.execute("CALL nicol.approve('" + request + "')"))
                    .hasMessageContaining("Agents decide no requests");
        }
    }

    /** The trail must tell whether a write lasted. */
    @Test
    void commitsAreRecorded() throws SQLException {
        try (Connection dev = nicol.connect("dev");
                Statement statement = dev.createStatement()) {
            dev.setAutoCommit(false);
            dev.commit();
            statement.executeUpdate("INSERT INTO hr.two.scratch VALUES (41)");
            dev.rollback();
            statement.executeUpdate("INSERT INTO hr.two.scratch VALUES (42)");
            dev.commit();
        }

        assertThat(nicol.rows("dev", "SELECT id FROM hr.two.scratch WHERE id > 40"))
                .containsExactly("42");
        assertThat(nicol.rows(
                        "audra",
                        "SELECT statement_kind, outcome FROM nicol.audit.statements WHERE user_name = 'dev'"
                                + " AND statement_kind IN ('COMMIT', 'ROLLBACK') ORDER BY started_at"))
                .containsExactly("ROLLBACK|succeeded", "COMMIT|succeeded");
    }

    /** New rows are checked against the filter before they are written; they must be the rows that are written. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO hr.public.notes SELECT id, CASE WHEN RAND() < 0.5 THEN 'EU' ELSE 'US' END FROM hr.public.notes",
                "INSERT INTO hr.public.notes SELECT id, region FROM hr.public.notes LIMIT 1",
                "INSERT INTO hr.public.notes SELECT id, (SELECT MAX(region) FROM (SELECT region FROM hr.public.notes LIMIT 1) AS q) FROM hr.public.notes"
            })
    void rowsThatMayChangeBeforeTheyAreWrittenAreRefused(String sql) {
        assertCode("alice", sql, "NP001");
    }

    @Test
    void aDefaultCannotWriteAHiddenRow() throws SQLException {
        assertCode("alice", "INSERT INTO hr.public.notes (id) VALUES (9)", "42501");
        assertCode("alice", "INSERT INTO hr.public.notes VALUES (9, 'US')", "42501");
        assertThat(nicol.update("alice", "INSERT INTO hr.public.notes VALUES (8, NULL)"))
                .isEqualTo(1);
        assertThat(nicol.rows("steve", "SELECT id FROM hr.public.notes WHERE id = 9"))
                .isEmpty();
    }

    /** What the users file takes away is gone at the next statement, on connections that are open too. */
    @Test
    void rightsThatAreTakenAwayAreGoneAtOnce() throws Exception {
        Path users = nicol.directory().resolve("users.yaml");
        String before = Files.readString(users);
        try (Connection leaver = nicol.connect("leaver");
                Statement statement = leaver.createStatement()) {
            statement.executeQuery("SELECT id FROM hr.public.emp").close();
            Files.writeString(users, before.replace("groups: [leavers, analysts]", "groups: [leavers]"));

            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThatThrownBy(
                            () -> statement.executeQuery("SELECT id FROM hr.public.emp"))
                    .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                            .isEqualTo("42P01")));
        } finally {
            Files.writeString(users, before);
        }
    }

    /** Thirty short lines that double each other's tables; a cube over many columns. */
    @Test
    void noShortStatementGrowsWithoutBound() {
        StringBuilder doubling = new StringBuilder("WITH a0 AS (SELECT 1 AS x)");
        for (int i = 1; i <= 30; i++) {
            doubling.append(", a%d AS (SELECT l.x FROM a%d l, a%d r)".formatted(i, i - 1, i - 1));
        }
        assertCode("alice", doubling + " SELECT COUNT(*) FROM a30", "53200");
        assertCode("alice", "EXPLAIN PLAN FOR " + doubling + " SELECT COUNT(*) FROM a30", "53200");
        String columns = IntStream.range(0, 24).mapToObj(i -> "c" + i).collect(Collectors.joining(", "));
        String values = IntStream.range(0, 24).mapToObj(String::valueOf).collect(Collectors.joining(", "));
        assertCode(
                "alice",
                "SELECT COUNT(*) FROM (VALUES (" + values + ")) AS t(" + columns + ") GROUP BY CUBE (" + columns + ")",
                "53200");
    }

    /** Both yield no row for years; the statement's time-out ends them all the same. */
    @Test
    void whatRunsInTheEngineEndsInTime() throws SQLException {
        String hundred = IntStream.range(0, 100).mapToObj(i -> "(" + i + ")").collect(Collectors.joining(", "));
        String cross = IntStream.range(0, 12)
                .mapToObj(i -> "(VALUES " + hundred + ") AS t" + i + "(x)")
                .collect(Collectors.joining(", "));

        assertCode("alice", "SELECT COUNT(*), MAX(RAND()) FROM " + cross, "57014");
        assertCode(
                "alice",
                "WITH RECURSIVE r(n) AS (VALUES (1) UNION ALL SELECT 1 FROM r) SELECT COUNT(*) FROM r",
                "57014");
        assertThat(nicol.rows("audra", "SELECT COUNT(*) FROM nicol.audit.statements WHERE outcome = 'timed_out'"))
                .containsExactly("2");
    }

    /** Nine characters that are a number of a hundred million digits; nothing can interrupt making them. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT CAST('1E99999999' AS DECIMAL(10, 0)) FROM (VALUES (1)) AS t(x)",
                "SELECT CAST('1E-99999999' AS DECIMAL(10, 2)) FROM (VALUES (1)) AS t(x)",
                "SELECT CAST(x || 'E99999999' AS DECIMAL(10, 0)) FROM (VALUES ('1')) AS t(x)",
                "SELECT ROUND(CAST(x AS DECIMAL(4, 2)), 99999999) FROM (VALUES (1.25)) AS t(x)",
                "SELECT TRUNCATE(CAST(x AS DECIMAL(4, 2)), -99999999) FROM (VALUES (1.25)) AS t(x)",
                "SELECT id FROM hr.public.emp WHERE CAST(name || '1E99999999' AS DECIMAL(10, 0)) > 1"
            })
    void noNumberIsOutOfProportion(String sql) {
        assertCode("alice", sql, "22000");
    }

    @Test
    void numbersInProportionAreComputed() throws SQLException {
        assertThat(nicol.rows(
                        "alice",
                        "SELECT CAST(x AS DECIMAL(10, 2)), ROUND(CAST(x AS DECIMAL(10, 2)), 1), CAST(y AS DECIMAL(5, 1))"
                                + " FROM (VALUES ('1.25E2', CAST(NULL AS VARCHAR))) AS t(x, y)"))
                .containsExactly("125.00|125.00|null");
    }

    private interface Act {
        void run() throws SQLException;
    }

    /** The id of the request that holding the statement filed. */
    private static String held(Act act) {
        try {
            act.run();
        } catch (SQLException failure) {
            assertThat(failure.getSQLState()).as(failure.getMessage()).isEqualTo("NA001");
            return failure.getMessage().replaceAll("(?s).*request ([0-9a-f-]{36}).*", "$1");
        }
        throw new AssertionError("the statement was not held");
    }

    private void approve(String request) throws SQLException {
        nicol.rows("dana", "CALL nicol.approve('" + request + "', 'seen')");
    }

    private String message(String user, String sql) {
        try {
            nicol.update(user, sql);
        } catch (SQLException failure) {
            String message = failure.getMessage();
            return message.substring(message.indexOf("Remote driver error"));
        }
        throw new AssertionError("not refused: " + sql);
    }

    private void assertCode(String user, String sql, String sqlState) {
        assertThatThrownBy(() -> nicol.update(user, sql))
                .as(sql)
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .as(failure.getMessage())
                        .isEqualTo(sqlState));
    }
}
