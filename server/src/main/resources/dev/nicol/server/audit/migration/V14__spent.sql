-- What a subject's statements came to, by steps of time, for budgets: the first statement of a subject asks for a day of it, and must
-- not read a day of statements. Each server has rows of its own, so that servers that share a store never write the same one.
CREATE TABLE internal.spent (
    subject VARCHAR NOT NULL,
    server VARCHAR NOT NULL,
    at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    statements BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    byte_count BIGINT NOT NULL,
    PRIMARY KEY (subject, server, at)
);
INSERT INTO internal.spent (subject, server, at, statements, row_count, byte_count)
SELECT s.subject, s.server, s.at, COUNT(*), COALESCE(SUM(s.row_count), 0), COALESCE(SUM(s.byte_count), 0)
FROM (
    SELECT CASE WHEN agent IS NULL THEN 'user ' || user_name ELSE 'agent ' || agent END AS subject,
        server, DATE_TRUNC('MINUTE', started_at) AS at, row_count, byte_count
    FROM audit.statements
    WHERE started_at > CURRENT_TIMESTAMP - INTERVAL '1' DAY AND verdict IN ('allowed', 'warned')
        AND statement_kind IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE_TABLE', 'DROP_TABLE', 'ALTER_TABLE', 'TRUNCATE')
) s
GROUP BY s.subject, s.server, s.at;
