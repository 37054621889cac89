//! Who pays, who is paid, and at which bank.

use serde::{Deserialize, Serialize};

/// An account as its bank names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// ISO 13616, with check digits.
    Iban(String),
    /// Any other number, 1 to 34 characters: the usual case in China.
    Other(String),
}

/// A bank.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agent {
    /// ISO 9362, 8 or 11 characters.
    Bic(String),
    /// 联行号: 12 digits, the number of a branch in the payment system of the People's Bank; `CNAPS` in the standard's list of clearing systems.
    Cnaps(String),
}

/// A party to a transfer, its account and its bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// 1 to 140 characters.
    pub name: String,
    pub account: Account,
    pub agent: Agent,
}

/// The clearing system of [`Agent::Cnaps`].
pub(crate) const CNAPS: &str = "CNAPS";
