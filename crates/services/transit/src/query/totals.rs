//! Days: their totals, what differs, and whether they are over.

use huitong_kernel::division::Division;
use huitong_kernel::hash::{Digest, RunningSha256};
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{Row, SqlError, StoreError, View, params};

use super::{Text, json};
use crate::event::DayDifference;
use crate::model::settlement::{DayTotals, DifferenceCause, DifferenceClass, DocumentKind, Proposal};

/// How long after midnight the last of the networks that this node knows begins its business day; 03:00 where there is none.
pub fn cut(view: View<'_>) -> Result<DurationMs, StoreError> {
    let minutes = view.one("SELECT MAX(cut_min) FROM station_map", [], |row| row.get::<_, Option<i64>>(0))?;
    Ok(DurationMs::minutes(minutes.flatten().unwrap_or(180)))
}

/// What this node holds of a day, read without holding it: counts, sums, root.
pub fn compute(view: View<'_>, issuer: Division, receiver: Division, day: Date) -> Result<DayTotals, StoreError> {
    let mut root = RunningSha256::default();
    let mut kinds = [(0_u64, Fen::ZERO); 3];
    view.each(
        "SELECT id, amount_fen, kind FROM document WHERE issuer = ?1 AND receiver = ?2 AND booking_day = ?3 ORDER BY id",
        params![issuer.as_str(), receiver.as_str(), day.to_string()],
        |row| {
            let (id, amount) = (row.get::<_, [u8; 32]>(0)?, Fen(row.get(1)?));
            root.add(&id);
            root.add(&amount.0.to_be_bytes());
            let (count, sum) = &mut kinds[row.get::<_, Text<DocumentKind>>(2)?.0 as usize];
            *count += 1;
            *sum += amount;
            Ok(())
        },
    )?;
    let [(trips, trips_fen), (adjusts, adjusts_fen), (splits, splits_fen)] = kinds;
    Ok(DayTotals {
        issuer,
        receiver,
        booking_day: day,
        trips,
        trips_fen,
        adjusts,
        adjusts_fen,
        splits,
        splits_fen,
        root: root.digest(),
    })
}

/// Whether the sums that were kept as documents came equal the documents.
pub fn sums_agree(view: View<'_>, totals: &DayTotals) -> Result<bool, StoreError> {
    let kept = view.one(
        "SELECT IFNULL(SUM(documents), 0), IFNULL(SUM(amount_fen), 0) FROM document_day
         WHERE issuer = ?1 AND receiver = ?2 AND booking_day = ?3",
        params![totals.issuer.as_str(), totals.receiver.as_str(), totals.booking_day.to_string()],
        |row| Ok((row.get::<_, u64>(0)?, Fen(row.get(1)?))),
    )?;
    let count = totals.trips + totals.adjusts + totals.splits;
    Ok(kept == Some((count, totals.trips_fen + totals.adjusts_fen + totals.splits_fen)))
}

/// How a day stands between two nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayRow {
    /// `sent`, `matched` or `different`
    pub state: String,
    pub own: DayTotals,
    pub theirs: Option<DayTotals>,
    pub pages_held: u32,
    pub all_held: bool,
}

type RawDay = (String, String, Option<String>, u32, bool);

fn raw(row: &Row<'_>) -> Result<RawDay, SqlError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn day_row((state, own, theirs, pages_held, all_held): RawDay) -> Result<DayRow, StoreError> {
    let theirs = theirs.map(|text| json(&text)).transpose()?;
    Ok(DayRow { state, own: json(&own)?, theirs, pages_held, all_held })
}

pub fn day(view: View<'_>, issuer: Division, receiver: Division, day: Date) -> Result<Option<DayRow>, StoreError> {
    let row = view.one(
        "SELECT state, own, theirs, pages_held, all_held FROM day_totals
         WHERE issuer = ?1 AND receiver = ?2 AND booking_day = ?3",
        params![issuer.as_str(), receiver.as_str(), day.to_string()],
        raw,
    )?;
    row.map(day_row).transpose()
}

/// The newest day whose totals an issuer has sent, to whomever.
pub fn last_sent(view: View<'_>, issuer: Division) -> Result<Option<Date>, StoreError> {
    let newest =
        view.one("SELECT MAX(booking_day) FROM day_totals WHERE issuer = ?1", params![issuer.as_str()], |row| {
            row.get::<_, Option<Text<Date>>>(0)
        })?;
    Ok(newest.flatten().map(|day| day.0))
}

/// Days in the order of issuer, receiver and day, behind a place, at most `limit`.
pub fn days(view: View<'_>, after: (&str, &str, &str), limit: usize) -> Result<Vec<DayRow>, StoreError> {
    let rows = view.all(
        "SELECT state, own, theirs, pages_held, all_held FROM day_totals
         WHERE (issuer, receiver, booking_day) > (?1, ?2, ?3) ORDER BY issuer, receiver, booking_day LIMIT ?4",
        params![after.0, after.1, after.2, limit as i64],
        raw,
    )?;
    rows.into_iter().map(day_row).collect()
}

/// A difference with the day in which it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferenceRow {
    pub issuer: Division,
    pub receiver: Division,
    pub booking_day: Date,
    pub difference: DayDifference,
}

/// Differences in the order of issuer, receiver, day and id, behind a place, at most `limit`.
pub fn differences(
    view: View<'_>,
    after: (&str, &str, &str, Digest),
    limit: usize,
) -> Result<Vec<DifferenceRow>, StoreError> {
    view.all(
        "SELECT issuer, receiver, booking_day, id, class, issuer_fen, receiver_fen, cause, proposal FROM day_difference
         WHERE (issuer, receiver, booking_day, id) > (?1, ?2, ?3, ?4)
         ORDER BY issuer, receiver, booking_day, id LIMIT ?5",
        params![after.0, after.1, after.2, after.3.0, limit as i64],
        |row| {
            Ok(DifferenceRow {
                issuer: row.get::<_, Text<Division>>(0)?.0,
                receiver: row.get::<_, Text<Division>>(1)?.0,
                booking_day: row.get::<_, Text<Date>>(2)?.0,
                difference: DayDifference {
                    id: Digest(row.get(3)?),
                    class: row.get::<_, Text<DifferenceClass>>(4)?.0,
                    issuer_fen: row.get::<_, Option<i64>>(5)?.map(Fen),
                    receiver_fen: row.get::<_, Option<i64>>(6)?.map(Fen),
                    cause: row.get::<_, Text<DifferenceCause>>(7)?.0,
                    proposal: row.get::<_, Text<Proposal>>(8)?.0,
                },
            })
        },
    )
}

/// Days whose totals are due: over, and with an answer to every claim, or too long without one. Longest due first.
pub fn due(
    view: View<'_>,
    now: Instant,
    without_answer: DurationMs,
    limit: usize,
) -> Result<Vec<(Division, Date)>, StoreError> {
    let over = Instant(now.0 - cut(view)?.0);
    view.all(
        "SELECT receiver, booking_day FROM open_day AS day WHERE due_at <= ?1 AND (due_at <= ?2 OR NOT EXISTS
             (SELECT 1 FROM trip WHERE state = 'priced' AND receiver = day.receiver AND booking_day = day.booking_day))
         ORDER BY due_at LIMIT ?3",
        params![over.0, over.0 - without_answer.0, limit as i64],
        |row| Ok((row.get::<_, Text<Division>>(0)?.0, row.get::<_, Text<Date>>(1)?.0)),
    )
}
