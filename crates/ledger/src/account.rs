//! Accounts and the chart that says which ones a service may use.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A path such as `receivable/330000/310101`: class first, details after.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountCode(String);

/// What keeps an account from being overdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    None,
    /// What a person or a pool has deposited is all that can be taken.
    DebitsMustNotExceedCredits,
}

/// A service's chart of accounts: derives an account's limit from its code.
pub trait Chart {
    fn limit(&self, account: &AccountCode) -> Limit;
}

impl AccountCode {
    /// Joins the parts with `/`.
    pub fn new(parts: &[&str]) -> AccountCode {
        AccountCode(parts.join("/"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first part.
    pub fn class(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}

impl fmt::Display for AccountCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
