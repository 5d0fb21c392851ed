package dev.nicol.server.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.audit.StoreSettings;
import dev.nicol.server.testing.TestNicol;
import dev.nicol.server.testing.TestStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Statements in, notices out: those that were asked for, once, in order, whatever the receiver does. */
@ParameterizedClass
@EnumSource(TestStore.class)
class WebhooksTest {
    private static final String USERS = """
            users:
              ann: {password: "$HASH", groups: [analysts]}
              steve: {password: "$HASH", groups: [stewards], roles: [steward]}
              dora: {password: "$HASH", groups: [dba]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private static final String POLICIES = """
            grants:
              - {name: analysts, tables: ["crm.**"], actions: [select], to: {groups: [analysts]}}
              - {name: stewards, tables: ["crm.**"], actions: [select, insert, update, delete], raw: ["*"], to: {groups: [stewards]}}
            guardrails:
              - {name: prices, statements: [update], action: hold, approvers: {groups: [dba]}, break_glass: {groups: [stewards]}, expires_after: 1h}
              - {name: quick, statements: [insert], action: hold, approvers: {groups: [dba]}, expires_after: 1s}
              - {name: no-deletes, statements: [delete], action: deny}
            """;

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String SECRET = "hook-secret-of-the-bot";
    private static final String REQUESTED = "events: [approval.requested]";
    private static final String DECIDED = "events: [approval.decided]";
    private static final String EXPIRED = "events: [approval.expired]";
    private static final String BROKEN = "events: [approval.break_glass]";
    private static final String DENIED = "name: denials, events: [statement.denied]";
    private static final String APPROVALS = "events: [approval.requested, approval.decided, approval.executed]";
    private static final String PATIENT = APPROVALS + ", timeout_s: 600";
    private static final ObjectMapper JSON = new ObjectMapper();

    @Parameter
    TestStore kind;

    private SourceDefinition crm;
    private StoreSettings store;

    @BeforeEach
    void prepare() {
        crm = TestDatabases.postgres("crm");
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                crm.password(),
                "CREATE TABLE prices (id INTEGER PRIMARY KEY, amount INTEGER)",
                "INSERT INTO prices VALUES (1, 5), (2, 6)");
        store = kind.settings(TestDatabases.directory());
    }

    private TestNicol start(String... webhooks) {
        String all = webhooks.length == 0 ? "" : "webhooks: [" + String.join(", ", webhooks) + "]\n";
        return TestNicol.start(List.of(crm), USERS, POLICIES, TestStore.config(store) + all);
    }

    private static String hook(Receivers.Http http, String more) {
        return "{url: '" + http.url() + "/bot', secret: '" + SECRET + "', " + more + "}";
    }

    /** A statement that is held; answers the request's id. */
    private static String request(TestNicol nicol, int amount) {
        String[] id = new String[1];
        assertThatThrownBy(() -> nicol.update("steve", update(amount)))
                .isInstanceOfSatisfying(SQLException.class, held -> {
                    assertThat(held.getSQLState()).isEqualTo("NA001");
                    id[0] = held.getMessage().replaceAll("(?s).*as request (\\S+) by.*", "$1");
                });
        return id[0];
    }

    private static String update(int amount) {
        return "UPDATE crm.public.prices SET amount = " + amount + " WHERE id = 1";
    }

    private static void call(TestNicol nicol, String call) throws SQLException {
        nicol.rows("dora", "CALL nicol." + call);
    }

    private static List<ObjectNode> told(Receivers.Http http) {
        return http.posted.stream()
                .map(post -> {
                    try {
                        return (ObjectNode) JSON.readTree(post.body());
                    } catch (IOException failure) {
                        throw new UncheckedIOException(failure);
                    }
                })
                .toList();
    }

    /** What was told, in short. */
    private static List<String> inShort(Receivers.Http http) {
        return told(http).stream()
                .map(notice -> notice.path("event").asText() + " "
                        + notice.path("state").asText() + " "
                        + notice.path("approval_id").asText())
                .toList();
    }

    private static void isTold(Receivers.Http http, String... expected) {
        await().atMost(SOON).until(() -> http.posted.size() >= expected.length);
        assertThat(inShort(http)).containsExactly(expected);
    }

    @Test
    void whoAsksWhoDecidesAndWhatBecomesOfItIsTold() throws Exception {
        try (Receivers.Http http = new Receivers.Http();
                TestNicol nicol = start(hook(http, APPROVALS))) {
            nicol.rows("ann", "SELECT amount FROM crm.public.prices");
            String id = request(nicol, 8);
            isTold(http, "approval.requested PENDING " + id);
            call(nicol, "approve('" + id + "', 'Zoë says \"yes\": as agreed')");
            isTold(http, "approval.requested PENDING " + id, "approval.decided APPROVED " + id);
            assertThat(nicol.update("steve", update(8))).isEqualTo(1);
            await().atMost(SOON).until(() -> http.posted.size() == 3);

            List<ObjectNode> told = told(http);
            List<String> request = nicol.rows(
                    "audra",
                    "SELECT executed_statement_id FROM nicol.approval.requests WHERE approval_id = '" + id + "'");
            isNotice(
                    told.get(0),
                    "{\"event\": \"approval.requested\", \"server\": \"nicol\", \"user\": \"steve\", \"state\": \"PENDING\","
                            + " \"approval_id\": \"" + id + "\", \"requested_by\": \"steve\", \"rule\": \"prices\","
                            + " \"comment\": \"guardrail `prices`\"}");
            isNotice(
                    told.get(1),
                    "{\"event\": \"approval.decided\", \"server\": \"nicol\", \"user\": \"dora\", \"state\": \"APPROVED\","
                            + " \"approval_id\": \"" + id + "\", \"requested_by\": \"steve\", \"rule\": \"prices\","
                            + " \"comment\": \"Zoë says \\\"yes\\\": as agreed\"}");
            isNotice(
                    told.get(2),
                    "{\"event\": \"approval.executed\", \"server\": \"nicol\", \"user\": \"steve\", \"state\": \"EXECUTED\","
                            + " \"approval_id\": \"" + id + "\", \"requested_by\": \"steve\", \"rule\": \"prices\","
                            + " \"statement_id\": \"" + request.get(0) + "\"}");
            http.posted.forEach(post -> {
                assertThat(DeliveryTest.isSigned(post, SECRET)).isTrue();
                assertThat(post.path()).isEqualTo("/bot");
                assertThat(post.header("Content-Type")).isEqualTo("application/json");
                assertThat(post.body()).doesNotContainIgnoringCase("update ").doesNotContain("amount", SECRET);
            });
            assertThat(nicol.rows("audra", "SELECT kind FROM nicol.audit.events WHERE detail LIKE '%" + SECRET + "%'"))
                    .isEmpty();
        }
    }

    /** Ids and moments are the server's; they are there. */
    private static void isNotice(ObjectNode notice, String expected) throws IOException {
        ObjectNode rest = notice.deepCopy();
        assertThat(rest.remove("event_id").isIntegralNumber()).isTrue();
        assertThat(rest.remove("occurred_at").asText()).matches("\\d{4}-\\d\\d-\\d\\dT.*Z");
        assertThat(rest.remove("expires_at").asText()).matches("\\d{4}-\\d\\d-\\d\\dT.*Z");
        assertThat((JsonNode) rest).isEqualTo(JSON.readTree(expected));
    }

    @Test
    void eachReceiverIsToldWhatItAskedForAlone() throws Exception {
        try (Receivers.Http denials = new Receivers.Http();
                Receivers.Http decisions = new Receivers.Http();
                TestNicol nicol = start(hook(denials, DENIED), hook(decisions, DECIDED))) {
            assertThatThrownBy(() -> nicol.update("steve", "DELETE FROM crm.public.prices WHERE id = 987654321"));
            assertThatThrownBy(() -> nicol.rows("ann", "SELECT nothing FROM crm.public.prices"));
            assertThatThrownBy(() -> nicol.rows("ann", "SELECT FROM"));
            String id = request(nicol, 9);
            call(nicol, "reject('" + id + "')");
            assertThatThrownBy(() -> nicol.update("ann", update(7)));
            isTold(decisions, "approval.decided REJECTED " + id);
            await().atMost(SOON).until(() -> denials.posted.size() >= 2);

            assertThat(told(denials)).hasSize(2);
            ObjectNode denied = told(denials).get(0);
            assertThat(nicol.rows(
                            "audra",
                            "SELECT e.event_id, s.user_name, s.statement_kind FROM nicol.audit.statements s JOIN"
                                    + " nicol.audit.events e ON e.statement_id = s.statement_id WHERE s.statement_id = '"
                                    + denied.path("statement_id").asText() + "'"))
                    .containsExactly(denied.path("event_id").asText() + "|steve|DELETE");
            assertThat(denied.path("event").asText()).isEqualTo("statement.denied");
            assertThat(denied.path("user").asText()).isEqualTo("steve");
            assertThat(denied.path("statement_kind").asText()).isEqualTo("DELETE");
            assertThat(denied.path("sqlstate").asText()).isEqualTo("NG001");
            assertThat(denied.path("rules").toString()).contains("\"no-deletes\"");
            assertThat(told(denials).get(1).path("sqlstate").asText()).isEqualTo("42501");
            assertThat(denials.posted.get(0).body()).doesNotContain("987654321", "detail", "sql\"");
            assertThat(nicol.rows("audra", "SELECT name, kind FROM nicol.audit.sinks ORDER BY name"))
                    .containsExactly("denials|webhook", "webhook-2|webhook");
            assertThat(decisions.posted).hasSize(1);
        }
    }

    @Test
    void aReceiverThatWasDownIsToldOnceAndInOrder() throws Exception {
        try (Receivers.Http http = new Receivers.Http();
                TestNicol nicol = start(hook(http, APPROVALS))) {
            http.mood = Receivers.Mood.REFUSES;
            String one = request(nicol, 10);
            await().atMost(SOON).until(() -> http.refused >= 2);
            String two = request(nicol, 11);
            call(nicol, "approve('" + two + "', '')");
            call(nicol, "reject('" + one + "', '')");
            call(nicol, "\"revoke\"('" + two + "', '')");
            assertThat(nicol.rows("audra", "SELECT name FROM nicol.audit.sinks WHERE last_error = 'http_500'"))
                    .containsExactly("webhook-1");
            http.mood = Receivers.Mood.ACCEPTS;
            isTold(
                    http,
                    "approval.requested PENDING " + one,
                    "approval.requested PENDING " + two,
                    "approval.decided APPROVED " + two,
                    "approval.decided REJECTED " + one,
                    "approval.decided REVOKED " + two);
            List<String> keys = http.posted.stream()
                    .map(post -> post.header("Idempotency-Key"))
                    .toList();
            assertThat(keys).doesNotHaveDuplicates().allMatch(key -> key.matches("nicol:\\d+"));
        }
    }

    /** At the fourth attempt, 1.75 s after the first, the store is also due to hear of the events that were passed over. */
    @Test
    void aFailureStaysToldWhileItIsTriedAgain() throws Exception {
        try (Receivers.Http http = new Receivers.Http();
                TestNicol nicol = start(hook(http, PATIENT))) {
            http.mood = Receivers.Mood.REFUSES;
            request(nicol, 18);
            await().atMost(SOON).until(() -> http.refused == 3);
            http.mood = Receivers.Mood.HANGS;
            await().atMost(SOON).until(() -> http.refused == 4);
            assertThat(nicol.rows(
                            "audra", "SELECT name, failures FROM nicol.audit.sinks WHERE last_error = 'http_500'"))
                    .containsExactly("webhook-1|3");
        }
    }

    /** The time-out is longer than the test: whatever waited for the receiver would never end. */
    @Test
    void aReceiverThatHangsSlowsNothing() throws Exception {
        try (Receivers.Http http = new Receivers.Http();
                Receivers.Http other = new Receivers.Http();
                TestNicol nicol = start(hook(http, PATIENT), hook(other, REQUESTED))) {
            http.mood = Receivers.Mood.HANGS;
            String id = request(nicol, 12);
            await().atMost(SOON).until(() -> http.refused == 1);
            for (int i = 0; i < 20; i++) {
                nicol.rows("ann", "SELECT amount FROM crm.public.prices WHERE id = " + i);
            }
            call(nicol, "approve('" + id + "', '')");
            assertThat(nicol.update("steve", update(12))).isEqualTo(1);
            String next = request(nicol, 13);
            isTold(other, "approval.requested PENDING " + id, "approval.requested PENDING " + next);
            assertThat(http.posted).isEmpty();
            assertThat(http.refused).isEqualTo(1);
        }
    }

    @Test
    void whatHappenedBeforeARestartIsToldAfterItAndNothingTwice() throws Exception {
        try (Receivers.Http http = new Receivers.Http()) {
            TestNicol nicol = start(hook(http, APPROVALS));
            String told;
            String waiting;
            try (nicol) {
                told = request(nicol, 14);
                isTold(http, "approval.requested PENDING " + told);
                http.mood = Receivers.Mood.REFUSES;
                waiting = request(nicol, 15);
                call(nicol, "approve('" + waiting + "', '')");
                await().atMost(SOON).until(() -> http.refused > 0);
            }
            http.mood = Receivers.Mood.ACCEPTS;
            try (TestNicol again = TestNicol.startAgain(nicol.directory())) {
                call(again, "\"revoke\"('" + waiting + "', '')");
                isTold(
                        http,
                        "approval.requested PENDING " + told,
                        "approval.requested PENDING " + waiting,
                        "approval.decided APPROVED " + waiting,
                        "approval.decided REVOKED " + waiting);
            }
        }
    }

    @Test
    void aWebhookThatIsNewBeginsNow() throws Exception {
        try (TestNicol nicol = start()) {
            request(nicol, 16);
        }
        try (Receivers.Http http = new Receivers.Http();
                TestNicol nicol = start(hook(http, APPROVALS))) {
            String id = request(nicol, 17);
            isTold(http, "approval.requested PENDING " + id);
        }
    }

    /** Else it would look behind for ever, and every start would search the chain again. */
    @Test
    void whatItIsNotToldOfIsBehindItToo() throws Exception {
        try (Receivers.Http http = new Receivers.Http();
                TestNicol nicol = start(hook(http, DENIED))) {
            for (int i = 0; i < 5; i++) {
                nicol.rows("ann", "SELECT amount FROM crm.public.prices");
                assertThatThrownBy(() -> nicol.rows("ann", "SELECT nothing FROM crm.public.prices"));
            }
            String last = nicol.rows("audra", "SELECT MAX(event_id) FROM nicol.audit.events")
                    .get(0);
            await().atMost(SOON).until(() -> !nicol.rows(
                            "audra", "SELECT name FROM nicol.audit.sinks WHERE last_event_id >= " + last)
                    .isEmpty());
            assertThat(http.posted).isEmpty();
        }
    }

    @Test
    void aRequestThatNobodyDecidesInTimeIsToldOf() throws Exception {
        try (Receivers.Http http = new Receivers.Http();
                TestNicol nicol = start(hook(http, EXPIRED))) {
            assertThatThrownBy(() -> nicol.update("steve", "INSERT INTO crm.public.prices VALUES (3, 7)"));
            await().atMost(SOON).until(() -> !http.posted.isEmpty());
            List<String> request = nicol.rows("audra", "SELECT approval_id, state FROM nicol.approval.requests");
            isTold(http, "approval.expired EXPIRED " + request.get(0).replace("|EXPIRED", ""));
        }
    }

    @Test
    void brokenGlassIsToldOf() throws Exception {
        try (Receivers.Http http = new Receivers.Http();
                TestNicol nicol = start(hook(http, BROKEN))) {
            String id = request(nicol, 6);
            nicol.rows("steve", "CALL nicol.break_glass('" + id + "', 'prices are wrong in the shop')");
            isTold(http, "approval.break_glass APPROVED " + id);
        }
    }
}
