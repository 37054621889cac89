//! Messages between nodes (section 8), and what registry publishes. V = visited, H = home.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_ledger::clearing::{Cleared, Cut, Documents, GiveBack, GivenBack, Marker};
use huitong_service_kit::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::amounts::LineSums;
use super::document::{DataVersion, SettledDocument};
use super::filing::FilingKind;
use super::person::{CareType, HospitalLevel, Scheme};
use super::published::{InstitutionPublished, InsuredPublished};
use super::settle::Computation;

/// Written with the name first, so that a reader can take the body as it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "name", content = "body")]
pub enum Message {
    #[serde(rename = "registry.institution.v1")]
    Institution(InstitutionPublished),
    #[serde(rename = "registry.insured.v1")]
    Insured(InsuredPublished),
    #[serde(rename = "medical.eligibility_ask.v1")]
    EligibilityAsk(EligibilityAsk),
    #[serde(rename = "medical.eligibility_answer.v1")]
    EligibilityAnswer(Answered<Eligibility>),
    #[serde(rename = "medical.filing_ask.v1")]
    FilingAsk(FilingAsk),
    #[serde(rename = "medical.filing_answer.v1")]
    FilingAnswer(Answered<FilingState>),
    #[serde(rename = "medical.visit_open.v1")]
    VisitOpen(VisitOpen),
    #[serde(rename = "medical.visit_answer.v1")]
    VisitAnswer(Answered<VisitOpened>),
    #[serde(rename = "medical.quote_ask.v1")]
    QuoteAsk(QuoteAsk),
    #[serde(rename = "medical.quote_answer.v1")]
    QuoteAnswer(Answered<Quote>),
    /// Settles a quoted batch.
    #[serde(rename = "medical.commit.v1")]
    Commit(Commit),
    /// Registers, prices and settles an outpatient bill in one message.
    #[serde(rename = "medical.bill.v1")]
    Bill(Bill),
    #[serde(rename = "medical.commit_answer.v1")]
    CommitAnswer(CommitAnswer),
    #[serde(rename = "medical.query.v1")]
    Query(CallReference),
    #[serde(rename = "medical.query_answer.v1")]
    QueryAnswer(QueryAnswer),
    #[serde(rename = "medical.reverse.v1")]
    Reverse(CallReference),
    #[serde(rename = "medical.reverse_answer.v1")]
    ReverseAnswer(ReverseAnswer),
    #[serde(rename = "medical.cancel.v1")]
    Cancel(Cancel),
    #[serde(rename = "medical.cancel_answer.v1")]
    CancelAnswer(CancelAnswer),

    // With the clearing of the own node.
    #[serde(rename = "clearing.documents.v1")]
    Documents(Documents),
    #[serde(rename = "clearing.marker.v1")]
    Marker(Marker),
    #[serde(rename = "clearing.given_back.v1")]
    GivenBack(GivenBack),
    #[serde(rename = "clearing.cut.v1")]
    Cut(Cut),
    #[serde(rename = "clearing.give_back.v1")]
    GiveBack(GiveBack),
    #[serde(rename = "clearing.cleared.v1")]
    Cleared(Cleared),

    /// Between medical of two nodes, either way: what comes after it in the feed belongs to a later period.
    #[serde(rename = "clearing.period_marker.v1")]
    PeriodMarker(PeriodMarker),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodMarker {
    pub period: Period,
}

/// What the asked side says to a question, under the question's correlation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answered<T> {
    pub correlation: String,
    pub result: Result<T, Refusal>,
}

/// How a person shows who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// `mdtrt_cert_type`: 01 e-voucher, 02 identity card, 03 social security card
    pub kind: String,
    /// `mdtrt_cert_no`
    pub number: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EligibilityAsk {
    pub correlation: String,
    pub institution: String,
    pub home_area: Division,
    pub certificate: Certificate,
    pub care_type: CareType,
    pub care_date: Date,
    pub visited_area: Division,
}

/// EligibilityAnswer: benefit check with reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eligibility {
    pub person: String,
    /// First character and stars: the cashier compares with the card.
    pub name_masked: String,
    pub pool: Division,
    pub scheme: Scheme,
    pub in_force: bool,
    /// Whether direct settlement is possible now, and with which filing.
    pub direct: bool,
    pub filing: FilingKind,
    pub account_balance_fen: Fen,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FilingAsk {
    pub correlation: String,
    pub institution: String,
    pub home_area: Division,
    pub certificate: Certificate,
    pub kind: FilingKind,
    pub areas: Vec<Division>,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilingState {
    pub filing: Uuid,
    pub person: String,
    pub kind: FilingKind,
    pub areas: Vec<Division>,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    pub active: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitFacts {
    /// Visited's own id of the visit.
    pub visit: Uuid,
    pub institution: String,
    /// Division of the institution.
    pub visited_area: Division,
    pub level: HospitalLevel,
    pub home_area: Division,
    pub certificate: Certificate,
    pub scheme: Scheme,
    pub care_type: CareType,
    pub began_on: Date,
    /// `er_flag` = 1: counts as filed.
    pub emergency: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VisitOpen {
    pub correlation: String,
    pub facts: VisitFacts,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitOpened {
    pub visit: Uuid,
    /// `mdtrt_id`, issued by home so that numbers cannot collide
    pub number: String,
    pub person: String,
}

/// A batch's lines as visited split them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SplitBatch {
    pub batch: String,
    pub catalogue: DataVersion,
    pub sums: LineSums,
    /// SHA-256 over the bytes of `lines`.
    pub lines_hash: Digest,
    /// The split lines; hashed and kept as they were sent.
    pub lines: Box<RawValue>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct QuoteAsk {
    pub correlation: String,
    /// `mdtrt_id`
    pub number: String,
    pub care_date: Date,
    pub account_wanted: bool,
    pub batch: SplitBatch,
}

/// An offer: changes nothing, binds both until it expires or its basis changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub quote: Uuid,
    pub number: String,
    pub batch: String,
    pub lines_hash: Digest,
    pub care_date: Date,
    pub account_wanted: bool,
    pub computation: Computation,
    /// What the funds would pay under each filing the person can still make (15.4).
    pub alternatives: Vec<(FilingKind, Fen)>,
    pub pack: DataVersion,
    pub grade: super::policy::Grade,
    /// The catalogue under which visited split the lines.
    pub catalogue: DataVersion,
    pub accumulators_version: u64,
    pub expires_at: Instant,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Commit {
    pub institution: String,
    pub message_id: String,
    pub number: String,
    pub batch: String,
    pub quote: Uuid,
    pub lines_hash: Digest,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bill {
    pub message_id: String,
    pub care_date: Date,
    pub account_wanted: bool,
    pub facts: VisitFacts,
    pub batch: SplitBatch,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CommitAnswer {
    pub institution: String,
    pub message_id: String,
    pub outcome: CommitOutcome,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommitOutcome {
    Settled(Box<SettledDocument>),
    /// Nothing was booked; here is the offer as it would be now.
    Stale {
        reason: Refusal,
        quote: Box<Quote>,
    },
    Refused(Refusal),
}

/// A call of an institution, by its message id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallReference {
    pub institution: String,
    pub message_id: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct QueryAnswer {
    pub institution: String,
    pub message_id: String,
    pub found: Found,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    Settled { settlement: String },
    NotFound,
    Tombstone,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReverseAnswer {
    pub institution: String,
    pub message_id: String,
    pub outcome: ReverseOutcome,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReverseOutcome {
    /// It had been booked; the contra is.
    Reversed(Box<SettledDocument>),
    /// Nothing was booked and never will be under that id.
    NothingBooked,
    Refused(Refusal),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cancel {
    pub correlation: String,
    pub settlement: String,
    pub institution: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelAnswer {
    pub correlation: String,
    pub result: Result<Box<SettledDocument>, Refusal>,
}
