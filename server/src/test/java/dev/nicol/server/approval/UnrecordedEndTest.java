package dev.nicol.server.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.audit.StoreSettings;
import dev.nicol.server.testing.TestNicol;
import dev.nicol.server.testing.TestStore;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The store does not take the end of an approved statement. */
class UnrecordedEndTest {
    private static final String UPDATE = "UPDATE crm.public.orders SET amount = amount + 1 WHERE id = 1";

    /** What is committed is committed: the approval is not given back because its end could not be recorded. */
    @Test
    void whatWasCommittedDoesNotRunAgain() throws SQLException {
        SourceDefinition crm = TestDatabases.postgres("crm");
        TestDatabases.execute(
                crm.url(),
                "postgres",
                "",
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER)",
                "INSERT INTO orders VALUES (1, 10)");
        StoreSettings store = TestStore.POSTGRESQL.settings(TestDatabases.directory());
        String id;
        try (TestNicol nicol = TestNicol.start(
                List.of(crm), ApprovalFixture.DECIDERS, ApprovalFixture.UPDATES_HELD, TestStore.config(store))) {
            id = held(nicol);
            nicol.rows("dora", "CALL nicol.approve('" + id + "', '')");
            TestDatabases.execute(
                    store.url(),
                    "postgres",
                    "",
                    "CREATE FUNCTION refused() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'",
                    "CREATE TRIGGER refused BEFORE UPDATE ON approval.requests FOR EACH ROW"
                            + " WHEN (NEW.state = 'EXECUTED') EXECUTE FUNCTION refused()");
            assertThat(nicol.update("steve", UPDATE)).isEqualTo(1);
            assertThat(state(nicol, id)).isEqualTo("EXECUTING");
            held(nicol);
            TestDatabases.execute(store.url(), "postgres", "", "DROP TRIGGER refused ON approval.requests");
            try (TestNicol next = nicol.restart()) {
                assertThat(state(next, id)).isEqualTo("EXECUTED");
                held(next);
            }
        }
        assertThat(amount(crm)).isEqualTo(11);
    }

    private static String held(TestNicol nicol) {
        String[] id = new String[1];
        assertThatThrownBy(() -> nicol.update("steve", UPDATE)).isInstanceOfSatisfying(SQLException.class, failure -> {
            assertThat(failure.getSQLState()).as(failure.getMessage()).isEqualTo("NA001");
            id[0] = ApprovalFixture.idIn(failure.getMessage());
        });
        return id[0];
    }

    private static String state(TestNicol nicol, String id) throws SQLException {
        return nicol.rows("audra", "SELECT state FROM nicol.approval.requests WHERE approval_id = '" + id + "'")
                .get(0);
    }

    private static int amount(SourceDefinition crm) throws SQLException {
        try (Connection connection = DriverManager.getConnection(crm.url(), "postgres", "");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT amount FROM orders")) {
            rows.next();
            return rows.getInt(1);
        }
    }
}
