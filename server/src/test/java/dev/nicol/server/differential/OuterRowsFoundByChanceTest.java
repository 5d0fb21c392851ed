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

    /** The outer table was called what a sub-select of the sub-query was called, which has a column of the same name. */
    @ParameterizedTest
    @EnumSource
    void namesOfTheOuterTable(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "SELECT t0.id AS c0, (SELECT COUNT(*) FROM $orders AS t1 CROSS JOIN LATERAL (SELECT t4.boss FROM $people"
                        + " AS t4) AS t3 WHERE t1.id = t0.boss) AS c1 FROM $people AS t0 WHERE t0.id < 5",
                "1|0",
                "2|12",
                "3|12",
                "4|12");
    }

    /** Both sides of a join named the outer row, and each was joined as that of another outer row. */
    @ParameterizedTest
    @EnumSource
    void oneOuterRowOnBothSidesOfAJoin(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "SELECT t0.id AS c0, (SELECT COUNT(*) FROM (SELECT o.qty FROM $orders AS o WHERE o.person = t0.id) AS a"
                        + " JOIN (SELECT g.weight FROM $tags AS g WHERE g.person = t0.id) AS b ON TRUE) AS c1 FROM $people AS t0",
                "1|6",
                "2|1",
                "3|1",
                "4|0",
                "5|1",
                "6|0",
                "7|0",
                "8|0",
                "9|1",
                "10|0",
                "11|0",
                "12|1");
        answers(
                deployment,
                "SELECT t0.id AS c0, t1.id AS c1 FROM $people AS t0 LEFT JOIN $people AS t1 ON t0.num = t1.num AND t0.name"
                        + " NOT IN (SELECT t2.note AS c0 FROM $orders AS t2 WHERE t0.id = t2.person)",
                "1|null",
                "2|2",
                "3|null",
                "4|null",
                "5|5",
                "6|6",
                "7|7",
                "8|8",
                "9|1",
                "9|9",
                "9|12",
                "10|10",
                "11|11",
                "12|1",
                "12|9",
                "12|12");
        answers(
                deployment,
                "SELECT t0.id AS c0, t1.id AS c1 FROM $people AS t0 FULL JOIN $people AS t1 ON t0.num = t1.num AND t0.name"
                        + " NOT IN (SELECT 'X' AS c0 FROM $orders AS t2 WHERE t0.code LIKE '_%')",
                "1|1",
                "1|9",
                "1|12",
                "2|2",
                "3|3",
                "4|null",
                "5|5",
                "6|null",
                "7|7",
                "8|8",
                "9|1",
                "9|9",
                "9|12",
                "10|10",
                "11|11",
                "12|1",
                "12|9",
                "12|12",
                "null|4",
                "null|6");
    }

    /** The group of all rows was none where an outer row had no rows, and ALL and NOT IN held of nothing. */
    @ParameterizedTest
    @EnumSource
    void totalsOfNoRows(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "SELECT t2.id AS c0 FROM $orders AS t2 WHERE t2.region NOT IN (SELECT t3.name AS c0 FROM $people AS t3"
                        + " WHERE t2.note <> 'X' GROUP BY CUBE (t3.name))");
        answers(
                deployment,
                "SELECT t0.id AS c0 FROM $people AS t0 WHERE 3 >= ALL (SELECT MAX(t2.qty) AS c0 FROM $orders AS t2 WHERE"
                        + " t0.id = t2.person)",
                "1",
                "2",
                "3",
                "5",
                "7");
    }

    /** Windows over what belongs to one outer row were windows over what belongs to all. */
    @ParameterizedTest
    @EnumSource
    void windowsForEachOuterRow(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "SELECT t0.id AS c0, (SELECT SUM(a.k) FROM (SELECT RANK() OVER (ORDER BY o.qty) AS k FROM $orders AS o"
                        + " WHERE o.person = t0.id) AS a) AS c1 FROM $people AS t0 WHERE t0.id <> 9",
                "1|5",
                "2|1",
                "3|1",
                "4|null",
                "5|1",
                "6|null",
                "7|1",
                "8|null",
                "10|null",
                "11|null",
                "12|1");
    }

    /** An outer join that asks something of an outer row which is NULL has its left rows all the same. */
    @ParameterizedTest
    @EnumSource
    void outerJoinsOnOuterRows(Deployment deployment) throws SQLException {
        answers(
                deployment,
                "SELECT t0.id AS c0 FROM $orders AS t0 WHERE EXISTS (SELECT 1 AS c0 FROM $people AS t3 LEFT JOIN $orders AS t4 ON"
                        + " t0.person = t0.qty) AND t0.id > 4",
                "5",
                "6",
                "7",
                "8",
                "9",
                "10",
                "11");
    }

    /** What its own source computes stood within what its own source computes, and one of the two stayed closed. */
    @ParameterizedTest
    @EnumSource
    void subQueriesOfOneTableWithinEachOther(Deployment deployment) throws SQLException {
        same(
                deployment,
                "SELECT 'X' AS c2 FROM (SELECT 'X' AS c0 FROM $people AS t2"
                        + " HAVING SUM(DISTINCT (1000 / (t2.id + 1000))) > -1) AS t0 JOIN $people AS t4"
                        + " ON DATE '2000-01-01' IN (SELECT DATE '2000-01-01' AS c0 FROM $people AS t5 WHERE t4.id <= 1)"
                        + " WHERE 1 IN (SELECT 1 AS c0 FROM $people AS t6 WHERE t4.code < 'X')");
    }
}
