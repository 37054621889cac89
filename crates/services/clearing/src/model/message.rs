//! Messages of clearing: with the services of its own node, and with the clearing of other jurisdictions.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::{Cleared, Cut, Documents, GiveBack, GivenBack, Hold, Marker};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::batch::{Batch, Declaration};
use super::contest::{Answer, Contest, Reply};
use super::payment::BankAccount;
use super::statement::{Confirmation, Difference, Listed, Span, Statement};

/// Written with the name first, so that a reader can take the body as it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "name", content = "body")]
pub enum Message {
    // With the services of the own node.
    #[serde(rename = "clearing.documents.v1")]
    Documents(Documents),
    #[serde(rename = "clearing.marker.v1")]
    Marker(Marker),
    #[serde(rename = "clearing.hold.v1")]
    Hold(Hold),
    #[serde(rename = "clearing.given_back.v1")]
    GivenBack(GivenBack),
    #[serde(rename = "clearing.cut.v1")]
    Cut(Cut),
    #[serde(rename = "clearing.give_back.v1")]
    GiveBack(GiveBack),
    #[serde(rename = "clearing.cleared.v1")]
    Cleared(Cleared),
    // With other jurisdictions.
    #[serde(rename = "clearing.statement.v1")]
    Statement(Statement),
    /// From a lane's receiver to its sender.
    #[serde(rename = "clearing.spans_ask.v1")]
    SpansAsk(SpansAsk),
    #[serde(rename = "clearing.spans.v1")]
    Spans(Spans),
    /// From a lane's receiver: what it has found, which may be nothing.
    #[serde(rename = "clearing.differences.v1")]
    Differences(Differences),
    #[serde(rename = "clearing.confirmation.v1")]
    Confirmation(Confirmation),
    #[serde(rename = "clearing.contest.v1")]
    Contest(Contest),
    #[serde(rename = "clearing.contest_refused.v1")]
    ContestRefused { contest: Uuid, code: String },
    #[serde(rename = "clearing.contest_answer.v1")]
    ContestAnswer(Answer),
    #[serde(rename = "clearing.contest_reply.v1")]
    ContestReply(Reply),
    #[serde(rename = "clearing.declaration.v1")]
    Declaration(Declaration),
    /// From the agent to the members.
    #[serde(rename = "clearing.batch.v1")]
    Batch(Batch),
    #[serde(rename = "clearing.batch_answer.v1")]
    BatchAnswer(BatchAnswer),
    /// From the agent to all.
    #[serde(rename = "clearing.batch_end.v1")]
    BatchEnd(BatchEnd),
    /// The own bank has booked so much of a payment in all.
    #[serde(rename = "clearing.payment_advice.v1")]
    PaymentAdvice(PaymentAdvice),
    #[serde(rename = "clearing.prepayment.v1")]
    Prepayment(Prepayment),
    #[serde(rename = "clearing.prepaid.v1")]
    Prepaid(Prepaid),
    #[serde(rename = "clearing.bank_account.v1")]
    BankAccount(BankAccount),
}

/// Which lane of which statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LaneOf {
    pub service: String,
    pub period: String,
    pub sender: Division,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpansAsk {
    pub lane: LaneOf,
    /// The messages of the lane behind `after`, up to `up_to`.
    pub after: u64,
    pub up_to: u64,
}

/// Parts of the span that was asked for; one that is short comes as its documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spans {
    pub lane: LaneOf,
    pub after: u64,
    pub up_to: u64,
    pub parts: Vec<Span>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<Vec<Listed>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differences {
    pub lane: LaneOf,
    pub differences: Vec<Difference>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchAnswer {
    pub service: String,
    pub period: Period,
    pub attempt: u32,
    pub digest: Digest,
    /// Why it is not accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchEnd {
    pub batch: Batch,
    /// Else it is void: its statements wait for the next.
    pub is_final: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAdvice {
    pub payment: String,
    pub booked_fen: Fen,
}

/// A payer announces a prepayment, so that its payee expects it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepayment {
    pub payment: String,
    pub service: String,
    pub amount_fen: Fen,
}

/// A payer takes a payment, or a part of it, from what it has prepaid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepaid {
    pub payment: String,
    pub amount_fen: Fen,
}
