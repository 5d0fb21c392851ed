package dev.nicol.server.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** From a held statement to its one execution, as its people see it. Each test has a table of its own: ten orders. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ApprovalsContract {
    private static final String USERS = """
            users:
              steve: {password: "$HASH", groups: [stewards], roles: [steward]}
              sue: {password: "$HASH", groups: [stewards]}
              ann: {password: "$HASH", groups: [analysts]}
              dora: {password: "$HASH", groups: [dba]}
              dirk: {password: "$HASH", groups: [dba]}
              olga: {password: "$HASH", groups: [owners]}
              bess: {password: "$HASH", groups: [dba, stewards, oncall]}
              audra: {password: "$HASH", roles: [auditor]}
            agents:
              helper: {password: "$HASH", acts_for: [steve, dora], groups: [stewards, dba], purposes: [tidying]}
            """;
    private static final String POLICY = """
            grants:
              - {name: all, tables: ["crm.**"], actions: [select, insert, update, delete, ddl], raw: ["*"], to: {groups: [stewards]}}
              - {name: few, tables: ["crm.**"], actions: [select], to: {groups: [dba, owners]}}
              - {name: two, tables: ["crm.**"], actions: [select], to: {groups: [analysts]}}
            column_masks:
              - {name: notes, columns: ["crm.*.*.note"], to: {groups: [dba]}, mask: {kind: redact}}
            guardrails:
              - {name: many-deleted, statements: [delete, update, insert], rows_over: 2, action: hold, approvers: {groups: [dba]}, break_glass: {groups: [oncall]}}
              - {name: far-too-many, statements: [delete, update, insert], rows_over: 8, action: deny}
              - {name: one-row-warned, statements: [delete], rows_over: 0, action: warn}
              - {name: dropped, statements: [drop], action: hold, approvals: 2, approvers: {groups: [dba]}, expires_after: 1h}
              - {name: owners-too, statements: [truncate], action: hold, approvers: {groups: [owners]}}
              - {name: truncated, statements: [truncate], action: hold, approvals: 2, approvers: {groups: [dba]}}
              - {name: altered, statements: [alter], action: hold, approvers: {groups: [dba]}, expires_after: 1s}
            """;

    private final String kind;
    private final SourceDefinition source;
    private TestNicol nicol;
    private int number;
    private String table;
    private String name;

    ApprovalsContract(SourceDefinition source) {
        this.source = source;
        this.kind = source.kind();
    }

    @BeforeAll
    void start() {
        execute("CREATE TABLE first (id INTEGER PRIMARY KEY, note VARCHAR(20))");
        nicol = TestNicol.start(List.of(source), USERS, POLICY);
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    @BeforeEach
    void tenOrders() throws SQLException {
        number++;
        name = "orders" + number;
        table = "crm.public." + name;
        execute(
                "CREATE TABLE " + name
                        + " (id INTEGER PRIMARY KEY, amount INTEGER CHECK (amount < 1000), note VARCHAR(20))",
                "INSERT INTO " + name + " VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c'), (4, 40, 'd'), (5, 50, 'e'),"
                        + " (6, 60, 'f'), (7, 70, 'g'), (8, 80, 'h'), (9, 90, 'i'), (10, 100, 'j')");
        nicol.rows("steve", "CALL nicol.reload()");
    }

    private void execute(String... statements) {
        TestDatabases.execute(
                source.url(),
                source.user() == null ? "" : source.user(),
                source.password() == null ? "" : source.password(),
                statements);
    }

    private String left() throws SQLException {
        return nicol.rows("steve", "SELECT COUNT(*) FROM " + table).get(0);
    }

    private String held(String user, String sql) {
        return idIn(refused(user, sql, "NA001"));
    }

    private static String idIn(String message) {
        return message.replaceAll("(?s).*as request (\\S+) by.*", "$1");
    }

    private String refused(String user, String sql, String sqlState) {
        String[] message = new String[1];
        assertThatThrownBy(() -> nicol.update(user, sql))
                .as(sql)
                .isInstanceOfSatisfying(SQLException.class, failure -> {
                    assertThat(failure.getSQLState()).as(failure.getMessage()).isEqualTo(sqlState);
                    message[0] = failure.getMessage();
                });
        return message[0];
    }

    private String call(String user, String call) throws SQLException {
        return nicol.rows(user, "CALL nicol." + call).get(0);
    }

    private String state(String id) throws SQLException {
        return nicol.rows("audra", "SELECT state FROM nicol.approval.requests WHERE approval_id = '" + id + "'")
                .get(0);
    }

    @Test
    void theWholeCycleIsLinkedInTheTrail() throws SQLException {
        String delete = "DELETE FROM " + table + " WHERE amount > 40 AND amount < 100";
        String message = refused("steve", delete, "NA001");
        String id = idIn(message);
        assertThat(message)
                .contains("by guardrail `many-deleted`: it would write 5 rows", "members of dba may approve it until");
        assertThat(left()).isEqualTo("10");

        assertThat(nicol.rows(
                        "dora",
                        "SELECT state, requested_by, statement_kind, counted_rows, rules, sql_text, plan IS NOT NULL,"
                                + " lineage FROM nicol.approval.requests WHERE approval_id = '" + id + "'"))
                .containsExactly("PENDING|steve|DELETE|5|many-deleted|" + delete + "|true|(every row) <- crm."
                        + (kind.equals("h2") ? "PUBLIC.ORDERS" + number + ".AMOUNT" : "public." + name + ".amount")
                        + " FILTER");
        assertThat(call("dora", "approve('" + id + "', 'agreed')")).isEqualTo("approved " + id);
        assertThat(nicol.update("steve", delete)).isEqualTo(5);
        assertThat(left()).isEqualTo("5");
        // once
        execute("INSERT INTO " + name + " VALUES (5, 50, 'e'), (6, 60, 'f'), (7, 70, 'g')");
        assertThat(held("steve", delete)).isNotEqualTo(id);

        assertThat(nicol.rows(
                        "audra",
                        "SELECT r.state, r.decided_by, r.decision_comment, held.outcome, held.verdict, ran.outcome,"
                                + " ran.row_count, ran.approval_id = r.approval_id FROM nicol.approval.requests r"
                                + " JOIN nicol.audit.statements held ON held.statement_id = r.statement_id"
                                + " JOIN nicol.audit.statements ran ON ran.statement_id = r.executed_statement_id"
                                + " WHERE r.approval_id = '" + id + "'"))
                .containsExactly("EXECUTED|dora|agreed|held|allowed|succeeded|5|true");
        assertThat(nicol.rows(
                        "audra",
                        "SELECT kind, user_name FROM nicol.audit.events WHERE detail LIKE 'approval " + id
                                + "%' ORDER BY event_id"))
                .containsExactly(
                        "approval_pending|steve",
                        "approval_approved|dora",
                        "approval_executing|steve",
                        "approval_executed|steve");
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
    void severalApproversOfSeveralRules() throws SQLException {
        String truncate = "TRUNCATE TABLE " + table;
        String message = refused("steve", truncate, "NA001");
        String id = idIn(message);
        assertThat(message).contains("`owners-too`, `truncated`", "members of owners; 2 of members of dba may approve");
        assertThat(call("olga", "approve('" + id + "', '')")).contains("counted for owners-too", "needs further");
        assertThat(call("dora", "approve('" + id + "', '')")).contains("counted for truncated");
        assertThat(refused("dora", "CALL nicol.approve('" + id + "', 'again')", "42501"))
                .contains("You have approved request");
        assertThat(nicol.rows(
                        "dirk",
                        "SELECT rule, approvals_needed, approvers FROM nicol.approval.rules WHERE approval_id = '" + id
                                + "' ORDER BY rule"))
                .containsExactly("truncated|2|members of dba");
        assertThat(nicol.rows(
                        "steve",
                        "SELECT rule, user_name FROM nicol.approval.votes WHERE approval_id = '" + id + "' ORDER BY 1"))
                .containsExactly("owners-too|olga", "truncated|dora");
        held("steve", truncate);
        assertThat(left()).isEqualTo("10");
        assertThat(call("dirk", "approve('" + id + "', '')")).isEqualTo("approved " + id);
        nicol.update("steve", truncate);
        assertThat(left()).isEqualTo("0");
    }

    @Test
    void oneRejectionEndsIt() throws SQLException {
        String truncate = "TRUNCATE TABLE " + table;
        String id = held("steve", truncate);
        call("dora", "approve('" + id + "', '')");
        assertThat(call("olga", "reject('" + id + "', 'no')")).isEqualTo("rejected " + id);
        assertThat(refused("dirk", "CALL nicol.approve('" + id + "', '')", "42501"))
                .contains("is REJECTED, so it cannot be approved");
        assertThat(held("steve", truncate)).isNotEqualTo(id);
    }

    @Test
    void whoMayNotDecide() throws SQLException {
        String delete = "DELETE FROM " + table + " WHERE id > 5";
        String own = held("bess", delete);
        assertThat(refused("bess", "CALL nicol.approve('" + own + "', 'mine')", "42501"))
                .contains("Nobody decides their own request");
        String id = held("steve", delete);
        assertThat(refused("ann", "CALL nicol.approve('" + id + "', '')", "42501"))
                .contains("You are not an approver of guardrail `many-deleted`");
        assertThat(refused("dora", "CALL nicol.approve('nothing', '')", "42501"))
                .contains("There is no approval request `nothing`");
        assertThat(refused("dora", "CALL nicol.run('" + id + "')", "42501")).contains("is not yours to run");
        assertThat(refused("steve", "CALL nicol.run('" + id + "')", "42501"))
                .contains("is PENDING, so it cannot be run. An approver must approve it first");
        assertThat(nicol.rows("ann", "SELECT * FROM nicol.approval.requests WHERE sql_text LIKE '%" + name + "%'"))
                .isEmpty();
        try (Connection agent = nicol.connect("helper", "on_behalf_of", "dora", "purpose", "tidying");
                Statement statement = agent.createStatement()) {
            assertThatThrownBy(() -> statement.execute("CALL nicol.approve('" + id + "', '')"))
                    .hasMessageContaining("Agents decide no requests");
        }
        try (Connection agent = nicol.connect("helper", "on_behalf_of", "dora", "purpose", "tidying");
                Statement statement = agent.createStatement()) {
            String[] asked = new String[1];
            assertThatThrownBy(() -> statement.executeUpdate("DROP TABLE " + table))
                    .satisfies(failure -> asked[0] = failure.getMessage());
            // the agent's own human is in the group that approves, and is no second pair of eyes
            if (asked[0].contains("as request")) {
                assertThat(refused("dora", "CALL nicol.approve('" + idIn(asked[0]) + "', '')", "42501"))
                        .contains("Nobody decides their own request");
            }
        }
    }

    @Test
    void aColleagueRunsWhatWasHandedOn() throws SQLException {
        String delete = "DELETE FROM " + table + " WHERE id > 7";
        String id = held("steve", delete);
        assertThat(refused("sue", "CALL nicol.delegate('" + id + "', 'sue')", "42501"))
                .contains("Only who asked for request");
        assertThat(call("steve", "delegate('" + id + "', 'bess')")).isEqualTo("delegated " + id);
        assertThat(refused("bess", "CALL nicol.approve('" + id + "', '')", "42501"))
                .contains("handed on to you, and nobody decides what they may run");
        call("dora", "approve('" + id + "', '')");
        assertThat(refused("steve", "CALL nicol.delegate('" + id + "', 'dora')", "42501"))
                .contains("nobody runs what they approved");
        // whose rules are others, so that it is not what was approved
        assertThat(refused("bess", delete, "NA001"))
                .contains("Request " + id + " was delegated to you, but differs for you in the policy that applies");
        held("sue", delete);
        assertThat(call("steve", "delegate('" + id + "', 'sue')")).isEqualTo("delegated " + id);
        assertThat(nicol.update("sue", delete)).isEqualTo(3);
        assertThat(state(id)).isEqualTo("EXECUTED");
    }

    @Test
    void theGlassIsBrokenWithAReasonOnly() throws SQLException {
        String delete = "DELETE FROM " + table + " WHERE id > 7";
        String id = held("bess", delete);
        assertThat(refused("bess", "CALL nicol.break_glass('" + id + "', 'urgent')", "42501"))
                .contains("a reason of at least 20 characters");
        assertThat(refused("bess", "CALL nicol.break_glass('" + id + "', '......................')", "42501"))
                .contains("a reason of at least 20 characters");
        String other = held("steve", delete);
        assertThat(refused("steve", "CALL nicol.break_glass('" + other + "', 'the orders run over at night')", "42501"))
                .contains("does not let you break the glass");
        assertThat(refused("bess", "CALL nicol.break_glass('" + other + "', 'the orders run over at night')", "42501"))
                .contains("Only who asked");

        call("bess", "break_glass('" + id + "', 'the orders run over at night')");
        assertThat(nicol.update("bess", delete)).isEqualTo(3);
        assertThat(nicol.rows(
                        "audra",
                        "SELECT r.break_glass, r.decided_by, e.user_name, e.detail FROM nicol.approval.requests r JOIN"
                                + " nicol.audit.events e ON e.kind = 'break_glass' AND e.detail LIKE '%' || r.approval_id ||"
                                + " '%' WHERE r.approval_id = '" + id + "'"))
                .containsExactly("true|bess|bess|approval " + id + ": the orders run over at night");
    }

    @Test
    void aRequestExpiresByTheClock() throws SQLException {
        String alter = "ALTER TABLE " + table + " ADD COLUMN more INTEGER";
        String id = held("steve", alter);
        await().atMost(Duration.ofSeconds(10)).until(() -> state(id).equals("EXPIRED"));
        assertThat(refused("dora", "CALL nicol.approve('" + id + "', '')", "42501"))
                .contains("is EXPIRED, so it cannot be approved");
        assertThat(held("steve", alter)).isNotEqualTo(id);
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
    void whoAskedWithdrawsIt() throws SQLException {
        String delete = "DELETE FROM " + table + " WHERE id > 7";
        String id = held("steve", delete);
        assertThat(held("steve", delete)).as("one request at a time").isEqualTo(id);
        call("steve", "revoke('" + id + "', 'not needed')");
        assertThat(state(id)).isEqualTo("CANCELLED");
        String next = held("steve", delete);
        assertThat(next).isNotEqualTo(id);
        call("dora", "approve('" + next + "', '')");
        call("dirk", "revoke('" + next + "', 'changed my mind')");
        assertThat(held("steve", delete)).isNotEqualTo(next);
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
            String select = "SELECT email FROM crm.public.mails" + number + " ORDER BY id";
            String[] message = new String[1];
            assertThatThrownBy(() -> nicol.rows("steve", select))
                    .satisfies(failure -> message[0] = failure.getMessage());
            String id = idIn(message[0]);
            call("dora", "approve('" + id + "', '')");
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
}
