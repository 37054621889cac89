//! Columns that hold the text of a value: a division, a day, a state.

use std::str::FromStr;

use huitong_store::{FromSql, FromSqlError, FromSqlResult, ValueRef};

/// Reads a column by the value's own `FromStr`.
pub struct Text<T>(pub T);

impl<T: FromStr> FromSql for Text<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Text<T>> {
        value.as_str()?.parse().map(Text).map_err(|_| FromSqlError::InvalidType)
    }
}
