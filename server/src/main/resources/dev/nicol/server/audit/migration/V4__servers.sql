-- Several servers may share a store, each with a chain of its own. What is in the store already is of the server that
-- opens it now.

-- Primary keys cannot be changed in one way on every store: the tables are made anew.
ALTER TABLE audit.events RENAME TO events_of_one;
DROP INDEX audit.events_of_statement;
CREATE TABLE audit.events (
    event_id BIGINT NOT NULL,
    occurred_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    kind VARCHAR NOT NULL,
    user_name VARCHAR NOT NULL,
    detail VARCHAR,
    previous_hash VARCHAR NOT NULL,
    hash VARCHAR NOT NULL,
    statement_id VARCHAR,
    server VARCHAR NOT NULL,
    PRIMARY KEY (server, event_id)
);
INSERT INTO audit.events (event_id, occurred_at, kind, user_name, detail, previous_hash, hash, statement_id, server)
SELECT event_id, occurred_at, kind, user_name, detail, previous_hash, hash, statement_id, '${server}'
FROM audit.events_of_one;
DROP TABLE audit.events_of_one;
CREATE INDEX events_of_statement ON audit.events (statement_id);

ALTER TABLE internal.event_bytes RENAME TO event_bytes_of_one;
CREATE TABLE internal.event_bytes (
    server VARCHAR NOT NULL,
    event_id BIGINT NOT NULL,
    format_version SMALLINT NOT NULL,
    payload ${bytes} NOT NULL,
    PRIMARY KEY (server, event_id)
);
INSERT INTO internal.event_bytes (server, event_id, format_version, payload)
SELECT '${server}', event_id, format_version, payload FROM internal.event_bytes_of_one;
DROP TABLE internal.event_bytes_of_one;

-- A chain is named after its server.
UPDATE internal.chain_heads SET chain = '${server}' WHERE chain = 'audit';

ALTER TABLE audit.statements ADD COLUMN server VARCHAR DEFAULT '${server}' NOT NULL;
ALTER TABLE audit.statements ALTER COLUMN server DROP DEFAULT;

-- Each server shows the set that it has in force.
ALTER TABLE policy.rules ADD COLUMN server VARCHAR DEFAULT '${server}' NOT NULL;
ALTER TABLE policy.rules ALTER COLUMN server DROP DEFAULT;

-- Which server took an approval to run its statement.
ALTER TABLE internal.approval_bindings ADD COLUMN server VARCHAR;
UPDATE internal.approval_bindings SET server = '${server}';

-- What servers keep in memory, and how often it was changed: so that a change of one is seen by the others, and none is
-- made on what another has changed meanwhile.
CREATE TABLE internal.shared_versions (
    part VARCHAR NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO internal.shared_versions (part, version) VALUES ('virtual_schemas', 1), ('tags', 1), ('view_tags', 1);

-- By what keys that lie outside the store are told apart from others. Nothing can be computed back from it.
CREATE TABLE internal.key_fingerprints (
    name VARCHAR NOT NULL PRIMARY KEY,
    fingerprint VARCHAR NOT NULL
);
