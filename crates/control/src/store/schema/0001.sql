-- The store's first tables. Times are milliseconds since 1970 (UTC); documents are JSON.

-- The ledger: the exact bytes of each entry, and columns derived from them for searching.
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    environment TEXT,
    correlation INTEGER NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE INDEX entry_correlation ON entry (correlation);
CREATE INDEX entry_kind ON entry (kind, id);

-- Whom an entry concerns: its actor, its subject, and everybody in its effects.
CREATE TABLE concern (
    principal TEXT NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (principal, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE tile (
    level INTEGER NOT NULL,
    place INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, place)
) STRICT, WITHOUT ROWID;

-- The newest checkpoint, and the last one before each full tile.
CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
) STRICT;

-- Of the ledger: its public key.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE policy_version (
    version INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    text TEXT NOT NULL,
    loaded_at INTEGER NOT NULL,
    event INTEGER NOT NULL REFERENCES entry (id)
) STRICT;

-- Who is suspended or gone, whatever the policy says.
CREATE TABLE standing (
    principal TEXT PRIMARY KEY,
    standing TEXT NOT NULL CHECK (standing IN ('active', 'suspended', 'gone')),
    event INTEGER NOT NULL REFERENCES entry (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE request (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    principal TEXT NOT NULL,
    role TEXT NOT NULL,
    environment TEXT NOT NULL,
    filed_at INTEGER NOT NULL,
    expires_at INTEGER,
    document TEXT NOT NULL,
    event INTEGER NOT NULL REFERENCES entry (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_state ON request (state, expires_at);
CREATE INDEX request_principal ON request (principal, filed_at);

CREATE TABLE decision (
    request TEXT NOT NULL REFERENCES request (id),
    number INTEGER NOT NULL,
    document TEXT NOT NULL,
    event INTEGER NOT NULL REFERENCES entry (id),
    PRIMARY KEY (request, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE lease (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    request TEXT REFERENCES request (id),
    principal TEXT NOT NULL,
    role TEXT NOT NULL,
    environment TEXT NOT NULL,
    ends_at INTEGER NOT NULL,
    document TEXT NOT NULL,
    event INTEGER NOT NULL REFERENCES entry (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX lease_ends ON lease (state, ends_at);
CREATE INDEX lease_principal ON lease (principal, state);

-- API tokens and sessions of Rolecall's own users: SHA-256 of the secret, never the secret.
CREATE TABLE token (
    id TEXT PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    use TEXT NOT NULL CHECK (use IN ('token', 'session')),
    principal TEXT NOT NULL,
    scopes TEXT NOT NULL,
    ends_at INTEGER NOT NULL,
    revoked_at INTEGER,
    event INTEGER NOT NULL REFERENCES entry (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX token_principal ON token (principal);

-- Writes that were asked for with an idempotency key, and what was answered.
CREATE TABLE idempotency (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    answer TEXT NOT NULL,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (principal, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_ends ON idempotency (ends_at);

-- Messages that wait to be sent.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    webhook TEXT NOT NULL,
    event INTEGER NOT NULL REFERENCES entry (id),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_next ON outbox (next_at);

-- What is known of each watched server.
CREATE TABLE server (
    environment TEXT NOT NULL,
    server TEXT NOT NULL,
    document TEXT NOT NULL,
    event INTEGER REFERENCES entry (id),
    PRIMARY KEY (environment, server)
) STRICT, WITHOUT ROWID;
