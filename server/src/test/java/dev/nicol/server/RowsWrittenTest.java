package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.server.testing.TestNicol;
import dev.nicol.server.testing.TouchedRowsFixture;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Which rows a statement wrote, as the trail tells it. */
@ParameterizedClass
@EnumSource(TouchedRowsFixture.Kind.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RowsWrittenTest {
    @Parameter
    TouchedRowsFixture.Kind kind;

    private TouchedRowsFixture crm;
    private TestNicol nicol;

    @BeforeParameterizedClassInvocation
    void start() {
        crm = TouchedRowsFixture.start(kind);
        nicol = crm.nicol();
    }

    @AfterParameterizedClassInvocation
    void stop() {
        if (crm != null) {
            crm.close();
        }
    }

    private String t(String table) {
        return crm.table(table);
    }

    private List<String> touched(String user, String sql, Object... values) throws SQLException {
        return crm.touched(user, sql, values);
    }

    private List<String> ofLast(String user) throws SQLException {
        return crm.ofLast(user);
    }

    @Test
    void insertsTellTheKeysThatTheyGive() throws SQLException {
        String customers = t("customers");
        assertThat(touched(
                        "ann",
                        "INSERT INTO " + customers + " VALUES (20, 'a', 'a@example.org', 'EU'),"
                                + " (21, 'bbb', NULL, NULL)"))
                .containsExactly("customers insert 20", "customers insert 21");
        assertThat(touched("ann", "INSERT INTO " + customers + " (name, id) VALUES (?, ?)", "c", 22))
                .containsExactly("customers insert 22");
        assertThat(touched("ann", "INSERT INTO " + t("codes") + " (code) VALUES ('z'), ('zz')"))
                .containsExactly("codes insert z", "codes insert zz");
        assertThat(touched("ann", "INSERT INTO " + t("seats") + " VALUES ('C', 3, NULL)"))
                .containsExactly("seats insert C,3");
        assertThat(touched("ann", "INSERT INTO " + t("plain") + " VALUES (9, 9)"))
                .isEmpty();
        assertThat(touched(
                        "ann",
                        "INSERT INTO " + t("plain") + " SELECT id + 100, 1 FROM " + t("customers")
                                + " WHERE email = 'person1@example.org'"))
                .containsExactly("customers read ?");
        assertThat(touched(
                        "ann",
                        "INSERT INTO " + customers + " (id, name) SELECT id + 40, name FROM " + customers
                                + " WHERE id < 3"))
                .containsExactly("customers insert ?");
        assertThat(touched(
                        "ann",
                        "INSERT INTO " + customers + " (id, name) SELECT CAST(id AS INTEGER) + 30, 'x' FROM"
                                + " lake.public.scores WHERE id < 3"))
                .containsExactly("customers insert ?", "scores read ?");
        assertThat(touched("ann", "DELETE FROM " + customers + " WHERE id IN (20, 21, 22)"))
                .containsExactly("customers delete 20", "customers delete 21", "customers delete 22");
        nicol.update("ann", "DELETE FROM " + customers + " WHERE id > 12");
        nicol.update("ann", "DELETE FROM " + t("codes") + " WHERE code IN ('z', 'zz')");
        nicol.update("ann", "DELETE FROM " + t("seats") + " WHERE hall = 'C'");
    }

    @Test
    void aBatchTellsEachOfItsRows() throws SQLException {
        try (Connection connection = nicol.connect("ann");
                PreparedStatement insert = connection.prepareStatement(
                        "INSERT INTO " + t("customers") + " (id, name) VALUES (?, 'batch')")) {
            for (int id : List.of(51, 52)) {
                insert.setInt(1, id);
                insert.addBatch();
            }
            insert.executeBatch();
        }
        assertThat(nicol
                        .rows(
                                "audra",
                                "SELECT r.key_hash FROM nicol.audit.rows_touched AS r JOIN nicol.audit.statements AS s ON"
                                        + " s.statement_id = r.statement_id WHERE s.sql_text LIKE '%''batch''%' AND s.user_name ="
                                        + " 'ann' ORDER BY s.statement_id")
                        .stream()
                        .map(crm::key))
                .containsExactly("51", "52");
        nicol.update("ann", "DELETE FROM " + t("customers") + " WHERE id > 50");
    }

    @Test
    void updatesAndDeletesTellTheRowsThatTheyMeet() throws SQLException {
        String customers = t("customers");
        assertThat(touched("ann", "UPDATE " + customers + " SET name = 'N' || id WHERE id IN (1, 2)"))
                .containsExactly("customers update 1", "customers update 2");
        // the same values again: a source may say that nothing changed
        assertThat(touched("ann", "UPDATE " + customers + " SET region = 'US' WHERE id = ?", 3))
                .containsExactly("customers update 3");
        assertThat(touched("ann", "UPDATE " + customers + " SET region = region WHERE id < 0"))
                .isEmpty();
        assertThat(touched(
                        "ann",
                        "UPDATE " + customers + " SET region = region WHERE id <= " + (TouchedRowsFixture.MOST + 1)))
                .containsExactly("customers update ?");
        assertThat(touched(
                        "ann",
                        "UPDATE " + customers + " SET region = region WHERE id = 1 AND name IN (SELECT" + " 'N1' FROM "
                                + t("orders") + ")"))
                .containsExactly("customers update 1", "orders read ?");
        nicol.update("ann", "INSERT INTO " + t("seats") + " VALUES ('C', 7, 'gone')");
        assertThat(touched("ann", "UPDATE " + t("seats") + " SET seat = 8 WHERE holder = 'gone'"))
                .containsExactly("seats update ?", "seats update C,7");
        assertThat(touched("ann", "DELETE FROM " + t("seats") + " WHERE seat = ? AND hall = ?", 8, "C"))
                .containsExactly("seats delete C,8");
        assertThat(touched("ann", "UPDATE " + t("plain") + " SET x = 3 WHERE id = 1"))
                .isEmpty();
    }

    @Test
    void aWriteThatFailsTellsWhatItWasSentFor() throws SQLException {
        String sql = "INSERT INTO " + t("customers") + " (id, name) VALUES (1, 'twice')";
        assertThatThrownBy(() -> nicol.update("ann", sql)).isInstanceOf(SQLException.class);
        assertThat(ofLast("ann")).containsExactly("customers insert 1");
        assertThatThrownBy(() -> nicol.update("bea", "DELETE FROM " + t("customers")))
                .isInstanceOf(SQLException.class);
        assertThat(ofLast("bea")).isEmpty();
        assertThatThrownBy(() -> nicol.rows(
                        "ann",
                        "SELECT email, 1 / (id - 1) FROM " + t("customers")
                                + " WHERE id = 1 AND CAST(name AS INTEGER) = 1"))
                .isInstanceOf(SQLException.class);
        assertThat(ofLast("ann")).isEmpty();
    }

    @Test
    void definitionsTellNoRowsApart() throws SQLException {
        crm.run("ann", "CREATE TABLE " + t("copied") + " AS SELECT id, email FROM " + t("customers"));
        assertThat(ofLast("ann")).containsExactly("customers read ?");
        crm.run("ann", "DROP TABLE " + t("copied"));
        assertThat(touched("ann", "INSERT INTO " + t("notes") + " VALUES (7, 'new')"))
                .containsExactly("notes insert ?");
        crm.run("ann", "TRUNCATE TABLE " + t("notes"));
        assertThat(ofLast("ann")).containsExactly("notes delete ?");
        nicol.update("ann", "INSERT INTO " + t("notes") + " VALUES (1, 'calls back')");
    }

    /** An INSERT hashes what its author makes up: beside the hash of a row that was read it would tell a masked key. */
    @Test
    void nobodyTriesKeysAgainstTheRowsTheyRead() throws SQLException {
        assertThat(touched("wes", "SELECT id, email FROM " + t("customers") + " WHERE name = 'N2'"))
                .containsExactly("customers read 2");
        assertThatThrownBy(() -> touched("wes", "INSERT INTO " + t("customers") + " (id) VALUES (2)"))
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .isEqualTo("23000"));
        assertThat(ofLast("wes")).containsExactly("customers insert 2");
        String touched = "nicol.audit.rows_touched";
        assertThat(nicol.rows("wes", "SELECT access, key_hash FROM " + touched + " ORDER BY access"))
                .containsExactly("insert|null", "read|null");
        assertThat(nicol.rows(
                        "wes",
                        "SELECT COUNT(*) FROM " + touched + " AS r JOIN " + touched
                                + " AS w ON r.key_hash = w.key_hash AND r.access = 'read' AND w.access = 'insert'"))
                .containsExactly("0");
    }
}
