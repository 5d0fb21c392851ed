-- Virtual schemas and views created in SQL; those from files live in their files.
CREATE TABLE internal.virtual_schemas (
    schema_name VARCHAR NOT NULL PRIMARY KEY
);

CREATE TABLE internal.virtual_views (
    schema_name VARCHAR NOT NULL,
    view_name VARCHAR NOT NULL,
    definition VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    PRIMARY KEY (schema_name, view_name)
);
