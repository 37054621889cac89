//! Lanes and their cuts.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{StoreError, Text, View, params};

/// A feed of a service between two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    pub lane: i64,
    /// The latest message that was told, of documents or of a cut.
    pub last_number: u64,
}

pub fn lane(view: View<'_>, service: &str, sender: Division, receiver: Division) -> Result<Option<Lane>, StoreError> {
    view.one(
        "SELECT lane, last_number FROM lane WHERE service = ?1 AND sender = ?2 AND receiver = ?3",
        params![service, sender.as_str(), receiver.as_str()],
        |row| Ok(Lane { lane: row.get(0)?, last_number: row.get(1)? }),
    )
}

/// The messages that belong to a period: behind the cut before it, up to its own; `None` while it is not cut. A period that a lane
/// has passed over, because its sender began with a later one, is empty there.
pub fn span(view: View<'_>, lane: i64, period: Period) -> Result<Option<(u64, u64)>, StoreError> {
    let (mut after, first_day) = (0, period.first_day());
    for (number, cut) in markers(view, lane)? {
        if cut == period {
            return Ok(Some((after, number)));
        }
        if cut.first_day() > first_day {
            return Ok(Some((after, after)));
        }
        after = number;
    }
    Ok(None)
}

/// The cuts of a lane in its order.
fn markers(view: View<'_>, lane: i64) -> Result<Vec<(u64, Period)>, StoreError> {
    view.all("SELECT number, period FROM marker WHERE lane = ?1 ORDER BY number LIMIT 100000", params![lane], |row| {
        Ok((row.get(0)?, row.get::<_, Text<Period>>(1)?.0))
    })
}

/// Periods cut in a lane that begin behind `after`, if given, up to the one that begins on `up_to`.
pub fn cut_between(view: View<'_>, lane: i64, after: Option<Date>, up_to: Date) -> Result<Vec<Period>, StoreError> {
    let all = markers(view, lane)?.into_iter().map(|(_, period)| period);
    let is_in = |period: &Period| after.is_none_or(|after| period.first_day() > after) && period.first_day() <= up_to;
    Ok(all.filter(is_in).collect())
}

/// The latest cut of a lane before a message; 0 if there is none.
pub fn before(view: View<'_>, lane: i64, number: u64) -> Result<u64, StoreError> {
    let found =
        view.one("SELECT MAX(number) FROM marker WHERE lane = ?1 AND number < ?2", params![lane, number], |row| {
            row.get::<_, Option<u64>>(0)
        })?;
    Ok(found.flatten().unwrap_or(0))
}

/// The period whose cut comes first behind a message; `None` while it is open.
pub fn period_of(view: View<'_>, lane: i64, number: u64) -> Result<Option<Period>, StoreError> {
    let found = view.one(
        "SELECT period FROM marker WHERE lane = ?1 AND number > ?2 ORDER BY number LIMIT 1",
        params![lane, number],
        |row| row.get::<_, Text<Period>>(0),
    )?;
    Ok(found.map(|period| period.0))
}

pub fn last_marker(view: View<'_>, lane: i64) -> Result<Option<Period>, StoreError> {
    let found =
        view.one("SELECT period FROM marker WHERE lane = ?1 ORDER BY number DESC LIMIT 1", params![lane], |row| {
            row.get::<_, Text<Period>>(0)
        })?;
    Ok(found.map(|period| period.0))
}

/// A service whose periods run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRow {
    pub service: String,
    /// First day of the period that is open.
    pub next_day: Date,
    pub next_at: Instant,
    pub last: Option<Period>,
}

pub fn service(view: View<'_>, service: &str) -> Result<Option<ServiceRow>, StoreError> {
    view.one("SELECT next_day, next_at, last FROM service WHERE service = ?1", params![service], |row| {
        Ok(ServiceRow {
            service: service.to_owned(),
            next_day: row.get::<_, Text<Date>>(0)?.0,
            next_at: Instant(row.get(1)?),
            last: row.get::<_, Option<Text<Period>>>(2)?.map(|period| period.0),
        })
    })
}

pub fn services(view: View<'_>) -> Result<Vec<String>, StoreError> {
    view.all("SELECT service FROM service ORDER BY service LIMIT 1000", [], |row| row.get(0))
}

pub fn is_cut(view: View<'_>, service: &str, period: Period) -> Result<bool, StoreError> {
    let found = view.one(
        "SELECT 1 FROM period_cut WHERE service = ?1 AND period = ?2",
        params![service, period.to_string()],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Services whose open period is to be looked at.
pub fn due(view: View<'_>, now: Instant) -> Result<Vec<String>, StoreError> {
    view.all("SELECT service FROM service WHERE next_at <= ?1 ORDER BY next_at LIMIT 50", params![now.0], |row| {
        row.get(0)
    })
}

/// A cut of this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutRow {
    pub service: String,
    pub period: String,
    pub cut_at: Instant,
    pub reason: String,
}

/// Cuts behind a place, by service and period.
pub fn cuts(view: View<'_>, after: (&str, &str), limit: usize) -> Result<Vec<CutRow>, StoreError> {
    view.all(
        "SELECT service, period, cut_at, reason FROM period_cut WHERE (service, period) > (?1, ?2)
         ORDER BY service, period LIMIT ?3",
        params![after.0, after.1, limit as i64],
        |row| {
            Ok(CutRow { service: row.get(0)?, period: row.get(1)?, cut_at: Instant(row.get(2)?), reason: row.get(3)? })
        },
    )
}
