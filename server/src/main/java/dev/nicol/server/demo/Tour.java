package dev.nicol.server.demo;

import dev.nicol.server.demo.Clients.Visitor;
import dev.nicol.server.demo.Outcome.Unexpected;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The tour: who asks what, what must come of it, and what that shows. */
final class Tour {
    private static final String CUSTOMERS = """
            SELECT id, name, email, phone, ssn, region, birth_date
            FROM crm.public.customers
            ORDER BY id LIMIT 6""";
    private static final String FEDERATED = """
            SELECT c.country, COUNT(*) AS orders, SUM(o.total) AS revenue, SUM(w.pages) AS pages
            FROM crm.public.customers c
            JOIN shop.shop.orders o ON o.customer_id = c.id
            JOIN (SELECT customer_id, SUM(pages) AS pages FROM lake.main.web_sessions
                  GROUP BY customer_id) w ON w.customer_id = c.id
            WHERE o.status <> 'cancelled'
            GROUP BY c.country
            ORDER BY revenue DESC""";
    private static final String TRAIL = """
            SELECT user_name, agent, purpose, outcome, sqlstate AS state, row_count AS "rows", sql_text
            FROM nicol.audit.statements
            WHERE outcome <> 'running'
            ORDER BY started_at""";
    private static final String REPRICE = "UPDATE shop.shop.products SET price = 249.00 WHERE name = 'Alder Tents'";
    private static final Pattern REQUEST = Pattern.compile("request ([0-9A-Za-z-]+)");

    private final Clients clients;
    private final Business business;
    private final Terminal terminal;
    private final Visitor analyst;
    private final Visitor agent;
    private final Visitor aimlessAgent;
    private final Visitor strayingAgent;
    private final Visitor steward;
    private final Visitor auditor;
    private final Visitor administrator;
    private int number;
    private int differing;

    Tour(Clients clients, List<Login> logins, Business business, Terminal terminal) {
        this.clients = clients;
        this.business = business;
        this.terminal = terminal;
        this.analyst = new Visitor(login(logins, "ana"), "ana, analyst (region EU)", Map.of());
        this.steward = new Visitor(login(logins, "stella"), "stella, steward", Map.of());
        this.auditor = new Visitor(login(logins, "aude"), "aude, auditor", Map.of());
        this.administrator = new Visitor(login(logins, "dan"), "dan, DBA", Map.of());
        Login scout = login(logins, "scout");
        this.agent = new Visitor(
                scout,
                "scout, AI agent for ana (purpose churn-analysis)",
                Map.of(
                        "on_behalf_of",
                        "ana",
                        "purpose",
                        "churn-analysis",
                        "model",
                        "demo-model-1",
                        "job",
                        "churn-2026"));
        this.aimlessAgent = new Visitor(scout, "scout, AI agent for ana (no purpose)", Map.of("on_behalf_of", "ana"));
        this.strayingAgent = new Visitor(
                scout,
                "scout, AI agent for ana (purpose marketing)",
                Map.of("on_behalf_of", "ana", "purpose", "marketing"));
    }

    private static Login login(List<Login> logins, String name) {
        return logins.stream()
                .filter(login -> login.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** What must hold of an outcome. */
    private interface Expectation {
        void check(Outcome outcome) throws Unexpected;
    }

    /** Answers how many steps did not show what they should. */
    int run() {
        masking();
        federation();
        agents();
        guardrails();
        approval();
        writing();
        trail();
        return differing;
    }

    private void masking() {
        chapter("What an analyst sees");
        step(
                analyst,
                CUSTOMERS,
                outcome -> {
                    outcome.requireRows(6);
                    outcome.require(outcome.values("region").equals(Set.of("EU")), "rows of the EU only");
                    outcome.require(outcome.values("birth_date").equals(Set.of("NULL")), "no dates of birth");
                    outcome.require(
                            outcome.values("ssn").stream().allMatch(ssn -> ssn.matches("\\*{7}[0-9]{4}")),
                            "numbers of which the last four digits are shown");
                    outcome.require(
                            outcome.values("email").stream().allMatch(email -> email.matches("[0-9a-f]{64}")),
                            "hashed addresses");
                },
                "Rows of her own region only; personal data masked inside the source, before it is sent.");
        Business.Customer known = business.customers.stream()
                .filter(customer -> customer.region().equals("EU"))
                .findFirst()
                .orElseThrow();
        step(
                analyst,
                "SELECT id, name FROM crm.public.customers WHERE ssn = '" + known.ssn() + "'",
                outcome -> outcome.requireRows(0),
                "That number is " + known.name() + "'s, but a mask cannot be guessed through: a condition sees what she"
                        + " sees.");
        step(
                analyst,
                "SELECT note FROM crm.public.support_notes ORDER BY id LIMIT 2",
                outcome -> outcome.requireRows(List.of(List.of("[personal data]"), List.of("[personal data]"))),
                "Free text that holds personal data is redacted as well.");
        step(
                analyst,
                "SELECT * FROM crm.public.custmers",
                outcome -> outcome.requireRefused("42P01", "customers"),
                "A mistyped name gets the nearest one she may see …");
        step(
                analyst,
                "SELECT name, salary FROM crm.public.employees",
                outcome -> outcome.requireRefused("42P01", "employees"),
                "… and a table she has no grant for does not exist for her, HR's neither.");
    }

    private void federation() {
        chapter("One statement over three databases");
        step(
                analyst,
                FEDERATED,
                outcome -> outcome.requireRows(business.revenueByCountry(Set.of("EU"))),
                "PostgreSQL ⋈ MariaDB ⋈ DuckDB, governed in each: the EU's countries, and nothing else is counted.");
        step(
                steward,
                FEDERATED,
                outcome -> outcome.requireRows(business.revenueByCountry(Set.of("EU", "US", "APAC"))),
                "The same statement by a steward, who has grants for everything: all countries.");
        step(
                steward,
                CUSTOMERS,
                outcome -> {
                    outcome.requireRows(6);
                    Business.Customer first = business.customers.get(0);
                    outcome.require(
                            outcome.rows()
                                    .get(0)
                                    .equals(List.of(
                                            "1",
                                            first.name(),
                                            first.email(),
                                            first.phone(),
                                            first.ssn(),
                                            first.region(),
                                            first.birthDate().toString())),
                            "the raw values");
                },
                "And the first statement by her: raw values of all regions. Only the policy differs.");
    }

    private void agents() {
        chapter("An AI agent that acts for a human");
        step(
                agent,
                CUSTOMERS,
                outcome -> {
                    outcome.requireRows(6);
                    outcome.require(outcome.values("region").equals(Set.of("EU")), "its human's region only");
                    outcome.require(outcome.values("name").equals(Set.of("***")), "no names");
                },
                "Its human's rows, and less of them: names are masked for agents. The purpose opened the table …");
        step(
                aimlessAgent,
                "SELECT COUNT(*) FROM crm.public.customers",
                outcome -> outcome.requireRefused("42P01", "crm"),
                "… for without a purpose there is no such table, …");
        step(
                strayingAgent,
                "SELECT COUNT(*) FROM crm.public.customers",
                outcome -> outcome.requireRefused("42501", "marketing"),
                "… and a purpose that nobody declared for it does not even connect.");
    }

    private void guardrails() {
        chapter("Guardrails: even for those who may");
        step(
                steward,
                "DROP TABLE shop.shop.payments",
                outcome -> outcome.requireRefused("NG001", "no-ddl-in-production"),
                "She holds the right to drop tables; the guardrail says: not in production.");
        step(
                steward,
                "DELETE FROM shop.shop.payments",
                outcome -> outcome.requireRefused("NG001", "no-write-without-where"),
                "A DELETE without WHERE is stopped, …");
        step(
                steward,
                "DELETE FROM shop.shop.payments WHERE payment_id = 1 OR 1 = 1",
                outcome -> outcome.requireRefused("NG001", "no-write-without-where"),
                "… and a WHERE that leaves nothing out counts as none.");
        step(
                steward,
                "SELECT COUNT(*) AS payments FROM shop.shop.payments",
                outcome -> outcome.requireRows(List.of(List.of(Integer.toString(business.payments.size())))),
                "Every payment is still there.");
    }

    private void approval() {
        chapter("A write that needs a second pair of eyes");
        Outcome held = step(
                steward,
                REPRICE,
                outcome -> outcome.requireRefused("NA001", "updates-need-a-dba"),
                "Held: nothing ran. The message names the request and who may decide it.");
        Matcher request = REQUEST.matcher(String.valueOf(held.message()));
        String id = request.find() ? request.group(1) : "?";
        step(
                steward,
                "CALL nicol.approve('" + id + "', 'my own idea')",
                outcome -> outcome.requireRefused("42501", "own request"),
                "Nobody approves their own request.");
        step(
                administrator,
                "CALL nicol.approve('" + id + "', 'agreed with sales')",
                outcome -> outcome.require(outcome.sqlState() == null, "an approval, got " + outcome.summary()),
                "The DBA approves exactly this statement, by this person, under these rules.");
        step(steward, REPRICE, outcome -> outcome.requireUpdated(1), "The same statement again: now it runs.");
        step(
                steward,
                REPRICE,
                outcome -> outcome.requireRefused("NA001", "updates-need-a-dba"),
                "And once only: the next time it is held again.");
    }

    private void writing() {
        chapter("Writing under policy");
        String insert = "INSERT INTO crm.public.support_notes (id, customer_id, region, note, written_at)\nVALUES ";
        int customer = business.customers.stream()
                .filter(each -> each.region().equals("EU"))
                .findFirst()
                .orElseThrow()
                .id();
        step(
                analyst,
                insert + "(1001, " + customer + ", 'EU', 'Sent the spare tent pegs.', CURRENT_TIMESTAMP)",
                outcome -> outcome.requireUpdated(1),
                "She may add notes of her region …");
        step(
                analyst,
                insert + "(1002, " + customer + ", 'US', 'Sent nothing.', CURRENT_TIMESTAMP)",
                outcome -> outcome.requireRefused("42501", "could not read"),
                "… and of no other: what she could not read back she cannot write.");
    }

    private void trail() {
        chapter("The trail, in SQL");
        step(
                auditor,
                TRAIL,
                outcome -> {
                    outcome.require(outcome.rows().size() >= 20, "20 statements at least, got " + outcome.summary());
                    outcome.require(
                            outcome.values("state").containsAll(Set.of("42P01", "42501", "NG001", "NA001")),
                            "the refusals too");
                    outcome.require(
                            outcome.values("outcome").containsAll(Set.of("succeeded", "denied", "held")),
                            "outcomes of every sort");
                },
                "Who did what, for whom, why, and what came of it: the refusals too. An auditor sees all …");
        step(
                analyst,
                "SELECT user_name, COUNT(*) AS statements FROM nicol.audit.statements GROUP BY user_name",
                outcome -> outcome.require(outcome.values("user_name").equals(Set.of("ana")), "her own rows only"),
                "… and everyone else their own: the trail is a governed table like any other.");
        step(
                auditor,
                """
                SELECT q.source, q.row_count AS "rows", q.sql_sent
                FROM nicol.audit.source_queries q
                JOIN nicol.audit.statements s ON s.statement_id = q.statement_id
                WHERE s.user_name = 'ana' AND s.agent IS NULL AND s.sql_text LIKE '%ssn, region%'""",
                outcome -> {
                    outcome.requireRows(1);
                    String sent = outcome.rows().get(0).get(2).toLowerCase(Locale.ROOT);
                    outcome.require(sent.contains("region") && sent.contains("ssn"), "the SQL that PostgreSQL got");
                },
                "What PostgreSQL was asked for the first statement: filter and masks are inside, keys are parameters.");
        step(
                auditor,
                """
                SELECT DISTINCT e.target_column AS result_column, e.source_catalog AS source,
                       e.source_table AS "table", e.source_column AS "column", e.kind, e.masked
                FROM nicol.lineage.edges e
                JOIN nicol.audit.statements s ON s.statement_id = e.statement_id
                WHERE s.user_name = 'ana' AND s.sql_text LIKE '%AS pages FROM lake%' AND e.direct
                ORDER BY 1, 2, 3, 4""",
                outcome -> outcome.require(
                        outcome.values("source").equals(Set.of("crm", "shop", "lake"))
                                && outcome.values("result_column").equals(Set.of("country", "revenue", "pages")),
                        "lineage into all three databases"),
                "Lineage of the federated statement: which column of which database each result came from.");
    }

    private void chapter(String title) {
        terminal.blank();
        terminal.line("━━ " + title + " " + "━".repeat(Terminal.WIDTH - title.length() - 4));
    }

    private Outcome step(Visitor who, String sql, Expectation expectation, String shows) {
        number++;
        terminal.blank();
        terminal.line(number + ". " + who.title());
        sql.lines().forEach(line -> terminal.line("   sql> " + line));
        terminal.blank();
        Outcome outcome = clients.run(who, sql);
        if (outcome.sqlState() == null && outcome.updated() < 0) {
            TextTable.lines(outcome.columns(), outcome.rows(), Terminal.WIDTH - 3)
                    .forEach(line -> terminal.line(line.isEmpty() ? "" : "   " + line));
            if (outcome.rows().isEmpty()) {
                terminal.line("   (no rows)");
            }
        } else {
            terminal.wrapped("   ", outcome.summary());
        }
        terminal.blank();
        try {
            expectation.check(outcome);
            terminal.wrapped("   → ", shows);
        } catch (Unexpected difference) {
            differing++;
            terminal.wrapped("   DIFFERS ", String.valueOf(difference.getMessage()));
        }
        return outcome;
    }
}
