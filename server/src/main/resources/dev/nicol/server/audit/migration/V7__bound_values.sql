-- A JSON array: the values of a statement's parameters in order, each a text or null; null for a statement without.
ALTER TABLE audit.statements ADD COLUMN bound_values VARCHAR;
