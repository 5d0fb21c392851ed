package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Dangerous statements and as many that only look so, labelled by hand with what should come of them and why. What is
 * allowed runs, and is taken back.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class GuardrailCorpusContract {
    private static final String USERS = """
            users:
              alice: {password: "$HASH", groups: [people]}
              dora: {password: "$HASH", groups: [dba]}
              audra: {password: "$HASH", roles: [auditor]}
            agents:
              bot: {password: "$HASH", groups: [people], acts_for: [alice], purposes: [cleaning]}
            """;

    private static final String POLICY = """
            grants:
              - {name: people, tables: ["db.**", "ads.**"], actions: [select, insert, update, delete, ddl], raw: ["*"], to: {groups: [people]}}
            guardrails:
              - {name: no-ddl, statements: [ddl], environments: [production], action: deny}
              - {name: no-unbounded-writes, check: unbounded_write, action: deny}
              - {name: no-scans, unbounded_read_over: 1000, action: deny}
              - {name: big-results, statements: [select], rows_over: 1000, action: hold, approvers: {groups: [dba]}}
              - {name: no-products, check: cartesian_product, action: deny}
              - {name: many-joins, joins_over: 2, action: hold, approvers: {groups: [dba]}}
              - {name: mail-not-with-ads, tags: [EMAIL], joined_with: [ads], action: deny}
              - {name: not-together, tags_together: [EMAIL, SALARY], action: hold, approvers: {groups: [dba]}}
              - {name: pay-changes, statements: [update], tags: [SALARY], action: hold, approvers: {groups: [dba]}}
              - {name: pay-stays, statements: [delete, ddl], tags: [SALARY], action: deny}
              - {name: agents-say-why, check: agent_without_purpose, action: deny}
            """;

    private TestNicol nicol;
    private String schema;

    private record Case(String label, String rule, String sql, String why) {}

    /** An empty database of the kind. */
    abstract SourceDefinition emptySource(String name);

    /** Makes the database count its rows. */
    abstract String analyze(String table);

    /** Quotes a name at the source. */
    abstract String quoted(String name);

    @BeforeAll
    void start() {
        SourceDefinition db = emptySource("db");
        schema = "db." + TestDatabases.schema(db);
        List<String> setUp = new ArrayList<>(List.of(
                "CREATE TABLE customers (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), email VARCHAR(60), salary INTEGER)",
                "INSERT INTO customers VALUES (1, 'Ann', 'ann@example.com', 52000), (2, 'Bob', 'bob@example.org', 61000),"
                        + " (3, 'Cid', 'cid@example.net', 48000)",
                "CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, customer_id INTEGER, note VARCHAR(80))",
                "INSERT INTO orders VALUES (1, 1, 'first'), (2, 2, NULL), (5, 1, 'x'), (6, 3, 'a b'), (7, 7, NULL)",
                "CREATE TABLE odd ("
                        + String.join(
                                ", ",
                                quoted("drop") + " INTEGER",
                                quoted("truncate") + " VARCHAR(20)",
                                quoted("delete") + " INTEGER",
                                quoted("update") + " INTEGER",
                                quoted("where") + " INTEGER",
                                quoted("grant") + " VARCHAR(20)",
                                quoted("pg_sleep") + " INTEGER")
                        + ")",
                "INSERT INTO odd VALUES (1, 'no', 1, 1, 3, 'x', 10)",
                "CREATE TABLE events (id INTEGER NOT NULL PRIMARY KEY, customer_id INTEGER, kind VARCHAR(20))",
                "INSERT INTO events VALUES (0, 1, 'click')"));
        for (int rows = 1; rows < 4096; rows *= 2) {
            setUp.add("INSERT INTO events SELECT id + " + rows + ", MOD(id, 50), kind FROM events");
        }
        setUp.add("CREATE VIEW events_view AS SELECT * FROM events");
        List.of("customers", "orders", "odd", "events").forEach(table -> setUp.add(analyze(table)));
        TestDatabases.execute(db.url(), db.user(), db.password(), setUp.toArray(String[]::new));
        SourceDefinition ads = TestDatabases.h2("ads");
        TestDatabases.execute(
                ads.url(),
                ads.user(),
                ads.password(),
                "CREATE TABLE campaigns (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(60))",
                "INSERT INTO campaigns VALUES (1, 'spring'), (2, 'autumn')");
        nicol = TestNicol.start(List.of(in("production", db), in("development", ads)), USERS, POLICY);
    }

    private static SourceDefinition in(String environment, SourceDefinition source) {
        return new SourceDefinition(
                source.name(),
                source.kind(),
                source.url(),
                source.user(),
                source.password(),
                environment,
                source.properties(),
                source.maxConnections());
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    private List<Case> cases() {
        try (InputStream file =
                Objects.requireNonNull(GuardrailCorpusContract.class.getResourceAsStream("guardrail-corpus.txt"))) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(line -> line.split(" \\| ", 4))
                    .map(parts -> new Case(
                            parts[0].strip(), parts[1].strip(), parts[2].strip().replace("$db", schema), parts[3]))
                    .toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Test
    void everyLabelIsRight() throws SQLException {
        List<String> wrong = new ArrayList<>();
        try (Connection alice = nicol.connect("alice");
                Connection bot = nicol.connect("bot", "on_behalf_of", "alice");
                Connection purposeful = nicol.connect("bot", "on_behalf_of", "alice", "purpose", "cleaning")) {
            for (Case one : cases()) {
                boolean byAgent = one.sql.startsWith("@");
                Connection connection = !byAgent ? alice : one.sql.startsWith("@bot ") ? bot : purposeful;
                String sql = byAgent ? one.sql.substring(one.sql.indexOf(' ') + 1) : one.sql;
                String came = whatComesOf(connection, sql, one);
                if (!came.isEmpty()) {
                    wrong.add(one.label + " " + one.rule + " (" + one.why + "): " + one.sql + "\n    " + came);
                }
            }
        }

        assertThat(wrong).isEmpty();
    }

    /** Nothing where it is as labelled. */
    private static String whatComesOf(Connection connection, String sql, Case one) throws SQLException {
        boolean definition = sql.matches("(?i)(create|drop|truncate|alter)\\b.*");
        connection.setAutoCommit(definition);
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
            return one.label.equals("allow") ? "" : "it ran";
        } catch (SQLException refused) {
            String code = refused.getSQLState();
            boolean byRule = String.valueOf(refused.getMessage()).contains("`" + one.rule + "`");
            boolean right =
                    switch (one.label) {
                        case "deny" -> code.equals("NG001") && byRule || code.equals(one.rule);
                        case "hold" -> code.equals("NA001") && byRule;
                        default -> false;
                    };
            return right ? "" : code + " " + refused.getMessage();
        } finally {
            if (!definition) {
                connection.rollback();
            }
        }
    }

    @Test
    void halfOfTheStatementsAreHarmless() {
        List<Case> cases = cases();
        long harmless = cases.stream().filter(one -> one.label.equals("allow")).count();

        assertThat(cases).hasSizeGreaterThanOrEqualTo(120);
        assertThat(harmless * 2.0 / cases.size()).isBetween(0.9, 1.1);
    }

    /** What is refused is recorded as refused, by whichever rule. */
    @Test
    void refusalsAreInTheTrail() throws SQLException {
        try (Connection alice = nicol.connect("alice")) {
            for (String sql :
                    List.of("DELETE FROM " + schema + ".orders WHERE TRUE", "SELECT pg_sleep(1)", "SHUTDOWN")) {
                assertThat(whatComesOf(alice, sql, new Case("allow", "", sql, "")))
                        .isNotEmpty();
            }
        }

        assertThat(nicol.rows(
                        "audra",
                        "SELECT sql_text, verdict, sqlstate FROM nicol.audit.statements"
                                + " WHERE sql_text LIKE '%WHERE TRUE' OR sql_text IN ('SELECT pg_sleep(1)', 'SHUTDOWN')"
                                + " GROUP BY sql_text, verdict, sqlstate ORDER BY sql_text"))
                .containsExactly(
                        "DELETE FROM " + schema + ".orders WHERE TRUE|denied|NG001",
                        "SELECT pg_sleep(1)|denied|0A000",
                        "SHUTDOWN|denied|0A000");
    }
}
