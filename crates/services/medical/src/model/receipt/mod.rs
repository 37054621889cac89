//! The verifiable receipt (15.5): what a third party can check with nothing but the region's manifest.
//!
//! A settled document holds personal data, and its leaf hash covers all of it, so no sum can be proved from it without showing the
//! rest. Home therefore sends a second message right after it, `medical.receipt.v1`: the sums, and the hash of the document. That
//! message is a leaf of its own in the feed to visited, under the same signed and receipted checkpoints (decision 0018).
//!
//! A [`token::Token`] carries that message with its inclusion proof; [`verify::verify`] checks one.

pub mod base45;
pub mod token;
pub mod verify;

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use serde::{Deserialize, Serialize};

use super::document::SettledDocument;

/// What home says of a settled document to whoever holds its receipt. No personal data. All amounts are negative for a contra.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// `setl_id`
    pub settlement: String,
    /// The settlement that this one takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contra_of: Option<String>,
    pub settled_at: Instant,
    /// `medfee_sumamt`
    pub total_fen: Fen,
    /// `fund_pay_sumamt`
    pub fund_fen: Fen,
    /// `psn_part_amt`
    pub person_fen: Fen,
    /// Of the person's: `acct_pay` and `acct_mulaid_pay`
    pub account_fen: Fen,
    /// Of the person's: `psn_cash_pay`
    pub cash_fen: Fen,
    /// `hosp_part_amt`
    pub hospital_fen: Fen,
    /// RFC 9162 leaf hash of the document.
    pub document: Digest,
}

impl Receipt {
    /// The receipt of a document with this leaf hash.
    pub fn of(document: &SettledDocument, leaf: Digest) -> Receipt {
        let amounts = &document.amounts;
        Receipt {
            settlement: document.settlement.clone(),
            contra_of: document.contra_of.clone(),
            settled_at: document.settled_at,
            total_fen: amounts.lines.total_fen,
            fund_fen: amounts.fund_total_fen,
            person_fen: amounts.person_total_fen,
            account_fen: amounts.account_fen + amounts.mutual_aid_fen,
            cash_fen: amounts.cash_fen,
            hospital_fen: amounts.hospital_share_fen,
            document: leaf,
        }
    }

    /// Total = fund + person + hospital, and person = account + cash.
    pub fn adds_up(&self) -> bool {
        let sum = |parts: &[Fen]| parts.iter().map(|part| i128::from(part.0)).sum::<i128>();
        sum(&[self.total_fen]) == sum(&[self.fund_fen, self.person_fen, self.hospital_fen])
            && sum(&[self.person_fen]) == sum(&[self.account_fen, self.cash_fen])
    }
}
