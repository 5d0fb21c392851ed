-- The views of the store as they are now; made anew whenever this file changes. StoreViews holds a store against it.
DROP VIEW IF EXISTS lineage.consumers;
DROP VIEW IF EXISTS lineage.usage;
DROP VIEW IF EXISTS audit.column_usage;
DROP VIEW IF EXISTS audit.usage;
DROP VIEW IF EXISTS internal.shape_origins;
DROP VIEW IF EXISTS lineage.edges;
DROP VIEW IF EXISTS lineage.statements;
DROP VIEW IF EXISTS audit.column_access;
DROP VIEW IF EXISTS audit.sinks;

CREATE VIEW audit.sinks AS
SELECT s.name, s.kind, s.last_event_id, s.last_delivered_at, h.last_id - s.last_event_id AS behind, s.failures, s.last_error,
       s.server
FROM internal.sinks s
JOIN internal.chain_heads h ON h.chain = s.server;

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

-- The columns whose values a statement of the shape may have handed on, with their tags.
CREATE VIEW internal.shape_origins AS
SELECT e.lineage_id, e.source_catalog, e.source_schema, e.source_table, e.source_column, COALESCE(MAX(c.tags), '') AS tags
FROM internal.shape_edges e
LEFT JOIN internal.shape_columns c ON c.lineage_id = e.lineage_id AND c.catalog_name = e.source_catalog
    AND c.schema_name = e.source_schema AND c.table_name = e.source_table AND c.column_name = e.source_column
WHERE e.direct
GROUP BY e.lineage_id, e.source_catalog, e.source_schema, e.source_table, e.source_column
UNION
SELECT r.lineage_id, r.catalog_name, r.schema_name, r.table_name, r.column_name, MAX(c.tags)
FROM internal.shape_columns r
JOIN internal.shapes h ON h.lineage_id = r.lineage_id
JOIN internal.shape_columns c ON c.lineage_id = r.lineage_id AND c.catalog_name = r.catalog_name AND c.schema_name = r.schema_name
    AND c.table_name = r.table_name AND c.column_name = r.column_name
WHERE r.access = 'read' AND NOT h.complete
GROUP BY r.lineage_id, r.catalog_name, r.schema_name, r.table_name, r.column_name;

CREATE VIEW audit.usage AS
SELECT u.usage_id, u.user_name, u.agent, u.on_behalf_of, u.purpose, u.job, u.model, u.statement_kind, u.verdict, a.outcome,
       a.statements, a.row_count, a.first_at, a.last_at, u.server
FROM internal.usages u
JOIN internal.usage_sums a ON a.usage_id = u.usage_id;

CREATE VIEW audit.column_usage AS
SELECT u.usage_id, c.catalog_name, c.schema_name, c.table_name, c.column_name, c.tags, c.access, c.mask, c.rule,
       u.user_name, u.agent, u.on_behalf_of, u.purpose, u.job, u.model, u.statement_kind, u.verdict, a.outcome,
       a.statements, a.row_count, a.first_at, a.last_at
FROM internal.shape_columns c
JOIN internal.usages u ON u.lineage_id = c.lineage_id
JOIN internal.usage_sums a ON a.usage_id = u.usage_id;

CREATE VIEW lineage.usage AS
SELECT u.usage_id, e.phase, e.target, e.target_column, e.target_ordinal, e.source_catalog, e.source_schema, e.source_table,
       e.source_column, e.kind, e.direct, e.masked,
       u.user_name, u.agent, u.on_behalf_of, u.purpose, u.job, u.model, u.statement_kind, u.verdict, a.outcome,
       a.statements, a.row_count, a.first_at, a.last_at
FROM internal.shape_edges e
JOIN internal.usages u ON u.lineage_id = e.lineage_id
JOIN internal.usage_sums a ON a.usage_id = u.usage_id;

-- Who got what. A statement whose lineage is not known counts for every column it read: too much, never too little. Explaining a
-- statement and defining a view hand nothing to anybody. What runs counts too, as it may have handed out something.
CREATE VIEW lineage.consumers AS
SELECT r.source_catalog, r.source_schema, r.source_table, r.source_column, r.tags, r.user_name, r.agent, r.model, r.job, r.purpose,
       MIN(r.first_at) AS first_at, MAX(r.last_at) AS last_at,
       CAST(SUM(r.statements) AS BIGINT) AS statements, CAST(SUM(r.row_count) AS BIGINT) AS row_count
FROM (SELECT o.source_catalog, o.source_schema, o.source_table, o.source_column, o.tags, u.user_name, u.agent, u.model, u.job, u.purpose,
             u.verdict, u.statement_kind, a.first_at, a.last_at, a.statements, a.row_count
      FROM internal.shape_origins o
      JOIN internal.usages u ON u.lineage_id = o.lineage_id
      JOIN internal.usage_sums a ON a.usage_id = u.usage_id
      WHERE a.delivered
      UNION ALL
      SELECT o.source_catalog, o.source_schema, o.source_table, o.source_column, o.tags, u.user_name, u.agent, u.model, u.job, u.purpose,
             u.verdict, u.statement_kind, s.started_at, s.started_at, CAST(1 AS BIGINT), CAST(0 AS BIGINT)
      FROM internal.shape_origins o
      JOIN internal.usages u ON u.lineage_id = o.lineage_id
      JOIN audit.statements s ON s.usage_id = u.usage_id
      WHERE s.outcome = 'running') r
WHERE r.verdict IN ('allowed', 'warned') AND r.statement_kind NOT LIKE 'EXPLAIN%' AND r.statement_kind <> 'CREATE_VIEW'
GROUP BY r.source_catalog, r.source_schema, r.source_table, r.source_column, r.tags, r.user_name, r.agent, r.model, r.job, r.purpose;
