package dev.nicol.server.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Who asks, who decides, and who may not. */
abstract class ApprovalsContract extends ApprovalFixture {
    ApprovalsContract(SourceDefinition source) {
        super(source);
    }

    @Test
    void theWholeCycleIsLinkedInTheTrail() throws SQLException {
        String delete = "DELETE FROM " + table + " WHERE amount > 40 AND amount < 100";
        String message = refused("steve", delete, "NA001");
        String id = idIn(message);
        assertThat(message)
                .contains(
                        "by guardrail `many-deleted`: it would write 5 rows",
                        "Approvers: members of dba. They may approve it until");
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
    void severalApproversOfSeveralRules() throws SQLException {
        String truncate = "TRUNCATE TABLE " + table;
        String message = refused("steve", truncate, "NA001");
        String id = idIn(message);
        assertThat(message)
                .contains(
                        "`owners-too`, `truncated`",
                        "Approvers: members of owners; members of dba (2 approvals). They");
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
        assertThat(refused("steve", "CALL nicol.delegate('" + id + "', 'helper')", "42501"))
                .contains("`helper` is an agent");
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
}
