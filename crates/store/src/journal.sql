-- The journal: the truth of the stream. Never updated, never deleted from.
CREATE TABLE IF NOT EXISTS journal (
    sequence INTEGER PRIMARY KEY,          -- 1, 2, 3 … without gaps
    kind     TEXT NOT NULL,                -- what the entry records, see kernel::entry::EntryKind
    bytes    BLOB NOT NULL,                -- UTF-8 JSON, or a signed note
    chain    BLOB NOT NULL                 -- 32 bytes, see kernel::entry::chain
) STRICT;

-- Beside the journal: bytes that may be erased, oldest first. Their hash is in the entry.
CREATE TABLE IF NOT EXISTS attachment (
    sequence INTEGER PRIMARY KEY,          -- of the entry that names their hash
    bytes    BLOB NOT NULL
) STRICT;

-- Up to which entry attachments were erased.
CREATE TABLE IF NOT EXISTS attachment_floor (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    up_to INTEGER NOT NULL
) STRICT;

-- View: the feeds that start or end at this stream.
CREATE TABLE IF NOT EXISTS feed (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE              -- 310000/medical>330000/medical
) STRICT;

-- View: which entry is which message of which feed.
CREATE TABLE IF NOT EXISTS feed_message (
    feed     INTEGER NOT NULL REFERENCES feed (id),
    number   INTEGER NOT NULL,             -- 1, 2, 3 … without gaps
    sequence INTEGER NOT NULL,             -- of the entry in this journal
    leaf     BLOB NOT NULL,                -- RFC 9162 leaf hash of the message bytes
    PRIMARY KEY (feed, number)
) STRICT, WITHOUT ROWID;

-- View: signed checkpoints with receipts, of either direction.
CREATE TABLE IF NOT EXISTS feed_evidence (
    feed     INTEGER NOT NULL REFERENCES feed (id),
    size     INTEGER NOT NULL,             -- messages covered
    sequence INTEGER NOT NULL,             -- of the entry that holds the note
    PRIMARY KEY (feed, size)
) STRICT, WITHOUT ROWID;
