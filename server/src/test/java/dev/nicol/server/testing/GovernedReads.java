package dev.nicol.server.testing;

import java.util.List;
import java.util.stream.Stream;

/**
 * Statements over {@code $emp}, which must read a governed table as they would read a copy of it that was filtered and masked
 * by hand.
 */
public final class GovernedReads {
    private static final List<String> STATEMENTS = List.of(
            "SELECT * FROM $emp ORDER BY id",
            "SELECT id FROM $emp WHERE ssn = '111-11-1111'",
            "SELECT id FROM $emp WHERE ssn LIKE '%1111'",
            "SELECT id FROM $emp WHERE salary > 50",
            "SELECT id FROM $emp WHERE salary IS NULL ORDER BY id",
            "SELECT id, ssn FROM $emp ORDER BY ssn",
            "SELECT COUNT(DISTINCT salary) FROM $emp",
            "SELECT ssn, COUNT(*) FROM $emp GROUP BY ssn ORDER BY ssn",
            "SELECT dept FROM $emp GROUP BY dept HAVING MAX(salary) > 250",
            "SELECT id, RANK() OVER (ORDER BY salary) FROM $emp ORDER BY id",
            "SELECT id FROM $emp JOIN (VALUES ('111-11-1111')) AS v(s) ON ssn = s",
            "SELECT id FROM $emp WHERE EXISTS (SELECT 1 FROM $emp AS e WHERE e.ssn = '111-11-1111')",
            "SELECT (SELECT MAX(ssn) FROM $emp) FROM $emp",
            "SELECT id FROM $emp WHERE CASE WHEN region <> 'EU' THEN CAST(name AS INTEGER) ELSE 0 END = 0 ORDER BY id",
            "SELECT id FROM $emp WHERE 1 / (id - 2) = 0 AND id <> 1",
            "SELECT id FROM $emp WHERE name = 'Bob' AND CAST(name AS DATE) IS NULL",
            "SELECT id FROM $emp WHERE CASE WHEN id = 2 THEN 2147483647 + id ELSE 0 END = 0 ORDER BY id",
            "SELECT COUNT(*) FILTER (WHERE 1 / (id - 2) = 7) FROM $emp",
            "SELECT 1 / (id - 2) FROM $emp ORDER BY id",
            "SELECT id FROM $emp WHERE name = '\\' AND name <> ' OR 1=1 UNION SELECT ssn FROM emp -- '",
            "SELECT id FROM $emp WHERE name = '\\'' OR 1=1 -- '",
            "SELECT COUNT(*) FROM $emp",
            "SELECT MIN(id), MAX(id) FROM $emp",
            "WITH emp AS (VALUES (1)) SELECT * FROM emp",
            "SELECT name || ssn FROM $emp ORDER BY 1",
            "SELECT e.* FROM $emp AS e ORDER BY 1",
            "SELECT ssn AS x FROM $emp UNION ALL SELECT ssn FROM $emp ORDER BY 1",
            "WITH c AS (SELECT ssn s, id FROM $emp) SELECT s FROM c WHERE id = 1",
            "SELECT a.ssn FROM $emp a JOIN $emp b ON a.ssn = b.ssn ORDER BY 1",
            "SELECT d.dept, (SELECT COUNT(*) FROM $emp e WHERE e.dept = d.dept) FROM $emp d ORDER BY d.id",
            "SELECT id FROM $emp e WHERE EXISTS (SELECT 1 FROM $emp f WHERE f.dept = e.dept AND f.id <> e.id)",
            "SELECT region, dept, COUNT(*) FROM $emp GROUP BY GROUPING SETS ((region), (dept), ()) ORDER BY 1, 2, 3",
            "WITH RECURSIVE r(n, s) AS (SELECT id, ssn FROM $emp WHERE id = 1 UNION ALL SELECT n + 1, s FROM r WHERE n < 3) SELECT * FROM r ORDER BY n",
            "SELECT id FROM $emp WHERE id IN (1, 2, 3, 4) AND name LIKE '_n%'",
            "SELECT id, name FROM $emp WHERE id = 2 OR name = 'Cid' ORDER BY id DESC LIMIT 1",
            "SELECT SUM(id), AVG(id), COUNT(*), MIN(name) FROM $emp",
            // What would fail on a hidden row, in every place a source could evaluate too early.
            "SELECT id FROM $emp WHERE id * 1000000000 > 0 AND id < 3",
            "SELECT e.id FROM $emp e JOIN (VALUES (1), (2)) AS v(x) ON e.id * 1000000000 > v.x WHERE e.id < 3 ORDER BY 1",
            "SELECT v.x, e.id FROM (VALUES (1), (2), (3)) AS v(x) LEFT JOIN $emp e ON e.id = v.x AND 2147483647 - 2 + e.id > 0 AND e.id <> 3 ORDER BY 1",
            "SELECT MAX(CASE WHEN id = 2 THEN 2147483647 + id ELSE 0 END) FROM $emp",
            "SELECT dept, SUM(2147483646 / (id - 2)) FROM $emp GROUP BY dept ORDER BY 1",
            "SELECT id FROM $emp e WHERE (SELECT MIN(2147483646 + f.id) FROM $emp f WHERE f.id = e.id AND f.id < 3) > 0",
            "SELECT id, SUM(1 / (id - 2)) OVER (ORDER BY id) FROM $emp ORDER BY id",
            "SELECT id FROM $emp ORDER BY 1 / (id - 2), id",
            "SELECT id FROM $emp WHERE CAST(SUBSTRING(name FROM 4) || '0' AS INTEGER) = 0 AND name <> 'Bob' ORDER BY id",
            "SELECT id FROM $emp WHERE id IN (SELECT 2147483646 + id - 2147483646 FROM $emp WHERE id < 3)",
            "SELECT COUNT(*) FROM $emp HAVING MIN(1 / (id - 2)) < 0",
            "SELECT DISTINCT 1 / (id - 2) FROM $emp ORDER BY 1",
            // Masked columns in every kind of condition.
            "SELECT id FROM $emp WHERE ssn IN ('111-11-1111', '222-22-2222')",
            "SELECT id FROM $emp WHERE ssn BETWEEN '1' AND '9'",
            "SELECT id FROM $emp WHERE ssn > '1' OR ssn < '('",
            "SELECT id FROM $emp WHERE (id, ssn) IN (VALUES (1, '111-11-1111'), (3, '*******3333'))",
            "SELECT id FROM $emp WHERE (ssn, id) = ('111-11-1111', 1)",
            "SELECT id FROM $emp WHERE salary IN (100, 300) OR salary BETWEEN 0 AND 400 OR salary <> 5",
            "SELECT id FROM $emp WHERE salary IS NOT DISTINCT FROM 100",
            "SELECT id FROM $emp WHERE COALESCE(salary, -1) = -1 ORDER BY id",
            "SELECT id FROM $emp WHERE SUBSTRING(ssn FROM 1 FOR 1) = '1'",
            "SELECT a.id FROM $emp a JOIN $emp b USING (ssn) ORDER BY 1",
            "SELECT COUNT(*) FROM $emp NATURAL JOIN (SELECT ssn FROM $emp) AS o",
            "SELECT id FROM $emp WHERE ssn = ANY (SELECT ssn FROM $emp WHERE id = 2)",
            "SELECT id FROM $emp WHERE ssn NOT IN (SELECT ssn FROM $emp WHERE id IN (2, 3))",
            "SELECT ssn FROM $emp EXCEPT SELECT '*******1111' FROM (VALUES (1)) AS t(x)",
            "SELECT ssn FROM $emp INTERSECT SELECT ssn FROM $emp WHERE id < 3",
            "SELECT MIN(ssn), MAX(ssn), COUNT(DISTINCT ssn) FROM $emp",
            "SELECT id, LAG(ssn) OVER (ORDER BY id), FIRST_VALUE(salary) OVER (ORDER BY id) FROM $emp ORDER BY id",
            "SELECT id, ROW_NUMBER() OVER (PARTITION BY ssn ORDER BY salary, id) FROM $emp ORDER BY id",
            "SELECT CASE WHEN salary > 50 THEN 'rich' ELSE 'unknown' END FROM $emp ORDER BY id",
            "SELECT \"SSN\" FROM (SELECT ssn AS \"SSN\" FROM $emp) AS q ORDER BY 1",
            "SELECT id FROM $emp ORDER BY id OFFSET 1 ROWS FETCH FIRST 5 ROWS ONLY",
            "SELECT id FROM $emp ORDER BY salary DESC, id LIMIT 1",
            "SELECT COUNT(*) FROM $emp a CROSS JOIN $emp b",
            "SELECT id FROM $emp WHERE NOT (id <> 2)",
            "SELECT id FROM $emp WHERE id = 2 OR 1 = 1 ORDER BY id",
            "SELECT region, COUNT(*) FROM $emp GROUP BY CUBE (region, ssn) ORDER BY 1, 2",
            "SELECT * FROM (TABLE $emp) AS t ORDER BY id");

    private GovernedReads() {}

    public static Stream<String> statements() {
        return STATEMENTS.stream();
    }
}
