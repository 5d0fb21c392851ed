-- What is left of the events that retention has dropped: for each run of consecutive ones, what the chain needs to go on over it. The
-- event dropped_by, which stays, says the same.
CREATE TABLE internal.dropped_segments (
    server VARCHAR NOT NULL,
    first_id BIGINT NOT NULL,
    last_id BIGINT NOT NULL,
    previous_hash VARCHAR NOT NULL,
    last_hash VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    dropped_by BIGINT NOT NULL,
    PRIMARY KEY (server, first_id)
);
