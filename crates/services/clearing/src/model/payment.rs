//! Payments (拨付) between the clearing accounts of jurisdictions, and how a bank's entries match them.

use huitong_kernel::division::Division;
use huitong_kernel::hash::HashFunction;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::named;
use serde::{Deserialize, Serialize};

named! {
    PaymentKind {
        Clearing = "clearing",
        /// Paid ahead (预付金).
        Prepayment = "prepayment",
    }
}

named! {
    PaymentState {
        /// At the payer: to be paid (待付).
        Instructed = "instructed",
        /// In a file for the bank (已导出).
        Exported = "exported",
        /// The bank gave it back; it is instructed again (退汇).
        Returned = "returned",
        /// At the payee: not all of it has come.
        Expected = "expected",
        /// The own bank has booked all of it; the other side has not said so yet.
        Booked = "booked",
        /// Both banks have booked it (已到账).
        Closed = "closed",
    }
}

named! {
    /// What became of an entry of a bank's report.
    Match {
        Full = "full",
        Partial = "partial",
        /// Money that went out has come back.
        Returned = "returned",
        /// No payment of this node: for a clerk.
        Unknown = "unknown",
        /// More than is open of the payment: for a clerk.
        Excess = "excess",
        /// The entry is not final in the bank's books, or says nothing of a payment.
        Ignored = "ignored",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// 32 hexadecimal digits, the same on both sides.
    pub payment: String,
    pub service: String,
    pub kind: PaymentKind,
    /// Period and scope of the batch; of prepayments empty.
    pub period: String,
    pub scope: String,
    pub payer: Division,
    pub payee: Division,
    pub amount_fen: Fen,
}

/// The first 16 bytes of SHA-256 over what makes a payment the one it is.
pub fn payment_id(service: &str, period: &str, scope: &str, payer: Division, payee: Division) -> String {
    let text = format!("huitong.clearing.payment.1 {service} {period} {scope} {payer} {payee}");
    let digest = HashFunction::Sha256.hash(&[text.as_bytes()]);
    digest.to_string()[..32].to_owned()
}

/// The end-to-end identification (ISO 20022, Max35Text): the payment, and which attempt from the second on.
pub fn end_to_end(payment: &str, attempt: u32) -> String {
    if attempt <= 1 { payment.to_owned() } else { format!("{payment}-{attempt}") }
}

/// The payment of an end-to-end identification, and its attempt.
pub fn of_end_to_end(text: &str) -> Option<(&str, u32)> {
    let (payment, attempt) = match text.split_once('-') {
        Some((payment, attempt)) => (payment, attempt.parse().ok().filter(|attempt| *attempt > 1)?),
        None => (text, 1),
    };
    is_payment_id(payment).then_some((payment, attempt))
}

/// 32 hexadecimal digits in small letters.
pub fn is_payment_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// The clearing account of a jurisdiction (清算账户).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BankAccount {
    #[schema(value_type = String)]
    pub division: Division,
    pub name: String,
    /// IBAN, or the bank's own number, at most 34 characters.
    pub account: String,
    /// CNAPS code of the bank, 12 digits (联行号).
    pub bank: String,
}

/// An entry of a bank's report, one transaction of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankEntry {
    /// The bank's reference and the place in its entry; unique with the direction.
    pub reference: String,
    pub is_credit: bool,
    pub amount_fen: Fen,
    pub booked_on: Date,
    pub end_to_end: String,
    /// In the bank's books, not only announced.
    pub is_booked: bool,
    /// The bank says that this gives back an earlier payment.
    pub is_return: bool,
    /// Remittance information or the reason of a return.
    pub text: String,
}

/// What was taken of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchedEntry {
    pub entry: BankEntry,
    pub result: Match,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<String>,
}

/// A file for the bank (pain.001): which payments it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFile {
    /// Message identification, at most 35 characters.
    pub file: String,
    pub created_at: Instant,
    pub execution_day: Date,
    /// Accounts as they were known when the file was made.
    pub debtor: BankAccount,
    pub payments: Vec<FilePayment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePayment {
    pub payment: String,
    pub end_to_end: String,
    pub creditor: BankAccount,
    /// What is left to pay.
    pub amount_fen: Fen,
    /// What it is for, at most 140 characters.
    pub text: String,
}
