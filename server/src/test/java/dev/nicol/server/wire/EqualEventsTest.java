package dev.nicol.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Statements come in two serializations; the trail does not tell which. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EqualEventsTest {
    private static final String T = "pg.public.t";

    private TestNicol nicol;

    @BeforeAll
    void start() throws SQLException {
        SourceDefinition pg = TestDatabases.postgres("pg");
        TestDatabases.execute(
                pg.url(),
                "postgres",
                "",
                "CREATE TABLE t (id INTEGER, email VARCHAR(40), amount DECIMAL(9, 2), share DOUBLE PRECISION, paid BOOLEAN,"
                        + " born DATE, seen TIMESTAMP(3))",
                "INSERT INTO t SELECT i, 'p' || i || '@example.org', i / 4.0, i / 8.0, i % 2 = 0, DATE '2000-01-01' + i,"
                        + " TIMESTAMP '2026-11-29 10:00:00.125' FROM generate_series(1, 300) AS i",
                "CREATE TABLE hidden (id INTEGER)");
        nicol = TestNicol.start(List.of(pg), """
                users:
                  json: {password: "$HASH", groups: [people], attributes: {limit: 250}}
                  protobuf: {password: "$HASH", groups: [people], attributes: {limit: 250}}
                  eve: {password: "$HASH", groups: [people]}
                  audra: {password: "$HASH", roles: [auditor]}
                """, """
                grants:
                  - {name: people, tables: ["pg.public.t"], actions: [select, insert, update, delete], to: {groups: [people]}}
                row_filters:
                  - {name: some, tables: ["pg.public.t"], where: "id < 250", to: {groups: [people]}}
                """);
        for (String serialization : List.of("json", "protobuf")) {
            run(serialization);
        }
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    @Test
    void statements() throws SQLException {
        assertThat(equal("SELECT sql_text, statement_kind, verdict, rules, outcome, sqlstate, row_count, byte_count,"
                        + " bound_values, purpose, job, client FROM nicol.audit.statements WHERE user_name = '$USER'"
                        + " ORDER BY statement_id"))
                .hasSize(15)
                // a number and `***` in each row
                .anyMatch(row -> row.startsWith("SELECT id, email") && row.contains("|249|" + 249 * (8 + 3) + "|"))
                .anyMatch(row -> row.startsWith("VALUES (1, 'a')") && row.contains("|1|9|"))
                .anyMatch(row -> row.contains("|denied|"))
                .anyMatch(row -> row.contains("|failed|22000|"))
                .anyMatch(row -> row.contains("\"250.5\"") && row.contains("\"2026-11-29 12:00:00.125\""))
                .anyMatch(row -> row.contains("\"hmac:"))
                .anyMatch(row -> row.contains("|nightly|"));
    }

    @Test
    void whatWasSentAndTouched() throws SQLException {
        String of = " JOIN nicol.audit.statements AS s ON s.statement_id = q.statement_id WHERE s.user_name = '$USER'"
                + " ORDER BY s.statement_id, ";
        assertThat(equal("SELECT q.sql_sent, q.row_count FROM nicol.audit.source_queries AS q" + of + "q.sql_sent"))
                .hasSizeGreaterThan(5);
        assertThat(equal("SELECT q.column_name, q.tags, q.access, q.mask, q.rule FROM nicol.audit.column_access AS q"
                        + of + "q.column_name, q.access"))
                .hasSizeGreaterThan(10);
        assertThat(equal("SELECT q.phase, q.target, q.target_column, q.source_column, q.kind, q.direct, q.masked"
                        + " FROM nicol.lineage.edges AS q" + of
                        + "q.phase, q.target_column, q.target_ordinal, q.source_column, q.kind"))
                .hasSizeGreaterThan(10);
    }

    @Test
    void otherEvents() throws SQLException {
        assertThat(equal("SELECT kind FROM nicol.audit.events WHERE user_name = '$USER' ORDER BY event_id"))
                .contains("login", "intent", "outcome", "logout");
    }

    /** They are made of what their subject does not see, too: whoever has them could try guesses. */
    @Test
    void hashesOfEventsAreForAuditors() throws SQLException {
        String hashes = "SELECT COUNT(*) > 1, COUNT(hash), COUNT(previous_hash) FROM nicol.audit.events"
                + " WHERE user_name = 'eve'";
        assertThat(nicol.rows("eve", hashes)).containsExactly("true|0|0");
        assertThat(nicol.rows("audra", hashes + " HAVING COUNT(hash) = COUNT(*) AND COUNT(previous_hash) = COUNT(*)"))
                .hasSize(1);
    }

    /** The rows of the one, which are those of the other. */
    private List<String> equal(String sql) throws SQLException {
        List<String> json = TestNicol.uncommented(nicol.rows("audra", sql.replace("$USER", "json")));
        assertThat(TestNicol.uncommented(nicol.rows("audra", sql.replace("$USER", "protobuf"))))
                .isEqualTo(json);
        return json;
    }

    private void run(String serialization) throws SQLException {
        try (Connection connection = nicol.connect(serialization, serialization, new String[] {"purpose", "billing"})) {
            plain(connection, "SET job = 'nightly'", "SELECT id, email FROM " + T + " ORDER BY id", "VALUES (1, 'a')");
            plain(connection, "SELECT id FROM pg.public.hidden", "SELEC 1", "SELECT 1 / 0", "SELECT nothing FROM " + T);
            plain(connection, "EXPLAIN PLAN FOR SELECT COUNT(*) FROM " + T, "DELETE FROM " + T + " WHERE id = -5");
            prepared(
                    connection,
                    "SELECT id FROM " + T
                            + " WHERE id < ? AND amount < ? AND share < ? AND paid = ? AND born < ? AND seen < ?"
                            + " AND email <> ?",
                    250,
                    new BigDecimal("250.5"),
                    12.25,
                    true,
                    Date.valueOf("2026-11-29"),
                    Timestamp.valueOf("2026-11-29 12:00:00.125"),
                    "p7@example.org");
            prepared(connection, "SELECT COUNT(*) FROM " + T + " WHERE id > ? OR email IS NULL", (Object) null);
            connection.setAutoCommit(false);
            try (PreparedStatement insert =
                    connection.prepareStatement("INSERT INTO " + T + " (id, amount) VALUES (?, ?)")) {
                for (int i = -1; i > -4; i--) {
                    insert.setInt(1, i);
                    insert.setBigDecimal(2, BigDecimal.ONE);
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            connection.rollback();
            connection.setAutoCommit(true);
            try (ResultSet tables = connection.getMetaData().getTables(null, null, "%", null)) {
                assertThat(tables.next()).isTrue();
            }
        }
    }

    private static void plain(Connection connection, String... statements) throws SQLException {
        for (String sql : statements) {
            try (Statement statement = connection.createStatement()) {
                if (statement.execute(sql)) {
                    read(statement.getResultSet());
                }
            } catch (SQLException refused) {
                // what it came to is in the trail
                assertThat(refused.getSQLState()).isNotNull();
            }
        }
    }

    private static void prepared(Connection connection, String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            read(statement.executeQuery());
        }
    }

    private static List<Object> read(ResultSet rows) throws SQLException {
        List<Object> first = new ArrayList<>();
        while (rows.next()) {
            first.add(rows.getObject(1));
        }
        return first;
    }
}
