CREATE TABLE IF NOT EXISTS participant (
    code     TEXT PRIMARY KEY,
    kind     TEXT NOT NULL,                 -- JSON string, model::participant::ParticipantKind
    text     TEXT NOT NULL,                 -- JSON, model::participant::Participant
    active   INTEGER NOT NULL,
    version  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS insured (
    person  TEXT PRIMARY KEY,
    pool    TEXT NOT NULL,
    text    TEXT NOT NULL,                  -- JSON, model::published::Insured
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS principal (
    id          TEXT PRIMARY KEY,
    participant TEXT NOT NULL,
    roles       TEXT NOT NULL               -- JSON list of model::role::Role
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS api_key (
    key        TEXT PRIMARY KEY,            -- the id part; the secret is not kept
    principal  TEXT NOT NULL,
    hash       BLOB NOT NULL,               -- SHA-256 of the secret
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
