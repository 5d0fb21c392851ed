package dev.nicol.server.differential;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.server.differential.KnownFilter.Reader;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the differential test found, kept: the smallest statements, over policies stated by hand. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FoundByChanceTest {
    private Bench bench;

    @BeforeAll
    void start() {
        List<KnownFilter> filters = KnownFilter.ALL.stream()
                .filter(filter -> filter.sql().startsWith("EXISTS")
                        || filter.sql().startsWith("region NOT IN (SELECT")
                        || filter.sql().startsWith("person = 1 OR"))
                .toList();
        Reader reader = new Reader("r0", "EU", false, List.of("EU", "US"), 3);
        bench = Bench.start(new byte[32], List.of(new Rights(reader, filters, Map.of(), Set.of())));
    }

    @AfterAll
    void stop() {
        if (bench != null) {
            bench.close();
        }
    }

    /** The filter calls its table by a name, which the second use of the table had not. */
    @ParameterizedTest
    @EnumSource
    void aCorrelatedFilterHoldsTwice(Deployment deployment) throws SQLException {
        same(deployment, "SELECT t0.id AS c0, t1.id AS c1 FROM $people AS t0 JOIN $people AS t1 ON t0.boss = t1.id");
    }

    /** Identity values within a key of DISTINCT were bound twice, and the column was not the key any more. */
    @ParameterizedTest
    @EnumSource
    void keysMayLookUp(Deployment deployment) throws SQLException {
        same(
                deployment,
                "SELECT DISTINCT CASE WHEN t0.num IN (SELECT t1.qty FROM $orders AS t1) THEN 1 ELSE t0.boss END AS c0"
                        + " FROM $people AS t0");
    }

    @ParameterizedTest
    @EnumSource
    void keysMayBeWindows(Deployment deployment) throws SQLException {
        same(deployment, "SELECT DISTINCT MIN(t0.qty) OVER (PARTITION BY t0.region) AS c0 FROM $orders AS t0");
    }

    /** MariaDB joined NULL with NULL. */
    @ParameterizedTest
    @EnumSource
    void anEqualityBesideADistinction(Deployment deployment) throws SQLException {
        same(
                deployment,
                "SELECT 1 AS c0 FROM $tags AS t0 JOIN $tags AS t1 ON t0.weight = t1.person"
                        + " AND t1.person IS NOT DISTINCT FROM t0.weight");
    }

    /** Sources took a literal for the place of a column, or refused it. */
    @ParameterizedTest
    @EnumSource
    void literalsAreNoPlaces(Deployment deployment) throws SQLException {
        same(deployment, "SELECT DISTINCT 5 AS c0, 'X' AS c1, t0.region AS c2 FROM $people AS t0");
        same(deployment, "SELECT 'X' AS c0, 7 AS c1, t0.id AS c2 FROM $people AS t0 ORDER BY 1 DESC, 2, 3");
    }

    /** DuckDB has no such comparison, so the engine makes it. */
    @ParameterizedTest
    @EnumSource
    void rowsAmongThoseOfACorrelatedSubQuery(Deployment deployment) throws SQLException {
        same(
                deployment,
                "SELECT t0.id AS c0 FROM $people AS t0 WHERE (t0.name, 'X') IN (SELECT t0.name AS c0, 'X' AS c1"
                        + " FROM $tags AS t1 WHERE t1.person = t0.id)");
    }

    /** Literal rows claim an order that nothing implemented. */
    @ParameterizedTest
    @EnumSource
    void literalRowsBesideAWindow(Deployment deployment) throws SQLException {
        same(
                deployment,
                "(SELECT * FROM (VALUES (2, 1), (3, 9)) AS v0(c0, c1)) INTERSECT (SELECT t0.id AS c0, DENSE_RANK() OVER"
                        + " (ORDER BY t0.region) AS c1 FROM $people AS t0 CROSS JOIN LATERAL (SELECT t1.qty / 1.5 AS c1"
                        + " FROM $orders AS t1) AS t2)");
    }

    /** Planning did not end: a rule told a join the same predicate for ever. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "WITH w AS (SELECT CAST(9 AS VARCHAR(30)) AS c1, SUM(CAST(t0.tag AS INTEGER)) OVER (PARTITION BY t0.weight ORDER"
                        + " BY CASE WHEN DATE '2001-01-01' <= DATE '2021-03-01' THEN t0.person ELSE t0.weight END) AS c2"
                        + " FROM $tags AS t0) SELECT t2.id AS c2 FROM w AS t1 LEFT JOIN $orders AS t2 ON t1.c1 = t2.note"
                        + " WHERE t1.c2 NOT IN (SELECT t3.person FROM $orders AS t3 WHERE 'NEW' IS DISTINCT FROM t1.c1)",
                "SELECT DENSE_RANK() OVER (PARTITION BY t2.c0 ORDER BY EXTRACT(YEAR FROM t0.born)) AS c0 FROM $people AS t0"
                        + " CROSS JOIN LATERAL (SELECT t4.id AS c0 FROM $tags AS t3, $people AS t4 WHERE (t0.code, t0.region)"
                        + " IN (SELECT * FROM (VALUES ('ANN', '5'), ('12', '12')) AS v5(c0, c1)) GROUP BY ROLLUP (t4.id)) AS t2"
            })
    void planningEnds(String sql) {
        Assertions.assertTimeout(Duration.ofSeconds(20), () -> {
            try (Connection connection = bench.connect("r0");
                    Statement governed = connection.createStatement()) {
                Outcome.of(governed, bench.located(sql, Deployment.FEDERATED, null), List.of());
                Outcome.of(governed, bench.located(sql, Deployment.DUCKDB, null), List.of());
            }
        });
    }

    /** The engine's aggregate had no total where there was nothing to group. */
    @ParameterizedTest
    @EnumSource
    void nothingHasAGrandTotal(Deployment deployment) throws SQLException {
        String sql =
                "SELECT t0.region AS c0, COUNT(*) AS c1, MAX(t1.qty) AS c2, GROUPING(t0.region) AS c3 FROM $people AS t0"
                        + " JOIN $orders AS t1 ON t0.id = t1.person WHERE t1.note = '%s' GROUP BY CUBE (t0.region)";
        assertThat(rows(deployment, sql.formatted("NOWHERE"))).containsExactly("null|0|null|1");
        assertThat(rows(deployment, sql.formatted("19"))).containsExactlyInAnyOrder("AP|1|2|0", "null|1|2|1");
    }

    /** The engine counted UTF-16 units. */
    @Test
    void textsHaveCharacters() throws SQLException {
        String text = "(t0.name || t1.region)";
        String sql = "SELECT CHAR_LENGTH(" + text + ") AS c0, SUBSTRING(" + text + " FROM 2 FOR 3) AS c1, SUBSTRING("
                + text
                + " FROM 0 FOR 3) AS c2, SUBSTRING(" + text + " FROM 3) AS c3, POSITION('A' IN " + text + ") AS c4"
                + " FROM $people AS t0 JOIN $orders AS t1 ON t1.id = 6 WHERE t0.id = 10";
        assertThat(rows(Deployment.FEDERATED, sql)).containsExactly("6|GIS|\uD834\uDD1EG|ISAP|5");
    }

    private List<String> rows(Deployment deployment, String sql) throws SQLException {
        try (Connection connection = bench.connect("r0");
                Statement governed = connection.createStatement()) {
            return Outcome.of(governed, bench.located(sql, deployment, null), List.of())
                    .rows();
        }
    }

    private void same(Deployment deployment, String sql) throws SQLException {
        Rights rights = bench.readers().get(0);
        try (Connection governed = bench.connect("r0");
                Connection raw = bench.connect(Bench.STEWARD)) {
            Comparison comparison = new Comparison(bench, deployment, rights, governed, raw);
            Generator.Statement statement = new Generator.Statement(Part.fixed(sql), false, false);
            Comparison.Answers answers = comparison.of(statement);
            assertThat(answers.difference()).as(answers.toString()).isNull();
            assertThat(answers.governed().failed()).as(answers.toString()).isFalse();
        }
    }
}
