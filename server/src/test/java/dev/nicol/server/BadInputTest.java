package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.Metrics;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.calcite.avatica.AvaticaClientRuntimeException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * What clients and sources do that nobody should: each has its bound and its code. A result larger than memory is
 * {@link MillionRowsTest}'s.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(30)
class BadInputTest {
    private static final int MEGABYTE = 1 << 20;

    private SourceDefinition pg;
    private TestNicol nicol;

    @BeforeAll
    void start() {
        pg = TestDatabases.postgres("pg");
        TestDatabases.execute(
                pg.url(),
                "postgres",
                "",
                "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)",
                "INSERT INTO t SELECT n, 'n' || n FROM generate_series(1, 100000) n",
                "CREATE TABLE locked (id INTEGER)");
        nicol = TestNicol.start(
                List.of(pg), """
                users:
                  alice: {password: "$HASH", groups: [people]}
                  olga: {password: "$HASH", roles: [auditor]}
                """, """
                grants:
                  - {name: people, tables: ["pg.public.*"], actions: [select], raw: ["*"], to: {groups: [people]}}
                """, "limits: {statement_timeout_s: 5, idle_timeout_s: 2, max_result_rows: 0}");
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    private static String state(Throwable failure) {
        // the driver wraps failures of statements, not of others
        return failure instanceof AvaticaClientRuntimeException other
                ? other.getSqlState()
                : ((SQLException) failure).getSQLState();
    }

    private void awaitReleased() {
        await().until(() ->
                Metrics.value(nicol.url(), "nicol_sources_connections{source=\"pg\",state=\"active\"}") == 0);
    }

    @Test
    void aStatementOfFiveMegabytes() {
        assertThatThrownBy(() -> nicol.rows("alice", "SELECT '" + "x".repeat(5 * MEGABYTE) + "'"))
                .satisfies(failure -> assertThat(state(failure)).isEqualTo("53200"));
        assertThatThrownBy(() -> nicol.rows("alice", "SELECT 1" + " ".repeat(11 * MEGABYTE)))
                .satisfies(failure -> assertThat(state(failure)).isEqualTo("53200"))
                .hasMessageContaining("max_request_bytes");
    }

    @Test
    void tenThousandValuesInAList() throws SQLException {
        String list = IntStream.range(0, 10_000).mapToObj(i -> "" + 20 * i).collect(Collectors.joining(", "));
        // 20, 40 and so on up to 100,000
        assertThat(nicol.rows("alice", "SELECT COUNT(*) FROM pg.public.t WHERE id IN (" + list + ")"))
                .containsExactly("5000");
    }

    @Test
    void twoHundredJoins() throws SQLException {
        assertThatThrownBy(() -> nicol.rows("alice", joins(200)))
                .satisfies(failure -> assertThat(state(failure)).isEqualTo("53200"));
        assertThat(nicol.rows("alice", joins(30))).containsExactly("1");
    }

    private static String joins(int joins) {
        StringBuilder sql = new StringBuilder("SELECT t0.id FROM pg.public.t AS t0");
        for (int i = 1; i <= joins; i++) {
            sql.append(" JOIN pg.public.t AS t")
                    .append(i)
                    .append(" ON t")
                    .append(i)
                    .append(".id = t")
                    .append(i - 1);
            sql.append(".id");
        }
        return sql.append(" WHERE t0.id = 1").toString();
    }

    @Test
    void tenThousandOpenStatements() throws SQLException {
        List<Statement> open = new ArrayList<>();
        try (Connection connection = nicol.connect("alice")) {
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 10_000; i++) {
                            open.add(connection.createStatement());
                        }
                    })
                    .satisfies(failure -> assertThat(state(failure)).isEqualTo("53300"))
                    .hasStackTraceContaining("max_statements_per_connection");
            assertThat(open).hasSize(200);
            open.get(0).close();
            connection.createStatement().close();
        }
    }

    @Test
    void aSourceThatHangs() throws SQLException {
        try (Connection holder = DriverManager.getConnection(pg.url(), "postgres", "")) {
            holder.setAutoCommit(false);
            try (Statement lock = holder.createStatement()) {
                lock.execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE");
                assertThatThrownBy(() -> nicol.rows("alice", "SELECT * FROM pg.public.locked"))
                        .satisfies(failure -> assertThat(state(failure)).isEqualTo("57014"))
                        .hasMessageContaining("statement_timeout_s");
                // it does not run on there
                try (ResultSet waiting = lock.executeQuery(
                        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname ="
                                + " current_database()")) {
                    waiting.next();
                    assertThat(waiting.getInt(1)).isZero();
                }
            }
            awaitReleased();
        }
        assertThat(nicol.rows(
                        "olga", "SELECT outcome, sqlstate FROM nicol.audit.statements WHERE sql_text LIKE '%locked'"))
                .containsExactly("timed_out|57014");
    }

    @Test
    void aClientThatReadsNoFurther() throws SQLException {
        try (Connection connection = nicol.connect("alice");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT * FROM pg.public.t")) {
            rows.next();
            assertThat(Metrics.value(nicol.url(), "nicol_sources_connections{source=\"pg\",state=\"active\"}"))
                    .isEqualTo(1);
            awaitReleased();
            assertThatThrownBy(() -> {
                        while (rows.next()) {
                            rows.getString(2);
                        }
                    })
                    .isInstanceOf(Exception.class);
        } catch (SQLException closing) {
            assertThat(closing.getSQLState()).isEqualTo("08003"); // there is nothing left to close
        }
    }
}
