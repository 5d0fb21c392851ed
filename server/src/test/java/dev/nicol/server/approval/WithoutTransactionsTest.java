package dev.nicol.server.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A table whose writes are for ever: a write of it that fails may have changed rows, and is not given back. */
class WithoutTransactionsTest {
    @Test
    void aFailureIsNotTakenForNothing() throws SQLException {
        SourceDefinition crm = TestDatabases.mariadb("crm");
        TestDatabases.execute(
                crm.url(),
                Objects.requireNonNull(crm.user()),
                Objects.requireNonNull(crm.password()),
                "CREATE TABLE kept (id INTEGER PRIMARY KEY, u INTEGER UNIQUE) ENGINE=InnoDB",
                "CREATE TABLE isam (id INTEGER PRIMARY KEY, u INTEGER UNIQUE) ENGINE=MyISAM",
                "INSERT INTO kept VALUES (1, 10), (2, 20), (3, 3), (4, 30)",
                "INSERT INTO isam VALUES (1, 10), (2, 20), (3, 3), (4, 30)");
        try (TestNicol nicol = TestNicol.start(List.of(crm), ApprovalFixture.DECIDERS, ApprovalFixture.UPDATES_HELD)) {
            assertThat(stateAfterFailing(nicol, "kept")).isEqualTo("APPROVED");
            assertThat(stateAfterFailing(nicol, "isam")).isEqualTo("FAILED");
        }
    }

    /** 3 becomes 30, which is there. */
    private static String stateAfterFailing(TestNicol nicol, String table) throws SQLException {
        String schema = nicol.rows(
                        "steve", "SELECT table_schema FROM nicol.information_schema.tables WHERE table_name = 'isam'")
                .get(0);
        String update = "UPDATE crm." + schema + "." + table + " SET u = u * 10 WHERE id > 0";
        String[] id = new String[1];
        assertThatThrownBy(() -> nicol.update("steve", update))
                .satisfies(failure -> id[0] = ApprovalFixture.idIn(failure.getMessage()));
        nicol.rows("dora", "CALL nicol.approve('" + id[0] + "', '')");
        assertThatThrownBy(() -> nicol.update("steve", update))
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .isEqualTo("23000"));
        return nicol.rows("audra", "SELECT state FROM nicol.approval.requests WHERE approval_id = '" + id[0] + "'")
                .get(0);
    }
}
