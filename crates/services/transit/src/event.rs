//! What happened, versioned by name; complete enough to rebuild the views.

mod clearing;

pub use clearing::{ClearedBooked, ContestCharge, ContestEnded, DayDifference};
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_ledger::Transfer;
use huitong_ledger::clearing::Marker;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::command::{AccountWish, GateWish};
use crate::model::contest::{Contest, ContestAnswer};
use crate::model::deny::{DeltaText, DenyEntry};
use crate::model::evidence::{AskCause, EvidenceState, ShownRecord};
use crate::model::flow::{FlowTable, Published};
use crate::model::invoice::Invoice;
use crate::model::key_set::KeySetText;
use crate::model::message::{AdjustResult, ChargeResult, CodeAsk, CodeGrant, TripAdjust};
use crate::model::network::StationId;
use crate::model::order::{OrderCursor, OrderedTrip, ServiceOrder};
use crate::model::publication::PublicationKind;
use crate::model::rider::{AccountToken, Rider};
use crate::model::settlement::{Claim, DayDocuments, DayTotals, Document, SplitNotice};
use crate::model::tap::{Ride, TakenTap, TapKey, TapState};
use crate::model::trip::TripFinal;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", content = "body")]
pub enum Event {
    // Dated data, own and of others
    #[serde(rename = "transit.key_set_known.v1")]
    KeySetKnown { set: KeySetText, bytes: String },
    #[serde(rename = "transit.map_known.v1")]
    MapKnown { network: Division, version: u32, node: Division, operator: String, text: String },
    #[serde(rename = "transit.pack_known.v1")]
    PackKnown(PackKnown),
    #[serde(rename = "transit.split_known.v1")]
    SplitKnown { network: Division, rule: String, version: u32, valid_from: Date, text: String },
    #[serde(rename = "transit.gates_registered.v1")]
    GatesRegistered { operator: String, gates: Vec<GateWish> },
    #[serde(rename = "transit.order_known.v1")]
    OrderKnown(ServiceOrder),
    /// A later version: the order ends before its time, or is withdrawn.
    #[serde(rename = "transit.order_ended.v1")]
    OrderEnded(ServiceOrder),
    /// Final trips that a gate-fault order changed: its list names them.
    #[serde(rename = "transit.order_touched.v1")]
    OrderTouched { order: Uuid, trips: Vec<OrderedTrip> },
    /// A gate-fault order was carried out up to here; none: on all trips that were final.
    #[serde(rename = "transit.order_pursued.v1")]
    OrderPursued {
        order: Uuid,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<OrderCursor>,
    },

    // Visited
    #[serde(rename = "transit.taps_taken.v1")]
    TapsTaken(Box<TapsTaken>),
    /// The record held under this key is in doubt since another came under it: quarantined. Its trip, if it is final, costs nothing.
    #[serde(rename = "transit.tap_doubted.v1")]
    TapDoubted { tap: TapKey, network: Division, rider: Option<Rider>, reason: String },
    /// The records that came up to this entry are not needed any more: their bytes are erased.
    #[serde(rename = "transit.records_erased.v1")]
    RecordsErased { up_to: u64 },
    /// A clerk has taken a record out of quarantine.
    #[serde(rename = "transit.tap_released.v1")]
    TapReleased(Box<TapReleased>),
    #[serde(rename = "transit.hole_alarmed.v1")]
    HoleAlarmed { gate: String, epoch: u32 },
    #[serde(rename = "transit.trips_final.v1")]
    TripsFinal(Box<TripsFinal>),
    #[serde(rename = "transit.trip_answered.v1")]
    TripAnswered { result: ChargeResult, transfers: Vec<Transfer> },
    #[serde(rename = "transit.trip_adjusted.v1")]
    TripAdjusted { adjust: Box<TripAdjust>, document: Option<Document> },
    /// Late taps of a trip that was final before.
    #[serde(rename = "transit.taps_joined.v1")]
    TapsJoined { trip: Digest, network: Division, rider: Rider, taps: Vec<TapKey> },
    #[serde(rename = "transit.adjust_answered.v1")]
    AdjustAnswered { result: AdjustResult, transfers: Vec<Transfer> },

    // Home
    #[serde(rename = "transit.account_put.v1")]
    AccountPut { participant: String, account: AccountWish, parent: Option<AccountToken> },
    #[serde(rename = "transit.account_closed.v1")]
    AccountClosed { account: AccountToken },
    #[serde(rename = "transit.payment_booked.v1")]
    PaymentBooked(PaymentBooked),
    #[serde(rename = "transit.authorised.v1")]
    Authorised(Authorised),
    #[serde(rename = "transit.trip_charged.v1")]
    TripCharged(Box<TripCharged>),
    #[serde(rename = "transit.adjust_charged.v1")]
    AdjustCharged(Box<AdjustCharged>),
    #[serde(rename = "transit.debt_retried.v1")]
    DebtRetried(DebtRetried),
    #[serde(rename = "transit.completion_asked.v1")]
    CompletionAsked { trip: Digest, account: AccountToken, station: StationId },
    /// The visited city did not make it: it does not count against the rider's limit.
    #[serde(rename = "transit.completion_refused.v1")]
    CompletionRefused { trip: Digest, code: String },
    /// The visited city is asked for the records of a trip's taps.
    #[serde(rename = "transit.evidence_asked.v1")]
    EvidenceAsked(EvidenceAsked),
    #[serde(rename = "transit.evidence_held.v1")]
    EvidenceHeld(EvidenceHeld),
    #[serde(rename = "transit.evidence_judged.v1")]
    EvidenceJudged(EvidenceJudged),
    /// At the visited city: what home was shown of a trip with so many adjustments.
    #[serde(rename = "transit.evidence_shown.v1")]
    EvidenceShown { trip: Digest, home: Division, adjusts: u32 },
    #[serde(rename = "transit.grant_asked.v1")]
    GrantAsked { ask: CodeAsk, parent: AccountToken },
    /// At the visited city.
    #[serde(rename = "transit.grant_made.v1")]
    GrantMade { ask: CodeAsk, grant: CodeGrant },
    /// At home.
    #[serde(rename = "transit.grant_held.v1")]
    GrantHeld(CodeGrant),

    /// At home: of a rider's month, or a red-letter one for a ride that was adjusted.
    #[serde(rename = "transit.invoice_issued.v1")]
    InvoiceIssued(Box<Invoice>),

    // Deny lists
    #[serde(rename = "transit.deny_caused.v1")]
    DenyCaused(DenyCaused),
    /// A delta, own or a peer's. An own one empties what was pending.
    #[serde(rename = "transit.deny_known.v1")]
    DenyKnown { delta: DeltaText, hash: Digest, bytes: String, is_own: bool },

    // What is lacking of peers' publications
    #[serde(rename = "transit.publication_asked.v1")]
    PublicationAsked { peer: Division, kind: PublicationKind },
    /// What came did not follow what is held, and an answer may be under way: it is asked for again later.
    #[serde(rename = "transit.publication_lacking.v1")]
    PublicationLacking { peer: Division, kind: PublicationKind },
    /// At the publisher.
    #[serde(rename = "transit.publication_answered.v1")]
    PublicationAnswered {
        peer: Division,
        kind: PublicationKind,
        /// SHA-256 of the answer; of a deny list, of what the peer holds.
        #[serde(default)]
        content: Digest,
    },

    // Clearing
    /// At the operating node: a partner at another node was told of its part and has not booked it yet.
    #[serde(rename = "transit.split_noticed.v1")]
    SplitNoticed { notice: SplitNotice, amount_fen: Fen },
    #[serde(rename = "transit.split_booked.v1")]
    SplitBooked { notice: SplitNotice, document: Document, is_issuer: bool, transfers: Vec<Transfer> },
    #[serde(rename = "transit.day_totals_sent.v1")]
    DayTotalsSent(DayTotals),
    /// Until when what was booked on a day can be contested: the records behind it are kept so long.
    #[serde(rename = "transit.contest_term.v1")]
    ContestTerm { booking_day: Date, until: Instant },
    #[serde(rename = "transit.day_totals_compared.v1")]
    DayTotalsCompared { own: DayTotals, theirs: DayTotals },
    #[serde(rename = "transit.day_documents_held.v1")]
    DayDocumentsHeld { page: DayDocuments, differences: Vec<DayDifference> },
    #[serde(rename = "transit.contest_opened.v1")]
    ContestOpened {
        contest: Contest,
        role: String,
        /// At the debtor: the document is booked, and clearing holds it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_held: bool,
    },
    /// The claim stands, in whole or in part, says the creditor: now the debtor replies.
    #[serde(rename = "transit.contest_answered.v1")]
    ContestAnswered { answer: ContestAnswer, reply_by: Instant },
    #[serde(rename = "transit.contest_ended.v1")]
    ContestEnded(ContestEnded),

    // With the clearing of this node
    /// The cut of a period is in a feed, own or a peer's: clearing was told.
    #[serde(rename = "transit.period_marked.v1")]
    PeriodMarked(Marker),
    /// A contest of clearing has ended so that something is given back; or why it is not.
    #[serde(rename = "transit.given_back.v1")]
    GivenBack {
        contest: Uuid,
        document: Digest,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
    },
    #[serde(rename = "transit.cleared.v1")]
    Cleared(ClearedBooked),

    // Figures without persons
    #[serde(rename = "transit.flows_published.v1")]
    FlowsPublished(FlowsPublished),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackKnown {
    pub network: Division,
    pub pack: String,
    pub version: u32,
    pub node: Division,
    pub network_version: u32,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    pub grade: String,
    pub max_fare_fen: Fen,
    pub text: String,
}

/// Records of a gate, with what the node made of each. Their bytes, as received, are the entry's attachment
/// ([`crate::query::records`]).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TapsTaken {
    pub gate: String,
    pub epoch: u32,
    pub first: u64,
    pub network: Division,
    pub signature: String,
    /// Of records that were not held before.
    pub taps: Vec<TakenTap>,
    /// Of records under numbers that were held already with other bytes: quarantined, with their bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<TapConflict>,
    /// After this batch.
    pub contiguous_to: u64,
    pub highest: u64,
    pub hole_alarm_at: Option<Instant>,
    /// Riders with taps here, and when the next of their trips becomes final at the latest.
    pub riders: Vec<(Rider, Instant)>,
}

/// A record under a number that was held already with other bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapConflict {
    pub sequence: u64,
    pub hash: Digest,
    /// The hash that it names as that of the record before.
    pub previous: Digest,
}

/// A record that was quarantined, and that a clerk believes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TapReleased {
    pub tap: TapKey,
    pub network: Division,
    pub state: TapState,
    pub ride: Ride,
    /// Who released it, and why.
    pub clerk: String,
    pub reason: String,
    /// The figure in which it counted until now, its day and its station.
    pub counted_as: TapState,
    pub counted_on: Date,
    pub counted_at: StationId,
    /// When its rider must be looked at; none where it waits for no trip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Instant>,
}

/// Trips of several riders that became final together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TripsFinal {
    pub trips: Vec<FinalTrip>,
    pub riders: Vec<RiderLeft>,
}

/// A rider that was looked at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RiderLeft {
    pub network: Division,
    pub rider: Rider,
    /// When the next trip becomes final; none when nothing is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Instant>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FinalTrip {
    pub trip: TripFinal,
    /// `priced` (sent to home), `cancelled` or `written_off`.
    pub state: crate::model::trip::TripState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of one that a gate-fault order made free: what it would have cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived_fen: Option<Fen>,
    /// All taps that end with it, extra ones included.
    pub taps: Vec<TapKey>,
    /// Who claims it from whom; none when nothing is claimed. The rest of the document is the trip's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
}

impl FinalTrip {
    pub fn document(&self) -> Option<Document> {
        self.claim.map(|claim| Document::of_claim(&self.trip, claim))
    }
}

/// A rider has paid; debts that it covers, oldest first, are settled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PaymentBooked {
    pub account: AccountToken,
    pub reference: String,
    pub amount_fen: Fen,
    pub settled: Vec<DebtSettled>,
    pub transfers: Vec<Transfer>,
}

/// An authorisation was given to a phone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Authorised {
    pub id: Uuid,
    pub account: AccountToken,
    /// Compressed, hexadecimal.
    pub user_key: String,
    pub expiry: Instant,
    pub limit_fen: Fen,
    /// What deny lists name: the platform, and issuer and serial of the certificate; hexadecimal.
    pub platform: String,
    pub certificate: String,
    /// Field 8: the class that discounts go by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_type: Option<u8>,
}

/// A debt was tried again: paid, or when next; none when the account is listed instead.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DebtRetried {
    pub debt: String,
    pub account: AccountToken,
    pub attempts: u32,
    pub next_retry: Option<Instant>,
    pub settled: Option<DebtSettled>,
    pub transfers: Vec<Transfer>,
}

/// A cause was added to or taken from an entry of the own list; `change` tells what the next delta will say.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DenyCaused {
    pub entry: DenyEntry,
    pub cause: String,
    pub is_add: bool,
    pub valid_from: Instant,
    pub change: DenyChange,
}

/// Home's booking of a trip.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TripCharged {
    pub trip: TripFinal,
    pub visited: Division,
    /// SHA-256 of the trip as claimed.
    pub content: Digest,
    /// Who pays: of model P the account behind the token.
    pub payer: AccountToken,
    pub result: ChargeResult,
    pub document: Option<Document>,
    /// What could not be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debt: Option<NewDebt>,
    pub transfers: Vec<Transfer>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AdjustCharged {
    pub adjust: TripAdjust,
    pub visited: Division,
    pub payer: AccountToken,
    pub result: AdjustResult,
    pub document: Option<Document>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debt: Option<NewDebt>,
    /// What goes back to the rider.
    pub refunded_fen: Fen,
    /// What of the change home bears itself, or gets back of what it bore: the rider has no part in it.
    #[serde(default)]
    pub lost_fen: Fen,
    /// The most that the rider pays of the trip from now on; none: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rider_max_fen: Option<Fen>,
    pub transfers: Vec<Transfer>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct EvidenceAsked {
    pub ask: Uuid,
    pub trip: Digest,
    pub visited: Division,
    pub cause: AskCause,
    /// Adjustments of the trip that home knew.
    pub adjusts: u32,
    pub answer_by: Instant,
}

/// The records came, and nothing can be said of them yet: one names a version of the key set that home does not hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EvidenceHeld {
    pub ask: Uuid,
    pub tap: TapKey,
    pub key_set: u32,
    /// The node that publishes key sets.
    pub keeper: Division,
    pub records: Vec<ShownRecord>,
}

/// What home found in the records, or that none came. Their bytes are in the journal as the message that brought them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EvidenceJudged {
    pub ask: Uuid,
    pub state: EvidenceState,
    /// What is wrong, without personal data; empty if nothing is.
    pub finding: String,
    /// The contest that was opened for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contest: Option<Uuid>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewDebt {
    pub debt: String,
    pub amount_fen: Fen,
    pub next_retry: Instant,
}

/// A debt that was paid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DebtSettled {
    pub debt: String,
    pub amount_fen: Fen,
}

/// What the next own delta says of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DenyChange {
    None,
    Add,
    Remove,
    /// Was pending and is not any more.
    Forget,
}

/// The tables of a finished day, suppressed and rounded: what is served, for ever.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FlowsPublished {
    pub network: Division,
    pub day: Date,
    pub tables: Vec<(FlowTable, Published)>,
}
