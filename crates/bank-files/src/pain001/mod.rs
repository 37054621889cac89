//! Payment orders: CustomerCreditTransferInitiation (pain.001.001.09), one debtor's account and its transfers on one day.

mod read;
mod write;

use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use serde::{Deserialize, Serialize};

use crate::party::Party;

pub use read::read;
pub(crate) use write::account;
pub use write::write;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Initiation {
    /// 1 to 35 characters, never used twice at one bank. The file's one payment group is identified by it too.
    pub message_id: String,
    pub created_at: Instant,
    /// Who sends the file; 1 to 140 characters.
    pub initiating_party: String,
    pub debtor: Party,
    pub requested_execution_date: Date,
    /// 1 to [`crate::limits::TRANSFERS_MAX`].
    pub transfers: Vec<Transfer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// 1 to 35 characters, unique in its file; between this party and its bank.
    pub instruction_id: String,
    /// 1 to 35 characters, unique in its file; goes to the creditor.
    pub end_to_end_id: String,
    /// More than nothing.
    pub amount: Fen,
    pub creditor: Party,
    /// What the creditor reads; 1 to 140 characters.
    pub remittance: Option<String>,
}
