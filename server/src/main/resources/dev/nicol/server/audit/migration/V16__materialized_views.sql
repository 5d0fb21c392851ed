-- Views whose rows are kept, the tables they are kept in, and who fills one at the moment.
CREATE TABLE policy.materialized_views (
    view_schema VARCHAR NOT NULL,
    view_name VARCHAR NOT NULL,
    storage_source VARCHAR NOT NULL,
    storage_schema VARCHAR NOT NULL,
    storage_table VARCHAR,
    refresh_every_s BIGINT,
    definer VARCHAR NOT NULL,
    purpose VARCHAR,
    refreshed_at TIMESTAMP(6) WITH TIME ZONE,
    row_count BIGINT,
    due_at TIMESTAMP(6) WITH TIME ZONE,
    problem VARCHAR,
    PRIMARY KEY (view_schema, view_name)
);
CREATE TABLE internal.materialized_plans (
    view_schema VARCHAR NOT NULL,
    view_name VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    PRIMARY KEY (view_schema, view_name)
);
CREATE TABLE internal.storage_tables (
    storage_source VARCHAR NOT NULL,
    storage_schema VARCHAR NOT NULL,
    storage_table VARCHAR NOT NULL,
    view_schema VARCHAR NOT NULL,
    view_name VARCHAR NOT NULL,
    PRIMARY KEY (storage_source, storage_schema, storage_table)
);
CREATE TABLE internal.refreshes (
    view_schema VARCHAR NOT NULL,
    view_name VARCHAR NOT NULL,
    server VARCHAR NOT NULL,
    until TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    PRIMARY KEY (view_schema, view_name)
);
INSERT INTO internal.shared_versions (part, version) VALUES ('materialized_views', 0);
