//! Terms that run.

use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{Row, SqlError, StoreError, Text, View, params};

use crate::model::clock::{Clock, Stage};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockRow {
    pub clock: Clock,
    pub stage: Stage,
}

const COLUMNS: &str = "subject, step, from_day, days, next_at, stage";

fn row(row: &Row<'_>) -> Result<ClockRow, SqlError> {
    let clock = Clock {
        subject: row.get(0)?,
        step: row.get(1)?,
        from_day: row.get::<_, Text<Date>>(2)?.0,
        days: row.get(3)?,
        next_at: Instant(row.get(4)?),
    };
    Ok(ClockRow { clock, stage: row.get::<_, Text<Stage>>(5)?.0 })
}

pub fn clock(view: View<'_>, subject: &str) -> Result<Option<ClockRow>, StoreError> {
    view.one(&format!("SELECT {COLUMNS} FROM clock WHERE subject = ?1"), params![subject], row)
}

/// Clocks to be looked at.
pub fn due(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT subject FROM clock WHERE next_at <= ?1 AND stage <> 'overdue' ORDER BY next_at, subject LIMIT ?2";
    view.all(sql, params![now.0, limit as i64], |row| row.get(0))
}

/// All that run, by subject, behind a place.
pub fn list(view: View<'_>, after: &str, limit: usize) -> Result<Vec<ClockRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM clock WHERE subject > ?1 ORDER BY subject LIMIT ?2");
    view.all(&sql, params![after, limit as i64], row)
}
