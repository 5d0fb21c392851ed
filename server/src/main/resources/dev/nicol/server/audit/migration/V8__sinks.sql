-- How far each server has delivered its chain to each of its sinks. The trail itself is what waits to be delivered.
CREATE TABLE internal.sinks (
    server VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    last_event_id BIGINT NOT NULL,
    last_delivered_at TIMESTAMP(6) WITH TIME ZONE,
    failures BIGINT NOT NULL,
    last_error VARCHAR,
    PRIMARY KEY (server, name)
);

CREATE VIEW audit.sinks AS
SELECT s.name, s.kind, s.last_event_id, s.last_delivered_at, h.last_id - s.last_event_id AS behind, s.failures, s.last_error,
       s.server
FROM internal.sinks s
JOIN internal.chain_heads h ON h.chain = s.server;
