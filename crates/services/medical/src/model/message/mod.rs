//! Messages between nodes (section 8), and what registry publishes. V = visited, H = home.

mod persons;

pub use persons::*;

use huitong_kernel::clearing::Period;
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
use super::filing::FilingState;
use super::filing_effect::{Alternative, FilingTerm};
use super::published::{InstitutionPublished, InsuredPublished};
use super::receipt::Receipt;
use super::reconciliation::{DayDocument, DayTotals};
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
    /// H→V
    #[serde(rename = "medical.filing_changed.v1")]
    FilingChanged(FilingChanged),
    #[serde(rename = "medical.visit_open.v1")]
    VisitOpen(VisitOpen),
    #[serde(rename = "medical.visit_answer.v1")]
    VisitAnswer(Answered<VisitOpened>),
    /// V→H: a stay has ended, goes on after all, or the registration is taken back.
    #[serde(rename = "medical.visit_changed.v1")]
    VisitChanged(VisitChanged),
    #[serde(rename = "medical.chronic_ask.v1")]
    ChronicAsk(ChronicAsk),
    #[serde(rename = "medical.chronic_answer.v1")]
    ChronicAnswer(Answered<ChronicState>),
    /// V→H: lines of a long stay, ahead of the question for a quote that names them.
    #[serde(rename = "medical.lines_split.v1")]
    LinesSplit(LinesPart),
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
    /// H→V, right after the answer that carries a document: what a receipt says of it, without personal data.
    #[serde(rename = "medical.receipt.v1")]
    Receipt(Receipt),

    /// H→V: the quota of a year, set or raised.
    #[serde(rename = "medical.prepay_notice.v1")]
    PrepayNotice(PrepayNotice),
    /// V→H: an emergency raise is asked for.
    #[serde(rename = "medical.prepay_raise.v1")]
    PrepayRaise(PrepayRaise),
    /// V→H: what visited's books hold of a day.
    #[serde(rename = "medical.day_totals.v1")]
    DayTotals(DayTotals),
    /// H→V: the same, or what home holds.
    #[serde(rename = "medical.day_diff.v1")]
    DayDiff(DayDiff),
    #[serde(rename = "medical.day_ask.v1")]
    DayAsk(DayAsk),

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

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrepayNotice {
    pub year: i16,
    pub quota_fen: Fen,
    /// The raise that this answers, and what was granted of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raise: Option<(Uuid, Fen)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrepayRaise {
    pub raise: Uuid,
    pub year: i16,
    pub amount_fen: Fen,
    pub reason: String,
}

/// Home's answer about a day: equal, or a page of its documents behind `after`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DayDiff {
    pub day: Date,
    pub after: String,
    pub is_equal: bool,
    pub is_last: bool,
    pub documents: Vec<DayDocument>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DayAsk {
    pub day: Date,
    pub after: String,
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

/// Some of the split lines of a batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinesPart {
    /// `mdtrt_id`
    pub number: String,
    pub lines: Box<RawValue>,
}

/// A batch's lines as visited split them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SplitBatch {
    pub batch: String,
    /// Versions under which the lines were split, each by its day.
    pub catalogues: Vec<DataVersion>,
    pub sums: LineSums,
    /// SHA-256 over the bytes of `lines`; of more than one part, over the hashes of the parts.
    pub lines_hash: Digest,
    /// SHA-256 of the parts that were sent before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_parts: Vec<Digest>,
    /// The split lines, or their last part; hashed and kept as they were sent.
    pub lines: Box<RawValue>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct QuoteAsk {
    pub correlation: String,
    /// `mdtrt_id`
    pub number: String,
    /// Of a stay: the day of discharge, or of the last line of an interim settlement.
    pub care_date: Date,
    /// `mid_setl_flag`: the stay goes on.
    #[serde(default)]
    pub interim: bool,
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
    /// First and last day of the lines.
    pub days: (Date, Date),
    #[serde(default)]
    pub interim: bool,
    pub account_wanted: bool,
    pub computation: Computation,
    /// What would be payable under each filing that the person can still make (15.4).
    pub alternatives: Vec<Alternative>,
    /// How and until when to file; absent where no other filing can be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing_term: Option<FilingTerm>,
    /// What the funds would pay of the same bill at home; an estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_home_fen: Option<Fen>,
    pub pack: DataVersion,
    pub grade: super::policy::Grade,
    /// The catalogues under which visited split the lines.
    pub catalogues: Vec<DataVersion>,
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
    /// 退费: also after its period was cut.
    #[serde(default)]
    pub refund: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelAnswer {
    pub correlation: String,
    pub result: Result<Box<SettledDocument>, Refusal>,
}
