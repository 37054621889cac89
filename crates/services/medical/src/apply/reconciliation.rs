//! Reconciliations with hospitals, days with other jurisdictions, and files.

use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::{StoreError, Tx, params};
use uuid::Uuid;

use super::json;
use crate::event::{DayState, DifferenceMoved, KeptFile};
use crate::model::reconciliation::{Cause, DayDifference, DifferenceStep, Reconciliation};
use crate::query::reconciliation as books;

pub fn made(tx: Tx<'_>, made: &Reconciliation) -> Result<(), StoreError> {
    let header = Reconciliation { differences: Vec::new(), ..made.clone() };
    tx.execute_one(
        "INSERT INTO reconciliation (reconciliation, institution, text) VALUES (?1, ?2, ?3)",
        params![made.reconciliation.to_string(), made.institution, json(&header)?],
    )?;
    for (index, difference) in made.differences.iter().enumerate() {
        tx.execute_one(
            "INSERT INTO reconciliation_difference (reconciliation, number, waiting, text) VALUES (?1, ?2, NULL, ?3)",
            params![made.reconciliation.to_string(), (index + 1) as i64, json(difference)?],
        )?;
        if difference.cause == Cause::OtherDay {
            tx.execute(
                "INSERT OR IGNORE INTO matched_other_day (institution, settlement) VALUES (?1, ?2)",
                params![made.institution, difference.settlement()],
            )?;
        }
    }
    Ok(())
}

pub fn difference_moved(tx: Tx<'_>, moved: &DifferenceMoved) -> Result<(), StoreError> {
    let DifferenceMoved { reconciliation, number, step } = moved;
    let known = books::difference(tx.view(), *reconciliation, *number)?;
    let mut known = known.ok_or_else(|| StoreError::Damaged(format!("a difference of {reconciliation} is gone")))?;
    known.take(step.clone());
    tx.execute_one(
        "UPDATE reconciliation_difference SET waiting = ?3, text = ?4 WHERE reconciliation = ?1 AND number = ?2",
        params![reconciliation.to_string(), *number as i64, known.asked, json(&known)?],
    )
}

pub fn first_resolved(tx: Tx<'_>, reconciliation: Uuid, settlement: &str) -> Result<(), StoreError> {
    let differences = books::differences(tx.view(), reconciliation)?;
    let of_document = differences.iter().position(|of| !of.is_resolved && of.settlement() == settlement);
    let Some(index) = of_document else { return Ok(()) };
    let step = DifferenceStep::Resolved { contra: None };
    difference_moved(tx, &DifferenceMoved { reconciliation, number: index + 1, step })
}

pub fn day_moved(tx: Tx<'_>, home: Division, day: Date, state: DayState) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE visited_day SET state = ?3, differing = '[]' WHERE home = ?1 AND day = ?2",
        params![home.as_str(), day.to_string(), state.name()],
    )
}

pub fn day_differs(
    tx: Tx<'_>,
    (home, day): (Division, Date),
    differences: impl Iterator<Item = DayDifference>,
) -> Result<(), StoreError> {
    let found: Vec<DayDifference> = differences.collect();
    let mut all = books::day_differing(tx.view(), home, day)?;
    // A day may be compared again while the first answer is on its way: each document stands once, as it was found last.
    all.retain(|known| found.iter().all(|new| new.settlement != known.settlement));
    all.extend(found);
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
