-- Which columns have been looked at, so that a restart does not sample again. What was found is in policy.classifications.

CREATE TABLE internal.examined_columns (
    catalog_name VARCHAR NOT NULL,
    schema_name VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    column_name VARCHAR NOT NULL,
    structure VARCHAR NOT NULL,
    sampled_rows BIGINT NOT NULL,
    estimated_rows DOUBLE PRECISION NOT NULL,
    examined_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    PRIMARY KEY (catalog_name, schema_name, table_name, column_name)
);

-- How a tag came to its column: found in it, carried there by a write, or by the lineage of a view.
ALTER TABLE policy.classifications ADD COLUMN origin VARCHAR DEFAULT 'found' NOT NULL;
