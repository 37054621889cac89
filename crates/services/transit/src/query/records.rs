//! Gates' records as they were received: beside the entry that took them, until the contest term is over (§10.2).

use huitong_kernel::hash::Digest;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::{StoreError, View, attachment, params};
use huitong_transit_code::record::TapRecord;

use super::Text;
use crate::model::period::Period;

/// How long after a month was stated its documents may be contested, answered and replied to: 30 + 15 + 15 days (§13).
const CONTEST_TERM: DurationMs = DurationMs::days(60);
/// Trips are adjusted for 56 days, and a tap may come 90 days late: a contest holds the records of so many months before its
/// document's.
const MONTHS_BEFORE: usize = 4;

/// Records one after the other, each behind its length (two bytes, big-endian).
pub fn join<'r>(records: impl IntoIterator<Item = &'r [u8]>) -> Vec<u8> {
    let mut joined = Vec::new();
    for record in records {
        // A record has at most `RECORD_LENGTH_MAX` bytes, as the batch was parsed.
        joined.extend_from_slice(&(record.len() as u16).to_be_bytes());
        joined.extend_from_slice(record);
    }
    joined
}

fn split(mut joined: &[u8]) -> Result<Vec<&[u8]>, StoreError> {
    let mut records = Vec::new();
    while let Some((length, rest)) = joined.split_first_chunk() {
        let record = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)));
        let (record, rest) = record.ok_or_else(|| StoreError::Damaged("a batch's records end too early".to_owned()))?;
        records.push(record);
        joined = rest;
    }
    Ok(records)
}

/// A record's SM3 and its bytes.
pub type HeldRecord = (Digest, Vec<u8>);

/// The records that an entry took; `None` once they were erased.
pub fn of_entry(view: View<'_>, entry: u64) -> Result<Option<Vec<HeldRecord>>, StoreError> {
    let Some(joined) = attachment::of(view, entry)? else { return Ok(None) };
    let records = split(&joined)?.into_iter().map(|record| (Digest(TapRecord::hash(record)), record.to_vec()));
    Ok(Some(records.collect()))
}

/// Whether the records of an entry were erased as their term was over.
pub fn are_erased(view: View<'_>, entry: u64) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM record_month WHERE erased_at IS NOT NULL AND last_entry >= ?1 LIMIT 1";
    Ok(view.one(sql, params![entry], |_| Ok(()))?.is_some())
}

/// The last month whose records are not needed any more, with its last entry: its documents, and those of the month after, in
/// which its last trips were booked, cannot be contested now, and no contest that goes on can ask for them.
pub fn due(view: View<'_>, now: Instant) -> Result<Option<(Period, u64)>, StoreError> {
    let stated =
        view.one("SELECT MAX(period) FROM period_cut WHERE cut_at <= ?1", params![now.0 - CONTEST_TERM.0], |row| {
            row.get::<_, Option<Text<Period>>>(0)
        })?;
    let Some(Text(stated)) = stated.flatten() else { return Ok(None) };
    let contested =
        view.one("SELECT MIN(substr(booking_day, 1, 7)) FROM contest WHERE awaits IS NOT NULL", [], |row| {
            row.get::<_, Option<Text<Period>>>(0)
        })?;
    let held_from = match contested.flatten() {
        Some(Text(contested)) => stated.min(contested.before(MONTHS_BEFORE)),
        None => stated,
    };
    view.one(
        "SELECT month, last_entry FROM record_month WHERE month < ?1 AND erased_at IS NULL ORDER BY month DESC LIMIT 1",
        params![held_from.to_string()],
        |row| Ok((row.get::<_, Text<Period>>(0)?.0, row.get(1)?)),
    )
}
