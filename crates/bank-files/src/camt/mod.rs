//! What a bank tells of an account: statements (camt.053) and notifications of debits and credits (camt.054).

mod balance;
mod part;
mod read;

use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use serde::{Deserialize, Serialize};

use crate::party::Account;

pub(crate) use balance::yuan;
pub use read::read;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// camt.053: what is booked, with balances.
    Statement,
    /// camt.054: single debits and credits, without balances.
    Notification,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub kind: ReportKind,
    pub message_id: String,
    pub created_at: Instant,
    /// One for each statement or notification in it; a file has at least one.
    pub accounts: Vec<AccountReport>,
}

/// A statement or a notification of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountReport {
    /// Unique in its file.
    pub id: String,
    pub page: Option<Page>,
    /// The bank says that it has sent this before, or sends it to several (副本).
    pub is_copy: bool,
    pub account: Account,
    /// Of a statement: `OPBD`, or else `PRCD`, which is the same figure told by the day before.
    pub opening: Option<Balance>,
    /// Of a statement: `CLBD`.
    pub closing: Option<Balance>,
    pub entries: Vec<Entry>,
}

/// Of a statement that the bank sends in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    pub number: u32,
    pub is_last: bool,
}

/// What was on the account: negative when it was overdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub amount: Fen,
    pub date: Date,
}

/// Seen from the holder of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Money came (贷记).
    Credit,
    /// Money went (借记).
    Debit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// `BOOK` 已记账.
    Booked,
    /// `PDNG` 待记账: may still not come.
    Pending,
    /// `FUTR`: will be booked on a later day.
    Future,
    /// `INFO`: told only, never booked.
    Information,
}

/// A movement of the account; several transfers may be booked in one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Unique in its statement, when there is one.
    pub reference: Option<String>,
    /// The bank's own number of it.
    pub bank_reference: Option<String>,
    /// Never negative.
    pub amount: Fen,
    /// As booked: of the reversal of a debit it is `Credit`.
    pub side: Side,
    /// It takes back an earlier entry (冲正).
    pub is_reversal: bool,
    pub status: Status,
    pub booking_date: Option<Date>,
    pub value_date: Option<Date>,
    /// When several were booked together; a bank may tell this and no transactions.
    pub batch: Option<Batch>,
    pub transactions: Vec<Transaction>,
}

/// What was booked together, as the payment order named it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Of the order's file.
    pub message_id: Option<String>,
    /// Of the group in the order's file; of orders written here it is the file's.
    pub payment_id: Option<String>,
    pub transfers: Option<u64>,
}

/// A transfer within an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// Of the payment order's file.
    pub message_id: Option<String>,
    pub instruction_id: Option<String>,
    /// `NOTPROVIDED` is what banks write when there was none.
    pub end_to_end_id: Option<String>,
    /// Of an entry's only transaction: the entry's, when the bank repeats none.
    pub amount: Option<Fen>,
    /// When the bank tells it; otherwise the entry's.
    pub side: Option<Side>,
    pub debtor: Counterpart,
    pub creditor: Counterpart,
    /// Lines of up to 140 characters.
    pub remittance: Vec<String>,
    pub returned: Option<Return>,
}

/// A party as far as the bank names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counterpart {
    pub name: Option<String>,
    pub account: Option<Account>,
}

/// The transfer came back (退汇).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// Of the standard's list, for instance `AC04`: the account is closed.
    pub code: Option<String>,
    /// The bank's own reason, instead of a code.
    pub reason: Option<String>,
    /// Lines of up to 105 characters.
    pub information: Vec<String>,
}

impl ReportKind {
    pub(crate) fn message(self) -> &'static crate::structure::Message {
        match self {
            ReportKind::Statement => &crate::structure::STATEMENT,
            ReportKind::Notification => &crate::structure::NOTIFICATION,
        }
    }
}

impl Side {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Side::Credit => "CRDT",
            Side::Debit => "DBIT",
        }
    }

    /// Positive when money came.
    pub fn signed(self, amount: Fen) -> Fen {
        match self {
            Side::Credit => amount,
            Side::Debit => -amount,
        }
    }
}

impl Status {
    pub(crate) const ALL: [(Status, &'static str); 4] =
        [(Status::Booked, "BOOK"), (Status::Pending, "PDNG"), (Status::Future, "FUTR"), (Status::Information, "INFO")];
}

impl Entry {
    /// Positive when money came.
    pub fn signed(&self) -> Fen {
        self.side.signed(self.amount)
    }
}
