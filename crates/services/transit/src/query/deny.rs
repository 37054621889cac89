//! Deny lists: what is denied, when, and the chain of deltas.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{StoreError, View, params};

/// Whether a home's list, as of a moment, denied a key (28 digits of an account, …).
pub fn is_denied(view: View<'_>, home: Division, key: &str, at: Instant) -> Result<bool, StoreError> {
    Ok(denied_since(view, home, key, at)?.is_some())
}

/// As of which delta a key was denied at a moment.
pub fn denied_since(view: View<'_>, home: Division, key: &str, at: Instant) -> Result<Option<Instant>, StoreError> {
    view.one(
        "SELECT added_as_of FROM deny_entry WHERE key = ?2 AND home = ?1 AND valid_from <= ?3 AND added_as_of <= ?3
         AND (removed_as_of IS NULL OR removed_as_of > ?3) ORDER BY added_as_of LIMIT 1",
        params![home.as_str(), key, at.0],
        |row| Ok(Instant(row.get(0)?)),
    )
}

/// The last delta of a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub sequence: u32,
    pub hash: Digest,
    pub as_of: Instant,
}

pub fn head(view: View<'_>, home: Division) -> Result<Option<Head>, StoreError> {
    view.one(
        "SELECT sequence, hash, as_of FROM deny_delta WHERE home = ?1 ORDER BY sequence DESC LIMIT 1",
        params![home.as_str()],
        |row| Ok(Head { sequence: row.get(0)?, hash: Digest(row.get(1)?), as_of: Instant(row.get(2)?) }),
    )
}
