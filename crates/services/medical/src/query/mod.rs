//! Read models: what decisions and the API ask of the views.

pub mod calls;
pub mod clearing;
pub mod dated;
pub mod documents;
pub mod persons;
pub mod pools;
pub mod prepayment;
pub mod receipts;
pub mod recompute;
pub mod reconciliation;
pub mod records;
mod settled_entries;
pub mod settlements;
pub mod totals;
pub mod trees;
pub mod visits;
pub mod what_if;

use huitong_kernel::time::Date;
use huitong_service_kit::StoreError;
use serde::de::DeserializeOwned;

/// Reads a JSON column that only `apply` has written.
pub(crate) fn json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    Ok(serde_json::from_str(text)?)
}

/// Reads a column whose text form only `apply` has written.
pub(crate) fn text<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Damaged(format!("a column holds {text:?}")))
}

pub(crate) fn date(column: &str) -> Result<Date, StoreError> {
    text(column)
}
