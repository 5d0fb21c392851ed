-- Personal access tokens: who may log in by one, for what, until when. The secret is nowhere; its digest is not shown.
CREATE TABLE policy.tokens (
    token_id VARCHAR PRIMARY KEY,
    user_name VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    purposes VARCHAR NOT NULL,
    created_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP(6) WITH TIME ZONE,
    revoked_by VARCHAR
);
CREATE TABLE internal.token_digests (
    digest VARCHAR PRIMARY KEY,
    token_id VARCHAR NOT NULL,
    -- the issuer's id of the owner, where the owner is not in the users file
    issuers_id VARCHAR
);
