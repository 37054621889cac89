//! Terms that run.

use huitong_kernel::time::Instant;
use huitong_service_kit::{StoreError, Tx, params};

use crate::model::clock::Clock;

pub fn started(tx: Tx<'_>, clock: &Clock) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO clock (subject, step, from_day, days, next_at, stage) VALUES (?1, ?2, ?3, ?4, ?5, 'running')
         ON CONFLICT (subject) DO UPDATE SET step = ?2, from_day = ?3, days = ?4, next_at = ?5, stage = 'running'",
        params![clock.subject, clock.step, clock.from_day.to_string(), clock.days, clock.next_at.0],
    )
}

pub fn looked_at(tx: Tx<'_>, subject: &str, next_at: Instant, stage: &str) -> Result<(), StoreError> {
    tx.execute_one("UPDATE clock SET next_at = ?2, stage = ?3 WHERE subject = ?1", params![subject, next_at.0, stage])
}

pub fn stopped(tx: Tx<'_>, subject: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM clock WHERE subject = ?1", params![subject])?;
    Ok(())
}
