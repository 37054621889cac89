-- Views of the service transit, written only by `apply`. Amounts in fen, times in UTC milliseconds, days as YYYY-MM-DD.

-- Dated data -----------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS key_set (
    version INTEGER PRIMARY KEY,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    text TEXT NOT NULL,           -- the published content, JSON
    bytes BLOB NOT NULL           -- what gates load, without signature
) STRICT;

CREATE TABLE IF NOT EXISTS station_map (
    network TEXT NOT NULL,
    version INTEGER NOT NULL,
    node TEXT NOT NULL,           -- the jurisdiction that published it
    operator TEXT NOT NULL,       -- the participant, at the publishing node only
    hash BLOB NOT NULL,
    cut_min INTEGER NOT NULL,     -- minutes after midnight at which its business days begin
    text TEXT NOT NULL,
    PRIMARY KEY (network, version)
) STRICT;

CREATE TABLE IF NOT EXISTS fare_pack (
    network TEXT NOT NULL,
    pack TEXT NOT NULL,
    version INTEGER NOT NULL,
    node TEXT NOT NULL,
    network_version INTEGER NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to TEXT,
    grade TEXT NOT NULL,
    max_fare_fen INTEGER NOT NULL,
    hash BLOB NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (network, pack, version)
) STRICT;

CREATE TABLE IF NOT EXISTS split_rule (
    network TEXT NOT NULL,
    rule TEXT NOT NULL,
    version INTEGER NOT NULL,
    valid_from TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (network, rule, version)
) STRICT;

CREATE TABLE IF NOT EXISTS gate (
    gate TEXT PRIMARY KEY,
    network TEXT NOT NULL,
    operator TEXT NOT NULL,
    station INTEGER NOT NULL,
    line INTEGER NOT NULL,
    key BLOB NOT NULL,            -- compressed SM2, 33 bytes
    active INTEGER NOT NULL,
    registered_at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS service_order (
    order_id TEXT PRIMARY KEY,
    network TEXT NOT NULL,
    kind TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS service_order_by_time ON service_order (network, to_ms);

-- Final trips that an order touched: the document of a gate fault, one row a trip.
CREATE TABLE IF NOT EXISTS order_trip (
    order_id TEXT NOT NULL,
    trip BLOB NOT NULL,
    effect TEXT NOT NULL,         -- `adjusted` after it was final, `cancelled` before, `closed` by a free exit
    adjust_id TEXT,               -- of an adjusted one
    change_fen INTEGER NOT NULL,  -- what the order made of its cost; 0 of a closed one
    PRIMARY KEY (order_id, trip)
) STRICT, WITHOUT ROWID;

-- Gate-fault orders that wait to be carried out on trips behind this one.
CREATE TABLE IF NOT EXISTS order_pending (
    order_id TEXT PRIMARY KEY,
    gate TEXT NOT NULL,
    trip BLOB NOT NULL
) STRICT;

-- Taps -----------------------------------------------------------------------------------------------------------------

-- Every record that a gate sent, once.
CREATE TABLE IF NOT EXISTS tap (
    gate TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL,           -- SM3 of the record
    previous BLOB NOT NULL,       -- the hash that it names as the one before
    state INTEGER NOT NULL,       -- TapState
    reason TEXT,
    network TEXT NOT NULL,
    station INTEGER NOT NULL,
    direction INTEGER NOT NULL,
    at INTEGER NOT NULL,          -- effective time
    rider BLOB,                   -- of taps that count, and of pass-backs
    entry INTEGER NOT NULL,       -- journal sequence of the entry that holds its bytes
    -- The rest of a ride (`Ride`), of taps with a rider: what matching and pricing look at.
    home TEXT,
    own_risk INTEGER,
    line INTEGER,
    uncertainty INTEGER,
    generated INTEGER,
    account_type INTEGER,
    limit_fen INTEGER,
    shown_fen INTEGER,
    flags INTEGER,
    replay_key BLOB,
    deny_sequence INTEGER,
    deny_age_s INTEGER,
    grant_id TEXT,
    arrived INTEGER,
    PRIMARY KEY (gate, epoch, sequence)
) STRICT, WITHOUT ROWID;

-- The trip that holds a tap, once that is final. A table of its own, as narrow as can be: a row of `tap` is ten times as wide, and
-- would move the others of its page when it grew.
CREATE TABLE IF NOT EXISTS tap_trip (
    gate TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    trip BLOB NOT NULL,
    PRIMARY KEY (gate, epoch, sequence)
) STRICT, WITHOUT ROWID;

-- Taps with their trips.
CREATE VIEW IF NOT EXISTS held_tap AS
    SELECT tap.*, tap_trip.trip FROM tap LEFT JOIN tap_trip USING (gate, epoch, sequence);

-- Records that came under a number that was held already with other bytes: quarantined, kept as evidence.
CREATE TABLE IF NOT EXISTS tap_conflict (
    gate TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL,
    previous BLOB NOT NULL,
    at INTEGER NOT NULL,          -- when it came
    entry INTEGER NOT NULL,       -- journal sequence of the entry that holds its bytes
    PRIMARY KEY (gate, epoch, sequence, hash)
) STRICT, WITHOUT ROWID;

-- Records that a clerk took out of quarantine.
CREATE TABLE IF NOT EXISTS tap_release (
    gate TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    released_as INTEGER NOT NULL, -- TapState
    clerk TEXT NOT NULL,
    why TEXT NOT NULL,
    released_at INTEGER NOT NULL,
    entry INTEGER NOT NULL,       -- journal sequence of the release, which holds the record's bytes from then on
    PRIMARY KEY (gate, epoch, sequence)
) STRICT, WITHOUT ROWID;

-- A code passes once per direction (J8). The time is a part of the code, so the key alone would say the same; with the time
-- before it, rows of one hour lie together, and a busy node writes few pages.
CREATE TABLE IF NOT EXISTS code_use (
    generated INTEGER NOT NULL,
    replay_key BLOB NOT NULL,
    direction INTEGER NOT NULL,
    gate TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (generated, replay_key, direction)
) STRICT, WITHOUT ROWID;

-- The last entry that holds records in a month (UTC+8), until they are erased.
CREATE TABLE IF NOT EXISTS record_month (
    month TEXT PRIMARY KEY,
    last_entry INTEGER NOT NULL
) STRICT;

-- How far a gate's records are held without a hole (J7).
CREATE TABLE IF NOT EXISTS gate_epoch (
    gate TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    contiguous_to INTEGER NOT NULL,
    highest INTEGER NOT NULL,
    hole_alarm_at INTEGER,        -- when a hole becomes an alarm; none without a hole, or once alarmed
    alarmed INTEGER NOT NULL DEFAULT 0,  -- a hole was not filled in time, and is open still
    PRIMARY KEY (gate, epoch)
) STRICT, WITHOUT ROWID;
-- The numbers between which a gate's records of a day lie, whatever its clock did: one row a batch, where an index of times would have
-- one a record.
CREATE TABLE IF NOT EXISTS gate_day (
    gate TEXT NOT NULL,
    day INTEGER NOT NULL,         -- of the effective time, days since 1970 (UTC)
    epoch INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (gate, day, epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS gate_hole ON gate_epoch (hole_alarm_at) WHERE hole_alarm_at IS NOT NULL;

-- Taps that are not yet in a final trip, by rider: what matching looks at. Small, as it is written in no order; the ride
-- itself is in `tap`.
CREATE TABLE IF NOT EXISTS open_tap (
    network TEXT NOT NULL,
    rider BLOB NOT NULL,
    gate TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (network, rider, gate, epoch, sequence)
) STRICT, WITHOUT ROWID;

-- When the next of a rider's trips becomes final.
CREATE TABLE IF NOT EXISTS open_rider (
    network TEXT NOT NULL,
    rider BLOB NOT NULL,
    due_at INTEGER NOT NULL,
    PRIMARY KEY (network, rider)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS open_rider_due ON open_rider (due_at);

-- Visited: final trips -------------------------------------------------------------------------------------------------

-- In the order of their ends: only the indexes on trip and rider are written in no order.
CREATE TABLE IF NOT EXISTS trip (
    trip BLOB NOT NULL PRIMARY KEY,
    network TEXT NOT NULL,
    rider BLOB NOT NULL,
    home TEXT NOT NULL,           -- the city that pays
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    began INTEGER NOT NULL,
    from_station INTEGER,
    to_station INTEGER,
    ended INTEGER,
    entry_tap TEXT,               -- GATE/EPOCH/SEQUENCE: where late taps are matched with it
    exit_tap TEXT,
    original_fen INTEGER NOT NULL,
    charge_fen INTEGER NOT NULL,  -- in force, adjustments included
    fare_fen INTEGER NOT NULL,    -- of it what is fare, without overstay
    provisional INTEGER NOT NULL,
    completed INTEGER NOT NULL,   -- one side was filled in
    adjusts INTEGER NOT NULL DEFAULT 0,
    travel_day TEXT NOT NULL,
    booking_day TEXT NOT NULL,
    reason TEXT,                  -- of single-sided, cancelled, disputed and written-off trips
    entry INTEGER NOT NULL,       -- journal sequence of the entry that holds its latest content
    answered_at INTEGER,
    receiver TEXT                 -- the node that its claim goes to; none when nothing is claimed
) STRICT;
-- A day is not over while a claim of it has no answer.
CREATE INDEX IF NOT EXISTS trip_awaited ON trip (receiver, booking_day) WHERE state = 'priced';
CREATE INDEX IF NOT EXISTS trip_of_rider ON trip (rider, began);
CREATE INDEX IF NOT EXISTS trip_in_time ON trip (network, began, trip);

CREATE TABLE IF NOT EXISTS trip_adjust (
    adjust_id TEXT PRIMARY KEY,
    trip BLOB NOT NULL,
    number INTEGER NOT NULL,
    change_fen INTEGER NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,          -- sent, booked, disputed
    entry INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS trip_adjust_of_trip ON trip_adjust (trip, number);

-- Home: accounts, charges, debts ---------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS account (
    account BLOB PRIMARY KEY,     -- issuer 4, number 10
    city TEXT NOT NULL,
    participant TEXT NOT NULL,    -- the home operator
    state TEXT NOT NULL,          -- open, closed
    account_type INTEGER NOT NULL,
    trip_limit_fen INTEGER NOT NULL,
    day_limit_fen INTEGER NOT NULL,
    unpaid_limit_fen INTEGER NOT NULL,
    networks TEXT NOT NULL,       -- networks that the rider opened, JSON
    balance_fen INTEGER NOT NULL DEFAULT 0,  -- what was paid in and not used
    unpaid_fen INTEGER NOT NULL DEFAULT 0,   -- debts
    parent BLOB                   -- model P: the rider's own account behind a token made for one city
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS account_of_participant ON account (participant, account) WHERE parent IS NULL;
CREATE INDEX IF NOT EXISTS account_tokens ON account (parent) WHERE parent IS NOT NULL;

-- What riders have paid in: a reference counts once per account.
CREATE TABLE IF NOT EXISTS payment (
    account BLOB NOT NULL,
    reference TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    day TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account, reference)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS payment_of_day ON payment (account, day);

CREATE TABLE IF NOT EXISTS authorisation (
    id TEXT PRIMARY KEY,
    account BLOB NOT NULL,
    user_key BLOB NOT NULL,
    expiry INTEGER NOT NULL,
    limit_fen INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    platform TEXT,                -- hexadecimal, as deny lists name it; none of grants
    certificate TEXT,             -- issuer and serial, likewise
    account_type INTEGER          -- field 8; none of grants, and of those that were given before it was recorded
) STRICT;
CREATE INDEX IF NOT EXISTS authorisation_of_account ON authorisation (account, issued_at);
CREATE INDEX IF NOT EXISTS authorisation_alive ON authorisation (account, expiry);

-- Trips as home has charged or contested them.
CREATE TABLE IF NOT EXISTS home_trip (
    trip BLOB PRIMARY KEY,
    account BLOB NOT NULL,
    network TEXT NOT NULL,
    visited TEXT NOT NULL,        -- the node
    kind TEXT NOT NULL,
    state TEXT NOT NULL,          -- charged, disputed
    outcome TEXT NOT NULL,        -- ChargeOutcome, JSON: the same answer for ever
    content BLOB NOT NULL,        -- SHA-256 of the TripFinal: the same id with other content is refused
    original_fen INTEGER NOT NULL,
    charge_fen INTEGER NOT NULL,  -- in force
    adjusts INTEGER NOT NULL DEFAULT 0,
    began INTEGER NOT NULL,
    travel_day TEXT NOT NULL,
    booking_day TEXT NOT NULL,
    booked_at INTEGER NOT NULL,
    rider_max_fen INTEGER,        -- where a claim was contested by a risk rule or an adjustment was wrong: the most that the rider pays
    lost_fen INTEGER NOT NULL DEFAULT 0,    -- what home bore when the contest ended
    text TEXT NOT NULL            -- the trip as it stands, JSON: what the rider is shown
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS home_trip_of_account ON home_trip (account, began);
CREATE INDEX IF NOT EXISTS home_trip_of_day ON home_trip (account, booking_day);

-- Adjustments as home has booked them: what the rider is shown.
CREATE TABLE IF NOT EXISTS home_adjust (
    trip BLOB NOT NULL,
    number INTEGER NOT NULL,
    account BLOB NOT NULL,
    network TEXT NOT NULL,
    change_fen INTEGER NOT NULL,
    reason TEXT NOT NULL,
    evidence TEXT NOT NULL,
    booking_day TEXT NOT NULL,
    is_booked INTEGER NOT NULL,   -- not while the trip is disputed
    lost_fen INTEGER NOT NULL DEFAULT 0,    -- what of the change home bears
    PRIMARY KEY (trip, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS home_adjust_of_day ON home_adjust (account, booking_day);

-- Invoices of riders' months, red-letter ones too.
CREATE TABLE IF NOT EXISTS invoice (
    number TEXT PRIMARY KEY,
    serial INTEGER NOT NULL,      -- 1, 2, … over all invoices of the node
    account BLOB NOT NULL,
    text TEXT NOT NULL            -- Invoice, JSON
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS invoice_serial ON invoice (serial);
CREATE INDEX IF NOT EXISTS invoice_of_account ON invoice (account, serial);

-- Rides that are on an invoice now: one each. A red-letter invoice takes them off.
CREATE TABLE IF NOT EXISTS invoiced_ride (
    trip BLOB PRIMARY KEY,
    number TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    changed INTEGER NOT NULL      -- its rider pays something else since
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS invoiced_ride_changed ON invoiced_ride (trip) WHERE changed = 1;

-- Completions that riders asked for: limited by the calendar month of asking.
CREATE TABLE IF NOT EXISTS completion_ask (
    account BLOB NOT NULL,
    month TEXT NOT NULL,          -- 2026-11
    trip BLOB NOT NULL,
    entry INTEGER NOT NULL,       -- journal sequence
    station INTEGER NOT NULL,
    state TEXT NOT NULL,          -- asked, made, refused (does not count)
    code TEXT,                    -- of a refusal
    PRIMARY KEY (account, month, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS completion_of_trip ON completion_ask (trip);

-- Codes that home has been asked to pay for (J8 over all visited nodes).
CREATE TABLE IF NOT EXISTS home_code_use (
    replay_key BLOB NOT NULL,
    direction INTEGER NOT NULL,
    trip BLOB NOT NULL,
    PRIMARY KEY (replay_key, direction)
) STRICT, WITHOUT ROWID;

-- Records that home asked visited cities for, and what it found in them.
CREATE TABLE IF NOT EXISTS evidence_ask (
    ask TEXT PRIMARY KEY,
    trip BLOB NOT NULL,
    visited TEXT NOT NULL,        -- the node
    cause TEXT NOT NULL,          -- clerk, contest, sample, overlap
    adjusts INTEGER NOT NULL,     -- of the trip, known when it was asked
    state TEXT NOT NULL,          -- asked, genuine, not_verified, erased, silent
    finding TEXT NOT NULL,        -- what is wrong
    entry INTEGER NOT NULL,       -- journal sequence
    asked_at INTEGER NOT NULL,
    answer_by INTEGER NOT NULL,
    judged_at INTEGER,
    contest TEXT                  -- the one that was opened for it
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS evidence_of_trip ON evidence_ask (trip, entry);
CREATE INDEX IF NOT EXISTS evidence_due ON evidence_ask (answer_by) WHERE state = 'asked';

-- Records that came and wait for a version of the key set.
CREATE TABLE IF NOT EXISTS evidence_held (
    ask TEXT PRIMARY KEY,
    tap TEXT NOT NULL,            -- whose record names the version
    key_set INTEGER NOT NULL,     -- the version
    keeper TEXT NOT NULL,         -- the node that publishes it
    records TEXT NOT NULL,        -- JSON
    held_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- At the visited city: when home was shown a trip's records last.
CREATE TABLE IF NOT EXISTS evidence_shown (
    trip BLOB NOT NULL,
    home TEXT NOT NULL,           -- the node that asked
    adjusts INTEGER NOT NULL,     -- of the trip, as home knew it
    shown_at INTEGER NOT NULL,
    PRIMARY KEY (trip, home, adjusts)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS debt (
    debt TEXT PRIMARY KEY,        -- the trip or adjustment that was not paid
    account BLOB NOT NULL,
    amount_fen INTEGER NOT NULL,
    since INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    state TEXT NOT NULL,          -- open, listed, paid
    next_retry INTEGER            -- when it is looked at next; none once listed or paid, unless something changed
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS debt_of_account ON debt (account, state, since);
CREATE INDEX IF NOT EXISTS debt_retry ON debt (next_retry) WHERE next_retry IS NOT NULL;

-- Grants of model P, at both ends.
CREATE TABLE IF NOT EXISTS code_grant (
    grant_id TEXT PRIMARY KEY,
    role TEXT NOT NULL,           -- home, visited, both
    network TEXT NOT NULL,
    home TEXT NOT NULL,           -- city
    account BLOB NOT NULL,        -- the token made for this city, with the visited city's issuer
    state TEXT NOT NULL,          -- asked, granted, refused
    limit_fen INTEGER NOT NULL,
    expiry INTEGER NOT NULL,
    validity_s INTEGER NOT NULL DEFAULT 0,
    authorisation TEXT,           -- base64
    code TEXT                     -- of a refusal
) STRICT;
-- A token keeps its number when its grant is renewed, so that entry and exit under two grants are one rider's.
CREATE INDEX IF NOT EXISTS code_grant_of_account ON code_grant (account, expiry);

-- Deny lists of all homes ----------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS deny_delta (
    home TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL,
    as_of INTEGER NOT NULL,
    text TEXT NOT NULL,
    bytes BLOB NOT NULL,
    is_own INTEGER NOT NULL,
    known_at INTEGER NOT NULL,    -- when it came here
    PRIMARY KEY (home, sequence)
) STRICT;
CREATE INDEX IF NOT EXISTS deny_delta_heard ON deny_delta (home, known_at);
CREATE INDEX IF NOT EXISTS deny_delta_own ON deny_delta (sequence) WHERE is_own = 1;

-- What is denied after the last delta. Removed entries stay with the time of their removal, for contests.
CREATE TABLE IF NOT EXISTS deny_entry (
    home TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    added_as_of INTEGER NOT NULL,
    removed_as_of INTEGER,
    PRIMARY KEY (home, kind, key, added_as_of)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deny_entry_key ON deny_entry (key);

-- Changes that wait for the next own delta.
CREATE TABLE IF NOT EXISTS deny_pending (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    is_add INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deny_pending_since ON deny_pending (since);

-- Why an account is denied at its home: debts, loss, abuse. Shown to the rider.
CREATE TABLE IF NOT EXISTS deny_cause (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    cause TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (kind, key, cause)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deny_cause_closed ON deny_cause (since) WHERE cause = 'closed';

-- When peers were asked for what is lacking of their publications (PublicationKind).
CREATE TABLE IF NOT EXISTS publication_ask (
    peer TEXT NOT NULL,
    kind TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    lacks INTEGER NOT NULL,       -- something came since that did not follow
    PRIMARY KEY (peer, kind)
) STRICT, WITHOUT ROWID;

-- When peers' asks were answered in the last day.
CREATE TABLE IF NOT EXISTS publication_answer (
    peer TEXT NOT NULL,
    kind TEXT NOT NULL,
    content BLOB NOT NULL,        -- hash of the answer; of a deny list, of what the peer held
    answered_at INTEGER NOT NULL,
    PRIMARY KEY (peer, kind, content)
) STRICT, WITHOUT ROWID;

-- Documents, days, contests --------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS document (
    issuer TEXT NOT NULL,         -- node
    receiver TEXT NOT NULL,       -- node
    booking_day TEXT NOT NULL,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    creditor TEXT NOT NULL,       -- city or partner
    debtor TEXT NOT NULL,
    travel_day TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    trip BLOB,                    -- of adjustments and splits: the trip that they belong to
    PRIMARY KEY (issuer, receiver, booking_day, id)
) STRICT, WITHOUT ROWID;
-- The document of a trip is found by the trip; only the others need an index.
CREATE INDEX IF NOT EXISTS document_by_id ON document (id) WHERE kind <> 'trip';
CREATE INDEX IF NOT EXISTS document_of_trip ON document (trip) WHERE trip IS NOT NULL;

-- Sums of `document`, kept as documents come.
CREATE TABLE IF NOT EXISTS document_day (
    issuer TEXT NOT NULL,
    receiver TEXT NOT NULL,
    booking_day TEXT NOT NULL,
    creditor TEXT NOT NULL,
    debtor TEXT NOT NULL,
    kind TEXT NOT NULL,
    documents INTEGER NOT NULL,
    amount_fen INTEGER NOT NULL,
    PRIMARY KEY (issuer, receiver, booking_day, creditor, debtor, kind)
) STRICT, WITHOUT ROWID;

-- Documents that were booked two days or more after the travel, by how much.
CREATE TABLE IF NOT EXISTS document_age (
    booking_day TEXT NOT NULL,
    issuer TEXT NOT NULL,
    receiver TEXT NOT NULL,
    age_days INTEGER NOT NULL,
    documents INTEGER NOT NULL,
    amount_fen INTEGER NOT NULL,
    PRIMARY KEY (booking_day, issuer, receiver, age_days)
) STRICT, WITHOUT ROWID;

-- Days of this node's own documents whose totals are not sent yet.
CREATE TABLE IF NOT EXISTS open_day (
    receiver TEXT NOT NULL,
    booking_day TEXT NOT NULL,
    due_at INTEGER NOT NULL,      -- for business days that begin at midnight; the cut comes on top
    PRIMARY KEY (receiver, booking_day)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS open_day_due ON open_day (due_at);

-- Parts of trips on cross-border lines, at the operating node and at the partner's.
CREATE TABLE IF NOT EXISTS split_part (
    of BLOB NOT NULL,             -- the document that is split
    partner TEXT NOT NULL,
    trip BLOB NOT NULL,
    amount_fen INTEGER NOT NULL,
    state TEXT NOT NULL,          -- noticed (at the operating node only: the partner has not booked it yet), booked
    since INTEGER NOT NULL,
    text TEXT NOT NULL,           -- SplitNotice, JSON
    PRIMARY KEY (of, partner)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS split_part_noticed ON split_part (since) WHERE state = 'noticed';
CREATE INDEX IF NOT EXISTS split_part_of_trip ON split_part (trip);

CREATE TABLE IF NOT EXISTS day_totals (
    issuer TEXT NOT NULL,
    receiver TEXT NOT NULL,
    booking_day TEXT NOT NULL,
    state TEXT NOT NULL,          -- sent, matched, different
    own TEXT NOT NULL,            -- DayTotals, JSON
    theirs TEXT,
    pages_held INTEGER NOT NULL DEFAULT 0,  -- of the other side's documents, when the totals differ
    all_held INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (issuer, receiver, booking_day)
) STRICT, WITHOUT ROWID;
-- Nothing is booked on a day whose totals were sent.
CREATE INDEX IF NOT EXISTS day_totals_newest ON day_totals (issuer, booking_day);

-- Until when what this node booked on a day can be contested.
CREATE TABLE IF NOT EXISTS contest_term (
    booking_day TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS contest_term_until ON contest_term (until, booking_day);

-- Differences of a day, each in exactly one class.
CREATE TABLE IF NOT EXISTS day_difference (
    issuer TEXT NOT NULL,
    receiver TEXT NOT NULL,
    booking_day TEXT NOT NULL,
    id BLOB NOT NULL,
    class TEXT NOT NULL,          -- only_issuer, only_receiver, amounts_differ
    issuer_fen INTEGER,
    receiver_fen INTEGER,
    cause TEXT NOT NULL,
    proposal TEXT NOT NULL,
    PRIMARY KEY (issuer, receiver, booking_day, id)
) STRICT, WITHOUT ROWID;

-- The other side's documents of a day that differs, until all pages are there.
CREATE TABLE IF NOT EXISTS day_document (
    issuer TEXT NOT NULL,
    receiver TEXT NOT NULL,
    booking_day TEXT NOT NULL,
    id BLOB NOT NULL,
    amount_fen INTEGER NOT NULL,
    PRIMARY KEY (issuer, receiver, booking_day, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS contest (
    contest TEXT PRIMARY KEY,
    document BLOB NOT NULL,
    booking_day TEXT NOT NULL,    -- the document's
    role TEXT NOT NULL,           -- creditor, debtor, both (cities of one node)
    creditor TEXT NOT NULL,
    debtor TEXT NOT NULL,
    reason TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    state TEXT NOT NULL,          -- open, answered, escalated; ended: upheld, adjusted, withdrawn, refused
    awaits TEXT,                  -- creditor or debtor: who moves next; none once ended
    opened_at INTEGER NOT NULL,
    answer_by INTEGER NOT NULL,
    reply_by INTEGER,             -- of answered ones
    ended_at INTEGER,
    ended_entry INTEGER,          -- journal sequence
    is_held INTEGER NOT NULL,     -- the debtor's clearing holds the document
    answer TEXT,                  -- ContestAnswer, the latest, JSON
    text TEXT NOT NULL            -- Contest, JSON
) STRICT;
CREATE INDEX IF NOT EXISTS contest_due ON contest (answer_by) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS contest_reply_due ON contest (reply_by) WHERE state = 'answered';
CREATE INDEX IF NOT EXISTS contest_unsettled ON contest (creditor, debtor) WHERE awaits IS NOT NULL;
CREATE INDEX IF NOT EXISTS contest_of_document ON contest (document);

-- How a contest came to its state.
CREATE TABLE IF NOT EXISTS contest_step (
    contest TEXT NOT NULL,
    step INTEGER NOT NULL,        -- 1, 2, …
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    explanation TEXT NOT NULL,
    PRIMARY KEY (contest, step)
) STRICT, WITHOUT ROWID;

-- With the clearing of this node ---------------------------------------------------------------------------------------

-- Cuts of periods in the feeds between this node's service and its peers'.
CREATE TABLE IF NOT EXISTS period_marker (
    sender TEXT NOT NULL,         -- node
    receiver TEXT NOT NULL,       -- node
    period TEXT NOT NULL,
    number INTEGER NOT NULL,      -- of the marker's message in the feed
    PRIMARY KEY (sender, receiver, period)
) STRICT, WITHOUT ROWID;

-- Contests of clearing for which something was to be given back.
CREATE TABLE IF NOT EXISTS give_back (
    contest TEXT PRIMARY KEY,
    document BLOB NOT NULL,
    refused TEXT                  -- code, if nothing was
) STRICT, WITHOUT ROWID;

-- Periods whose payment is booked.
CREATE TABLE IF NOT EXISTS cleared (
    period TEXT NOT NULL,
    peer TEXT NOT NULL,           -- node
    PRIMARY KEY (period, peer)
) STRICT, WITHOUT ROWID;

-- What was cleared of the accounts between two cities.
CREATE TABLE IF NOT EXISTS cleared_share (
    side TEXT NOT NULL,           -- receivable, payable
    creditor TEXT NOT NULL,
    debtor TEXT NOT NULL,
    period TEXT NOT NULL,
    peer TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    PRIMARY KEY (side, creditor, debtor, period, peer)
) STRICT, WITHOUT ROWID;

-- Figures without persons ----------------------------------------------------------------------------------------------

-- Entries and exits per station and calendar day (UTC+8) of travel (J11).
CREATE TABLE IF NOT EXISTS station_day (
    network TEXT NOT NULL,
    station INTEGER NOT NULL,
    day TEXT NOT NULL,
    entries INTEGER NOT NULL,
    exits INTEGER NOT NULL,
    boardings INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    impossible INTEGER NOT NULL,
    passbacks INTEGER NOT NULL,
    PRIMARY KEY (network, station, day)
) STRICT, WITHOUT ROWID;

-- Days with traffic whose figures are not published yet.
CREATE TABLE IF NOT EXISTS open_flow_day (
    network TEXT NOT NULL,
    day TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    PRIMARY KEY (network, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS open_flow_day_due ON open_flow_day (due_at);

-- Figures as they were published: nothing that comes later changes them.
CREATE TABLE IF NOT EXISTS published_flow (
    network TEXT NOT NULL,
    day TEXT NOT NULL,
    flow TEXT NOT NULL,           -- hours, stations, station_days, states
    text TEXT NOT NULL,           -- Published, JSON
    PRIMARY KEY (network, day, flow)
) STRICT, WITHOUT ROWID;
