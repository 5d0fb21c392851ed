package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import dev.nicol.server.testing.TestStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Guardrails that ask for more than the statement: who ran what before, how much, and when. */
class GuardrailsTest {
    private static final String USERS = """
            users:
              alice: {password: "$HASH", groups: [people]}
              bob: {password: "$HASH", groups: [people, limited]}
              cid: {password: "$HASH", groups: [people, limited]}
              dora: {password: "$HASH", groups: [dba]}
              steve: {password: "$HASH", groups: [people], roles: [steward]}
              audra: {password: "$HASH", roles: [auditor]}
            agents:
              bot: {password: "$HASH", groups: [people, limited], acts_for: [alice], purposes: [cleaning]}
            """;

    private static final String GRANTS = """
            grants:
              - {name: people, tables: ["crm.**", "virtual.**"], actions: [select, insert, update, delete], raw: ["*"], to: {groups: [people]}}
            """;

    private static SourceDefinition crm() {
        SourceDefinition crm = TestDatabases.h2("crm");
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                crm.password(),
                "CREATE TABLE customers (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), email VARCHAR(60), region VARCHAR(10))",
                "INSERT INTO customers SELECT x, 'name ' || x, 'p' || x || '@example.com', CASE WHEN MOD(x, 2) = 0 THEN 'EU' ELSE 'US' END"
                        + " FROM SYSTEM_RANGE(1, 250)");
        return crm;
    }

    private static TestNicol started(TestStore store, String guardrails) {
        return TestNicol.start(List.of(crm()), USERS, GRANTS + guardrails, store.config());
    }

    private static void assertDenied(ThrowingCallable statement, String rule) {
        assertThatThrownBy(statement).isInstanceOfSatisfying(SQLException.class, refused -> {
            assertThat(refused.getSQLState()).isEqualTo("NG001");
            assertThat(refused.getMessage()).contains("`" + rule + "`");
        });
    }

    /** What arrives before the result breaks off, and the code it does with. */
    private static List<String> until(TestNicol nicol, String user, String sql) throws SQLException {
        List<String> came = new ArrayList<>();
        try (Connection connection = nicol.connect(user);
                Statement statement = connection.createStatement()) {
            statement.setFetchSize(20);
            try (ResultSet rows = statement.executeQuery(sql)) {
                while (rows.next()) {
                    came.add(rows.getString(1));
                }
            }
        } catch (SQLException broken) {
            came.add(String.valueOf(broken.getSQLState()));
        }
        return came;
    }

    @ParameterizedTest
    @EnumSource(TestStore.class)
    void rowsAreUsedUp(TestStore store) throws SQLException {
        String some = "SELECT id FROM crm.public.customers WHERE id <= ";
        TestNicol nicol = started(store, """
                guardrails:
                  - {name: few-rows, to: {groups: [limited]}, budget: {rows: 150, per: hour}, action: deny}
                """);
        try {
            assertThat(nicol.rows("bob", some + 140)).hasSize(140);
            // the last ten are there and one more is not
            assertThat(nicol.rows("bob", some + 10)).hasSize(10);
            assertDenied(() -> nicol.rows("bob", some + 1), "few-rows");
            assertThat(until(nicol, "cid", some + 151 + " ORDER BY id"))
                    .contains("NG001")
                    .hasSizeLessThanOrEqualTo(151);
            assertDenied(
                    () -> nicol.update("cid", "UPDATE crm.public.customers SET name = 'x' WHERE id = 1"), "few-rows");
            assertThat(nicol.rows("alice", some + 250)).hasSize(250);
            assertThat(nicol.rows(
                            "audra",
                            "SELECT verdict, outcome, row_count FROM nicol.audit.statements WHERE user_name = 'cid'"
                                    + " AND statement_kind = 'SELECT'"))
                    .containsExactly("allowed|denied|150");
        } finally {
            nicol.close();
        }
        // what the trail says is what counts after a restart
        try (TestNicol again = nicol.restart()) {
            assertDenied(() -> again.rows("bob", some + 1), "few-rows");
            assertDenied(() -> again.rows("cid", some + 1), "few-rows");
            assertThat(again.rows("alice", some + 1)).hasSize(1);
        }
    }

    @Test
    void statementsAndBytesAreUsedUpByTheAgentForItself() throws SQLException {
        String one = "SELECT name FROM crm.public.customers WHERE id = 1";
        try (TestNicol nicol = started(TestStore.EMBEDDED, """
                guardrails:
                  - {name: few-statements, to: {groups: [limited]}, budget: {statements: 2, per: day}, action: deny}
                  - {name: few-bytes, to: {users: [alice]}, budget: {bytes: 1, per: hour}, action: deny}
                """)) {
            nicol.rows("bob", one);
            assertThatThrownBy(() -> nicol.rows("bob", "SELECT nothing FROM crm.public.customers"))
                    .hasMessageContaining("nothing");
            nicol.update("bob", "UPDATE crm.public.customers SET name = 'x' WHERE id = 2");
            assertDenied(() -> nicol.rows("bob", one), "few-statements");
            assertDenied(() -> nicol.rows("bob", one), "few-statements");
            // SET and the system's own answers are no business of guardrails
            try (Connection connection = nicol.connect("bob");
                    Statement statement = connection.createStatement()) {
                statement.execute("SET purpose = 'help'");
            }
            try (Connection bot = nicol.connect("bot", "on_behalf_of", "alice", "purpose", "cleaning");
                    Statement statement = bot.createStatement();
                    ResultSet rows = statement.executeQuery(one)) {
                assertThat(TestNicol.rows(rows)).containsExactly("name 1");
            }
            assertThat(nicol.rows("alice", one)).containsExactly("name 1");
            assertDenied(() -> nicol.rows("alice", one), "few-bytes");
        }
    }

    @ParameterizedTest
    @EnumSource(TestStore.class)
    void whatOneNeverReadBeforeIsNew(TestStore store) throws SQLException {
        String mails = "SELECT email FROM crm.public.customers WHERE id = 1";
        TestNicol nicol = started(store, """
                guardrails:
                  - {name: new-to-you, check: first_read, action: warn}
                """);
        try {
            nicol.rows("bob", "SELECT id FROM crm.public.customers WHERE id = 1");
            assertThatThrownBy(() -> nicol.rows("bob", mails + " AND 1 / (id - 1) = 1"))
                    .isInstanceOf(SQLException.class);
            nicol.rows("bob", mails);
            nicol.rows("bob", mails);
            nicol.rows("bob", "SELECT id FROM crm.public.customers WHERE email = 'x'");
            nicol.rows("cid", "SELECT id FROM crm.public.customers WHERE email = 'x'");
            nicol.rows("cid", mails);
            String verdicts = "SELECT verdict FROM nicol.audit.statements WHERE user_name = '%s' ORDER BY started_at";
            assertThat(nicol.rows("audra", verdicts.formatted("bob")))
                    .containsExactly("allowed", "warned", "warned", "allowed", "allowed");
            assertThat(nicol.rows("audra", verdicts.formatted("cid"))).containsExactly("warned", "allowed");
        } finally {
            nicol.close();
        }
        try (TestNicol again = nicol.restart()) {
            again.rows("bob", mails);
            assertThat(again.rows(
                            "audra",
                            "SELECT verdict, COUNT(*) FROM nicol.audit.statements WHERE user_name = 'bob' GROUP BY verdict"
                                    + " ORDER BY verdict"))
                    .containsExactly("allowed|4", "warned|2");
        }
    }

    @Test
    void withinItsTimeARuleTripsAndOutsideItDoesNot() throws SQLException {
        DayOfWeek day = LocalDate.now(ZoneOffset.UTC).getDayOfWeek();
        // three days from now is neither today nor, at midnight, tomorrow
        String farAway = day.plus(3).name().substring(0, 3).toLowerCase(Locale.ROOT);
        try (TestNicol nicol = started(TestStore.EMBEDDED, """
                guardrails:
                  - {name: never-now, statements: [select], times: {days: [%s]}, action: deny}
                  - {name: always, statements: [update], times: {from: "00:00"}, action: deny}
                """.formatted(farAway))) {
            assertThat(nicol.rows("alice", "SELECT id FROM crm.public.customers WHERE id = 1"))
                    .containsExactly("1");
            assertDenied(
                    () -> nicol.update("alice", "UPDATE crm.public.customers SET name = 'x' WHERE id = 1"), "always");
        }
    }

    /** A condition that crosses into the seal of a filtered table bounds it as any other. */
    @Test
    void underARowFilterToo() throws SQLException {
        try (TestNicol nicol = started(TestStore.EMBEDDED, """
                row_filters:
                  - {name: eu, tables: ["crm.*.customers"], to: {groups: [people]}, where: "region = 'EU'"}
                guardrails:
                  - {name: no-scans, unbounded_read_over: 100, action: deny}
                  - {name: no-products, check: cartesian_product, action: deny}
                """)) {
            assertThat(nicol.rows("alice", "SELECT id FROM crm.public.customers WHERE id = 2"))
                    .containsExactly("2");
            assertThat(
                            nicol.rows(
                                    "alice",
                                    "SELECT a.id FROM crm.public.customers a, crm.public.customers b WHERE a.id = 2 AND b.id = 2"))
                    .containsExactly("2");
            // the policy's filter is not the statement's
            assertDenied(() -> nicol.rows("alice", "SELECT id FROM crm.public.customers"), "no-scans");
            assertDenied(() -> nicol.rows("alice", "SELECT id FROM crm.public.customers WHERE id = id"), "no-scans");
        }
    }

    @Test
    void preparingAndExplainingCircumventNothing() throws SQLException {
        String scan = "SELECT id FROM crm.public.customers";
        try (TestNicol nicol = started(TestStore.EMBEDDED, """
                guardrails:
                  - {name: no-scans, unbounded_read_over: 100, action: deny}
                  - {name: on-rows, statements: [delete], rows_over: 1, action: deny}
                """);
                Connection alice = nicol.connect("alice");
                PreparedStatement prepared = alice.prepareStatement(scan);
                PreparedStatement limited = alice.prepareStatement(scan + " LIMIT ?")) {
            assertDenied(prepared::executeQuery, "no-scans");
            limited.setInt(1, 5);
            assertDenied(limited::executeQuery, "no-scans");
            assertThat(nicol.rows("alice", "EXPLAIN POLICY FOR " + scan))
                    .anySatisfy(row -> assertThat(row).startsWith("guardrail|").contains("|no-scans|denied|"))
                    .anySatisfy(row -> assertThat(row).startsWith("verdict|").contains("|denied|"));
            assertThat(nicol.rows("alice", "EXPLAIN PLAN FOR " + scan)).isNotEmpty();
            assertThat(nicol.rows("alice", "EXPLAIN POLICY FOR DELETE FROM crm.public.customers WHERE id = 1"))
                    .anySatisfy(row -> assertThat(row).startsWith("verdict|").contains("|allowed|"));
        }
    }

    /** Every name that a condition has is one that there is. */
    @Test
    void unknownNamesAreRefusedWhereTheyStand() {
        assertThatThrownBy(() -> started(TestStore.EMBEDDED, """
                guardrails:
                  - {name: g1, tags: [EMAIL], joined_with: [cmr], action: deny}
                  - {name: g2, tags_together: [EMIAL, PHONE], action: deny}
                  - {name: g3, statements: [drop], unbounded_read_over: 5, action: deny}
                """).close())
                .hasMessageContaining("policy.yaml:4: `g1`: there is no source `cmr` — did you mean `crm`?")
                .hasMessageContaining("policy.yaml:5: `g2`: there is no tag `EMIAL` — did you mean `EMAIL`?")
                .hasMessageContaining("policy.yaml:6: `g3` can never trip: `unbounded_read_over: 5` is of");
    }

    @Test
    void anUnknownFunctionIsToldWithTheNearestKnownOne() {
        try (TestNicol nicol = started(TestStore.EMBEDDED, "")) {
            assertThatThrownBy(() -> nicol.rows("alice", "SELECT uper(name) FROM crm.public.customers"))
                    .hasMessageContaining("There is no function uper(<CHARACTER>)")
                    .hasMessageContaining("Did you mean `UPPER`?");
            assertThatThrownBy(() -> nicol.rows("alice", "SELECT pg_sleep(10)"))
                    .hasMessageContaining("There is no function pg_sleep(<NUMERIC>)")
                    .hasMessageContaining("free of side effects");
        }
    }

    /** A purpose that was taken back is none. */
    @Test
    void aPurposeThatIsTakenBackIsNone() throws SQLException {
        String one = "SELECT id FROM crm.public.customers WHERE id = 1";
        try (TestNicol nicol = started(TestStore.EMBEDDED, """
                guardrails:
                  - {name: say-why, check: agent_without_purpose, action: deny}
                """);
                Connection bot = nicol.connect("bot", "on_behalf_of", "alice", "purpose", "cleaning");
                Statement statement = bot.createStatement()) {
            statement.executeQuery(one).close();
            statement.execute("SET purpose = NULL");
            assertDenied(() -> statement.executeQuery(one), "say-why");
        }
    }

    /** To be held its rows would be counted, which reads; and who approves would have to guess what for. */
    @Test
    void whatAnAgentWithoutPurposeAsksIsNotHeldButRefused() throws SQLException {
        try (TestNicol nicol = started(TestStore.EMBEDDED, """
                guardrails:
                  - {name: ask, statements: [insert], action: hold, approvers: {users: [steve]}}
                """);
                Connection bot = nicol.connect("bot", "on_behalf_of", "alice");
                Statement statement = bot.createStatement()) {
            String copy = "INSERT INTO crm.public.customers (id, name) SELECT id + 1000, name FROM crm.public.customers"
                    + " WHERE name = 'name 7'";
            assertThatThrownBy(() -> statement.executeUpdate(copy))
                    .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState())
                            .isEqualTo("42501"))
                    .hasMessageContaining("without a purpose");
            statement.execute("SET purpose = 'cleaning'");
            assertThatThrownBy(() -> statement.executeUpdate(copy)).hasMessageContaining("it would write 1 row");
        }
    }

    /** A view is what it reads, with rules of its own or without. */
    @Test
    void viewsHideNothing() throws SQLException {
        try (TestNicol nicol = started(TestStore.EMBEDDED, """
                column_masks:
                  - {name: view-names, columns: ["virtual.v.masked.name"], to: {users: [alice]}, mask: {kind: redact}}
                guardrails:
                  - {name: no-scans, to: {users: [alice]}, unbounded_read_over: 100, action: deny}
                  - {name: no-products, to: {users: [alice]}, check: cartesian_product, action: deny}
                  - {name: no-joins, to: {users: [alice]}, joins_over: 1, action: deny}
                """)) {
            nicol.update("steve", "CREATE SCHEMA virtual.v");
            for (String name : List.of("plain", "masked")) {
                nicol.update(
                        "steve",
                        "CREATE VIEW virtual.v." + name + " AS SELECT id, name, email FROM crm.public.customers");
            }
            nicol.update(
                    "steve",
                    "CREATE VIEW virtual.v.product AS SELECT a.id FROM crm.public.customers a, crm.public.customers b"
                            + " WHERE a.id < 3 AND b.id < 4");
            nicol.update(
                    "steve",
                    "CREATE VIEW virtual.v.joins AS SELECT a.id FROM crm.public.customers a JOIN crm.public.customers b"
                            + " ON a.id = b.id JOIN crm.public.customers c ON b.id = c.id WHERE a.id = 1");
            for (String name : List.of("plain", "masked")) {
                assertDenied(() -> nicol.rows("alice", "SELECT id FROM virtual.v." + name), "no-scans");
                assertThat(nicol.rows("alice", "SELECT id FROM virtual.v." + name + " WHERE id = 7"))
                        .containsExactly("7");
            }
            assertDenied(() -> nicol.rows("alice", "SELECT id FROM virtual.v.product"), "no-products");
            assertDenied(() -> nicol.rows("alice", "SELECT id FROM virtual.v.joins"), "no-joins");
            assertThat(nicol.rows("steve", "SELECT COUNT(*) FROM virtual.v.product"))
                    .containsExactly("6");
        }
    }
}
