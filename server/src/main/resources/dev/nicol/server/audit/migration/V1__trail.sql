-- The store. Schemas audit, lineage, policy and approval are what SQL sees as the catalog nicol; internal is not exposed.
-- Every instant is TIMESTAMP(6) WITH TIME ZONE, written in UTC. Text is unbounded.

CREATE SCHEMA IF NOT EXISTS audit;
CREATE SCHEMA IF NOT EXISTS lineage;
CREATE SCHEMA IF NOT EXISTS policy;
CREATE SCHEMA IF NOT EXISTS approval;

-- The last link of each chain: a chain cut at its end no longer meets it.
CREATE TABLE internal.chain_heads (
    chain VARCHAR NOT NULL PRIMARY KEY,
    last_id BIGINT NOT NULL,
    last_hash VARCHAR NOT NULL
);
INSERT INTO internal.chain_heads (chain, last_id, last_hash)
VALUES ('audit', 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- The exact bytes that were hashed. What audit.events and the other tables show is derived from them.
CREATE TABLE internal.event_bytes (
    event_id BIGINT NOT NULL PRIMARY KEY,
    format_version SMALLINT NOT NULL,
    payload ${bytes} NOT NULL
);

CREATE TABLE audit.events (
    event_id BIGINT NOT NULL PRIMARY KEY,
    occurred_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    kind VARCHAR NOT NULL,
    user_name VARCHAR NOT NULL,
    detail VARCHAR,
    previous_hash VARCHAR NOT NULL,
    hash VARCHAR NOT NULL,
    statement_id VARCHAR
);
CREATE INDEX events_of_statement ON audit.events (statement_id);

CREATE TABLE audit.statements (
    statement_id VARCHAR NOT NULL PRIMARY KEY,
    started_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP(6) WITH TIME ZONE,
    user_name VARCHAR NOT NULL,
    agent VARCHAR,
    on_behalf_of VARCHAR,
    purpose VARCHAR,
    job VARCHAR,
    model VARCHAR,
    client VARCHAR,
    connection_id VARCHAR,
    sql_text VARCHAR NOT NULL,
    sql_hash VARCHAR NOT NULL,
    statement_kind VARCHAR NOT NULL,
    verdict VARCHAR NOT NULL,
    rules VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    sqlstate VARCHAR,
    row_count BIGINT,
    byte_count BIGINT,
    duration_ms BIGINT,
    approval_id VARCHAR,
    policy_version VARCHAR NOT NULL
);
CREATE INDEX statements_by_outcome ON audit.statements (outcome);

CREATE TABLE audit.source_queries (
    statement_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    environment VARCHAR NOT NULL,
    sql_sent VARCHAR NOT NULL,
    row_count BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL
);
CREATE INDEX source_queries_of_statement ON audit.source_queries (statement_id);

CREATE TABLE audit.column_access (
    statement_id VARCHAR NOT NULL,
    catalog_name VARCHAR NOT NULL,
    schema_name VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    column_name VARCHAR NOT NULL,
    tags VARCHAR NOT NULL,
    access VARCHAR NOT NULL,
    mask VARCHAR,
    rule VARCHAR
);
CREATE INDEX column_access_of_statement ON audit.column_access (statement_id);

CREATE TABLE lineage.statements (
    statement_id VARCHAR NOT NULL PRIMARY KEY,
    complete BOOLEAN NOT NULL
);

CREATE TABLE lineage.edges (
    statement_id VARCHAR NOT NULL,
    phase VARCHAR NOT NULL,
    target VARCHAR NOT NULL,
    target_column VARCHAR,
    target_ordinal INTEGER NOT NULL,
    source_catalog VARCHAR NOT NULL,
    source_schema VARCHAR NOT NULL,
    source_table VARCHAR NOT NULL,
    source_column VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    direct BOOLEAN NOT NULL,
    masked BOOLEAN NOT NULL
);
CREATE INDEX edges_of_statement ON lineage.edges (statement_id);

-- Who got what. A statement whose lineage is not known counts for every column it read: too much, never too little.
CREATE VIEW lineage.consumers AS
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
GROUP BY u.source_catalog, u.source_schema, u.source_table, u.source_column, COALESCE(t.tags, ''),
         s.user_name, s.agent, s.model, s.job, s.purpose;

CREATE TABLE policy.rules (
    name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    definition VARCHAR NOT NULL,
    policy_version VARCHAR NOT NULL
);

CREATE TABLE policy.classifications (
    catalog_name VARCHAR NOT NULL,
    schema_name VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    column_name VARCHAR NOT NULL,
    entity VARCHAR NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    evidence VARCHAR NOT NULL,
    classified_at TIMESTAMP(6) WITH TIME ZONE NOT NULL
);

CREATE TABLE approval.requests (
    approval_id VARCHAR NOT NULL PRIMARY KEY,
    state VARCHAR NOT NULL,
    requested_by VARCHAR NOT NULL,
    agent VARCHAR,
    requested_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    sql_text VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    plan VARCHAR,
    estimated_rows BIGINT,
    rule VARCHAR NOT NULL,
    decided_by VARCHAR,
    decided_at TIMESTAMP(6) WITH TIME ZONE,
    decision_comment VARCHAR,
    executed_statement_id VARCHAR
);
CREATE INDEX requests_by_state ON approval.requests (state);

-- What exactly an approval is for: a digest of everything it is bound to.
CREATE TABLE internal.approval_bindings (
    approval_id VARCHAR NOT NULL PRIMARY KEY,
    binding VARCHAR NOT NULL
);
CREATE INDEX approvals_by_binding ON internal.approval_bindings (binding);
