-- View: the accounts of the book; amounts in fen, never negative.
CREATE TABLE IF NOT EXISTS ledger_account (
    code            TEXT PRIMARY KEY,
    debits_posted   INTEGER NOT NULL,
    credits_posted  INTEGER NOT NULL,
    debits_pending  INTEGER NOT NULL,
    credits_pending INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- View: every transfer, with the document that is its reason.
CREATE TABLE IF NOT EXISTS ledger_transfer (
    id         BLOB PRIMARY KEY,            -- 16 bytes, UUIDv7
    debit      TEXT NOT NULL,
    credit     TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    phase      TEXT NOT NULL,               -- single, pending, post, void
    pending    BLOB,                        -- post, void: the transfer it ends
    deadline   INTEGER,                     -- pending: UTC milliseconds
    ended      INTEGER NOT NULL DEFAULT 0,  -- pending: 1 once posted or voided
    reference  TEXT NOT NULL,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS ledger_transfer_reference ON ledger_transfer (reference);
CREATE INDEX IF NOT EXISTS ledger_transfer_open ON ledger_transfer (deadline) WHERE phase = 'pending' AND ended = 0;
