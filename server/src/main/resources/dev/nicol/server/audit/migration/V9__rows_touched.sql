-- Which rows a statement read or wrote, by the keyed hashes of their primary keys; a NULL hash: rows of the table that are not told apart.
CREATE TABLE audit.rows_touched (
    statement_id VARCHAR NOT NULL,
    catalog_name VARCHAR NOT NULL,
    schema_name VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    key_hash VARCHAR(64),
    access VARCHAR NOT NULL,
    table_id VARCHAR(32) NOT NULL
);
CREATE INDEX rows_touched_of_statement ON audit.rows_touched (statement_id);
-- The table's name hashed: names have no bound that every store's indexes have.
CREATE INDEX rows_touched_by_key ON audit.rows_touched (table_id, key_hash);
