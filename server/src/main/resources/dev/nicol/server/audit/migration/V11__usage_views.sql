-- The usages of a store's old statements are known now.
INSERT INTO internal.usage_sums (usage_id, outcome, delivered, statements, row_count, first_at, last_at)
SELECT usage_id, outcome, NOT (outcome = 'failed' AND COALESCE(row_count, 0) = 0), COUNT(*), CAST(SUM(COALESCE(row_count, 0)) AS BIGINT),
       MIN(started_at), MAX(started_at)
FROM audit.statements
WHERE usage_id IS NOT NULL AND outcome <> 'running'
GROUP BY usage_id, outcome, NOT (outcome = 'failed' AND COALESCE(row_count, 0) = 0);

-- The time is for retention: what is first once the first is gone.
CREATE INDEX statements_of_usage ON audit.statements (usage_id, started_at);

DROP VIEW lineage.consumers;
DROP TABLE audit.column_access;
DROP TABLE lineage.statements;
DROP TABLE lineage.edges;

CREATE VIEW audit.column_access AS
SELECT s.statement_id, c.catalog_name, c.schema_name, c.table_name, c.column_name, c.tags, c.access, c.mask, c.rule
FROM internal.shape_columns c
JOIN internal.usages u ON u.lineage_id = c.lineage_id
JOIN audit.statements s ON s.usage_id = u.usage_id;

CREATE VIEW lineage.statements AS
SELECT s.statement_id, h.complete
FROM internal.shapes h
JOIN internal.usages u ON u.lineage_id = h.lineage_id
JOIN audit.statements s ON s.usage_id = u.usage_id;

CREATE VIEW lineage.edges AS
SELECT s.statement_id, e.phase, e.target, e.target_column, e.target_ordinal, e.source_catalog, e.source_schema, e.source_table,
       e.source_column, e.kind, e.direct, e.masked
FROM internal.shape_edges e
JOIN internal.usages u ON u.lineage_id = e.lineage_id
JOIN audit.statements s ON s.usage_id = u.usage_id;

-- With the few that run.
CREATE VIEW internal.usage_counts AS
SELECT usage_id, outcome, delivered, statements, row_count, first_at, last_at
FROM internal.usage_sums
UNION ALL
SELECT usage_id, outcome, TRUE, CAST(1 AS BIGINT), CAST(0 AS BIGINT), started_at, started_at
FROM audit.statements
WHERE outcome = 'running';

CREATE VIEW audit.usage AS
SELECT u.usage_id, u.user_name, u.agent, u.on_behalf_of, u.purpose, u.job, u.model, u.statement_kind, u.verdict, a.outcome,
       a.statements, a.row_count, a.first_at, a.last_at, u.server
FROM internal.usages u
JOIN internal.usage_counts a ON a.usage_id = u.usage_id;

CREATE VIEW audit.column_usage AS
SELECT u.usage_id, c.catalog_name, c.schema_name, c.table_name, c.column_name, c.tags, c.access, c.mask, c.rule,
       u.user_name, u.agent, u.on_behalf_of, u.purpose, u.job, u.model, u.statement_kind, u.verdict, a.outcome,
       a.statements, a.row_count, a.first_at, a.last_at
FROM internal.shape_columns c
JOIN internal.usages u ON u.lineage_id = c.lineage_id
JOIN internal.usage_counts a ON a.usage_id = u.usage_id;

CREATE VIEW lineage.usage AS
SELECT u.usage_id, e.phase, e.target, e.target_column, e.target_ordinal, e.source_catalog, e.source_schema, e.source_table,
       e.source_column, e.kind, e.direct, e.masked,
       u.user_name, u.agent, u.on_behalf_of, u.purpose, u.job, u.model, u.statement_kind, u.verdict, a.outcome,
       a.statements, a.row_count, a.first_at, a.last_at
FROM internal.shape_edges e
JOIN internal.usages u ON u.lineage_id = e.lineage_id
JOIN internal.usage_counts a ON a.usage_id = u.usage_id;

-- Who got what. A statement whose lineage is not known counts for every column it read: too much, never too little. Explaining a
-- statement and defining a view hand nothing to anybody.
CREATE VIEW lineage.consumers AS
SELECT r.source_catalog, r.source_schema, r.source_table, r.source_column, COALESCE(t.tags, '') AS tags,
       u.user_name, u.agent, u.model, u.job, u.purpose,
       MIN(a.first_at) AS first_at, MAX(a.last_at) AS last_at,
       CAST(SUM(a.statements) AS BIGINT) AS statements, CAST(SUM(a.row_count) AS BIGINT) AS row_count
FROM (SELECT e.lineage_id, e.source_catalog, e.source_schema, e.source_table, e.source_column
      FROM internal.shape_edges e
      WHERE e.direct
      UNION
      SELECT c.lineage_id, c.catalog_name, c.schema_name, c.table_name, c.column_name
      FROM internal.shape_columns c
      JOIN internal.shapes h ON h.lineage_id = c.lineage_id
      WHERE c.access = 'read' AND NOT h.complete) r
JOIN internal.usages u ON u.lineage_id = r.lineage_id
JOIN internal.usage_counts a ON a.usage_id = u.usage_id
LEFT JOIN (SELECT c.lineage_id, c.catalog_name, c.schema_name, c.table_name, c.column_name, MAX(c.tags) AS tags
           FROM internal.shape_columns c
           GROUP BY c.lineage_id, c.catalog_name, c.schema_name, c.table_name, c.column_name) t
    ON t.lineage_id = r.lineage_id AND t.catalog_name = r.source_catalog AND t.schema_name = r.source_schema
    AND t.table_name = r.source_table AND t.column_name = r.source_column
WHERE u.verdict IN ('allowed', 'warned') AND a.delivered
    AND u.statement_kind NOT LIKE 'EXPLAIN%' AND u.statement_kind <> 'CREATE_VIEW'
GROUP BY r.source_catalog, r.source_schema, r.source_table, r.source_column, COALESCE(t.tags, ''),
         u.user_name, u.agent, u.model, u.job, u.purpose;
