-- What registry published: institutions of the region, insured persons of this jurisdiction.
CREATE TABLE IF NOT EXISTS institution (
    code     TEXT PRIMARY KEY,              -- fixmedins_code
    name_zh  TEXT NOT NULL,
    name_en  TEXT NOT NULL,
    division TEXT NOT NULL,
    level    TEXT,                          -- community, 1, 2, 3, 3top
    active   INTEGER NOT NULL,
    version  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS insured (
    person             TEXT PRIMARY KEY,    -- psn_no
    pool               TEXT NOT NULL,
    scheme             TEXT NOT NULL,
    certificate_type   TEXT NOT NULL,
    certificate_number TEXT NOT NULL,
    name               TEXT NOT NULL,
    facts              TEXT NOT NULL,       -- JSON, model::person::PersonFacts
    suspended_from     TEXT,                -- YYYY-MM-DD
    version            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS insured_certificate ON insured (certificate_number, certificate_type);

-- Dated data, published and never edited.
CREATE TABLE IF NOT EXISTS policy_pack (
    area       TEXT NOT NULL,
    scheme     TEXT NOT NULL,
    version    TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to   TEXT,
    hash       BLOB NOT NULL,
    text       TEXT NOT NULL,               -- JSON, model::policy::Pack
    sequence   INTEGER NOT NULL,            -- known_from: the entry that published it
    used       INTEGER NOT NULL,            -- 1: a quote or settlement was priced with it
    withdrawn  INTEGER NOT NULL,            -- 1: it holds no more
    PRIMARY KEY (area, scheme, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS catalogue (
    area       TEXT NOT NULL,
    version    TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to   TEXT,
    hash       BLOB NOT NULL,
    text       TEXT NOT NULL,               -- JSON, model::catalogue::Catalogue
    PRIMARY KEY (area, version)
) STRICT, WITHOUT ROWID;

-- Home: filings of the own insured.
CREATE TABLE IF NOT EXISTS filing (
    filing     TEXT PRIMARY KEY,
    person     TEXT NOT NULL,
    status     TEXT NOT NULL,               -- model::filing::FilingStatus
    made       INTEGER NOT NULL,            -- the entry that made it
    text       TEXT NOT NULL                -- JSON, model::filing::FilingState, as it was made
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS filing_person ON filing (person, status);

-- Visited: filings that hospitals here asked home for.
CREATE TABLE IF NOT EXISTS visited_filing (
    correlation TEXT PRIMARY KEY,
    institution TEXT NOT NULL,
    home        TEXT NOT NULL,
    filing      TEXT,                       -- once home has answered, as the rest
    status      TEXT,                       -- model::filing::FilingStatus, as home told it last
    text        TEXT                        -- JSON, model::filing::FilingState, as it was made
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS visited_filing_filing ON visited_filing (filing) WHERE filing IS NOT NULL;

CREATE TABLE IF NOT EXISTS chronic_registration (
    registration TEXT PRIMARY KEY,
    person       TEXT NOT NULL,
    disease      TEXT NOT NULL,             -- opsp_dise_code
    valid_from   TEXT NOT NULL,
    valid_to     TEXT,
    text         TEXT NOT NULL              -- JSON, model::message::ChronicState, as it was made
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS chronic_registration_person ON chronic_registration (person, disease);

-- Home: visits with the number it issued.
CREATE TABLE IF NOT EXISTS home_visit (
    number    TEXT PRIMARY KEY,             -- mdtrt_id
    visit     TEXT NOT NULL,                -- visited's own id
    visited   TEXT NOT NULL,
    person    TEXT NOT NULL,
    state     TEXT NOT NULL,                -- open, discharged, closed, cancelled
    stay      INTEGER NOT NULL,             -- 1: inpatient care
    ended_on  TEXT,                         -- YYYY-MM-DD, of a stay
    facts     TEXT NOT NULL,                -- JSON, model::message::VisitFacts
    settlements    INTEGER NOT NULL DEFAULT 0,  -- that stand
    deductible_fen INTEGER NOT NULL DEFAULT 0,  -- that they have taken
    admission      INTEGER                      -- of the insurance year, once a settlement has counted it
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS home_visit_visit ON home_visit (visited, visit);
CREATE INDEX IF NOT EXISTS home_visit_stay ON home_visit (person, state) WHERE stay = 1;

-- Home: lines of long stays, until the stay is closed.
CREATE TABLE IF NOT EXISTS home_lines (
    hash      BLOB PRIMARY KEY,             -- SHA-256 of the text
    number    TEXT NOT NULL,                -- mdtrt_id
    text      TEXT NOT NULL                 -- JSON list of model::lines::SplitLine
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS home_lines_number ON home_lines (number);

CREATE TABLE IF NOT EXISTS home_serial (
    letter TEXT NOT NULL,                   -- S: mdtrt_id, A: setl_id
    area   TEXT NOT NULL,
    last   INTEGER NOT NULL,
    PRIMARY KEY (letter, area)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS home_quote (
    quote   TEXT PRIMARY KEY,
    visited TEXT NOT NULL,
    number  TEXT NOT NULL,
    batch   TEXT NOT NULL,
    text    TEXT NOT NULL                   -- JSON, model::message::Quote
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS accumulator (
    person  TEXT NOT NULL,
    scheme  TEXT NOT NULL,
    year    INTEGER NOT NULL,               -- in which the insurance year starts
    version INTEGER NOT NULL,
    amounts TEXT NOT NULL,                  -- JSON, key → fen
    PRIMARY KEY (person, scheme, year)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS home_tombstone (
    visited     TEXT NOT NULL,
    institution TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    PRIMARY KEY (visited, institution, message_id)
) STRICT, WITHOUT ROWID;

-- Home: pools that have, or had, a core system of their own.
CREATE TABLE IF NOT EXISTS pool_computing (
    pool       TEXT PRIMARY KEY,
    delegated  INTEGER NOT NULL,            -- 1: the core system computes, 0: this node
    public_key TEXT NOT NULL,               -- signs the core system's answers
    has_endpoint INTEGER NOT NULL           -- 1: node.toml names where it listens
) STRICT, WITHOUT ROWID;

-- Home: questions to core systems of pools.
CREATE TABLE IF NOT EXISTS pool_ask (
    ask         TEXT PRIMARY KEY,
    pool        TEXT NOT NULL,
    state       TEXT NOT NULL,              -- waiting, unknown, reversing; answered
    visited     TEXT NOT NULL,
    institution TEXT,                       -- of the call that settles or is taken back
    message_id  TEXT,
    number      TEXT,                       -- mdtrt_id of what the pool may book
    batch       TEXT,
    asked_by    TEXT,                       -- JSON, pool::ask::Asker: who has asked for the reversal
    refusal     TEXT,                       -- JSON: what is told when the reversal is done
    deadline    INTEGER,                    -- when somebody is told that the answer is missing; none once it is there
    text        TEXT                        -- JSON, pool::ask::PoolAsk; none once it is answered
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pool_ask_deadline ON pool_ask (deadline) WHERE deadline IS NOT NULL;
-- With the state, so that what is open is counted without a look at the questions themselves.
CREATE INDEX IF NOT EXISTS pool_ask_open ON pool_ask (pool, ask, state) WHERE state <> 'answered';
CREATE INDEX IF NOT EXISTS pool_ask_call ON pool_ask (visited, institution, message_id) WHERE state <> 'answered';
CREATE INDEX IF NOT EXISTS pool_ask_visit ON pool_ask (number) WHERE state <> 'answered';

-- Visited: visits, batches of lines, calls.
CREATE TABLE IF NOT EXISTS visited_visit (
    visit       TEXT PRIMARY KEY,
    institution TEXT NOT NULL,
    home        TEXT NOT NULL,
    state       TEXT NOT NULL,              -- asked, open, discharged, closed, cancelled, refused
    number      TEXT,                       -- mdtrt_id, once home has answered
    person      TEXT,                       -- psn_no, once home has answered
    name        TEXT,                       -- the same
    birth_date  TEXT,
    ended_on    TEXT,                       -- YYYY-MM-DD, of a stay
    facts       TEXT NOT NULL,              -- JSON, model::message::VisitFacts
    details     TEXT NOT NULL,              -- JSON, model::visit::VisitDetails
    filing      TEXT                        -- JSON, model::message::FilingChanged, the last one
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS visited_visit_number ON visited_visit (number) WHERE number IS NOT NULL;
CREATE INDEX IF NOT EXISTS visited_visit_institution ON visited_visit (institution, visit);
CREATE INDEX IF NOT EXISTS visited_visit_person ON visited_visit (person, institution, visit) WHERE person IS NOT NULL;

CREATE TABLE IF NOT EXISTS visited_batch (
    visit     TEXT NOT NULL,
    batch     TEXT NOT NULL,
    state     TEXT NOT NULL,                -- open, settling, settled
    catalogues TEXT NOT NULL,               -- JSON list of model::document::DataVersion
    quote     TEXT,                         -- JSON, model::message::Quote, the last one
    PRIMARY KEY (visit, batch)
) STRICT, WITHOUT ROWID;

-- Lines, and returns of lines, in the order in which they came.
CREATE TABLE IF NOT EXISTS visited_line (
    id        INTEGER PRIMARY KEY,
    visit     TEXT NOT NULL,
    number    TEXT NOT NULL,                -- feedetl_sn
    batch     TEXT NOT NULL,
    text      TEXT,                         -- JSON, model::lines::SplitLine; none of a return
    returned  TEXT                          -- JSON, model::lines::Returned, of a return
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS visited_line_number ON visited_line (visit, number);
CREATE INDEX IF NOT EXISTS visited_line_batch ON visited_line (visit, batch);

CREATE TABLE IF NOT EXISTS visited_call (
    institution TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    home        TEXT NOT NULL,
    state       TEXT NOT NULL,              -- event::CallState
    visit       TEXT,
    batch       TEXT NOT NULL,
    number      INTEGER NOT NULL,           -- of the message in the feed to home
    next_at     INTEGER,                    -- when the call becomes due: query, then reversal
    settlement  TEXT,
    code        TEXT,                       -- of the refusal
    PRIMARY KEY (institution, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS visited_call_due ON visited_call (next_at) WHERE next_at IS NOT NULL;

-- Answers to messages of the national interface.
CREATE TABLE IF NOT EXISTS national_answer (
    institution TEXT NOT NULL,
    message_id  TEXT NOT NULL,              -- msgid
    request     BLOB NOT NULL,              -- SHA-256
    answer      TEXT NOT NULL,
    PRIMARY KEY (institution, message_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS national_file (
    file        TEXT PRIMARY KEY,           -- file_qury_no
    institution TEXT NOT NULL,
    name        TEXT NOT NULL,
    form        TEXT NOT NULL,              -- national::archive::FileForm
    text        TEXT NOT NULL,              -- unpacked
    until       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Reconciliations with hospitals, and days with other jurisdictions.
CREATE TABLE IF NOT EXISTS reconciliation (
    reconciliation TEXT PRIMARY KEY,
    institution    TEXT NOT NULL,
    text           TEXT NOT NULL            -- JSON, model::reconciliation::Reconciliation, without its differences
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS reconciliation_institution ON reconciliation (institution, reconciliation);

CREATE TABLE IF NOT EXISTS reconciliation_difference (
    reconciliation TEXT NOT NULL,
    number         INTEGER NOT NULL,        -- from 1 on
    waiting        TEXT,                    -- under which name home's answer is awaited
    text           TEXT NOT NULL,           -- JSON, model::reconciliation::Difference
    PRIMARY KEY (reconciliation, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS reconciliation_difference_waiting ON reconciliation_difference (waiting) WHERE waiting IS NOT NULL;

-- Documents that a hospital has on another day than the books.
CREATE TABLE IF NOT EXISTS matched_other_day (
    institution TEXT NOT NULL,
    settlement  TEXT NOT NULL,
    PRIMARY KEY (institution, settlement)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS visited_day (
    home    TEXT NOT NULL,
    day     TEXT NOT NULL,                  -- YYYY-MM-DD, of settlement
    state   TEXT NOT NULL,                  -- event::DayState
    due_at  INTEGER NOT NULL,
    differing TEXT NOT NULL DEFAULT '[]',   -- JSON list of setl_id
    PRIMARY KEY (home, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS visited_day_due ON visited_day (due_at) WHERE state = 'open';

CREATE TABLE IF NOT EXISTS visited_cancel (
    correlation TEXT PRIMARY KEY,           -- of a question that home has not answered yet
    settlement  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS visited_cancel_settlement ON visited_cancel (settlement);

-- Both sides: settlements and contras, one row a document and role.
CREATE TABLE IF NOT EXISTS settlement (
    role             TEXT NOT NULL,         -- visited or home
    settlement       TEXT NOT NULL,         -- setl_id
    institution      TEXT NOT NULL,
    message_id       TEXT NOT NULL,
    visited          TEXT NOT NULL,
    home             TEXT NOT NULL,
    home_area        TEXT NOT NULL,
    visit            TEXT NOT NULL,         -- mdtrt_id
    batch            TEXT NOT NULL,
    person           TEXT NOT NULL,
    scheme           TEXT NOT NULL,
    insurance_year   INTEGER NOT NULL,
    settled_at       INTEGER NOT NULL,
    period           TEXT NOT NULL,         -- YYYY-MM
    day              TEXT NOT NULL,         -- YYYY-MM-DD, the business day of settled_at
    number           INTEGER NOT NULL,      -- of the document in the feed from home to visited
    document         BLOB NOT NULL,         -- leaf hash
    total_fen        INTEGER NOT NULL,
    fund_total_fen   INTEGER NOT NULL,
    person_total_fen INTEGER NOT NULL,
    account_fen      INTEGER NOT NULL,
    cash_fen         INTEGER NOT NULL,
    deltas           TEXT NOT NULL,         -- JSON; home only
    state            TEXT NOT NULL,         -- settled, cancelled, contra
    contra_of        TEXT,
    PRIMARY KEY (role, settlement)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS settlement_call ON settlement (role, institution, message_id);
CREATE INDEX IF NOT EXISTS settlement_day ON settlement (role, day, settlement);
CREATE INDEX IF NOT EXISTS settlement_batch ON settlement (role, visit, batch);

-- Both sides: prepayment quotas of a year, and emergency raises.
CREATE TABLE IF NOT EXISTS prepayment (
    role      TEXT NOT NULL,                -- visited or home: what this node is
    peer      TEXT NOT NULL,
    year      INTEGER NOT NULL,
    quota_fen INTEGER NOT NULL,
    band      INTEGER NOT NULL,             -- percent last alarmed: 0, 70, 90, 100
    PRIMARY KEY (role, peer, year)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS prepayment_raise (
    raise_id    TEXT PRIMARY KEY,
    role        TEXT NOT NULL,
    peer        TEXT NOT NULL,
    year        INTEGER NOT NULL,
    amount_fen  INTEGER NOT NULL,
    granted_fen INTEGER NOT NULL,
    state       TEXT NOT NULL,              -- model::prepayment::RaiseState
    reason      TEXT NOT NULL,
    due_at      INTEGER                     -- home only: when the duty officer is told that nobody has answered
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS prepayment_raise_due ON prepayment_raise (due_at) WHERE due_at IS NOT NULL;

-- Both sides: periods that are cut in the lanes to others, and what is paid of what was owed, one row a share.
CREATE TABLE IF NOT EXISTS period_cut (
    period TEXT PRIMARY KEY,                -- YYYY-MM or YYYY-MM-DD
    cut_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS cleared_share (
    creditor   TEXT NOT NULL,
    debtor     TEXT NOT NULL,
    part       TEXT NOT NULL,               -- fund, or account
    period     TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,            -- negative: more was given back than came new
    PRIMARY KEY (creditor, debtor, part, period)
) STRICT, WITHOUT ROWID;
