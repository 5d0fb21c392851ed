package dev.nicol.server.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

/** What is counted, shown and run, and what an approval is for. */
abstract class ApprovedRunsContract extends ApprovalFixture {
    ApprovedRunsContract(SourceDefinition source) {
        super(source);
    }

    @Test
    void rowsAreCountedBeforeAnythingIsWritten() throws SQLException {
        assertThat(nicol.update("steve", "DELETE FROM " + table + " WHERE id <= 2"))
                .isEqualTo(2);
        held("steve", "UPDATE " + table + " SET amount = 1 WHERE id <= 5");
        assertThat(refused("steve", "DELETE FROM " + table + " WHERE id < 99 AND amount + 0 < 999", "NA001"))
                .contains("it would write 8 rows");
        execute("INSERT INTO " + name + " VALUES (1, 1, ''), (2, 2, '')");
        assertThat(refused("steve", "DELETE FROM " + table + " WHERE id < 99", "NG001"))
                .contains("Guardrail `far-too-many` denies this statement: it would write 10 rows, more than 8");
        held("steve", "INSERT INTO " + table + " SELECT id + 100, amount, note FROM " + table + " WHERE id <= 5");
        held("steve", "INSERT INTO " + table + " VALUES (11, 1, ''), (12, 1, ''), (13, 1, '')");
        assertThat(nicol.update("steve", "INSERT INTO " + table + " VALUES (11, 1, ''), (12, 1, '')"))
                .isEqualTo(2);
        assertThat(left()).isEqualTo("12");
        assertThat(nicol.rows(
                        "audra",
                        "SELECT COUNT(*) FROM nicol.audit.events e JOIN nicol.audit.statements s ON e.detail LIKE"
                                + " '%' || s.statement_id || '%' WHERE e.kind = 'guardrail_warned' AND s.sql_text LIKE '%"
                                + name + "%'"))
                .containsExactly("1");
    }

    @Test
    void explainPolicySaysWhatItsRowsWouldTrip() throws SQLException {
        assertThat(nicol.rows("steve", "EXPLAIN POLICY FOR DELETE FROM " + table + " WHERE id < 5").stream()
                        .filter(row -> row.startsWith("guardrail") || row.startsWith("verdict"))
                        .map(row -> row.replace("|null", "").replaceAll("\\|\\{name:.*", "")))
                .containsExactly(
                        "guardrail|far-too-many|denied|once it writes more than 8 rows",
                        "guardrail|many-deleted|held|once it writes more than 2 rows",
                        "guardrail|one-row-warned|warned|once it writes more than 0 rows",
                        "verdict|allowed|the strictest guardrail that applies decides");
    }

    /** Of a transaction that has written already, nothing is lost by a write that is only counted. */
    @Test
    void aTransactionGoesOnAfterAHeldWrite() throws SQLException {
        try (Connection connection = nicol.connect("steve");
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            assertThat(statement.executeUpdate("DELETE FROM " + table + " WHERE id = 1"))
                    .isEqualTo(1);
            assertThatThrownBy(() -> statement.executeUpdate("DELETE FROM " + table + " WHERE id < 5"))
                    .hasMessageContaining("it would write 3 rows");
            connection.commit();
        }
        assertThat(left()).isEqualTo("9");
    }

    @Test
    void moreRowsThanWereApprovedAreAskedForAnew() throws SQLException {
        String delete = "DELETE FROM " + table + " WHERE amount >= 80";
        String id = held("steve", delete);
        call("dora", "approve('" + id + "', '')");
        execute("INSERT INTO " + name + " VALUES (11, 110, 'k')");
        assertThat(refused("steve", delete, "NA001"))
                .contains("it would write 4 rows", "Request " + id + " was approved for 3 rows");
        assertThat(left()).isEqualTo("11");
        assertThat(state(id)).isEqualTo("FAILED");
    }

    @Test
    void whatHasChangedSinceVoidsIt() throws SQLException, IOException {
        String delete = "DELETE FROM " + table + " WHERE id > 7";
        String structure = held("steve", delete);
        call("dora", "approve('" + structure + "', '')");
        execute("ALTER TABLE " + name + " ADD COLUMN more INTEGER");
        nicol.rows("steve", "CALL nicol.reload()");
        assertThat(refused("steve", delete, "NA001"))
                .contains("The approval of request " + structure
                        + " is void: since then there changed the columns of its tables");
        assertThat(state(structure)).isEqualTo("REVOKED");

        String policy = held("steve", delete);
        call("dora", "approve('" + policy + "', '')");
        Path file = nicol.directory().resolve("policies/policy.yaml");
        Files.writeString(file, POLICY.replace("rows_over: 2, action: hold", "rows_over: 1, action: hold"));
        nicol.rows("steve", "CALL nicol.reload()");
        try {
            assertThat(refused("steve", delete, "NA001"))
                    .contains(policy + " is void: since then there changed the policy that applies to it");
        } finally {
            Files.writeString(file, POLICY);
            nicol.rows("steve", "CALL nicol.reload()");
        }
        // what does not concern it voids nothing
        String kept = held("steve", delete);
        call("dora", "approve('" + kept + "', '')");
        Files.writeString(file, POLICY.replace("to: {groups: [analysts]}}", "to: {users: [ann]}}"));
        nicol.rows("steve", "CALL nicol.reload()");
        Files.writeString(file, POLICY);
        nicol.rows("steve", "CALL nicol.reload()");
        execute("CREATE TABLE beside" + number + " (id INTEGER)");
        nicol.rows("steve", "CALL nicol.reload()");
        assertThat(nicol.update("steve", delete)).isEqualTo(3);
    }

    @Test
    void anotherStatementIsAnotherRequest() throws SQLException {
        try (Connection connection = nicol.connect("steve");
                PreparedStatement delete = connection.prepareStatement("DELETE FROM " + table + " WHERE id > ?")) {
            delete.setInt(1, 7);
            String[] id = new String[1];
            assertThatThrownBy(delete::executeUpdate).satisfies(failure -> id[0] = idIn(failure.getMessage()));
            call("dora", "approve('" + id[0] + "', '')");
            delete.setInt(1, 6);
            assertThatThrownBy(delete::executeUpdate)
                    .hasMessageContaining("it would write 4 rows")
                    .hasMessageContaining("is approved for the same words with other parameters");
            delete.setInt(1, 7);
            assertThat(delete.executeUpdate()).isEqualTo(3);
        }
    }

    /** Its parameters are kept for it, and are nobody's to read in the store. */
    @Test
    void anApprovedRequestRunsByItsId() throws SQLException {
        String id;
        try (Connection connection = nicol.connect("steve");
                PreparedStatement update =
                        connection.prepareStatement("UPDATE " + table + " SET note = ? WHERE id > ? AND amount < ?")) {
            update.setString(1, "kept");
            update.setInt(2, 7);
            update.setInt(3, 1000);
            String[] asked = new String[1];
            assertThatThrownBy(update::executeUpdate).satisfies(failure -> asked[0] = idIn(failure.getMessage()));
            id = asked[0];
        }
        call("dora", "approve('" + id + "', '')");
        assertThat(nicol.update("steve", "CALL nicol.run('" + id + "')")).isEqualTo(3);
        assertThat(nicol.rows("steve", "SELECT COUNT(*) FROM " + table + " WHERE note = 'kept'"))
                .containsExactly("3");
        assertThat(refused("steve", "CALL nicol.run('" + id + "')", "42501"))
                .contains("is EXECUTED, so it cannot be run");
    }

    /** A text that reads like a parameter in a printed plan is a text. */
    @Test
    void whatLooksLikeABoundValueIsText() throws SQLException {
        String delete = "DELETE FROM " + table + " WHERE note <> '?9999999' AND note <> '?1000000' AND id > 7";
        String id = held("steve", delete);
        call("dora", "approve('" + id + "', '')");
        assertThat(nicol.update("steve", delete)).isEqualTo(3);
    }

    /** As in nicol.lineage.edges: what a row filter reads is no business of whom it governs. */
    @Test
    void lineageShownToWhoAsksIsWithoutPolicies() throws SQLException {
        String id = held("nora", "UPDATE " + table + " SET amount = amount + id WHERE id > 7");
        assertThat(nicol.rows("nora", "SELECT lineage FROM nicol.approval.requests WHERE approval_id = '" + id + "'")
                        .get(0))
                .contains(" FILTER", " TRANSFORMATION")
                .doesNotContain("POLICY");
    }

    @Test
    void aFailedExecutionGivesTheApprovalBack() throws SQLException {
        String update = "UPDATE " + table + " SET amount = amount * 10 WHERE id > 7";
        String id = held("steve", update);
        call("dora", "approve('" + id + "', '')");
        execute("UPDATE " + name + " SET amount = 999 WHERE id = 8");
        refused("steve", update, "23000");
        assertThat(state(id)).isEqualTo("APPROVED");
        execute("UPDATE " + name + " SET amount = 9 WHERE id > 7");
        assertThat(nicol.update("steve", update)).isEqualTo(3);
        assertThat(state(id)).isEqualTo("EXECUTED");
    }

    @Test
    void aSampleIsReadUnderTheReadersOwnPolicy() throws SQLException {
        String update = "UPDATE " + table + " SET amount = amount + 1, note = 'x' WHERE id > 7";
        String id = held("steve", update);
        String upper = kind.equals("h2") ? "ID:AMOUNT:NOTE" : "id:amount:note";
        String[] names = upper.split(":");
        assertThat(nicol.rows("dora", "CALL nicol.sample('" + id + "')"))
                .hasSize(3)
                .contains("{\"before\":{\"" + names[0] + "\":\"8\",\"" + names[1] + "\":\"80\",\"" + names[2]
                        + "\":\"***\"},\"after\":{\"amount\":\"81\",\"note\":\"x\"}}");
        assertThat(nicol.rows("steve", "CALL nicol.sample('" + id + "')").get(0))
                .contains("\"" + names[2] + "\":\"h\"");
        assertThat(refused("ann", "CALL nicol.sample('" + id + "')", "42501")).contains("You are not an approver");
        String delete = held("steve", "DELETE FROM " + table + " WHERE note <> 'a' AND id < 5");
        assertThat(nicol.rows("dora", "CALL nicol.sample('" + delete + "')"))
                .hasSize(4)
                .allSatisfy(line -> assertThat(line).startsWith("{\"before\":").contains("***"));
        String insert = held(
                "steve", "INSERT INTO " + table + " (id, note) SELECT id + 50, note FROM " + table + " WHERE id > 7");
        assertThat(nicol.rows("dora", "CALL nicol.sample('" + insert + "')"))
                .contains("{\"after\":{\"id\":\"58\",\"note\":\"***\"}}");
    }

    @Test
    void aHeldQueryAnswersItsRowsWhenItRuns() throws SQLException, IOException {
        Path file = nicol.directory().resolve("policies/policy.yaml");
        Files.writeString(
                file,
                POLICY
                        + "  - {name: read, statements: [select], tags: [EMAIL], action: hold, approvers: {groups: [dba]}}\n");
        execute(
                "CREATE TABLE mails" + number + " (id INTEGER PRIMARY KEY, email VARCHAR(40))",
                "INSERT INTO mails" + number + " VALUES (1, 'ann@example.org'), (2, 'bob@example.org')");
        try {
            nicol.rows("steve", "CALL nicol.reload()");
            // as a sample of it is written
            String select = "SELECT email\nFROM crm.public.mails" + number + "\nORDER BY id";
            String[] message = new String[1];
            assertThatThrownBy(() -> nicol.rows("steve", select))
                    .satisfies(failure -> message[0] = failure.getMessage());
            String id = idIn(message[0]);
            call("dora", "approve('" + id + "', '')");
            // a sample is a query of one's own: it would be held as well, is no use of the approval, and asks for
            // nothing
            assertThat(refused("steve", "CALL nicol.sample('" + id + "')", "NG001"))
                    .contains("`read` holds what you would read here");
            assertThat(nicol.rows(
                            "audra",
                            "SELECT COUNT(*) FROM nicol.approval.requests WHERE sql_text LIKE '%mails" + number + "%'"))
                    .containsExactly("1");
            try (Connection connection = nicol.connect("steve");
                    PreparedStatement run = connection.prepareStatement("CALL nicol.run('" + id + "')");
                    ResultSet rows = run.executeQuery()) {
                assertThat(TestNicol.rows(rows)).containsExactly("ann@example.org", "bob@example.org");
            }
            assertThat(state(id)).isEqualTo("EXECUTED");
        } finally {
            Files.writeString(file, POLICY);
            nicol.rows("steve", "CALL nicol.reload()");
        }
    }

    /** The trail may hide what was bound, and so does a sample. */
    @Test
    void aSampleShowsNoValueOfAParameter() throws SQLException {
        try (Connection connection = nicol.connect("steve");
                PreparedStatement update = connection.prepareStatement(
                        "UPDATE " + table + " SET note = ?, amount = amount + 1 WHERE id > ?");
                PreparedStatement insert = connection.prepareStatement(
                        "INSERT INTO " + table + " SELECT id + ?, amount, note FROM " + table + " WHERE id < 4")) {
            update.setString(1, "hidden");
            update.setInt(2, 7);
            String[] id = new String[1];
            assertThatThrownBy(update::executeUpdate).satisfies(failure -> id[0] = idIn(failure.getMessage()));
            assertThat(nicol.rows("dora", "CALL nicol.sample('" + id[0] + "')"))
                    .hasSize(3)
                    .allSatisfy(line -> assertThat(line)
                            .contains("\"after\":{\"note\":{\"sql\":\"?\"},\"amount\":\"")
                            .doesNotContain("hidden"));
            insert.setInt(1, 100);
            assertThatThrownBy(insert::executeUpdate).satisfies(failure -> id[0] = idIn(failure.getMessage()));
            assertThat(refused("dora", "CALL nicol.sample('" + id[0] + "')", "0A000"))
                    .contains("no rows can be shown");
        }
    }

    @Test
    void anApprovalIsForThePurposeThatWasStated() throws SQLException {
        String delete = "DELETE FROM " + table + " WHERE id > 7";
        try (Connection connection = nicol.connect("steve");
                Statement statement = connection.createStatement()) {
            statement.execute("SET purpose = 'care'");
            String[] id = new String[1];
            assertThatThrownBy(() -> statement.executeUpdate(delete))
                    .satisfies(failure -> id[0] = idIn(failure.getMessage()));
            call("dora", "approve('" + id[0] + "', '')");
            statement.execute("SET purpose = 'marketing'");
            assertThatThrownBy(() -> statement.executeUpdate(delete))
                    .hasMessageContaining("with other parameters, another purpose or another table");
            statement.execute("SET purpose = 'care'");
            assertThat(statement.executeUpdate(delete)).isEqualTo(3);
        }
    }
}
