//! What callers may wish, and what they are told.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::contest::{ContestState, Reason, Ruling};
use crate::model::payment::{BankAccount, BankEntry, Match, PaymentFile, PaymentState};

#[derive(Clone, Debug)]
pub enum Command {
    /// Cuts the open period; with `early` also before it is over.
    Close {
        service: String,
        period: Period,
        early: bool,
    },
    /// Confirms what this node owes by a statement that both sides hold alike.
    Confirm {
        service: String,
        period: Period,
        peer: Division,
    },
    OpenContest {
        document: Digest,
        reason: Reason,
        evidence: String,
    },
    AnswerContest {
        contest: Uuid,
        ruling: Ruling,
        amount: Option<Fen>,
        explanation: String,
        tribunal: Option<String>,
    },
    ReplyContest {
        contest: Uuid,
        accepts: bool,
        explanation: String,
    },
    /// Everything that is to be paid, as one file for the bank.
    ExportPayments,
    TakeBankReport {
        report: String,
        entries: Vec<BankEntry>,
    },
    Prepay {
        service: String,
        peer: Division,
        amount: Fen,
    },
    PayFromPrepayment {
        payment: String,
        amount: Fen,
    },
    /// The bank has rejected an order without booking it: it is instructed again.
    RejectPayment {
        payment: String,
    },
    SetLimit {
        service: String,
        peer: Division,
        amount: Option<Fen>,
    },
    SetBankAccount(BankAccount),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Closed { period: Period },
    Confirmed { payable_fen: Fen, held: usize },
    Contested { contest: Uuid, state: ContestState },
    Exported { file: Option<PaymentFile> },
    BankReport { entries: Vec<TakenEntry> },
    Payment { payment: String, state: PaymentState },
    LimitSet,
    AccountSet,
}

/// What became of an entry of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TakenEntry {
    pub reference: String,
    pub result: Match,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<String>,
}
