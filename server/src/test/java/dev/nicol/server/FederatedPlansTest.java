package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What each source is asked where several hold a statement's tables, and that the rows are those of one database. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FederatedPlansTest {
    private TestNicol nicol;
    private Connection ana;
    private Connection lim;
    private String my;

    @BeforeAll
    void start() throws SQLException {
        SourceDefinition pg = TestDatabases.postgres("pg");
        TestDatabases.execute(
                pg.url(),
                pg.user(),
                pg.password(),
                "CREATE TABLE calls (id INTEGER PRIMARY KEY, person INTEGER, topic INTEGER, minutes INTEGER)",
                "INSERT INTO calls SELECT i, i % 10, i % 3, i % 7 FROM generate_series(1, 300) i",
                "INSERT INTO calls VALUES (1000, NULL, NULL, NULL), (1001, 3, NULL, 100)",
                "CREATE TABLE topics (id INTEGER PRIMARY KEY, name VARCHAR(10))",
                "INSERT INTO topics VALUES (0, 'zero'), (1, 'one'), (2, 'two'), (3, NULL)",
                "CREATE TABLE visits (person INTEGER PRIMARY KEY, visited DATE)",
                "INSERT INTO visits VALUES (1, '2000-01-01'), (2, '2000-01-03'), (3, NULL), (4, '2000-01-08'), (11, '2000-01-09')",
                "ANALYZE");
        SourceDefinition shop = TestDatabases.mariadb("my");
        my = "my." + TestDatabases.schema(shop);
        TestDatabases.execute(
                shop.url(),
                shop.user(),
                shop.password(),
                "CREATE TABLE people (id INTEGER PRIMARY KEY, place INTEGER, name VARCHAR(10))",
                "INSERT INTO people VALUES (1, 1, 'Ann'), (2, 2, 'Bob'), (3, 1, 'Cid'), (4, NULL, 'Dee'), (11, 2, 'Eve')",
                "CREATE TABLE places (id INTEGER PRIMARY KEY, name VARCHAR(10))",
                "INSERT INTO places VALUES (1, 'here'), (2, 'there'), (3, 'no one')",
                "CREATE TABLE spans (id INTEGER PRIMARY KEY, v TIME(1))",
                "INSERT INTO spans VALUES (1, '-01:02:03.5'), (2, '25:00:00'), (3, '23:59:59.5')");
        nicol = TestNicol.start(List.of(pg, shop), """
                users:
                  ana: {password: "$HASH", groups: [readers], roles: [auditor]}
                  lim: {password: "$HASH", groups: [limited], roles: [auditor]}
                """, """
                grants:
                  - {name: all, tables: ["pg.**", "my.**"], actions: [select], raw: ["*"], to: {groups: [readers, limited]}}
                row_filters:
                  - {name: few, tables: ["pg.public.calls"], where: "id <= 20", to: {groups: [limited]}}
                """);
        ana = nicol.connect("ana");
        lim = nicol.connect("lim");
    }

    @AfterAll
    void stop() throws SQLException {
        if (nicol != null) {
            ana.close();
            lim.close();
            nicol.close();
        }
    }

    private List<String> rows(String sql) throws SQLException {
        return TestNicol.rows(ana, sql.replace("$my", my));
    }

    private List<String> limited(String sql) throws SQLException {
        return TestNicol.rows(lim, sql.replace("$my", my));
    }

    private List<String> sent() throws SQLException {
        return TestNicol.uncommented(TestNicol.rows(
                ana,
                "SELECT source, sql_sent FROM nicol.audit.source_queries WHERE statement_id ="
                        + " (SELECT MAX(statement_id) FROM nicol.audit.source_queries WHERE source IN ('pg', 'my'))"
                        + " ORDER BY source"));
    }

    private static final String JOINED =
            "SELECT p.id, COUNT(*) FROM $my.people p JOIN pg.public.calls c ON c.person = p.id";

    @Test
    void subQueriesOfOneSourceStayThere() throws SQLException {
        String exists = JOINED + " WHERE EXISTS (SELECT 1 FROM pg.public.topics t WHERE t.id = c.topic AND t.id > 0)"
                + " GROUP BY p.id ORDER BY 1";
        assertThat(rows(exists)).containsExactly("1|20", "2|20", "3|20", "4|20");
        assertThat(sent()).hasSize(2).last().asString().contains("EXISTS (SELECT");
        assertThat(limited(exists)).containsExactly("1|2", "2|1", "3|1", "4|2");
        assertThat(sent()).hasSize(2);

        assertThat(rows(JOINED + " WHERE NOT EXISTS (SELECT 1 FROM pg.public.calls d WHERE d.person = c.person AND"
                        + " d.minutes > c.minutes) GROUP BY p.id ORDER BY 1"))
                .containsExactly("1|4", "2|4", "3|1", "4|4");
        assertThat(sent()).hasSize(2).last().asString().contains("NOT EXISTS (SELECT");

        assertThat(rows(JOINED + " WHERE c.topic IN (SELECT t.id FROM pg.public.topics t WHERE t.name = 'one')"
                        + " AND p.name <> 'Ann' GROUP BY p.id ORDER BY 1"))
                .containsExactly("2|10", "3|10", "4|10");
        assertThat(sent()).hasSize(2);
    }

    @Test
    void whatASubQueryHoldsToBeUnknownIsLeftOut() throws SQLException {
        assertThat(rows(JOINED + " WHERE c.topic NOT IN (SELECT d.topic FROM pg.public.calls d WHERE d.id > 299)"
                        + " GROUP BY p.id"))
                .isEmpty();
        assertThat(rows(JOINED
                        + " WHERE c.topic NOT IN (SELECT d.topic FROM pg.public.calls d WHERE d.id IN (299, 300))"
                        + " GROUP BY p.id ORDER BY 1"))
                .containsExactly("1|10", "2|10", "3|10", "4|10");
        assertThat(rows(JOINED
                        + " WHERE (EXISTS (SELECT 1 FROM pg.public.topics t WHERE t.id = c.topic AND t.name = 'two')"
                        + " OR c.minutes = 100) GROUP BY p.id ORDER BY 1"))
                .containsExactly("1|10", "2|10", "3|11", "4|10");
        assertThat(sent()).hasSize(2);
    }

    @Test
    void subQueriesOverSeveralSourcesAreJoined() throws SQLException {
        assertThat(rows(JOINED
                        + " WHERE EXISTS (SELECT 1 FROM pg.public.topics t WHERE t.id = c.topic AND t.id = p.place)"
                        + " GROUP BY p.id ORDER BY 1"))
                .containsExactly("1|10", "2|10", "3|10");
        assertThat(
                        rows(
                                "SELECT p.id FROM $my.people p JOIN $my.places q ON q.id = p.place JOIN pg.public.topics t ON t.id ="
                                        + " q.id WHERE EXISTS (SELECT 1 FROM pg.public.calls c WHERE c.person = p.id AND c.topic = t.id AND"
                                        + " EXISTS (SELECT 1 FROM $my.people o WHERE o.id = c.minutes AND o.place = p.place)) ORDER BY 1"))
                .containsExactly("1", "2", "3");
    }

    /** Each person's place is that of the topic, and so the topic's the place's: one source joins both of its tables. */
    @Test
    void whatFollowsFromEqualitiesIsJoinedAtItsSource() throws SQLException {
        assertThat(rows(
                        "SELECT p.id, q.name, t.name FROM $my.people p, pg.public.topics t, $my.places q WHERE t.id = p.place"
                                + " AND t.id = q.id ORDER BY 1"))
                .containsExactly("1|here|one", "2|there|two", "3|here|one", "11|there|two");
        assertThat(sent()).hasSize(2).first().asString().contains("INNER JOIN");
    }

    /** Joined by the inequality alone, their source would answer with more rows than it has. */
    @Test
    void whatOnlyAnInequalityTiesIsNotJoinedAtItsSourceFirst() throws SQLException {
        assertThat(rows(
                        "SELECT p.id, COUNT(*) FROM pg.public.calls c, pg.public.topics t, $my.people p WHERE c.person = p.id"
                                + " AND t.id = p.place AND c.minutes > t.id GROUP BY p.id ORDER BY 1"))
                .containsExactly("1|21", "2|17", "3|23");
        assertThat(sent()).hasSize(3).noneMatch(sql -> sql.contains("JOIN"));
    }

    /** What is unknown is the only one of its range. */
    @Test
    void aRangeIsOneOfDaysOverDatesAndGoesDownInDescendingOrder() throws SQLException {
        String dates =
                "SELECT p.id, SUM(p.id) OVER (ORDER BY v.visited %s) FROM pg.public.visits v JOIN $my.people p ON p.id ="
                        + " v.person ORDER BY 1";
        assertThat(rows(String.format(dates, "RANGE BETWEEN INTERVAL '5' DAY PRECEDING AND CURRENT ROW")))
                .containsExactly("1|1", "2|3", "3|3", "4|6", "11|15");
        assertThat(rows(String.format(dates, "DESC RANGE BETWEEN INTERVAL '5' DAY PRECEDING AND CURRENT ROW")))
                .containsExactly("1|3", "2|6", "3|3", "4|15", "11|11");
        assertThat(rows(String.format(dates, "RANGE BETWEEN CURRENT ROW AND INTERVAL '48' HOUR FOLLOWING")))
                .containsExactly("1|3", "2|2", "3|3", "4|15", "11|11");
        for (String refused : List.of(
                "RANGE BETWEEN INTERVAL '1' MONTH PRECEDING AND CURRENT ROW",
                "RANGE BETWEEN INTERVAL '1' DAY FOLLOWING AND INTERVAL '2' DAY FOLLOWING",
                "RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '2' DAY FOLLOWING")) {
            assertThatThrownBy(() -> rows(String.format(dates, refused))).hasMessageContaining("0A000");
        }

        String numbers =
                "SELECT p.id, COUNT(*) OVER (ORDER BY v.person %s) FROM pg.public.visits v JOIN $my.people p ON p.id ="
                        + " v.person ORDER BY 1";
        assertThat(rows(String.format(numbers, "RANGE BETWEEN 2 PRECEDING AND CURRENT ROW")))
                .containsExactly("1|1", "2|2", "3|3", "4|3", "11|1");
        assertThat(rows(String.format(numbers, "RANGE BETWEEN 1 FOLLOWING AND 2 FOLLOWING")))
                .containsExactly("1|2", "2|2", "3|1", "4|0", "11|0");
        assertThat(rows(String.format(numbers, "DESC RANGE BETWEEN 2 PRECEDING AND UNBOUNDED FOLLOWING")))
                .containsExactly("1|3", "2|4", "3|4", "4|4", "11|5");
    }

    @Test
    void aCovarianceOfWholeNumbersKeepsItsFraction() throws SQLException {
        assertThat(rows("SELECT COVAR_POP(p.id, p.place), COVAR_SAMP(p.id, p.place) FROM $my.people p"
                        + " JOIN pg.public.visits v ON v.person = p.id"))
                .containsExactly("1.1250000000000000|1.5000000000000000");
        assertThat(rows("SELECT COVAR_POP(id, id * 2) = 2.5 FROM pg.public.topics"))
                .containsExactly("true");
    }

    /** MariaDB's TIME may be negative, or of more than a day: no time of day, and never shown as another. */
    @Test
    void whatIsNoTimeOfDayIsRefused() throws SQLException {
        for (int id = 1; id <= 2; id++) {
            String alone = "SELECT v FROM $my.spans WHERE id = " + id;
            String joined = "SELECT s.v FROM $my.spans s JOIN pg.public.topics t ON t.id = s.id WHERE t.id = " + id;
            for (String sql : List.of(alone, joined)) {
                assertThatThrownBy(() -> rows(sql))
                        .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState())
                                .isEqualTo("22000"));
            }
        }
        assertThat(rows("SELECT CAST(v AS VARCHAR), CAST(v AS VARCHAR(5)) FROM $my.spans WHERE id = 3"))
                .containsExactly("23:59:59.5|23:59");
        assertThat(rows("SELECT CAST(CAST(day AS TIMESTAMP(3)) AS VARCHAR) FROM (VALUES ('2026-01-02 03:04:05.670'),"
                        + " ('2026-01-02 03:04:10'), (NULL)) AS t (day) ORDER BY 1"))
                .containsExactly("2026-01-02 03:04:05.67", "2026-01-02 03:04:10", "null");
        assertThat(rows("SELECT v FROM $my.spans WHERE id = 3")).containsExactly("23:59:59.5");
    }
}
