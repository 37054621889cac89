//! What nodes' transit services tell each other (transit specification §10.1), and the clearing of their node. Each is idempotent by its key.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_ledger::clearing::{Cleared, Cut, Documents, GiveBack, GivenBack, Hold, Marker};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::contest::{Contest, ContestAnswer, ContestReply};
use super::deny::DeltaText;
use super::evidence::{Evidence, EvidenceAsk};
use super::key_set::KeySetText;
use super::order::ServiceOrder;
use super::publication::PublicationAsk;
use super::rider::AccountToken;
use super::settlement::{DayDocuments, DayTotals, SplitNotice};
use super::tap::TapKey;
use super::trip::{TapEvidence, TripFinal};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "name", content = "body")]
pub enum Message {
    /// Keeper → all.
    #[serde(rename = "transit.key_set.v1")]
    KeySet(KeySetText),
    /// Home → all.
    #[serde(rename = "transit.deny_delta.v1")]
    DenyDelta(DeltaText),
    /// Visited → all: the pack as published, JSON.
    #[serde(rename = "transit.fare_pack.v1")]
    FarePack { text: String },
    /// Visited → all: the map as published, JSON.
    #[serde(rename = "transit.station_map.v1")]
    StationMap { text: String },
    /// Visited → all.
    #[serde(rename = "transit.service_order.v1")]
    ServiceOrder(ServiceOrder),
    /// To a peer of whose publications something is lacking; answered by what it published.
    #[serde(rename = "transit.publication_ask.v1")]
    PublicationAsk(PublicationAsk),
    /// Home → visited, model P.
    #[serde(rename = "transit.code_ask.v1")]
    CodeAsk(CodeAsk),
    /// Visited → home, model P.
    #[serde(rename = "transit.code_grant.v1")]
    CodeGrant(CodeGrant),
    /// Home → visited, model P: the rider behind a token may not travel; neither the cause nor a sum is told. Only the
    /// token's issuer can put it on a deny list.
    #[serde(rename = "transit.debt_notice.v1")]
    DebtNotice { account: AccountToken, from: Instant },
    /// Home → visited, model P.
    #[serde(rename = "transit.debt_release.v1")]
    DebtRelease { account: AccountToken, released_at: Instant },
    /// Visited → home.
    #[serde(rename = "transit.trip_final.v1")]
    TripFinal(Box<TripFinal>),
    /// Home → visited.
    #[serde(rename = "transit.charge_result.v1")]
    ChargeResult(ChargeResult),
    /// Visited → home.
    #[serde(rename = "transit.trip_adjust.v1")]
    TripAdjust(Box<TripAdjust>),
    #[serde(rename = "transit.adjust_result.v1")]
    AdjustResult(AdjustResult),
    /// Home → visited: the records behind a trip's taps are wanted.
    #[serde(rename = "transit.evidence_ask.v1")]
    EvidenceAsk(EvidenceAsk),
    /// Visited → home.
    #[serde(rename = "transit.evidence.v1")]
    Evidence(Evidence),
    /// Home → visited: a rider's wish to complete a trip.
    #[serde(rename = "transit.completion_ask.v1")]
    CompletionAsk(CompletionAsk),
    /// Visited → home: why a completion was not made. A granted one is a `TripAdjust`.
    #[serde(rename = "transit.completion_refused.v1")]
    CompletionRefused { trip_id: Digest, code: String },
    /// Operating → partner.
    #[serde(rename = "transit.split_notice.v1")]
    SplitNotice(SplitNotice),
    /// Partner → operating: the day on which the partner has booked its part. Its document is of that day on both sides.
    #[serde(rename = "transit.split_answer.v1")]
    SplitAnswer { of: Digest, partner: Division, booking_day: Date },
    /// Issuer of the documents → other, then back.
    #[serde(rename = "transit.day_totals.v1")]
    DayTotals(DayTotals),
    /// Both, when the totals differ.
    #[serde(rename = "transit.day_documents.v1")]
    DayDocuments(DayDocuments),
    /// Debtor → creditor.
    #[serde(rename = "transit.contest.v1")]
    Contest(Contest),
    /// Creditor → debtor.
    #[serde(rename = "transit.contest_answer.v1")]
    ContestAnswer(ContestAnswer),
    /// Creditor → debtor: the contest was not taken, and why.
    #[serde(rename = "transit.contest_refused.v1")]
    ContestRefused { contest: Uuid, code: String },
    /// Debtor → creditor: accepted, or not.
    #[serde(rename = "transit.contest_reply.v1")]
    ContestReply(ContestReply),

    /// Behind all documents of a period, to every other jurisdiction: the cut.
    #[serde(rename = "clearing.period_marker.v1")]
    PeriodMarker { period: Period },
    // To the clearing of the own node
    #[serde(rename = "clearing.documents.v1")]
    Documents(Documents),
    #[serde(rename = "clearing.marker.v1")]
    Marker(Marker),
    #[serde(rename = "clearing.hold.v1")]
    Hold(Hold),
    #[serde(rename = "clearing.given_back.v1")]
    GivenBack(GivenBack),
    // From the clearing of the own node
    #[serde(rename = "clearing.cut.v1")]
    Cut(Cut),
    #[serde(rename = "clearing.give_back.v1")]
    GiveBack(GiveBack),
    #[serde(rename = "clearing.cleared.v1")]
    Cleared(Cleared),
}

/// Home asks a visited city for its own ride code (拉取码). The account token is made for this one city.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeAsk {
    pub grant: Uuid,
    /// The city whose code is wanted.
    pub network: Division,
    /// The city whose account pays.
    pub home: Division,
    pub account: AccountToken,
    pub limit_fen: Fen,
    pub expiry: Instant,
    /// Compressed SM2 key of the phone, 66 hexadecimal digits.
    pub user_key: String,
}

/// The visited city's answer: fields 1 to 15 of its code, or why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeGrant {
    pub grant: Uuid,
    pub network: Division,
    /// Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorisation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    pub validity_s: u16,
}

/// Home's answer to a trip: the same for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeResult {
    pub trip_id: Digest,
    pub outcome: ChargeOutcome,
    pub booked_at: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeOutcome {
    Charged,
    /// The rider could not pay; home owes it all the same.
    ChargedDebt,
    /// Nothing is booked until it is decided; the reason is that of a contest, for instance `FARE_WRONG`.
    Contested {
        contest: Uuid,
        reason: String,
        /// What the reason rests on, for the creditor.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        evidence: String,
    },
}

impl ChargeOutcome {
    /// Whether home owes the amount.
    pub fn is_owed(&self) -> bool {
        !matches!(self, ChargeOutcome::Contested { .. })
    }
}

/// A change of a final trip. The latest replaces the earlier ones: at most one is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TripAdjust {
    pub adjust: Uuid,
    pub trip_id: Digest,
    /// 1, 2, … per trip.
    pub number: u32,
    pub added_taps: Vec<TapEvidence>,
    /// The trip as it stands now; its id, taps and days are those of the original.
    pub trip: Box<TripFinal>,
    /// New charge − original charge.
    pub delta_fen: Fen,
    /// New charge − what was in force before: what is booked.
    pub change_fen: Fen,
    /// `rider_completion`, `late_tap`, `gate_fault`, `contest` or `clerk`
    pub reason: String,
    pub evidence: String,
    pub booking_day: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdjustResult {
    pub adjust: Uuid,
    pub trip_id: Digest,
    pub outcome: ChargeOutcome,
}

/// A rider says where a single-sided trip began or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletionAsk {
    pub trip_id: Digest,
    pub account: AccountToken,
    pub station: u32,
}

/// Where a document of evidence is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidencePlace {
    pub tap: TapKey,
    /// Journal sequence of the entry that holds the record's bytes.
    pub entry: u64,
}
