//! Deny lists: causes, deltas, what is denied.

use huitong_kernel::hash::Digest;
use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::{bytes_of, json};
use crate::event::{DenyCaused, DenyChange};
use crate::model::deny::DeltaText;

pub fn caused(tx: Tx<'_>, caused: &DenyCaused, applied: &Applied) -> Result<(), StoreError> {
    let (kind, key, cause) = (caused.entry.kind.name(), caused.entry.key.as_str(), &caused.cause);
    if caused.is_add {
        tx.execute(
            "INSERT OR IGNORE INTO deny_cause (kind, key, cause, since) VALUES (?1, ?2, ?3, ?4)",
            params![kind, key, cause, applied.at.0],
        )?;
    } else {
        tx.execute("DELETE FROM deny_cause WHERE kind = ?1 AND key = ?2 AND cause = ?3", params![kind, key, cause])?;
    }
    match caused.change {
        DenyChange::None => Ok(()),
        DenyChange::Forget => {
            tx.execute("DELETE FROM deny_pending WHERE kind = ?1 AND key = ?2", params![kind, key]).map(drop)
        }
        DenyChange::Add | DenyChange::Remove => tx.execute_one(
            "INSERT OR REPLACE INTO deny_pending (kind, key, is_add, valid_from, since) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![kind, key, caused.change == DenyChange::Add, caused.valid_from.0, applied.at.0],
        ),
    }
}

/// A delta of any home. Changes of the own list that it says are not pending any more.
pub fn known(
    tx: Tx<'_>,
    delta: &DeltaText,
    hash: Digest,
    bytes: &str,
    is_own: bool,
    applied: &Applied,
) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO deny_delta (home, sequence, previous, hash, as_of, text, bytes, is_own, known_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            delta.home.as_str(),
            delta.sequence,
            delta.previous.0,
            hash.0,
            delta.as_of.0,
            json(delta)?,
            bytes_of(bytes)?,
            is_own,
            applied.at.0,
        ],
    )?;
    for entry in &delta.removes {
        tx.execute(
            "UPDATE deny_entry SET removed_as_of = ?4 WHERE home = ?1 AND kind = ?2 AND key = ?3 AND removed_as_of IS NULL",
            params![delta.home.as_str(), entry.kind.name(), entry.key, delta.as_of.0],
        )?;
    }
    for add in &delta.adds {
        tx.execute(
            "INSERT OR REPLACE INTO deny_entry (home, kind, key, valid_from, added_as_of) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![delta.home.as_str(), add.entry.kind.name(), add.entry.key, add.valid_from.0, delta.as_of.0],
        )?;
    }
    let said = delta.removes.iter().chain(delta.adds.iter().map(|add| &add.entry));
    for entry in said.filter(|_| is_own) {
        // Only what the delta said: a newer change of the same entry waits for the next one.
        tx.execute(
            "DELETE FROM deny_pending WHERE kind = ?1 AND key = ?2 AND since <= ?3",
            params![entry.kind.name(), entry.key, delta.as_of.0],
        )?;
    }
    Ok(())
}
