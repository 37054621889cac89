-- View: calls made with an Idempotency-Key, and how they ended.
CREATE TABLE IF NOT EXISTS api_call (
    participant TEXT NOT NULL,             -- a key belongs to the participant that sent it
    key         TEXT NOT NULL,
    request     BLOB NOT NULL,             -- 32 bytes: SHA-256 over method, path and body
    correlation TEXT,                      -- set while the caller waits for a peer
    result      TEXT,                      -- JSON {"Ok": reply} or {"Err": refusal}; null while waiting
    PRIMARY KEY (participant, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS api_call_waiting ON api_call (correlation) WHERE result IS NULL;

-- View: messages that could not be read or were refused; kept for the duty officer.
CREATE TABLE IF NOT EXISTS unread_message (
    feed     TEXT NOT NULL,
    number   INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    code     TEXT NOT NULL,
    PRIMARY KEY (feed, number)
) STRICT, WITHOUT ROWID;

-- View: what the duty officer should look at.
CREATE TABLE IF NOT EXISTS alarm (
    sequence INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    sentence TEXT NOT NULL,
    PRIMARY KEY (sequence, ordinal)
) STRICT, WITHOUT ROWID;

-- View: which range of keys this stream holds, if its service is split. One row.
CREATE TABLE IF NOT EXISTS stream_split (
    part INTEGER NOT NULL,
    of   INTEGER NOT NULL
) STRICT;
