package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Transactions, batches and counts, as a JDBC program uses them. */
@Timeout(120)
class TransactionsTest {
    private static final String ACCOUNTS = "bank.public.accounts";

    private static TestNicol nicol;

    @BeforeAll
    static void start() {
        SourceDefinition bank = TestDatabases.postgres("bank");
        TestDatabases.execute(
                bank.url(),
                "postgres",
                "",
                "CREATE TABLE accounts (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, balance NUMERIC(12, 2) CHECK (balance >= 0))",
                "CREATE TABLE notes (id SERIAL PRIMARY KEY, body TEXT, state TEXT NOT NULL DEFAULT 'new')");
        SourceDefinition ledger = TestDatabases.h2("ledger");
        TestDatabases.execute(
                ledger.url(), "sa", "", "CREATE TABLE entries (id INTEGER PRIMARY KEY, note VARCHAR(40))");
        SourceDefinition lake = TestDatabases.duckdb("lake");
        TestDatabases.execute(lake.url(), null, null, "CREATE TABLE entries (id INTEGER PRIMARY KEY, note VARCHAR)");
        nicol = TestNicol.start(
                List.of(bank, ledger, lake),
                "users: {steve: {password: \"$HASH\", groups: [stewards]}}\n",
                "grants:\n  - {name: all, tables: [\"bank.**\", \"ledger.**\", \"lake.**\"], actions: [select, insert, update, delete,"
                        + " ddl], raw: [\"*\"], to: {groups: [stewards]}}\n");
    }

    @AfterAll
    static void stop() {
        nicol.close();
    }

    @BeforeEach
    void fill() throws SQLException {
        nicol.update("steve", "DELETE FROM " + ACCOUNTS);
        nicol.update("steve", "DELETE FROM ledger.public.entries");
        nicol.update("steve", "INSERT INTO " + ACCOUNTS + " VALUES (1, 'Ann', 100), (2, 'Bob', 50)");
    }

    private static List<String> balances() throws SQLException {
        return nicol.rows("steve", "SELECT id, balance FROM " + ACCOUNTS + " ORDER BY id");
    }

    private static Connection transaction() throws SQLException {
        Connection connection = nicol.connect("steve");
        connection.setAutoCommit(false);
        return connection;
    }

    @Test
    void aTransferIsSeenWholeOrNotAtAll() throws SQLException {
        try (Connection connection = transaction();
                Statement statement = connection.createStatement()) {
            assertThat(statement.executeUpdate("UPDATE " + ACCOUNTS + " SET balance = balance - 10 WHERE id = 1"))
                    .isEqualTo(1);
            assertThat(statement.executeUpdate("UPDATE " + ACCOUNTS + " SET balance = balance + 10 WHERE id = 2"))
                    .isEqualTo(1);
            // its own writes are seen inside, and by nobody else
            try (var rows = statement.executeQuery("SELECT id, balance FROM " + ACCOUNTS + " ORDER BY id")) {
                assertThat(TestNicol.rows(rows)).containsExactly("1|90.00", "2|60.00");
            }
            assertThat(balances()).containsExactly("1|100.00", "2|50.00");
            connection.commit();
            assertThat(balances()).containsExactly("1|90.00", "2|60.00");

            statement.executeUpdate("DELETE FROM " + ACCOUNTS + " WHERE id = 1");
            connection.rollback();
            assertThat(balances()).containsExactly("1|90.00", "2|60.00");

            statement.executeUpdate("DELETE FROM " + ACCOUNTS + " WHERE id = 1");
        }
        // closing without commit is a rollback
        assertThat(balances()).containsExactly("1|90.00", "2|60.00");
    }

    @Test
    void commitAndRollbackWorkAsStatementsToo() throws SQLException {
        try (Connection connection = transaction();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("DELETE FROM " + ACCOUNTS + " WHERE id = 1");
            statement.execute("ROLLBACK");
            statement.executeUpdate("DELETE FROM " + ACCOUNTS + " WHERE id = 2");
            statement.execute("COMMIT");
        }
        assertThat(balances()).containsExactly("1|100.00");
    }

    @Test
    void switchingAutocommitOnCommits() throws SQLException {
        try (Connection connection = transaction();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("DELETE FROM " + ACCOUNTS + " WHERE id = 1");
            connection.setAutoCommit(true);
            // the driver tells with its next request
            statement.executeUpdate("UPDATE " + ACCOUNTS + " SET balance = 7 WHERE id = 2");
            assertThat(balances()).containsExactly("2|7.00");
        }
    }

    @Test
    void oneTransactionWritesToOneSourceAndReadsAll() throws SQLException {
        try (Connection connection = transaction();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("UPDATE " + ACCOUNTS + " SET balance = 1 WHERE id = 1");
            try (var rows = statement.executeQuery("SELECT a.id, e.note FROM " + ACCOUNTS
                    + " a LEFT JOIN ledger.public.entries e ON a.id = e.id ORDER BY 1")) {
                assertThat(TestNicol.rows(rows)).containsExactly("1|null", "2|null");
            }
            assertCode("25000", () -> statement.executeUpdate("INSERT INTO ledger.public.entries VALUES (1, 'x')"));
            assertCode("25000", () -> statement.executeUpdate("CREATE TABLE bank.public.made (id INTEGER)"));
            connection.commit();
            assertThat(statement.executeUpdate("INSERT INTO ledger.public.entries VALUES (1, 'x')"))
                    .isEqualTo(1);
            connection.commit();
        }
        assertThat(balances()).containsExactly("1|1.00", "2|50.00");
        assertThat(nicol.rows("steve", "SELECT note FROM ledger.public.entries"))
                .containsExactly("x");
    }

    @Test
    void aConstraintFailsTheTransactionUntilRollback() throws SQLException {
        try (Connection connection = transaction();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("INSERT INTO " + ACCOUNTS + " VALUES (3, 'Cid', 1)");
            assertThatThrownBy(() -> statement.executeUpdate("INSERT INTO " + ACCOUNTS + " VALUES (1, 'Again', 1)"))
                    .isInstanceOfSatisfying(SQLException.class, failure -> {
                        assertThat(failure.getSQLState()).isEqualTo("23000");
                        assertThat(failure.getMessage())
                                .contains("A constraint of source `bank` forbids this write")
                                .doesNotContain("accounts_pkey")
                                .doesNotContain("already exists");
                    });
            // PostgreSQL runs nothing more in a failed transaction: the client is told what to do
            assertThatThrownBy(() -> statement.executeUpdate("INSERT INTO " + ACCOUNTS + " VALUES (4, 'Dee', 1)"))
                    .isInstanceOfSatisfying(SQLException.class, failure -> {
                        assertThat(failure.getSQLState()).isEqualTo("25000");
                        assertThat(failure.getMessage()).contains("ROLLBACK");
                    });
            // the stock driver throws its own exception where commit fails
            assertThatThrownBy(connection::commit).hasMessageContaining("nothing of it is kept");
            assertThat(balances()).containsExactly("1|100.00", "2|50.00");
            // a new transaction begins
            statement.executeUpdate("INSERT INTO " + ACCOUNTS + " VALUES (5, 'Eve', 1)");
            connection.commit();
        }
        assertThat(balances()).containsExactly("1|100.00", "2|50.00", "5|1.00");
    }

    /** DuckDB would answer the commit as if it were one, and undo everything. */
    @Test
    void whatAFailedTransactionLosesIsTold() throws SQLException {
        try (Connection connection = transaction();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("INSERT INTO lake.main.entries VALUES (1, 'one')");
            assertCode("23000", () -> statement.executeUpdate("INSERT INTO lake.main.entries VALUES (1, 'again')"));
            assertCode("25000", () -> statement.executeQuery("SELECT note FROM lake.main.entries"));
            assertCode("25000", () -> statement.executeUpdate("INSERT INTO lake.main.entries VALUES (2, 'two')"));
            assertThatThrownBy(connection::commit).hasMessageContaining("nothing of it is kept");

            statement.executeUpdate("INSERT INTO lake.main.entries VALUES (4, 'four')");
            connection.commit();
        }
        assertThat(nicol.rows("steve", "SELECT id FROM lake.main.entries")).containsExactly("4");
    }

    @Test
    void constraintsOfAllKindsAre23000() throws SQLException {
        assertCode("23000", () -> nicol.update("steve", "INSERT INTO " + ACCOUNTS + " VALUES (6, 'Fay', -1)"));
        assertCode("23000", () -> nicol.update("steve", "UPDATE " + ACCOUNTS + " SET owner = NULL WHERE id = 1"));
        // seen before anything is sent
        assertCode("42000", () -> nicol.update("steve", "INSERT INTO " + ACCOUNTS + " (id, balance) VALUES (7, 1)"));
        assertThat(balances()).containsExactly("1|100.00", "2|50.00");
    }

    @Test
    void batchesPreparedAndPlain() throws SQLException {
        try (Connection connection = nicol.connect("steve");
                PreparedStatement insert =
                        connection.prepareStatement("INSERT INTO " + ACCOUNTS + " VALUES (?, ?, ?)");
                Statement statement = connection.createStatement()) {
            for (int id = 10; id < 13; id++) {
                insert.setInt(1, id);
                insert.setString(2, "owner " + id);
                insert.setBigDecimal(3, new java.math.BigDecimal(id + ".50"));
                insert.addBatch();
            }
            assertThat(insert.executeBatch()).containsExactly(1, 1, 1);
            statement.addBatch("UPDATE " + ACCOUNTS + " SET balance = 0 WHERE id >= 10");
            statement.addBatch("DELETE FROM " + ACCOUNTS + " WHERE id = 12");
            statement.addBatch("DELETE FROM " + ACCOUNTS + " WHERE id = 99");
            assertThat(statement.executeBatch()).containsExactly(3, 1, 0);
        }
        assertThat(balances()).containsExactly("1|100.00", "2|50.00", "10|0.00", "11|0.00");
    }

    @Test
    void aBatchInATransactionIsUndoneWhole() throws SQLException {
        try (Connection connection = transaction();
                PreparedStatement insert =
                        connection.prepareStatement("INSERT INTO " + ACCOUNTS + " VALUES (?, 'batch', 0)")) {
            for (int id : new int[] {20, 21, 1, 22}) {
                insert.setInt(1, id);
                insert.addBatch();
            }
            assertCode("23000", insert::executeBatch);
            connection.rollback();
        }
        assertThat(balances()).containsExactly("1|100.00", "2|50.00");
    }

    @Test
    void whatTheSourceFillsInMayBeLeftOut() throws SQLException {
        assertThat(nicol.update("steve", "INSERT INTO bank.public.notes (body) VALUES ('x'), ('y')"))
                .isEqualTo(2);
        assertThat(nicol.rows("steve", "SELECT id, body, state FROM bank.public.notes ORDER BY id"))
                .containsExactly("1|x|new", "2|y|new");
    }

    @Test
    void rowsOfOneSourceGoIntoAnother() throws SQLException {
        assertThat(nicol.update("steve", "INSERT INTO ledger.public.entries SELECT id, owner FROM " + ACCOUNTS))
                .isEqualTo(2);
        assertThat(nicol.rows("steve", "SELECT id, note FROM ledger.public.entries ORDER BY id"))
                .containsExactly("1|Ann", "2|Bob");
        assertThat(nicol.rows(
                        "steve",
                        "SELECT q.source, q.row_count FROM nicol.audit.source_queries q JOIN nicol.audit.statements s ON"
                                + " q.statement_id = s.statement_id WHERE s.sql_text LIKE 'INSERT INTO ledger%SELECT%'"
                                + " ORDER BY 1"))
                .containsExactly("bank|2", "ledger|2");
    }

    @Test
    void preparedWritesRunAgain() throws SQLException {
        try (Connection connection = nicol.connect("steve");
                PreparedStatement update =
                        connection.prepareStatement("UPDATE " + ACCOUNTS + " SET balance = balance + ? WHERE id = ?")) {
            for (int turn = 0; turn < 3; turn++) {
                update.setInt(1, 1);
                update.setInt(2, 1);
                assertThat(update.executeUpdate()).isEqualTo(1);
            }
            update.setInt(2, 77);
            assertThat(update.executeUpdate()).isZero();
        }
        assertThat(balances()).containsExactly("1|103.00", "2|50.00");
    }

    private static void assertCode(String sqlState, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(SQLException.class, failure -> assertThat(
                        failure instanceof BatchUpdateException && failure.getCause() instanceof SQLException cause
                                ? cause.getSQLState()
                                : failure.getSQLState())
                .as(failure.getMessage())
                .isEqualTo(sqlState));
    }
}
