//! Read models: what the API shows and what decisions look at.

pub mod accounts;
pub mod dated;
pub mod deny;
pub mod gates;
pub mod grants;
pub mod home_trips;
pub mod taps;
pub mod trips;

use std::str::FromStr;

use huitong_service_kit::{FromSql, StoreError};
use huitong_store::{FromSqlError, FromSqlResult, ValueRef};
use serde::de::DeserializeOwned;

/// A column that holds the text of a value: a division, a day, a state.
pub struct Text<T>(pub T);

impl<T: FromStr> FromSql for Text<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Text<T>> {
        value.as_str()?.parse().map(Text).map_err(|_| FromSqlError::InvalidType)
    }
}

/// Text of a view that this service wrote.
pub fn json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    Ok(serde_json::from_str(text)?)
}
