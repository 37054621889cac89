//! What happened, versioned by name; with the messages, complete enough to rebuild the views.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::entry::Sequence;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_ledger::Transfer;
use huitong_ledger::clearing::Share;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::accumulators::Deltas;
use crate::model::amounts::LineSums;
use crate::model::document::DataVersion;
use crate::model::lines::SplitLine;
use crate::model::message::{CallReference, FilingState, Quote, VisitFacts, VisitOpened};
use crate::model::person::Scheme;
use crate::model::published::{InstitutionPublished, InsuredPublished};
use crate::model::settle::Case;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", content = "body")]
pub enum Event {
    #[serde(rename = "medical.institution_known.v1")]
    InstitutionKnown(InstitutionPublished),
    #[serde(rename = "medical.insured_known.v1")]
    InsuredKnown(InsuredPublished),
    #[serde(rename = "medical.policy_published.v1")]
    PolicyPublished { version: DataVersion, scheme: Scheme, valid_from: Date, valid_to: Option<Date>, text: String },
    #[serde(rename = "medical.catalogue_published.v1")]
    CataloguePublished { version: DataVersion, valid_from: Date, valid_to: Option<Date>, text: String },
    #[serde(rename = "medical.account_credited.v1")]
    AccountCredited { person: String, reference: String, transfers: Vec<Transfer> },
    #[serde(rename = "medical.filing_made.v1")]
    FilingMade(FilingState),
    #[serde(rename = "medical.filing_revoked.v1")]
    FilingRevoked { filing: Uuid },

    // Visited side
    #[serde(rename = "medical.visit_asked.v1")]
    VisitAsked { facts: VisitFacts, home: Division },
    #[serde(rename = "medical.visit_opened.v1")]
    VisitOpened(VisitOpened),
    #[serde(rename = "medical.visit_refused.v1")]
    VisitRefused { visit: Uuid },
    #[serde(rename = "medical.lines_split.v1")]
    LinesSplit { visit: Uuid, batch: String, catalogue: DataVersion, sums: LineSums, lines: Vec<SplitLine> },
    #[serde(rename = "medical.lines_revoked.v1")]
    LinesRevoked { visit: Uuid, batch: String },
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
    #[serde(rename = "medical.quoted.v1")]
    Quoted { visited: Division, quote: Quote },
    #[serde(rename = "medical.settled.v1")]
    Settled(SettlementBooked),
    #[serde(rename = "medical.call_tombstoned.v1")]
    CallTombstoned { visited: Division, call: CallReference },

    // Both sides
    #[serde(rename = "medical.period_cut.v1")]
    PeriodCut { period: Period },
    #[serde(rename = "medical.shares_cleared.v1")]
    SharesCleared(SharesCleared),
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
