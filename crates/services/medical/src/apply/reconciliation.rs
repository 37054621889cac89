//! Reconciliations with hospitals, days with other jurisdictions, and files.

use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::{StoreError, Tx, params};
use uuid::Uuid;

use super::json;
use crate::event::{DayState, KeptFile};
use crate::model::reconciliation::Reconciliation;
use crate::query::reconciliation as books;

pub fn made(tx: Tx<'_>, made: &Reconciliation) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO reconciliation (reconciliation, institution, text) VALUES (?1, ?2, ?3)",
        params![made.reconciliation.to_string(), made.institution, json(made)?],
    )
}

pub fn resolved(tx: Tx<'_>, reconciliation: Uuid, settlement: &str) -> Result<(), StoreError> {
    let known = books::reconciliation(tx.view(), reconciliation)?;
    let mut known = known.ok_or_else(|| StoreError::Damaged(format!("reconciliation {reconciliation} is gone")))?;
    if let Some(difference) = known.next_open(settlement) {
        difference.is_resolved = true;
    }
    tx.execute_one(
        "UPDATE reconciliation SET text = ?2 WHERE reconciliation = ?1",
        params![reconciliation.to_string(), json(&known)?],
    )
}

pub fn day_moved(tx: Tx<'_>, home: Division, day: Date, state: DayState) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE visited_day SET state = ?3, differing = '[]' WHERE home = ?1 AND day = ?2",
        params![home.as_str(), day.to_string(), state.name()],
    )
}

pub fn day_differs(tx: Tx<'_>, home: Division, day: Date, settlements: &[String]) -> Result<(), StoreError> {
    let mut all = books::day_differing(tx.view(), home, day)?;
    all.extend(settlements.iter().cloned());
    tx.execute_one(
        "UPDATE visited_day SET state = 'differs', differing = ?3 WHERE home = ?1 AND day = ?2",
        params![home.as_str(), day.to_string(), json(&all)?],
    )
}

/// With a new file, those that are over are gone.
pub fn file_kept(tx: Tx<'_>, kept: &KeptFile, now: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM national_file WHERE until < ?1", params![now])?;
    tx.execute_one(
        "INSERT INTO national_file (file, institution, name, form, text, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![kept.file, kept.institution, kept.name, kept.form.name(), kept.text, kept.until.0],
    )
}
