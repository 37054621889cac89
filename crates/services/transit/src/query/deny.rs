//! Deny lists: what is denied, when, and the chain of deltas.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Row, SqlError, StoreError, View, params};

use super::{Text, json};
use crate::model::deny::{DeltaText, DenyAdd, DenyClass, DenyEntry};
use crate::model::rider::AccountToken;

/// As of which delta a home's list denied an account, or its issuer, at a moment.
pub fn denied_since(
    view: View<'_>,
    home: Division,
    account: &AccountToken,
    at: Instant,
) -> Result<Option<Instant>, StoreError> {
    let account_since = listed_since(view, home, DenyClass::Account, &account.to_string(), at)?;
    let issuer_since = listed_since(view, home, DenyClass::Issuer, &hex::encode(account.issuer()), at)?;
    Ok(account_since.into_iter().chain(issuer_since).min())
}

/// As of which delta a home's list had an entry that was on it at a moment.
pub fn listed_since(
    view: View<'_>,
    home: Division,
    kind: DenyClass,
    key: &str,
    at: Instant,
) -> Result<Option<Instant>, StoreError> {
    view.one(
        "SELECT added_as_of FROM deny_entry WHERE key = ?2 AND kind = ?3
         AND home = ?1 AND valid_from <= ?4 AND added_as_of <= ?4
         AND (removed_as_of IS NULL OR removed_as_of > ?4) ORDER BY added_as_of LIMIT 1",
        params![home.as_str(), key, kind.name(), at.0],
        |row| Ok(Instant(row.get(0)?)),
    )
}

/// When a delta of a home's list was made; `None` if there is none of this number.
pub fn as_of(view: View<'_>, home: Division, sequence: u32) -> Result<Option<Instant>, StoreError> {
    view.one(
        "SELECT as_of FROM deny_delta WHERE home = ?1 AND sequence = ?2",
        params![home.as_str(), sequence],
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

/// The hash of a home's delta; `None` where none of this number is held, as before a snapshot.
pub fn hash_of(view: View<'_>, home: Division, sequence: u32) -> Result<Option<Digest>, StoreError> {
    view.one("SELECT hash FROM deny_delta WHERE home = ?1 AND sequence = ?2", params![home.as_str(), sequence], |row| {
        Ok(Digest(row.get(0)?))
    })
}

/// So many of a home's deltas behind a number, oldest first.
pub fn deltas(view: View<'_>, home: Division, after: u32, limit: u32) -> Result<Vec<DeltaText>, StoreError> {
    let texts = view.all(
        "SELECT text FROM deny_delta WHERE home = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3",
        params![home.as_str(), after, limit],
        |row| row.get::<_, String>(0),
    )?;
    texts.iter().map(|text| json(text)).collect()
}

/// All entries of a home that hold after its last delta.
pub fn holding(view: View<'_>, home: Division) -> Result<Vec<DenyAdd>, StoreError> {
    view.all(
        "SELECT kind, key, valid_from FROM deny_entry WHERE home = ?1 AND removed_as_of IS NULL ORDER BY kind, key",
        params![home.as_str()],
        |row| {
            let entry = DenyEntry { kind: row.get::<_, Text<DenyClass>>(0)?.0, key: row.get(1)? };
            Ok(DenyAdd { entry, valid_from: Instant(row.get(2)?) })
        },
    )
}

/// Whether the next own delta is due: the last one is too old, or a change waits since `changed_by`.
pub fn is_due(view: View<'_>, changed_by: Instant, heard_by: Instant) -> Result<bool, StoreError> {
    let last = view.one("SELECT as_of FROM deny_delta WHERE is_own = 1 ORDER BY sequence DESC LIMIT 1", [], |row| {
        Ok(Instant(row.get(0)?))
    })?;
    let Some(last) = last else { return Ok(true) };
    let first = view.one("SELECT MIN(since) FROM deny_pending", [], |row| row.get::<_, Option<i64>>(0))?.flatten();
    Ok(last <= heard_by || first.is_some_and(|first| first <= changed_by.0))
}

/// A change of the own list that waits for the next delta.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub entry: DenyEntry,
    pub is_add: bool,
    pub valid_from: Instant,
}

/// What waits since `until` or before, longest first.
pub fn pending(view: View<'_>, until: Instant, limit: usize) -> Result<Vec<Pending>, StoreError> {
    view.all(
        "SELECT kind, key, is_add, valid_from FROM deny_pending WHERE since <= ?1 ORDER BY since, kind, key LIMIT ?2",
        params![until.0, limit as i64],
        |row| {
            let entry = DenyEntry { kind: row.get::<_, Text<DenyClass>>(0)?.0, key: row.get(1)? };
            Ok(Pending { entry, is_add: row.get(2)?, valid_from: Instant(row.get(3)?) })
        },
    )
}

/// How an entry of the own list stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// On the list as published.
    pub is_published: bool,
    /// What the next delta will say of it.
    pub pending_add: Option<bool>,
}

pub fn standing(view: View<'_>, own: Division, entry: &DenyEntry) -> Result<Standing, StoreError> {
    let published = view.one(
        "SELECT 1 FROM deny_entry WHERE home = ?1 AND kind = ?2 AND key = ?3 AND removed_as_of IS NULL LIMIT 1",
        params![own.as_str(), entry.kind.name(), entry.key],
        |_| Ok(()),
    )?;
    let pending_add = view.one(
        "SELECT is_add FROM deny_pending WHERE kind = ?1 AND key = ?2",
        params![entry.kind.name(), entry.key],
        |row| row.get(0),
    )?;
    Ok(Standing { is_published: published.is_some(), pending_add })
}

/// Why an entry is denied, with the moment since when.
pub fn causes(view: View<'_>, entry: &DenyEntry) -> Result<Vec<(String, Instant)>, StoreError> {
    view.all(
        "SELECT cause, since FROM deny_cause WHERE kind = ?1 AND key = ?2 ORDER BY cause LIMIT 100",
        params![entry.kind.name(), entry.key],
        |row| Ok((row.get(0)?, Instant(row.get(1)?))),
    )
}

/// An entry with one of its causes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caused {
    pub entry: DenyEntry,
    pub cause: String,
    pub since: Instant,
}

const CAUSED_COLUMNS: &str = "kind, key, cause, since";

fn read_caused(row: &Row<'_>) -> Result<Caused, SqlError> {
    let entry = DenyEntry { kind: row.get::<_, Text<DenyClass>>(0)?.0, key: row.get(1)? };
    Ok(Caused { entry, cause: row.get(2)?, since: Instant(row.get(3)?) })
}

/// The own list with its causes, behind a place, in the order of (kind, key, cause).
pub fn list(view: View<'_>, after: (&str, &str, &str), limit: usize) -> Result<Vec<Caused>, StoreError> {
    view.all(
        &format!(
            "SELECT {CAUSED_COLUMNS} FROM deny_cause WHERE (kind, key, cause) > (?1, ?2, ?3)
             ORDER BY kind, key, cause LIMIT ?4"
        ),
        params![after.0, after.1, after.2, limit as i64],
        read_caused,
    )
}

/// Entries of closed accounts that are on the list since `until` or before.
pub fn closed_until(view: View<'_>, until: Instant, limit: usize) -> Result<Vec<Caused>, StoreError> {
    view.all(
        &format!(
            "SELECT {CAUSED_COLUMNS} FROM deny_cause WHERE cause = 'closed' AND since <= ?1 ORDER BY since LIMIT ?2"
        ),
        params![until.0, limit as i64],
        read_caused,
    )
}
