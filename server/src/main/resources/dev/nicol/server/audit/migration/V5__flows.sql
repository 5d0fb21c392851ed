-- Which column's values went to which, over all statements: the trail's edges without the statements, one row for each user,
-- origin, target and kind, so that a search over all of the trail is a handful of look-ups. What a row is known by is hashed:
-- names have no bound that every store's indexes have. Not exposed: nicol.lineage.upstream and downstream read it.
CREATE TABLE internal.flows (
    flow_id VARCHAR(64) NOT NULL PRIMARY KEY,
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
