package dev.nicol.adapters;

import dev.nicol.adapters.SourceAdapter.Capability;
import java.util.Map;

/** SQL that gives a positive number only where a capability is there. */
final class CapabilityQueries {
    static final Map<Capability, String> STANDARD = Map.ofEntries(
            Map.entry(
                    Capability.FULL_JOIN,
                    "SELECT COUNT(*) - 3 FROM ordered a FULL JOIN (SELECT id + 2 AS id FROM ordered) b ON a.id = b.id"
                            + " WHERE a.id IS NULL OR b.id IS NULL OR 1 = 1 HAVING COUNT(*) = 6"),
            Map.entry(
                    Capability.FULL_JOIN_ON_ANYTHING,
                    "SELECT COUNT(*) FROM ordered a FULL JOIN ordered b ON a.v < b.id"),
            Map.entry(
                    Capability.OUTER_NAMES_IN_FROM,
                    "SELECT COUNT(*) FROM ordered o WHERE o.id IN (SELECT s.id FROM (SELECT a.id FROM ordered a WHERE a.v = o.v) s)"),
            Map.entry(
                    Capability.CORRELATED_OUTER_JOIN,
                    "SELECT COUNT(*) FROM ordered o WHERE o.id IN (SELECT a.id FROM ordered a LEFT JOIN ordered b"
                            + " ON a.id = b.id AND b.v >= o.v AND a.v < o.v + 1)"),
            Map.entry(
                    Capability.ROW_NOT_IN,
                    "SELECT COUNT(*) FROM ordered o WHERE NOT (o.id, 1) IN (SELECT i.id + 1000, NULLIF(i.id, i.id) FROM ordered i)"
                            + " AND (NOT (NULLIF(o.id, o.id), 1) IN (SELECT i.id, 1 FROM ordered i)) IS NOT TRUE"),
            Map.entry(
                    Capability.GROUPING_SETS,
                    "SELECT COUNT(*) FROM (SELECT id, v FROM ordered GROUP BY GROUPING SETS ((id), (v), ())) g HAVING COUNT(*) = 8"),
            Map.entry(
                    Capability.COMPUTED_KEYS,
                    "SELECT COUNT(*) FROM (SELECT (id + v) * 2 AS d FROM ordered GROUP BY id + v) g"),
            Map.entry(
                    Capability.EXCEPT_ALL,
                    "SELECT v FROM ordered WHERE v = 20 EXCEPT ALL SELECT v FROM ordered WHERE v = 10"),
            Map.entry(
                    Capability.INTERSECT_ALL,
                    "SELECT v FROM ordered WHERE v = 20 INTERSECT ALL SELECT v FROM ordered WHERE v = 20"),
            Map.entry(Capability.AGGREGATE_FILTER, "SELECT COUNT(*) FILTER (WHERE v = 20) FROM ordered"),
            Map.entry(Capability.NULLS_ORDERING, "SELECT id FROM ordered ORDER BY v NULLS FIRST, id"),
            Map.entry(
                    Capability.LATERAL,
                    "SELECT l.id FROM ordered o CROSS JOIN LATERAL (SELECT o.id AS id) l ORDER BY l.id"),
            Map.entry(
                    Capability.ROW_IN,
                    "SELECT COUNT(*) FROM ordered o WHERE (o.id, 1) IN (SELECT o.id, 1 FROM ordered i WHERE i.v = o.v)"),
            Map.entry(
                    Capability.SUB_QUERY_IN_OUTER_JOIN,
                    "SELECT COUNT(*) FROM ordered a LEFT JOIN ordered b ON a.id = b.id"
                            + " AND a.v IN (SELECT i.v FROM ordered i WHERE i.id = b.id)"),
            Map.entry(
                    Capability.RECURSIVE_QUERY,
                    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT MAX(n) FROM r"),
            Map.entry(
                    Capability.TIMESTAMP_WITH_ZONE,
                    "SELECT EXTRACT(HOUR FROM CAST('2024-01-01 12:00:00+02' AS TIMESTAMP WITH TIME ZONE))"));

    private CapabilityQueries() {}
}
