//! What followed: facts, complete enough to rebuild the views without outside data; versioned by name.

use huitong_kernel::clearing::{ClearingRule, Period};
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_ledger::Transfer;
use huitong_ledger::clearing::{Documents, Hold, Marker, Share};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::batch::{Batch, Declaration};
use crate::model::clock::Clock;
use crate::model::contest::{Answer, Contest, ContestState};
use crate::model::message::LaneOf;
use crate::model::payment::{BankAccount, MatchedEntry, Payment, PaymentFile, PaymentState};
use crate::model::statement::{Confirmation, Difference, Shares, State, Statement};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", content = "of")]
pub enum Event {
    #[serde(rename = "clearing.documents_taken.v1")]
    DocumentsTaken(DocumentsTaken),
    /// A service whose periods run from now on, or whose open period was looked at.
    #[serde(rename = "clearing.service_looked_at.v1")]
    ServiceLookedAt { service: String, next_day: Date, next_at: Instant },
    #[serde(rename = "clearing.period_cut.v1")]
    PeriodCut { service: String, period: Period, next_day: Date, next_at: Instant, reason: CutReason },
    #[serde(rename = "clearing.marker_taken.v1")]
    MarkerTaken { service: String, marker: Marker },

    #[serde(rename = "clearing.stated.v1")]
    Stated(Box<Stated>),
    /// The other side's statement, which may come before the own one can be made.
    #[serde(rename = "clearing.statement_held.v1")]
    StatementHeld { peer: Division, statement: Statement },
    /// What comparing the two statements gave.
    #[serde(rename = "clearing.compared.v1")]
    Compared { service: String, period: Period, peer: Division, state: State },
    /// A span of a lane whose roots differ is looked into; of a lane that goes out, its receiver looks.
    #[serde(rename = "clearing.span_opened.v1")]
    SpanOpened { lane: LaneOf, peer: Division, after: u64, up_to: u64 },
    #[serde(rename = "clearing.span_closed.v1")]
    SpanClosed { lane: LaneOf, peer: Division, after: u64, up_to: u64, differences: Vec<Difference> },
    #[serde(rename = "clearing.confirmed.v1")]
    Confirmed(Box<Confirmed>),

    #[serde(rename = "clearing.service_hold.v1")]
    ServiceHold { service: String, hold: Hold },
    #[serde(rename = "clearing.contest_opened.v1")]
    ContestOpened { contest: Box<Contest>, peer: Division, own_debt: bool },
    #[serde(rename = "clearing.contest_answered.v1")]
    ContestAnswered { answer: Answer },
    #[serde(rename = "clearing.contest_moved.v1")]
    ContestMoved { contest: Uuid, state: ContestState, explanation: String },
    /// The service was asked to give back, or has answered.
    #[serde(rename = "clearing.given_back.v1")]
    GivenBack { contest: Uuid, outcome: String },

    #[serde(rename = "clearing.declared.v1")]
    Declared { declaration: Declaration, digest: Digest, number: u64 },
    #[serde(rename = "clearing.batch_known.v1")]
    BatchKnown { batch: Box<Batch>, digest: Digest, state: BatchState, number: u64 },
    #[serde(rename = "clearing.batch_answered.v1")]
    BatchAnswered { service: String, period: Period, attempt: u32, member: Division, accepts: bool },
    /// A batch has ended; with the statements of this node that it holds, its payments and their postings.
    #[serde(rename = "clearing.batch_ended.v1")]
    BatchEnded(Box<BatchEnded>),

    #[serde(rename = "clearing.payments_exported.v1")]
    PaymentsExported { file: PaymentFile },
    #[serde(rename = "clearing.bank_report_taken.v1")]
    BankReportTaken { report: String, entries: Vec<MatchedEntry>, transfers: Vec<Transfer> },
    #[serde(rename = "clearing.payment_moved.v1")]
    PaymentMoved(Box<PaymentMoved>),
    /// What another jurisdiction says of a payment that is not known here yet.
    #[serde(rename = "clearing.early_news.v1")]
    EarlyNews { early: Early },
    #[serde(rename = "clearing.early_news_taken.v1")]
    EarlyNewsTaken { early: Early },
    #[serde(rename = "clearing.batch_closed.v1")]
    BatchClosed { service: String, period: Period, scope: String },
    #[serde(rename = "clearing.prepayment_known.v1")]
    PrepaymentKnown { payment: Payment, state: PaymentState, transfers: Vec<Transfer> },
    #[serde(rename = "clearing.bank_account.v1")]
    BankAccountKnown { account: BankAccount },

    #[serde(rename = "clearing.limit_set.v1")]
    LimitSet { service: String, peer: Division, amount_fen: Option<Fen> },
    #[serde(rename = "clearing.limit_band.v1")]
    LimitBand { service: String, peer: Division, percent: u8 },

    #[serde(rename = "clearing.clock_started.v1")]
    ClockStarted { clock: Clock },
    #[serde(rename = "clearing.clock_looked_at.v1")]
    ClockLookedAt { subject: String, next_at: Instant, stage: String },
    #[serde(rename = "clearing.clock_stopped.v1")]
    ClockStopped { subject: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutReason {
    Over,
    Clerk,
    /// Another jurisdiction has cut it: a cut goes through the whole region.
    Peer,
}

impl CutReason {
    pub fn name(self) -> &'static str {
        match self {
            CutReason::Over => "over",
            CutReason::Clerk => "clerk",
            CutReason::Peer => "peer",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentsTaken {
    pub service: String,
    /// The other node of the lane.
    pub peer: Division,
    pub documents: Documents,
    /// Of each document whether its debtor is of the lane's sender.
    pub sender_owes: Vec<bool>,
}

/// The own statement, with what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    pub statement: Statement,
    pub peer: Division,
    pub rule: ClearingRule,
    /// All documents by division and part.
    pub shares: Shares,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    pub peer: Division,
    pub confirmation: Confirmation,
    /// Whether this node is the debtor.
    pub is_own: bool,
    /// The amounts held, in the order of the confirmation.
    pub held: Vec<Fen>,
    /// Both sides have confirmed now.
    pub is_complete: bool,
    /// The shares that are paid for this direction: held ones are left out, released ones are in.
    pub shares: Vec<Share>,
    pub transfers: Vec<Transfer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    Proposed,
    Accepted,
    Final,
    Void,
    Closed,
}

impl BatchState {
    pub fn name(self) -> &'static str {
        match self {
            BatchState::Proposed => "proposed",
            BatchState::Accepted => "accepted",
            BatchState::Final => "final",
            BatchState::Void => "void",
            BatchState::Closed => "closed",
        }
    }
}

impl std::str::FromStr for BatchState {
    type Err = ();
    fn from_str(name: &str) -> Result<BatchState, ()> {
        let all = [BatchState::Proposed, BatchState::Accepted, BatchState::Final, BatchState::Void, BatchState::Closed];
        all.into_iter().find(|state| state.name() == name).ok_or(())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchEnded {
    pub batch: Batch,
    pub digest: Digest,
    pub is_final: bool,
    /// Of the message that told it; 0: made here.
    pub number: u64,
    /// The own statements in it: period and other jurisdiction.
    pub statements: Vec<(String, Division)>,
    /// Those that were declared for it and are not in it: they wait for the next.
    pub left_out: Vec<(String, Division)>,
    pub payments: Vec<(Payment, PaymentState)>,
    pub transfers: Vec<Transfer>,
}

impl BatchEnded {
    /// An attempt that has failed: nothing follows from it but the next one.
    pub fn void(batch: Batch, number: u64) -> BatchEnded {
        BatchEnded {
            digest: batch.digest(),
            batch,
            is_final: false,
            number,
            statements: Vec::new(),
            left_out: Vec::new(),
            payments: Vec::new(),
            transfers: Vec::new(),
        }
    }
}

/// What a bank, the other side or the prepayment has made of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentMoved {
    pub payment: String,
    pub state: PaymentState,
    pub attempt: u32,
    pub own_fen: Fen,
    pub their_fen: Fen,
    pub prepaid_fen: Fen,
    pub transfers: Vec<Transfer>,
}

/// News of a payment that waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Early {
    pub payment: String,
    pub peer: Division,
    pub kind: EarlyKind,
    pub amount_fen: Fen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EarlyKind {
    /// The other bank has booked it.
    Advice,
    /// It was taken from what was paid ahead.
    Prepaid,
}

impl EarlyKind {
    pub fn name(self) -> &'static str {
        match self {
            EarlyKind::Advice => "advice",
            EarlyKind::Prepaid => "prepaid",
        }
    }
}

impl std::str::FromStr for EarlyKind {
    type Err = ();
    fn from_str(name: &str) -> Result<EarlyKind, ()> {
        [EarlyKind::Advice, EarlyKind::Prepaid].into_iter().find(|kind| kind.name() == name).ok_or(())
    }
}
