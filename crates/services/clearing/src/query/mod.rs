//! Read models: what the API shows and what decisions look at.

pub mod batches;
pub mod clocks;
pub mod contests;
pub mod exposure;
pub mod items;
pub mod lanes;
pub mod payments;
pub mod statements;

use huitong_service_kit::StoreError;
use serde::de::DeserializeOwned;

/// Text of a view that this service wrote.
pub fn json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    Ok(serde_json::from_str(text)?)
}
