-- What services told: documents by lane, which is a feed of a service between two nodes, in the order of that feed.
CREATE TABLE IF NOT EXISTS lane (
    lane        INTEGER PRIMARY KEY,
    service     TEXT NOT NULL,
    sender      TEXT NOT NULL,
    receiver    TEXT NOT NULL,
    last_number INTEGER NOT NULL,           -- of the latest message of the feed that was told
    UNIQUE (service, sender, receiver)
) STRICT;

CREATE TABLE IF NOT EXISTS item (
    lane        INTEGER NOT NULL,
    number      INTEGER NOT NULL,           -- of the message in the feed that made it final
    line        INTEGER NOT NULL,           -- within that message
    id          BLOB NOT NULL,
    creditor    TEXT NOT NULL,              -- divisions, not nodes
    debtor      TEXT NOT NULL,
    sender_owes INTEGER NOT NULL,           -- whether the debtor is of the lane's sender
    amount_fen  INTEGER NOT NULL,
    day         TEXT NOT NULL,              -- YYYY-MM-DD of care or travel
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,              -- the document's number for people, or empty
    of          BLOB,                       -- the document that this one changes
    parts       TEXT,                       -- JSON list of (part, fen)
    PRIMARY KEY (lane, number, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS item_id ON item (id);

-- Cuts: of each service here, and as they lie in the lanes.
CREATE TABLE IF NOT EXISTS service (
    service   TEXT PRIMARY KEY,
    next_day  TEXT NOT NULL,                -- first day of the period that is open
    next_at   INTEGER NOT NULL,             -- when it is looked at again
    last      TEXT                          -- the period cut last
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS period_cut (
    service TEXT NOT NULL,
    period  TEXT NOT NULL,
    cut_at  INTEGER NOT NULL,
    reason  TEXT NOT NULL,                  -- over, clerk, peer
    PRIMARY KEY (service, period)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS marker (
    lane   INTEGER NOT NULL,
    number INTEGER NOT NULL,
    period TEXT NOT NULL,
    PRIMARY KEY (lane, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS marker_period ON marker (lane, period);

-- One row a service, period and other jurisdiction.
CREATE TABLE IF NOT EXISTS statement (
    service            TEXT NOT NULL,
    period             TEXT NOT NULL,
    peer               TEXT NOT NULL,
    state              TEXT NOT NULL,       -- model::statement::State
    rule               TEXT NOT NULL,       -- JSON, the rule under which it is cleared
    own                TEXT NOT NULL,       -- JSON, model::statement::Statement
    shares             TEXT NOT NULL,       -- JSON list of ledger Share, of all own documents
    payable_shares     TEXT,                -- the same of what this node has confirmed, held ones left out
    receivable_shares  TEXT,                -- and of what the other has confirmed
    stated_at          INTEGER NOT NULL,
    own_confirmation   TEXT,                -- JSON, model::statement::Confirmation: what this node owes
    their_confirmation TEXT,
    payable_fen        INTEGER,             -- of the own confirmation
    receivable_fen     INTEGER,             -- of theirs
    batch              TEXT,                -- period of the batch that holds it
    PRIMARY KEY (service, period, peer)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS statement_state ON statement (service, state);

-- The other sides' statements, which may come before the own ones can be made.
CREATE TABLE IF NOT EXISTS their_statement (
    service TEXT NOT NULL,
    period  TEXT NOT NULL,
    peer    TEXT NOT NULL,
    text    TEXT NOT NULL,                  -- JSON, model::statement::Statement
    PRIMARY KEY (service, period, peer)
) STRICT, WITHOUT ROWID;

-- Spans of lanes whose roots differ, being looked into.
CREATE TABLE IF NOT EXISTS open_span (
    service TEXT NOT NULL,
    period  TEXT NOT NULL,
    peer    TEXT NOT NULL,
    sender  TEXT NOT NULL,                  -- of the lane; its receiver asks
    after   INTEGER NOT NULL,
    up_to   INTEGER NOT NULL,
    PRIMARY KEY (service, period, peer, sender, after, up_to)
) STRICT, WITHOUT ROWID;

-- Documents that the two sides do not hold alike: they are not paid.
CREATE TABLE IF NOT EXISTS difference (
    service    TEXT NOT NULL,
    period     TEXT NOT NULL,
    peer       TEXT NOT NULL,
    sender     TEXT NOT NULL,               -- of the lane
    number     INTEGER NOT NULL,
    line       INTEGER NOT NULL,
    class        TEXT NOT NULL,             -- only_sender, only_receiver, content_differs
    sender_fen   INTEGER,
    receiver_fen INTEGER,
    PRIMARY KEY (service, period, peer, sender, number, line)
) STRICT, WITHOUT ROWID;

-- Documents that a debtor does not pay now, each side's; released with a later confirmation.
CREATE TABLE IF NOT EXISTS held (
    service    TEXT NOT NULL,
    peer       TEXT NOT NULL,
    sender     TEXT NOT NULL,               -- of the lane
    number     INTEGER NOT NULL,
    line       INTEGER NOT NULL,
    own_debt   INTEGER NOT NULL,            -- 1: this node owes it
    amount_fen INTEGER NOT NULL,
    period     TEXT NOT NULL,               -- whose confirmation held it
    released   TEXT,                        -- period whose confirmation released it
    PRIMARY KEY (service, peer, sender, number, line, period)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS held_open ON held (service, peer) WHERE released IS NULL;

-- Contests that a service of this node keeps itself: they hold a document as clearing's own contests do.
CREATE TABLE IF NOT EXISTS service_hold (
    document BLOB NOT NULL,
    contest  TEXT NOT NULL,
    service  TEXT NOT NULL,
    PRIMARY KEY (document, contest)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS contest (
    contest    TEXT PRIMARY KEY,
    service    TEXT NOT NULL,
    period     TEXT NOT NULL,
    peer       TEXT NOT NULL,
    sender     TEXT NOT NULL,
    number     INTEGER NOT NULL,
    line       INTEGER NOT NULL,
    document   BLOB NOT NULL,
    own_debt   INTEGER NOT NULL,
    state      TEXT NOT NULL,               -- model::contest::State
    is_open    INTEGER NOT NULL,
    text       TEXT NOT NULL,               -- JSON, model::contest::Contest
    answer     TEXT,                        -- JSON, model::contest::Answer, the latest
    given_back TEXT,                        -- asked, done, or the code of the service's refusal
    opened_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS contest_item ON contest (service, peer, sender, number, line);
CREATE INDEX IF NOT EXISTS contest_document ON contest (document);

CREATE TABLE IF NOT EXISTS contest_step (
    contest     TEXT NOT NULL,
    step        INTEGER NOT NULL,
    state       TEXT NOT NULL,
    explanation TEXT NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (contest, step)
) STRICT, WITHOUT ROWID;

-- Multilateral netting: what each jurisdiction declares, and the batches that the agent composes.
CREATE TABLE IF NOT EXISTS declaration (
    service TEXT NOT NULL,
    period  TEXT NOT NULL,
    author  TEXT NOT NULL,
    digest  BLOB NOT NULL,
    text    TEXT NOT NULL,                  -- JSON, model::batch::Declaration
    number  INTEGER NOT NULL,               -- of the message in the author's feed to this node; 0: the own
    PRIMARY KEY (service, period, author)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS batch (
    service TEXT NOT NULL,
    period  TEXT NOT NULL,
    scope   TEXT NOT NULL,                  -- the other jurisdiction of gross and bilateral ones; 'region'
    attempt INTEGER NOT NULL,
    state   TEXT NOT NULL,                  -- proposed, accepted, final, void, closed
    digest  BLOB NOT NULL,
    text    TEXT NOT NULL,                  -- JSON, model::batch::Batch
    at      INTEGER NOT NULL,
    number  INTEGER NOT NULL,               -- of the agent's message in its feed to this node; 0: made here
    PRIMARY KEY (service, period, scope, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS batch_answer (
    service TEXT NOT NULL,
    period  TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    member  TEXT NOT NULL,
    accepts INTEGER NOT NULL,
    PRIMARY KEY (service, period, attempt, member)
) STRICT, WITHOUT ROWID;

-- Payments of this node, to pay or to receive.
CREATE TABLE IF NOT EXISTS payment (
    payment     TEXT PRIMARY KEY,           -- 32 hexadecimal digits, the same on both sides
    service     TEXT NOT NULL,
    kind        TEXT NOT NULL,              -- clearing, prepayment
    period      TEXT NOT NULL,              -- of the batch; of prepayments empty
    scope       TEXT NOT NULL,
    payer       TEXT NOT NULL,
    payee       TEXT NOT NULL,
    amount_fen  INTEGER NOT NULL,
    state       TEXT NOT NULL,              -- model::payment::State
    attempt     INTEGER NOT NULL,           -- 1, and one more after each return
    own_fen     INTEGER NOT NULL,           -- what the own bank, or the prepayment, has booked
    their_fen   INTEGER NOT NULL,           -- what the other side says that its bank has booked
    prepaid_fen INTEGER NOT NULL,           -- of it taken from the prepayment
    at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS payment_batch ON payment (service, period, scope);
CREATE INDEX IF NOT EXISTS payment_state ON payment (state);

-- What others say of payments whose batch has not ended here yet: its end comes from the agent, on another way.
CREATE TABLE IF NOT EXISTS early_advice (
    payment    TEXT NOT NULL,
    peer       TEXT NOT NULL,
    booked_fen INTEGER NOT NULL,
    PRIMARY KEY (payment, peer)
) STRICT, WITHOUT ROWID;

-- Files for the bank (pain.001).
CREATE TABLE IF NOT EXISTS payment_file (
    file       TEXT PRIMARY KEY,            -- message identification
    created_at INTEGER NOT NULL,
    text       TEXT NOT NULL                -- JSON, model::payment::PaymentFile
) STRICT, WITHOUT ROWID;

-- Clearing accounts at banks, the own one and the other jurisdictions'.
CREATE TABLE IF NOT EXISTS bank_account (
    division TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    account  TEXT NOT NULL,
    bank     TEXT NOT NULL                  -- CNAPS code
) STRICT, WITHOUT ROWID;

-- Every entry of every bank report, each matched to a payment or kept as unknown.
CREATE TABLE IF NOT EXISTS bank_entry (
    reference  TEXT NOT NULL,               -- the bank's, of the entry and its place in it
    is_credit  INTEGER NOT NULL,
    amount_fen INTEGER NOT NULL,
    booked_on  TEXT NOT NULL,
    end_to_end TEXT NOT NULL,
    payment    TEXT,
    result     TEXT NOT NULL,               -- model::payment::Match
    text       TEXT NOT NULL,               -- remittance information, or the reason of a return
    report     TEXT NOT NULL,               -- message id of the bank's report
    PRIMARY KEY (reference, is_credit)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bank_entry_payment ON bank_entry (payment);

-- What is open between this node and another: booked, less paid.
CREATE TABLE IF NOT EXISTS exposure (
    service        TEXT NOT NULL,
    peer           TEXT NOT NULL,
    payable_fen    INTEGER NOT NULL,
    receivable_fen INTEGER NOT NULL,
    PRIMARY KEY (service, peer)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS exposure_limit (
    service    TEXT NOT NULL,
    peer       TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,            -- how much the peer may owe, less its prepayment
    band       INTEGER NOT NULL,            -- percent last alarmed: 0, 70, 90, 100
    PRIMARY KEY (service, peer)
) STRICT, WITHOUT ROWID;

-- Terms that run: statements, contests, batches, payments.
CREATE TABLE IF NOT EXISTS clock (
    subject  TEXT PRIMARY KEY,
    step     TEXT NOT NULL,
    from_day TEXT NOT NULL,
    days     INTEGER NOT NULL,              -- working days of this node's calendar
    next_at  INTEGER NOT NULL,              -- when it is looked at again; the calendar may have been amended
    stage    TEXT NOT NULL                  -- running, reminded, overdue
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS clock_next ON clock (next_at) WHERE stage <> 'overdue';
