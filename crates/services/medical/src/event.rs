//! What happened, versioned by name; with the messages, complete enough to rebuild the views.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::entry::Sequence;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_ledger::Transfer;
use huitong_ledger::clearing::Share;
use huitong_service_kit::Refusal;
use huitong_service_kit::named;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::accumulators::Deltas;
use crate::model::document::DataVersion;
use crate::model::filing::{FilingState, FilingStatus};
use crate::model::lines::{Returned, SplitLine};
use crate::model::message::{
    CallReference, ChronicState, FilingChanged, LinesPart, PrepayRaise, Quote, VisitChange, VisitChanged, VisitFacts,
    VisitOpened,
};
use crate::model::person::Scheme;
use crate::model::published::{InstitutionPublished, InsuredPublished};
use crate::model::reconciliation::{DayDifference, DifferenceStep, Reconciliation};
use crate::model::settle::Case;
use crate::model::visit::VisitDetails;
use crate::national::archive::FileForm;
use crate::pool::ask::{Asker, PoolAsk, PoolComputing, SignedAnswer};
use crate::query::settlements::Role;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", content = "body")]
pub enum Event {
    #[serde(rename = "medical.institution_known.v1")]
    InstitutionKnown(InstitutionPublished),
    #[serde(rename = "medical.insured_known.v1")]
    InsuredKnown(InsuredPublished),
    #[serde(rename = "medical.policy_published.v1")]
    PolicyPublished {
        version: DataVersion,
        scheme: Scheme,
        valid_from: Date,
        valid_to: Option<Date>,
        /// From `valid_from` on that version holds no more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        supersedes: Option<String>,
        text: String,
    },
    /// A version that nothing was priced with holds no more.
    #[serde(rename = "medical.policy_withdrawn.v1")]
    PolicyWithdrawn {
        area: Division,
        scheme: Scheme,
        version: String,
        /// The version that it had superseded holds again, as long as it says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restores: Option<Restored>,
    },
    #[serde(rename = "medical.catalogue_published.v1")]
    CataloguePublished {
        version: DataVersion,
        valid_from: Date,
        valid_to: Option<Date>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        supersedes: Option<String>,
        text: String,
    },
    #[serde(rename = "medical.account_credited.v1")]
    AccountCredited { person: String, reference: String, transfers: Vec<Transfer> },
    #[serde(rename = "medical.filing_made.v1")]
    FilingMade(FilingState),
    /// Suspended, active again, revoked, or superseded by another.
    #[serde(rename = "medical.filing_moved.v1")]
    FilingMoved { filing: Uuid, status: FilingStatus },
    #[serde(rename = "medical.chronic_registered.v1")]
    ChronicRegistered(ChronicState),
    #[serde(rename = "medical.chronic_ended.v1")]
    ChronicEnded { registration: Uuid, valid_to: Date },

    // Visited side
    #[serde(rename = "medical.national_answered.v1")]
    NationalAnswered(KeptAnswer),
    #[serde(rename = "medical.reconciled.v1")]
    Reconciled(Box<Reconciliation>),
    /// As journals of before say it: of the first difference of that document that is open.
    #[serde(rename = "medical.difference_resolved.v1")]
    DifferenceResolved { reconciliation: Uuid, settlement: String },
    #[serde(rename = "medical.difference_moved.v1")]
    DifferenceMoved(DifferenceMoved),
    #[serde(rename = "medical.day_moved.v1")]
    DayMoved { home: Division, day: Date, state: DayState },
    #[serde(rename = "medical.day_differs.v1")]
    DayDiffers {
        home: Division,
        day: Date,
        /// As journals of before say it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        settlements: Vec<String>,
        #[serde(default)]
        differences: Vec<DayDifference>,
    },
    #[serde(rename = "medical.file_kept.v1")]
    FileKept(KeptFile),
    #[serde(rename = "medical.visit_asked.v1")]
    VisitAsked { facts: VisitFacts, home: Division },
    #[serde(rename = "medical.visit_opened.v1")]
    VisitOpened(VisitOpened),
    #[serde(rename = "medical.visit_refused.v1")]
    VisitRefused { visit: Uuid },
    /// What the hospital says of a visit: at its registration, and later.
    #[serde(rename = "medical.visit_described.v1")]
    VisitDescribed { visit: Uuid, details: Box<VisitDetails> },
    /// Home is told.
    #[serde(rename = "medical.visit_moved.v1")]
    VisitMoved { visit: Uuid, change: VisitChange },
    #[serde(rename = "medical.filing_noted.v1")]
    FilingNoted(FilingChanged),
    /// A hospital here asks home to file.
    #[serde(rename = "medical.filing_asked.v1")]
    FilingAsked { correlation: String, institution: String, home: Division },
    /// What home has made of it; nothing where it has refused.
    #[serde(rename = "medical.filing_answered.v1")]
    FilingAnswered { correlation: String, filing: Option<FilingState> },
    /// Home has told how it stands now.
    #[serde(rename = "medical.asked_filing_moved.v1")]
    AskedFilingMoved { correlation: String, status: FilingStatus },
    #[serde(rename = "medical.lines_split.v1")]
    LinesSplit(LinesSplit),
    #[serde(rename = "medical.lines_revoked.v1")]
    LinesRevoked { visit: Uuid, batch: String },
    #[serde(rename = "medical.chosen_lines_revoked.v1")]
    ChosenLinesRevoked {
        visit: Uuid,
        batch: String,
        numbers: Vec<String>,
        /// Lines of which a return was revoked, as they are now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changed: Vec<SplitLine>,
    },
    #[serde(rename = "medical.batch_quoted.v1")]
    BatchQuoted { visit: Uuid, batch: String, quote: Quote },
    #[serde(rename = "medical.call_sent.v1")]
    CallSent {
        call: CallReference,
        home: Division,
        visit: Option<Uuid>,
        batch: String,
        /// Number of the message in the feed to home.
        number: Sequence,
        query_at: Instant,
    },
    #[serde(rename = "medical.call_unknown.v1")]
    CallUnknown { call: CallReference, reverse_at: Instant },
    #[serde(rename = "medical.call_reversing.v1")]
    CallReversing { call: CallReference },
    #[serde(rename = "medical.call_ended.v1")]
    CallEnded { call: CallReference, state: CallState, settlement: Option<String>, code: Option<String> },
    #[serde(rename = "medical.cancel_asked.v1")]
    CancelAsked { correlation: String, settlement: String },
    #[serde(rename = "medical.cancel_ended.v1")]
    CancelEnded { correlation: String },
    #[serde(rename = "medical.settlement_received.v1")]
    SettlementReceived(SettlementBooked),

    // Home side
    #[serde(rename = "medical.visit_issued.v1")]
    VisitIssued { facts: VisitFacts, number: String, person: String, visited: Division, serial: u64 },
    #[serde(rename = "medical.visit_changed.v1")]
    VisitChanged(VisitChanged),
    #[serde(rename = "medical.lines_held.v1")]
    LinesHeld { hash: Digest, part: LinesPart },
    #[serde(rename = "medical.quoted.v1")]
    Quoted { visited: Division, quote: Quote },
    #[serde(rename = "medical.settled.v1")]
    Settled(SettlementBooked),
    #[serde(rename = "medical.call_tombstoned.v1")]
    CallTombstoned { visited: Division, call: CallReference },

    // Home side, with the core system of a pool
    #[serde(rename = "medical.pool_computing_set.v1")]
    PoolComputingSet(PoolComputing),
    #[serde(rename = "medical.pool_asked.v1")]
    PoolAsked(Box<PoolAsk>),
    /// A settling call was posted, and what became of it is not known.
    #[serde(rename = "medical.pool_unknown.v1")]
    PoolUnknown { ask: Uuid },
    /// It is taken back there, or kept from ever being booked.
    #[serde(rename = "medical.pool_reversing.v1")]
    PoolReversing {
        ask: Uuid,
        /// The visited node that has asked for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_by: Option<Asker>,
        /// What the visited node will be told, where it has not asked for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refusal: Option<Refusal>,
    },
    /// What the pool has signed: the evidence of what follows from it.
    #[serde(rename = "medical.pool_answered.v1")]
    PoolAnswered(SignedAnswer),
    #[serde(rename = "medical.pool_ended.v1")]
    PoolEnded { ask: Uuid },
    /// The duty officer was told that an answer is missing.
    #[serde(rename = "medical.pool_missed.v1")]
    PoolMissed { ask: Uuid, next: Instant },

    // Both sides
    /// A quota is set (home), or told (visited).
    #[serde(rename = "medical.quota_set.v1")]
    QuotaSet { role: Role, peer: Division, year: i16, quota_fen: Fen },
    /// The percent that is alarmed now.
    #[serde(rename = "medical.quota_band.v1")]
    QuotaBand { role: Role, peer: Division, year: i16, band: u8 },
    #[serde(rename = "medical.raise_asked.v1")]
    RaiseAsked { role: Role, peer: Division, raise: PrepayRaise, due_at: Option<Instant> },
    #[serde(rename = "medical.raise_ended.v1")]
    RaiseEnded { raise: Uuid, granted_fen: Fen },
    #[serde(rename = "medical.raise_overdue.v1")]
    RaiseOverdue { raise: Uuid },
    #[serde(rename = "medical.hospital_posted.v1")]
    HospitalPosted(HospitalPosted),
    #[serde(rename = "medical.period_cut.v1")]
    PeriodCut { period: Period },
    #[serde(rename = "medical.shares_cleared.v1")]
    SharesCleared(SharesCleared),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    pub version: String,
    /// Exclusive.
    pub valid_to: Option<Date>,
}

named! {
    /// How a day with another jurisdiction stands.
    DayState {
        Open = "open",
        /// Home was told what this side holds.
        Told = "told",
        Equal = "equal",
        Differs = "differs",
    }
}

named! {
    /// What is posted to a hospital's account beside settlements (section 9).
    HospitalPosting {
        /// Dr payable(hospital) / Cr bank
        Paid = "paid",
        /// 病组、病种付费差额: between the price of the group and the bill; negative where the hospital gets less
        GroupDifference = "group_difference",
        /// 审核扣款
        AuditCut = "audit_cut",
    }
}

/// What became of a difference with a hospital.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferenceMoved {
    pub reconciliation: Uuid,
    /// Its place in the comparison, from 1 on.
    pub number: usize,
    pub step: DifferenceStep,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HospitalPosted {
    pub institution: String,
    pub posting: HospitalPosting,
    pub amount_fen: Fen,
    /// Of the clerk's; once for each institution.
    pub reference: String,
    pub transfers: Vec<Transfer>,
}

/// A file of the national interface (9101, 9102).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    /// `file_qury_no`
    pub file: String,
    pub institution: String,
    pub name: String,
    #[serde(default)]
    pub form: FileForm,
    /// Unpacked.
    pub text: String,
    pub until: Instant,
}

/// The answer to a message of the national interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAnswer {
    pub institution: String,
    /// `msgid`
    pub message_id: String,
    /// SHA-256 of the message.
    pub request: Digest,
    /// As it was sent.
    pub answer: String,
}

/// Lines of a batch, split.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinesSplit {
    pub visit: Uuid,
    pub batch: String,
    /// Whether they take the place of all that the batch has, or come to them.
    pub replaces: bool,
    pub catalogues: Vec<DataVersion>,
    pub lines: Vec<SplitLine>,
    /// Lines of earlier calls of which something was returned, as they are now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<SplitLine>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returns: Vec<Returned>,
}

/// What is paid between this node and a peer for a period, and its money.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SharesCleared {
    pub period: Period,
    pub peer: Division,
    pub shares: Vec<Share>,
    pub transfers: Vec<Transfer>,
}

/// How a visited call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// Sent, not answered yet.
    Sent,
    /// The deadline passed; home is being queried.
    Unknown,
    /// The reversal is on its way.
    Reversing,
    Settled,
    Refused,
    /// It had been booked and was reversed.
    Reversed,
    /// Nothing was booked and never will be under this id.
    Tombstone,
}

/// A settled document as one side books it. The document itself is the message with number `number` of the feed from home
/// to visited.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettlementBooked {
    pub settlement: String,
    pub call: CallReference,
    pub visited: Division,
    pub home: Division,
    pub home_area: Division,
    pub visit: String,
    pub batch: String,
    pub person: String,
    pub scheme: Scheme,
    pub insurance_year: i16,
    pub settled_at: Instant,
    pub period: String,
    /// Home only: the serial of its number.
    #[serde(default)]
    pub serial: u64,
    pub number: Sequence,
    /// RFC 9162 leaf hash of the document's bytes.
    pub document: Digest,
    pub total_fen: Fen,
    pub fund_total_fen: Fen,
    pub person_total_fen: Fen,
    pub account_fen: Fen,
    pub cash_fen: Fen,
    /// Home only: what it adds to the accumulators.
    #[serde(default, skip_serializing_if = "Deltas::is_empty")]
    pub deltas: Deltas,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contra_of: Option<String>,
    /// Whether it ends a stay; of a contra, whether it opens the stay again.
    #[serde(default)]
    pub ends_stay: bool,
    /// What it takes of the deductible, and the admission of the year as which it counts.
    #[serde(default)]
    pub deductible_fen: Fen,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admission: Option<u32>,
    /// Home only: what each fund pays, by its `fund_pay_type`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub funds: Vec<(String, Fen)>,
    /// Home only: what the calculation looked at, so that it can be done again from this entry alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<Box<Case>>,
    /// Money and its reason are one record.
    pub transfers: Vec<Transfer>,
}

impl CallState {
    pub fn name(self) -> &'static str {
        match self {
            CallState::Sent => "sent",
            CallState::Unknown => "unknown",
            CallState::Reversing => "reversing",
            CallState::Settled => "settled",
            CallState::Refused => "refused",
            CallState::Reversed => "reversed",
            CallState::Tombstone => "tombstone",
        }
    }

    pub fn parse(name: &str) -> Option<CallState> {
        use CallState::{Refused, Reversed, Reversing, Sent, Settled, Tombstone, Unknown};
        [Sent, Unknown, Reversing, Settled, Refused, Reversed, Tombstone].into_iter().find(|state| state.name() == name)
    }

    /// Whether the outcome is still open: the cashier waits.
    pub fn is_open(self) -> bool {
        matches!(self, CallState::Sent | CallState::Unknown | CallState::Reversing)
    }
}
