-- What an approver is shown beside the statement.
ALTER TABLE approval.requests ADD COLUMN rules VARCHAR;
ALTER TABLE approval.requests ADD COLUMN statement_id VARCHAR;
ALTER TABLE approval.requests ADD COLUMN statement_kind VARCHAR;
ALTER TABLE approval.requests ADD COLUMN bound_values VARCHAR;
ALTER TABLE approval.requests ADD COLUMN counted_rows BIGINT;
ALTER TABLE approval.requests ADD COLUMN lineage VARCHAR;
ALTER TABLE approval.requests ADD COLUMN purpose VARCHAR;
ALTER TABLE approval.requests ADD COLUMN job VARCHAR;
ALTER TABLE approval.requests ADD COLUMN model VARCHAR;
ALTER TABLE approval.requests ADD COLUMN client VARCHAR;
ALTER TABLE approval.requests ADD COLUMN delegated_to VARCHAR;
ALTER TABLE approval.requests ADD COLUMN break_glass BOOLEAN DEFAULT FALSE NOT NULL;
ALTER TABLE approval.requests ADD COLUMN policy_version VARCHAR;
UPDATE approval.requests SET rules = rule;

-- Each rule that holds a statement wants approvals of its own approvers.
CREATE TABLE approval.rules (
    approval_id VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    approvers VARCHAR NOT NULL,
    approvals_needed INTEGER NOT NULL,
    PRIMARY KEY (approval_id, rule)
);
INSERT INTO approval.rules (approval_id, rule, approvers, approvals_needed)
SELECT approval_id, rule, '', 1 FROM approval.requests;

-- Who has approved so far, for which rule.
CREATE TABLE approval.votes (
    approval_id VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    user_name VARCHAR NOT NULL,
    voted_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    comment VARCHAR,
    PRIMARY KEY (approval_id, rule, user_name)
);

-- Digests of the parts of a binding, so that what has changed can be told.
ALTER TABLE internal.approval_bindings ADD COLUMN parts VARCHAR;
ALTER TABLE internal.approval_bindings ADD COLUMN sql_digest VARCHAR;
CREATE INDEX approvals_by_sql ON internal.approval_bindings (sql_digest);
-- Of a request that waits: the same statement of the same subject is asked for once.
ALTER TABLE internal.approval_bindings ADD COLUMN open_key VARCHAR;
CREATE UNIQUE INDEX one_open_request ON internal.approval_bindings (open_key);
-- What running it needs again; the values of its parameters are encrypted.
ALTER TABLE internal.approval_bindings ADD COLUMN default_catalog VARCHAR;
ALTER TABLE internal.approval_bindings ADD COLUMN default_schema VARCHAR;
ALTER TABLE internal.approval_bindings ADD COLUMN sealed_values VARCHAR;
