package dev.nicol.server.differential;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the differential test found, kept: the smallest statements, over policies stated by hand. */
class FoundByChanceTest extends KeptStatements {
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

    /** H2 did not know a computed key again within another expression. By hand over the stored tables. */
    @ParameterizedTest
    @EnumSource
    void expressionsOverComputedKeys(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "WITH w AS (SELECT DISTINCT (t0.region || '_' || t0.region) AS c0 FROM $people AS t0) SELECT COUNT(*) AS c0,"
                        + " COUNT(t2.tag) AS c1 FROM w AS t1 LEFT JOIN $tags AS t2 ON t1.c0 LIKE 'EU%'",
                "12|7");
    }

    /** H2 takes EXISTS for no operand of these tests. By hand: nobody's name is a code. */
    @ParameterizedTest
    @EnumSource
    void testsOfExistence(Deployment deployment) throws SQLException {
        String none = "EXISTS (SELECT 1 FROM $people AS t1 WHERE t1.name = t1.code)";
        String count = "SELECT COUNT(*) AS c0 FROM $tags AS t0 WHERE ";
        answers(deployment, count + "(" + none + ") IS NOT TRUE", "8");
        answers(deployment, count + "(" + none + ") IS TRUE", "0");
        answers(deployment, count + "(" + none + ") IS FALSE", "8");
        answers(deployment, count + "(NOT " + none + ") IS NOT FALSE", "8");
        answers(deployment, count + "(NOT " + none + ") IS NOT TRUE", "0");
    }

    /** MariaDB computes in 64 bits, and its driver's refusal was taken for a failure of the source. */
    @ParameterizedTest
    @EnumSource
    void numbersBeyondTheirType(Deployment deployment) throws SQLException {
        try (Connection steward = bench.connect(Bench.STEWARD);
                Statement statement = steward.createStatement()) {
            String sql = bench.located("SELECT num * 2000 FROM $people WHERE id = 8", deployment, null);
            assertThat(Outcome.of(statement, sql, List.of()).sqlState()).isEqualTo("22000");
        }
    }

    /** EXISTS lost its parentheses; a key that is the outer row's stood in a sub-select, where H2 does not know it. */
    @ParameterizedTest
    @EnumSource
    void subQueriesInTheConditionOfAWrite(Deployment deployment) throws SQLException {
        String update = "UPDATE $orders AS t SET qty = t.qty WHERE ";
        String some = "EXISTS (SELECT 1 FROM $orders AS o WHERE o.note = 'ANN')";
        String key = "t.person >= ANY (SELECT DISTINCT t.person FROM $orders AS o)";
        try (Connection steward = bench.connect(Bench.STEWARD);
                Statement statement = steward.createStatement()) {
            assertThat(statement.executeUpdate(bench.located(update + some, deployment, null)))
                    .isEqualTo(11);
            assertThat(statement.executeUpdate(bench.located(update + "NOT " + some, deployment, null)))
                    .isZero();
            assertThat(statement.executeUpdate(bench.located(update + key, deployment, null)))
                    .isEqualTo(10);
        }
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

    /**
     * Every one of these was refused by some source as it was sent, or could not be planned, or had an answer of its own on one
     * of them. By hand over the stored tables.
     */
    @ParameterizedTest
    @EnumSource
    void oneAnswerEverywhere(Deployment deployment) throws SQLException {
        // PostgreSQL joins fully only on an equality of columns.
        answers(
                deployment,
                "SELECT COUNT(*) AS c0, COUNT(t0.tag) AS c1, COUNT(t1.id) AS c2, MAX(CASE WHEN t0.weight = 3 THEN t1.id ELSE 0"
                        + " END) AS c3 FROM $tags AS t0 FULL JOIN $orders AS t1 ON t1.qty > 100 AND t0.weight = 3",
                "18|7|11|8");
        answers(
                deployment,
                "SELECT COUNT(*) AS c0, COUNT(t0.tag) AS c1, COUNT(t1.id) AS c2 FROM $tags AS t0 FULL JOIN $people AS t1 ON"
                        + " NOT EXISTS (SELECT 1 AS c0 FROM $orders AS t2 WHERE t2.person = t1.id)",
                "47|35|47");
        // The engine told rows of one column apart by their value.
        answers(
                deployment,
                "SELECT COUNT(*) AS c0, SUM(t1.boss) AS c1 FROM $orders AS t0 FULL JOIN $people AS t1 ON t0.id > 100 + t1.boss",
                "23|34");
        // Names of the outer query that were not written down.
        answers(
                deployment,
                "SELECT MIN(t0.id) FILTER (WHERE (3, t0.note) IN (SELECT t0.qty AS c0, 'ANN' AS c1 FROM $people AS t1 WHERE"
                        + " t1.boss < t1.id)) AS c0 FROM $orders AS t0 WHERE t0.note LIKE '_%'",
                "1");
        answers(
                deployment,
                "SELECT (SELECT MIN(t2.qty) FROM $orders AS t2 WHERE t2.note = t1.name) AS c0, t0.id AS c1 FROM $people AS t0"
                        + " LEFT JOIN $people AS t1 ON t0.boss = t1.id WHERE t0.id < 5",
                "null|1",
                "3|2",
                "3|3",
                "null|4");
        // Aggregates within aggregates; rows without values, which have types all the same; columns named by one
        // branch.
        answers(
                deployment,
                "SELECT COUNT(DISTINCT 0 - t0.c0) AS c0, SUM(-(t0.c0)) AS c1 FROM (SELECT COUNT(t1.weight) AS c0 FROM $tags AS"
                        + " t1 GROUP BY t1.tag) AS t0 WHERE t0.c0 > 0",
                "2|-7");
        answers(
                deployment,
                "SELECT t0.id AS c0, t2.c0 AS c1 FROM $orders AS t0 LEFT JOIN LATERAL (SELECT CASE WHEN t4.person <= t0.person"
                        + " THEN t4.person ELSE t3.id END AS c0 FROM $people AS t3 FULL JOIN $tags AS t4 ON t3.region = t4.tag"
                        + " WHERE t4.weight > 0 AND 1 = 2) AS t2 ON TRUE WHERE t0.id < 3",
                "1|null",
                "2|null");
        answers(
                deployment,
                "WITH w AS (SELECT DISTINCT t0.region AS c0 FROM $orders AS t0) SELECT t2.c0 AS c0 FROM w AS t2 WHERE EXISTS"
                        + " (SELECT t3.c0 FROM w AS t3 WHERE t3.c0 = 'AP')",
                "EU",
                "US",
                "AP",
                "XX",
                "null");
        answers(
                deployment,
                "SELECT EXTRACT(YEAR FROM CAST(NULL AS DATE)) AS c0 FROM $tags AS t0 WHERE t0.weight = 0",
                "null");
        answers(
                deployment,
                "(SELECT DISTINCT 1 AS c0, MAX(t0.tag) OVER (PARTITION BY t0.tag) AS c1 FROM $tags AS t0 WHERE t0.tag = 'VIP')"
                        + " INTERSECT ALL (SELECT COUNT(*) - 2 AS c0, t1.tag AS c1 FROM $tags AS t1 GROUP BY t1.tag)"
                        + " ORDER BY 2",
                "1|VIP");
    }

    /** The group of everything is there without a row; a group asked for twice comes twice. */
    @ParameterizedTest
    @EnumSource
    void groupsOfNothingAndTwice(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "SELECT t0.note AS c0, COUNT(*) AS c1, GROUPING(t0.note) AS c2, COUNT(DISTINCT t0.qty) AS c3, SUM(t0.qty) AS c4"
                        + " FROM $orders AS t0 WHERE t0.id < 0 GROUP BY ROLLUP (t0.note)",
                "null|0|1|0|null");
        answers(
                deployment,
                "SELECT t0.tag AS c0, MIN(DATE '2000-01-01') AS c1 FROM $tags AS t0 GROUP BY GROUPING SETS ((t0.tag),"
                        + " (t0.tag), ()) HAVING MIN(1000 / (t0.weight + 100)) < 10",
                "VIP|2000-01-01",
                "VIP|2000-01-01",
                "8|2000-01-01",
                "8|2000-01-01",
                "OLD|2000-01-01",
                "OLD|2000-01-01",
                "null|2000-01-01",
                "null|2000-01-01",
                "null|2000-01-01");
    }

    /** What Calcite takes for a join, and where it looks for the literals of a correlated sub-query. */
    @ParameterizedTest
    @EnumSource
    void rowsAndLiteralsOfSubQueries(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "SELECT COUNT(*) AS c0 FROM $orders AS t0 WHERE NOT ((t0.qty, 'EU') IN (SELECT 1000, NULLIF(t1.region, t1.region)"
                        + " FROM $people AS t1))",
                "10");
        answers(
                deployment,
                "SELECT t0.id AS c0 FROM $orders AS t0 WHERE (3, t0.qty) IN (SELECT t0.id + 2 AS c0, 3 AS c1 FROM $people AS t1)",
                "1");
        answers(
                deployment,
                "SELECT t0.person AS c0, t1.id AS c1 FROM $tags AS t0 JOIN $orders AS t1 ON (t0.weight, 'VIP') IN (SELECT DISTINCT"
                        + " 5 AS c0, t0.tag AS c1 FROM $people AS t2) AND t1.id = 4",
                "1|4",
                "1|4");
        answers(
                deployment,
                "SELECT t0.person AS c0 FROM $tags AS t0 WHERE (EXISTS (SELECT 12 AS c0 FROM $people AS t2 WHERE t2.id = t0.weight))"
                        + " IS TRUE",
                "1",
                "1",
                "3",
                "5",
                "12");
        answers(
                deployment,
                "SELECT t0.c1 AS c0 FROM (SELECT MAX(t1.name) AS c1 FROM $people AS t1 WHERE t1.id IN (1, 11) GROUP BY t1.id) AS"
                        + " t0 WHERE 'NULL' = ANY (SELECT DISTINCT t6.note AS c0 FROM $orders AS t6 FULL JOIN $tags AS t7 ON"
                        + " t0.c1 = 'BOB' WHERE t6.note > t0.c1)",
                "ANN");
    }

    /** Keys of groups keep their names in a sub-select; outer names are out of reach where MariaDB makes one of what is grouped. */
    @ParameterizedTest
    @EnumSource
    void namesOfGroupsAndWindowsOverNull(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "SELECT MAX(t1.c1) OVER () AS c2 FROM (SELECT DISTINCT 'X' AS c0, t2.boss AS c1 FROM $people AS t2"
                        + " WHERE t2.id < 4) AS t1",
                "1",
                "1");
        answers(
                deployment,
                "SELECT t1.id AS c2 FROM $orders AS t1 WHERE 1 IN (SELECT 1 AS c0 FROM $people AS t2"
                        + " WHERE t1.region = t2.region HAVING MAX(3) > 1)",
                "1",
                "2",
                "3",
                "4",
                "6",
                "7",
                "8",
                "9",
                "10");
        answers(
                deployment,
                "SELECT MAX(NULLIF(CAST(NULL AS VARCHAR(30)), 'X')) OVER () AS c0, t1.id AS c1 FROM $people AS t0 JOIN $orders AS t1"
                        + " ON t0.id = t1.person AND t1.id < 3",
                "null|1",
                "null|2");
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

    /** Texts in VALUES, and of branches, got blanks up to the longest of them, and were equal to no stored text. */
    @ParameterizedTest
    @EnumSource
    void textsOfSeveralLengths(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "SELECT t0.id AS c0, v.n AS c1 FROM $people AS t0 JOIN (VALUES ('EU', 1), ('LATAM', 2), ('US', 3)) AS v(r,"
                        + " n) ON t0.region = v.r WHERE t0.id < 4",
                "1|1",
                "2|3",
                "3|1");
        answers(deployment, "SELECT v.r AS c0 FROM (VALUES ('EU'), ('LATAM')) AS v(r)", "EU", "LATAM");
        answers(
                deployment,
                "SELECT CASE WHEN t0.id > 1 THEN 'X' ELSE 'EU' END AS c0 FROM $people AS t0 WHERE t0.id < 3",
                "EU",
                "X");
        answers(deployment, "SELECT 'X' AS c0 FROM $tags AS t0 UNION SELECT 'XYZ' FROM $orders AS t1", "X", "XYZ");
    }

    /** Tables before a comma were joined first, and were NULL where the right side had no row on the left. */
    @ParameterizedTest
    @EnumSource
    void commasJoinLast(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "SELECT t1.id AS c0, t5.id AS c1, t6.weight AS c2 FROM $people AS t1, $people AS t5 RIGHT JOIN $tags AS t6 ON t5.id ="
                        + " t6.weight WHERE (t1.id < 3 OR t1.id IS NULL) AND (t6.weight < 2 OR t6.weight IS NULL)",
                "1|null|null",
                "1|1|1",
                "1|null|-4",
                "1|null|0",
                "2|null|null",
                "2|1|1",
                "2|null|-4",
                "2|null|0");
    }

    /** A grand total is there without rows, so that what leaves all rows out must stay above it. */
    @ParameterizedTest
    @EnumSource
    void aConditionWithoutColumnsStaysAboveAGrandTotal(Deployment deployment) throws SQLException {
        for (String groups : List.of(
                "GROUP BY ROLLUP (t0.region)",
                "GROUP BY CUBE (t0.region, t0.num)",
                "GROUP BY GROUPING SETS ((t0.region), ())",
                "GROUP BY ()",
                "")) {
            String totals =
                    "SELECT t1.n AS c0 FROM (SELECT COUNT(*) AS n FROM $people AS t0 LEFT JOIN $orders AS t3 ON TRUE "
                            + groups + ") AS t1 WHERE ";
            answers(deployment, totals + "'X' LIKE '%A%'");
            answers(deployment, totals + "EXISTS (SELECT 1 FROM $people AS t2 WHERE t2.id < 0)");
            assertThat(stored(deployment, totals + "'X' LIKE '%X%'").rows())
                    .as(groups)
                    .isNotEmpty();
        }
    }
}
