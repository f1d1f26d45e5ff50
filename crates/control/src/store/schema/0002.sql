-- Who is somebody to Rolecall, and lists by page.

-- No version wrote tokens before this script: the table is made anew, with the operator's tokens and what they are for.
DROP TABLE token;
CREATE TABLE token (
    id TEXT PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    use TEXT NOT NULL CHECK (use IN ('token', 'session')),
    -- NULL: the operator's.
    principal TEXT,
    scopes TEXT NOT NULL,
    note TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    revoked_at INTEGER,
    -- Of a session: the token that it was begun with, and ends with.
    parent TEXT REFERENCES token (id),
    event INTEGER NOT NULL REFERENCES entry (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX token_principal ON token (use, principal);
CREATE INDEX token_parent ON token (parent);

-- Numbers of Requests and Leases are kept as text; lists go by the number, the newest first.
ALTER TABLE request ADD COLUMN requester TEXT AS (document ->> '$.asks.requester') VIRTUAL;
CREATE INDEX request_number ON request (CAST(id AS INTEGER));
CREATE INDEX request_state_number ON request (state, CAST(id AS INTEGER));
CREATE INDEX request_principal_number ON request (principal, CAST(id AS INTEGER));
CREATE INDEX request_requester_number ON request (requester, CAST(id AS INTEGER));
CREATE INDEX lease_number ON lease (CAST(id AS INTEGER));
CREATE INDEX lease_principal_number ON lease (principal, CAST(id AS INTEGER));
