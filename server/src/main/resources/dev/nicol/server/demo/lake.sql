CREATE TABLE main.web_sessions (
    session_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL,
    started_at TIMESTAMP NOT NULL,
    pages INTEGER NOT NULL,
    device VARCHAR NOT NULL,
    channel VARCHAR NOT NULL
);
