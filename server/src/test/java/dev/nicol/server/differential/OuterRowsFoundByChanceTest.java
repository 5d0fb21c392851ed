package dev.nicol.server.differential;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the differential test found of sub-queries that name rows of the queries around them, kept. A fault there is alike for
 * the reader and over the copy, so what the rows must be is stated by hand.
 */
class OuterRowsFoundByChanceTest extends KeptStatements {
    /** What IN compares was looked up in another projection than the one it was set on: no plan, or another column. */
    @ParameterizedTest
    @EnumSource
    void projectionsOfProjections(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "WITH w AS (SELECT 1 AS c1, t1.region AS c2 FROM $orders AS t0 JOIN $people AS t1 ON t0.person = t1.id) SELECT CASE"
                        + " WHEN t3.c2 IN (SELECT 'EU' AS c0 FROM $people AS t4 WHERE t3.c1 <= 1) THEN 1 ELSE EXTRACT(YEAR FROM"
                        + " DATE '2000-01-01') END AS c1, COUNT(*) AS c2 FROM w AS t3 GROUP BY 1",
                "1|6",
                "2000|3");
        answers(
                deployment,
                "WITH w AS (SELECT t0.region AS c0, t0.qty AS c1, t0.person AS c2, t0.id AS c3 FROM $orders AS t0) SELECT CASE WHEN"
                        + " t1.c2 IN (SELECT t2.id FROM $people AS t2 WHERE t2.region = t1.c0) THEN 1 ELSE 0 END AS c0, t1.c3 AS c1"
                        + " FROM w AS t1",
                "1|1",
                "1|2",
                "1|3",
                "1|4",
                "0|5",
                "1|6",
                "1|7",
                "1|8",
                "0|9",
                "1|10",
                "0|11");
    }

    /** A sub-query in a SELECT list took rows of a query further out for those beside it. */
    @ParameterizedTest
    @EnumSource
    void rowsOfAQueryFurtherOut(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "SELECT t0.id AS c0 FROM $orders AS t0 WHERE 3 > ANY (SELECT (SELECT MAX(t2.id) FROM $people AS t2 WHERE t2.id ="
                        + " t0.person) FROM $tags AS t1)",
                "1",
                "2",
                "3",
                "10");
        answers(
                deployment,
                "SELECT t0.id AS c0, (SELECT MAX(t1.weight + (SELECT COUNT(*) FROM $people AS t2 WHERE t2.boss = t0.person)) FROM"
                        + " $tags AS t1 WHERE t1.person = t0.person) AS c1 FROM $orders AS t0 WHERE t0.id < 5",
                "1|9",
                "2|9",
                "3|null",
                "4|2");
        String several =
                "SELECT 'X' AS c0 FROM $orders AS t0 WHERE 1 < ANY (SELECT (SELECT 1 FROM $orders AS t2 FULL JOIN $orders AS t3 ON"
                        + " TRUE WHERE 1 >= t0.qty) AS c0 FROM $tags AS t1)";
        same(deployment, several);
        assertThat(stored(deployment, several).sqlState()).isEqualTo("22000");
    }

    /** A table that stands in two places, in one of them in a correlated sub-query, had its columns mistaken in the other. */
    @ParameterizedTest
    @EnumSource
    void oneTableInTwoPlaces(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "WITH w AS (SELECT t0.region AS c0, t0.name AS c1, t0.id AS c2 FROM $people AS t0 LEFT JOIN LATERAL (SELECT DISTINCT"
                        + " t0.num AS c0 FROM $people AS t5) AS t2 ON TRUE WHERE NOT EXISTS (SELECT 1 AS c0 FROM $orders AS t6"
                        + " WHERE 1 = t0.boss)) SELECT COUNT(*) AS c0, SUM(t8.c2) AS c1 FROM $orders AS t7 JOIN w AS t8 ON"
                        + " t7.region = t8.c0",
                "15|76");
        answers(
                deployment,
                "WITH w AS (SELECT t0.region AS c1 FROM $people AS t0 LEFT JOIN LATERAL (SELECT DISTINCT t0.num AS c0 FROM $people"
                        + " AS t5) AS t2 ON TRUE WHERE NOT EXISTS (SELECT 'X' AS c0 FROM $orders AS t6 WHERE 1 = t0.boss)) SELECT"
                        + " COUNT(*) AS c0 FROM $orders AS t7 JOIN w AS t8 ON t7.region = t8.c1",
                "15");
    }

    /** H2 knows no names of the outer query in HAVING. */
    @ParameterizedTest
    @EnumSource
    void conditionsOnGroups(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "WITH w AS (SELECT MIN('X') AS c0 FROM $people AS t0) SELECT COUNT(*) AS c0 FROM $tags AS t2 WHERE NOT EXISTS"
                        + " (SELECT 'X' AS c0 FROM w AS t7 WHERE 'P' < t2.tag)",
                "5");
        answers(
                deployment,
                "WITH w AS (SELECT MIN('X') AS c0 FROM $people AS t0) SELECT 'X' AS c0 FROM $tags AS t2 WHERE NOT EXISTS (SELECT 'X'"
                        + " AS c0 FROM w AS t7 WHERE 'P' < t2.tag) HAVING COUNT(1) > 1",
                "X");
    }

    /** PostgreSQL was asked for the order of a constant in a way that failed on branches of several types. */
    @ParameterizedTest
    @EnumSource
    void ordersOfConstants(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "(SELECT DISTINCT 'X' AS c0 FROM $orders AS t0) INTERSECT ALL (SELECT 1 AS c0 FROM $orders AS t4) ORDER BY 1");
        answers(
                deployment,
                "(SELECT DISTINCT '1' AS c0 FROM $orders AS t0) INTERSECT ALL (SELECT 1 AS c0 FROM $orders AS t4) ORDER BY 1",
                "1");
    }
}
