-- What views were when they were defined, and what became of them.
ALTER TABLE internal.virtual_views ADD COLUMN column_names VARCHAR;
ALTER TABLE internal.virtual_views ADD COLUMN comments VARCHAR;
ALTER TABLE internal.virtual_schemas ADD COLUMN remark VARCHAR;
-- Columns and types, by the view's name in lower case; those of files too.
CREATE TABLE internal.view_pins (
    schema_name VARCHAR NOT NULL,
    view_name VARCHAR NOT NULL,
    pinned VARCHAR NOT NULL,
    PRIMARY KEY (schema_name, view_name)
);
-- What the trail was last told of views, so that it is not told again at every start.
CREATE TABLE internal.view_reports (
    schema_name VARCHAR NOT NULL,
    view_name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    problem VARCHAR NOT NULL,
    PRIMARY KEY (schema_name, view_name, kind)
);
CREATE TABLE policy.view_versions (
    view_schema VARCHAR NOT NULL,
    view_name VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    change VARCHAR NOT NULL,
    definition VARCHAR NOT NULL,
    changed_by VARCHAR NOT NULL,
    changed_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    PRIMARY KEY (view_schema, view_name, version)
);
-- History begins here: who made them when is in the trail.
INSERT INTO policy.view_versions (view_schema, view_name, version, change, definition, changed_by, changed_at)
SELECT schema_name, view_name, 1, 'create', definition, owner, CURRENT_TIMESTAMP FROM internal.virtual_views;
