//! Completions that riders asked for at home.

use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{StoreError, View, params};

use crate::model::network::StationId;
use crate::model::rider::AccountToken;

/// The calendar month (UTC+8) of a moment: `2026-11`.
pub fn month_of(at: Instant) -> String {
    at.business_date().to_string().chars().take(7).collect()
}

/// Completions that an account has asked for in a month; those that were refused do not count.
pub fn asked_in(view: View<'_>, account: &AccountToken, month: &str) -> Result<u32, StoreError> {
    let count = view.one(
        "SELECT COUNT(*) FROM completion_ask WHERE account = ?1 AND month = ?2 AND state <> 'refused'",
        params![account.0, month],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// The station of a completion that was asked for and not answered.
pub fn open(view: View<'_>, trip: Digest) -> Result<Option<StationId>, StoreError> {
    view.one("SELECT station FROM completion_ask WHERE trip = ?1 AND state = 'asked'", params![trip.0], |row| {
        row.get(0)
    })
}
