package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.policy.ProblemsException;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A policy set that says what cannot be so is refused as a whole, by each way in, and the trail says so. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PolicyHonestyTest {
    private static final String USERS = """
            users:
              ann: {password: "$HASH", groups: [analysts, readers]}
              steve: {password: "$HASH", groups: [stewards], roles: [steward]}
              audra: {password: "$HASH", roles: [auditor]}
            agents:
              scout: {password: "$HASH", acts_for: [ann], purposes: [churn]}
            """;

    private static final String GOOD = """
            grants:
              - {name: analysts, tables: ["crm.public.customers"], actions: [select], to: {groups: [analysts]}}
            """;

    private Path directory;
    private TestNicol nicol;

    @BeforeAll
    void start() {
        SourceDefinition crm = TestDatabases.h2("crm");
        TestDatabases.execute(
                crm.url(),
                "sa",
                "",
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(40), region VARCHAR(10), born DATE)",
                "CREATE TABLE owners (customer_id INTEGER, usr VARCHAR(40))",
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, amount DECIMAL(10, 2))",
                "INSERT INTO customers VALUES (1, 'Ann', 'EU', NULL)");
        nicol = TestNicol.start(List.of(crm), USERS, GOOD);
        directory = nicol.directory();
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    private void write(String policy) throws IOException {
        Files.writeString(directory.resolve("policies/policy.yaml"), policy);
    }

    /** Every problem that {@code nicol check} prints of a set with these rules. */
    private List<String> problems(String policy) throws IOException {
        Path apart = Files.createTempDirectory(directory, "check-");
        Files.createDirectory(apart.resolve("policies"));
        Files.writeString(apart.resolve("policies/p.yaml"), policy);
        Files.copy(directory.resolve("users.yaml"), apart.resolve("users.yaml"));
        Files.copy(directory.resolve("nicol.yaml"), apart.resolve("nicol.yaml"));
        StringWriter err = new StringWriter();
        int code = Nicol.run(
                new PrintWriter(new StringWriter(), true),
                new PrintWriter(err, true),
                "check",
                "--config",
                apart.resolve("nicol.yaml").toString());
        List<String> lines = err.toString()
                .lines()
                .map(line -> line.replace(apart + "/policies/", ""))
                .toList();
        assertThat(code).isEqualTo(lines.isEmpty() ? 0 : 1);
        return lines;
    }

    @Test
    void namesThatThereAreNot() throws IOException {
        assertThat(problems("""
                        grants:
                          - {name: g1, tables: ["crn.public.customers"], actions: [select], to: {groups: [analysts]}}
                          - {name: g2, tables: ["crm.publik.*"], actions: [select], to: {groups: [analysts]}}
                          - name: g3
                            tables:
                              - crm.public.orders
                              - crm.public.custmers
                            actions: [select]
                            columns: {deny: [salary, "cust*"]}
                            raw: [EMIAL, amount]
                            to: {groups: [analists], users: [bob], roles: [auditor, boss], agents: [scuot]}
                          - {name: g4, tables: ["crm.public.scratch_*"], actions: [select, create], to: {groups: [stewards]}}
                          - {name: g5, tables: ["virtual.sales.totals"], actions: [select], to: {purposes: [churm]}}
                          - {name: g6, tables: ["crm.*.nothing*"], actions: [select], to: {groups: [stewards]}}
                          - {name: g7, tables: ["crm.public.orders", "elsewhere.**"], actions: [delete], to: {groups: [stewards]}}
                        row_filters:
                          - {name: f1, tables: ["crm.public.order"], where: "amount > 0"}
                        column_masks:
                          - {name: m1, columns: ["crm.public.customers.nme"], mask: {kind: redact}}
                          - {name: m2, columns: ["crm.public.custmers.name"], mask: {kind: redact}}
                          - {name: m3, tags: [EMIAL], mask: {kind: redact}}
                        guardrails:
                          - {name: r1, statements: [delete], tags: [MAIL], action: hold, approvers: {groups: [dba]}}
                          - {name: r2, statements: [select], check: unbounded_write, action: deny}
                          - {name: r3, statements: [drop], environments: [production], action: deny}
                        """))
                .containsExactly(
                        "p.yaml:2: `g1`: `crn.public.customers` matches no table: there is no source `crn` — did you mean"
                                + " `crm`?",
                        "p.yaml:3: `g2`: `crm.publik.*` matches no table: there is no schema `publik` in `crm` — did you"
                                + " mean `PUBLIC`?",
                        "p.yaml:7: `g3`: `crm.public.custmers` matches no table: there is no table `custmers` in"
                                + " `crm.public` — did you mean `CUSTOMERS`?",
                        "p.yaml:9: `g3` denies `salary`, and no table that it opens has such a column — correct the name",
                        "p.yaml:10: `g3` opens `EMIAL`, which is no tag and no column of the tables that it opens — did"
                                + " you mean `EMAIL`?",
                        "p.yaml:11: `g3`: there is no user `bob` — correct the name, or add it to the users file",
                        "p.yaml:11: `g3`: nobody has group `analists` — did you mean `analysts`?",
                        "p.yaml:11: `g3`: nobody has role `boss` — correct the name, or add it to the users file",
                        "p.yaml:11: `g3`: there is no agent `scuot` — did you mean `scout`?",
                        "p.yaml:13: `g5`: nobody declares purpose `churm` — did you mean `churn`?",
                        "p.yaml:14: `g6`: `crm.*.nothing*` matches no table: there is no table `nothing*` in `crm.*` —"
                                + " correct the name",
                        "p.yaml:17: `f1`: `crm.public.order` matches no table: there is no table `order` in `crm.public`"
                                + " — did you mean `ORDERS`?",
                        "p.yaml:19: `m1`: `crm.public.customers.nme` matches no column: `crm.PUBLIC.CUSTOMERS` has no"
                                + " column `nme` — did you mean `NAME`?",
                        "p.yaml:20: `m2`: `crm.public.custmers.name` matches no column: there is no table `custmers` in"
                                + " `crm.public` — did you mean `CUSTOMERS`?",
                        "p.yaml:21: `m3`: there is no tag `EMIAL` — did you mean `EMAIL`?",
                        "p.yaml:23: `r1`: there is no tag `MAIL` — did you mean `EMAIL`?",
                        "p.yaml:23: `r1`: nobody has group `dba` — correct the name, or add it to the users file",
                        "p.yaml:24: `r2` can never trip: `check: unbounded_write` is of delete, update only — name one"
                                + " of them in `statements`, or remove it");
    }

    @Test
    void entriesThatOpenNothing() throws IOException {
        assertThat(problems("""
                        grants:
                          - {name: a, tables: ["crm.public.orders"], actions: [select], filterable: [EMIAL], to: {groups: [analysts]}}
                          - {name: b, tables: ["crm.public.orders"], actions: [select], joinable: [EMIAL, amount], to: {groups: [analysts]}}
                        """))
                .containsExactly(
                        "p.yaml:2: `a` opens `EMIAL`, which is no tag and no column of the tables that it opens — did you mean `EMAIL`?",
                        "p.yaml:3: `b` opens `EMIAL`, which is no tag and no column of the tables that it opens — did you mean `EMAIL`?");
    }

    @Test
    void filtersThatDoNotHold() throws IOException {
        assertThat(problems("""
                        row_filters:
                          - {name: parses, tables: ["crm.*.customers"], where: "region ="}
                          - {name: one, tables: ["crm.*.customers"], where: "region = 'EU'; id = 1"}
                          - {name: column, tables: ["crm.*.customers"], where: "regoin = 'EU'"}
                          - {name: every, tables: ["crm.*.customers", "crm.*.orders"], where: "region = 'EU'"}
                          - {name: boolean, tables: ["crm.*.customers"], where: "region"}
                          - {name: types, tables: ["crm.*.customers"], where: "born > 7"}
                          - {name: parameter, tables: ["crm.*.customers"], where: "id = ?"}
                          - {name: sums, tables: ["crm.*.customers"], where: "COUNT(*) > 1"}
                          - {name: window, tables: ["crm.*.customers"], where: "ROW_NUMBER() OVER (ORDER BY id) = 1"}
                          - {name: dice, tables: ["crm.*.customers"], where: "RAND() > 0.5"}
                          - {name: function, tables: ["crm.*.customers"], where: "ATRIBUTE('region') = region"}
                          - {name: table, tables: ["crm.*.customers"], where: "id IN (SELECT customer_id FROM crm.public.owner)"}
                          - {name: itself, tables: ["crm.*.customers"], where: "id IN (SELECT c.id FROM crm.public.customers c)"}
                          - {name: deeper, tables: ["crm.**"], where: "EXISTS (SELECT 1 FROM crm.public.owners o WHERE o.usr = CURRENT_USER)"}
                          - {name: group, tables: ["crm.*.customers"], where: "IN_GROUP('analists') OR region = 'EU'"}
                          - {name: good, tables: ["crm.*.customers"], where: "IN_GROUP('analysts') AND EXISTS (SELECT 1 FROM crm.public.owners o WHERE o.customer_id = customers.id AND o.usr = CURRENT_USER)"}
                          - {name: counts, tables: ["crm.*.customers"], where: "id < (SELECT MAX(o.customer_id) FROM crm.public.owners o) AND born < CURRENT_DATE"}
                        """))
                .containsExactly(
                        "p.yaml:2: `parses` does not hold on `crm.PUBLIC.CUSTOMERS`: Syntax error at line 1, column 8: the statement ends too early. Complete it.",
                        "p.yaml:3: `one` does not hold on `crm.PUBLIC.CUSTOMERS`: Only one statement at a time is supported; a second one begins at line 1, column 16. Send it by itself.",
                        "p.yaml:4: `column` does not hold on `crm.PUBLIC.CUSTOMERS`: there is no column `regoin` — did you mean `REGION`?",
                        "p.yaml:5: `every` does not hold on `crm.PUBLIC.ORDERS`: there is no column `region` — correct the name",
                        "p.yaml:6: `boolean` does not hold on `crm.PUBLIC.CUSTOMERS`: it is `VARCHAR`, and a filter is true or false — compare it with something",
                        "p.yaml:7: `types` does not hold on `crm.PUBLIC.CUSTOMERS`: Cannot apply '>' to arguments of type '<DATE> > <INTEGER>'. Supported form(s): '<COMPARABLE_TYPE> > <COMPARABLE_TYPE>' — correct the expression",
                        "p.yaml:8: `parameter` does not hold on `crm.PUBLIC.CUSTOMERS`: it has a parameter `?`, which nobody binds — write the value",
                        "p.yaml:9: `sums` does not hold on `crm.PUBLIC.CUSTOMERS`: it sums up rows, and a rule sees one — move the aggregate into a sub-query",
                        "p.yaml:10: `window` does not hold on `crm.PUBLIC.CUSTOMERS`: it has a window function, and a rule sees one row — move it into a sub-query",
                        "p.yaml:11: `dice` does not hold on `crm.PUBLIC.CUSTOMERS`: `RAND` gives another value each time, so that nobody could say what the rule decides — leave it out",
                        "p.yaml:12: `function` does not hold on `crm.PUBLIC.CUSTOMERS`: there is no function ATRIBUTE(<CHARACTER>) — use another",
                        "p.yaml:13: `table` does not hold on `crm.PUBLIC.CUSTOMERS`: there is no table `crm.PUBLIC.owner` — did you mean `crm.PUBLIC.OWNERS`?",
                        "p.yaml:14: `itself` refers to itself: its sub-query reads `crm.PUBLIC.CUSTOMERS`, whose rows it decides on — look up another table, or narrow `tables`",
                        "p.yaml:15: `deeper` refers to itself: its sub-query reads `crm.PUBLIC.OWNERS`, whose rows it decides on — look up another table, or narrow `tables`",
                        "p.yaml:16: `group`: nobody has group `analists` — did you mean `analysts`?");
    }

    @Test
    void rulesThatCanNeverMatter() throws IOException {
        assertThat(problems("""
                        grants:
                          - {name: wide, tables: ["crm.**"], actions: [select, insert], to: {groups: [analysts, stewards]}}
                          - {name: past, tables: ["crm.public.orders"], actions: [update], until: 2020-01-31T00:00:00Z, to: {groups: [analysts]}}
                          - {name: narrow, tables: ["crm.public.*"], actions: [select], to: {groups: [analysts]}}
                          - {name: raw, tables: ["crm.public.*"], actions: [select], raw: [EMAIL], to: {groups: [analysts]}}
                          - {name: nobody, tables: ["crm.public.orders"], actions: [delete], to: {groups: [analysts]}, except: {groups: [analysts, stewards]}}
                          - {name: timed, tables: ["crm.public.*"], actions: [select], until: 2999-01-31T00:00:00Z, to: {users: [ann]}}
                        row_filters:
                          - {name: some, tables: ["crm.public.customers"], to: {groups: [analysts]}, where: "region = 'EU'"}
                          - {name: all, tables: ["crm.*.customers"], except: {groups: [stewards]}, where: " region = 'EU'"}
                          - {name: same, tables: ["crm.*.customers"], to: {groups: [analysts]}, except: {groups: [stewards]}, where: "region = 'EU'"}
                        guardrails:
                          - {name: drops, statements: [drop], environments: [production], action: hold, approvers: {groups: [stewards]}}
                          - {name: ddl, statements: [ddl], action: deny}
                          - {name: writes, statements: [update, delete], action: warn}
                          - {name: updates, statements: [update], action: warn}
                        """))
                .containsExactly(
                        "p.yaml:3: `past` can never open anything: `until` is past (2020-01-31T00:00:00Z) — remove the"
                                + " grant, or extend it",
                        "p.yaml:4: `narrow` opens nothing that grant `wide` (p.yaml:2) does not already — remove one of"
                                + " them, or correct it",
                        "p.yaml:6: `nobody` is for no one: `except` takes out everyone that `to` names — remove the rule,"
                                + " or correct `except`",
                        "p.yaml:11: `same` hides no row that filter `all` (p.yaml:10) does not already — remove one of"
                                + " them, or correct it",
                        "p.yaml:13: `drops` trips on no statement that guardrail `ddl` (p.yaml:14) does not already —"
                                + " remove one of them, or correct it",
                        "p.yaml:16: `updates` trips on no statement that guardrail `writes` (p.yaml:15) does not already"
                                + " — remove one of them, or correct it");
    }

    @Test
    void masksThatDoNotFitOrMeet() throws IOException {
        assertThat(problems("""
                        column_masks:
                          - {name: dates, columns: ["crm.public.customers.born"], mask: {kind: partial}}
                          - {name: ids, columns: ["crm.*.*.*id"], mask: {kind: hash}}
                          - {name: names, columns: ["crm.public.*.na*"], to: {groups: [analysts]}, mask: {kind: redact}}
                          - {name: texts, columns: ["crm.*.customers.*e"], to: {groups: [analysts]}, mask: {kind: redact}}
                          - {name: regions, columns: ["crm.public.customers.re*"], to: {groups: [analysts]}, mask: {kind: redact}}
                          - {name: regions-too, columns: ["crm.public.*.regio*"], to: {groups: [readers]}, mask: {kind: "null"}}
                          - {name: stewards, columns: ["crm.public.customers.region"], to: {groups: [stewards]}, mask: {kind: "null"}}
                          - {name: typed, columns: ["crm.public.customers.name"], to: {roles: [auditor]}, mask: {kind: custom, sql: "id + 1"}}
                          - {name: looks, columns: ["crm.public.customers.name"], to: {groups: [stewards]}, mask: {kind: custom, sql: "(SELECT MAX(o.usr) FROM crm.public.owners o)"}}
                          - {name: holds, columns: ["crm.public.customers.name"], to: {agents: [scout]}, mask: {kind: custom, sql: "UPPER(name) || region"}}
                        """))
                .containsExactly(
                        "p.yaml:2: `dates` does not fit column `crm.PUBLIC.CUSTOMERS.BORN`: `partial` masks text, and the column is `DATE` — use a mask that fits, or leave the column out",
                        "p.yaml:3: `ids` does not fit column `crm.PUBLIC.CUSTOMERS.ID`: `hash` masks text, and the column is `INTEGER` — use a mask that fits, or leave the column out",
                        "p.yaml:3: `ids` does not fit column `crm.PUBLIC.ORDERS.ID`: `hash` masks text, and the column is `INTEGER` — use a mask that fits, or leave the column out",
                        "p.yaml:3: `ids` does not fit column `crm.PUBLIC.ORDERS.CUSTOMER_ID`: `hash` masks text, and the column is `INTEGER` — use a mask that fits, or leave the column out",
                        "p.yaml:3: `ids` does not fit column `crm.PUBLIC.OWNERS.CUSTOMER_ID`: `hash` masks text, and the column is `INTEGER` — use a mask that fits, or leave the column out",
                        "p.yaml:5: `texts` and `names` both mask column `crm.PUBLIC.CUSTOMERS.NAME` for the same subjects — keep one, or tell them apart by `to` and `except`",
                        "p.yaml:7: `regions-too` and `regions` both mask column `crm.PUBLIC.CUSTOMERS.REGION` for `ann` — keep one, or tell them apart by `to` and `except`",
                        "p.yaml:9: `typed` does not hold on `crm.PUBLIC.CUSTOMERS.NAME`: the expression is `INTEGER`, and the column is `VARCHAR` — cast it to the column's type",
                        "p.yaml:10: `looks` does not hold on `crm.PUBLIC.CUSTOMERS`: it has a sub-query, and a mask sees its own row only — leave it out");
    }

    @Test
    void aSetThatIsGoodIsTaken() throws IOException {
        assertThat(problems(GOOD)).isEmpty();
    }

    @Test
    void aReloadWithProblemsKeepsTheOldSetAndSaysWhy() throws IOException, SQLException {
        String before = version();
        write(GOOD.replace("crm.public.customers", "crm.public.custmers"));

        await().untilAsserted(() -> assertThat(events("policy_load_failed")).anySatisfy(detail -> assertThat(detail)
                .contains("policy version " + before + " stays in force", "policy.yaml:2: `analysts`: `crm")));
        assertThat(version()).isEqualTo(before);
        assertThat(nicol.rows("ann", "SELECT name FROM crm.public.customers")).containsExactly("Ann");
        assertThatThrownBy(() -> nicol.update("steve", "CALL nicol.reload()"))
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .isEqualTo("42501"))
                .hasMessageContaining("policy version " + before + " stays in force")
                .hasMessageContaining("policy.yaml:2: `analysts`: `crm.public.custmers` matches no table");

        write(GOOD.replace("crm.public.customers", "crm.public.orders"));
        nicol.rows("steve", "CALL nicol.reload()");
        assertThat(version()).isNotEqualTo(before);
        assertThat(events("policy_load"))
                .anySatisfy(detail -> assertThat(detail).contains(version()));
        write(GOOD);
        nicol.rows("steve", "CALL nicol.reload()");
        assertThat(version()).isEqualTo(before);
    }

    /** Of an empty source nothing can be told, nor of one that is down; rules that turn out wrong close what they are on. */
    @Test
    void whatCouldNotBeCheckedIsCheckedWhenItCan() throws SQLException {
        try (TestNicol late = TestNicol.start(List.of(TestDatabases.h2("late")), USERS, """
                grants:
                  - {name: analysts, tables: ["late.public.*"], actions: [select], to: {groups: [analysts]}}
                  - {name: stewards, tables: ["late.**", "elsewhere.**"], actions: [ddl], to: {groups: [stewards]}}
                row_filters:
                  - {name: region, tables: ["late.public.t"], to: {groups: [analysts]}, where: "regoin = 'EU'"}
                column_masks:
                  - {name: name, columns: ["late.public.u.name"], to: {groups: [analysts]}, mask: {kind: custom, sql: "nothing"}}
                """)) {
            late.update("steve", "CREATE TABLE late.public.t (id INTEGER, region VARCHAR(10))");
            String failed = "SELECT detail FROM nicol.audit.events WHERE kind = 'policy_check_failed'";
            await().untilAsserted(() -> assertThat(late.rows("audra", failed))
                    .singleElement()
                    .asString()
                    .contains(
                            "found when [late] answered", "policy.yaml:5: `region` does not hold on `late.PUBLIC.t`"));
            late.update("steve", "CREATE TABLE late.public.u (id INTEGER, name VARCHAR(10))");

            for (String table : List.of("t", "u")) {
                String sql = "SELECT id FROM late.public." + table;
                assertThatThrownBy(() -> late.rows("ann", sql))
                        .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                                .isEqualTo("42501"));
                assertThat(late.rows(
                                "audra",
                                "SELECT verdict, outcome, sqlstate FROM nicol.audit.statements WHERE sql_text = '" + sql
                                        + "'"))
                        .containsExactly("denied|denied|42501");
            }
        }
    }

    @Test
    void aServerDoesNotStartWithARefusedSetAndTheTrailSaysSo() throws IOException, SQLException {
        TestNicol first = TestNicol.start(
                List.of(TestDatabases.h2("crm")), USERS, "guardrails: [{name: g, statements: [drop], action: deny}]\n");
        first.close();
        Path policy = first.directory().resolve("policies/policy.yaml");
        String good = Files.readString(policy);
        Files.writeString(
                policy, "guardrails: [{name: g, tags: [NONE], statements: [drop], action: deny, to: {users: [x]}}]\n");

        ProblemsException refused =
                catchThrowableOfType(ProblemsException.class, () -> TestNicol.startAgain(first.directory()));

        assertThat(refused.problems()).hasSize(2);
        Files.writeString(policy, good);
        try (TestNicol again = TestNicol.startAgain(first.directory())) {
            assertThat(again.rows(
                            "audra", "SELECT kind FROM nicol.audit.events WHERE kind LIKE 'policy%' ORDER BY event_id"))
                    .containsExactly("policy_load", "policy_load_failed", "policy_load");
        }
    }

    private String version() throws SQLException {
        return nicol.rows("audra", "SELECT DISTINCT policy_version FROM nicol.policy.rules")
                .get(0);
    }

    private List<String> events(String kind) throws SQLException {
        return nicol.rows("audra", "SELECT detail FROM nicol.audit.events WHERE kind = '" + kind + "'");
    }
}
