-- Which column's values went to which, over all statements: the trail's edges without the statements, one row for each server,
-- user, origin, target and kind, so that a search over all of the trail is a handful of look-ups. What a row is known by is hashed:
-- names have no bound that every store's indexes have. Not exposed: nicol.lineage.upstream and downstream read it.
CREATE TABLE internal.flows (
    flow_id VARCHAR(64) NOT NULL PRIMARY KEY,
    server VARCHAR NOT NULL,
    source_table_id VARCHAR(32) NOT NULL,
    source_id VARCHAR(32) NOT NULL,
    target_table_id VARCHAR(32) NOT NULL,
    target_id VARCHAR(32) NOT NULL,
    user_name VARCHAR NOT NULL,
    of_policy BOOLEAN NOT NULL,
    source_catalog VARCHAR NOT NULL,
    source_schema VARCHAR NOT NULL,
    source_table VARCHAR NOT NULL,
    source_column VARCHAR NOT NULL,
    target_catalog VARCHAR,
    target_schema VARCHAR,
    target_table VARCHAR NOT NULL,
    target_column VARCHAR,
    kind VARCHAR NOT NULL,
    direct BOOLEAN NOT NULL,
    masked BOOLEAN NOT NULL,
    first_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    last_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    last_statement_id VARCHAR NOT NULL,
    statements BIGINT NOT NULL
);
CREATE INDEX flows_from_column ON internal.flows (source_id);
CREATE INDEX flows_from_table ON internal.flows (source_table_id);
CREATE INDEX flows_to_column ON internal.flows (target_id);
CREATE INDEX flows_to_table ON internal.flows (target_table_id);

-- Explaining a statement and defining a view hand nothing to anybody.
CREATE OR REPLACE VIEW lineage.consumers AS
SELECT u.source_catalog, u.source_schema, u.source_table, u.source_column, COALESCE(t.tags, '') AS tags,
       s.user_name, s.agent, s.model, s.job, s.purpose,
       MIN(s.started_at) AS first_at, MAX(s.started_at) AS last_at,
       COUNT(*) AS statements, CAST(SUM(COALESCE(s.row_count, 0)) AS BIGINT) AS row_count
FROM (SELECT DISTINCT e.statement_id, e.source_catalog, e.source_schema, e.source_table, e.source_column
      FROM lineage.edges e
      WHERE e.direct
      UNION
      SELECT c.statement_id, c.catalog_name, c.schema_name, c.table_name, c.column_name
      FROM audit.column_access c
      JOIN lineage.statements l ON l.statement_id = c.statement_id
      WHERE c.access = 'read' AND NOT l.complete) u
JOIN audit.statements s ON s.statement_id = u.statement_id
LEFT JOIN (SELECT c.statement_id, c.catalog_name, c.schema_name, c.table_name, c.column_name, MAX(c.tags) AS tags
           FROM audit.column_access c
           GROUP BY c.statement_id, c.catalog_name, c.schema_name, c.table_name, c.column_name) t
    ON t.statement_id = u.statement_id AND t.catalog_name = u.source_catalog AND t.schema_name = u.source_schema
    AND t.table_name = u.source_table AND t.column_name = u.source_column
WHERE s.verdict IN ('allowed', 'warned') AND NOT (s.outcome = 'failed' AND COALESCE(s.row_count, 0) = 0)
    AND s.statement_kind NOT LIKE 'EXPLAIN%' AND s.statement_kind <> 'CREATE_VIEW'
GROUP BY u.source_catalog, u.source_schema, u.source_table, u.source_column, COALESCE(t.tags, ''),
         s.user_name, s.agent, s.model, s.job, s.purpose;
