//! Gates' records as they were received: beside the entry that took them, until the contest term is over (§10.2).

use huitong_kernel::clearing::{Period, PeriodKind};
use huitong_kernel::hash::Digest;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{StoreError, View, attachment, params};
use huitong_transit_code::record::TapRecord;

use super::Text;

/// How long after it can be opened no more a contest may be answered and replied to: 15 + 15 days (§13), and as much for what was on
/// its way and for cities whose calendars have more days off than the node's.
const CONTEST_LASTS: DurationMs = DurationMs::days(45);
/// A document rests on records of so many months before its own: a tap may come 90 days late and wait 30 for its other side, and a
/// trip is adjusted for 56 days.
const MONTHS_BEFORE: usize = 4;
/// Entries whose records are erased in one decision: 200 batches are some 20 MB.
const PART: usize = 200;

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

/// One record of an entry, by its number and hash.
pub fn of_tap(view: View<'_>, entry: u64, sequence: u64, hash: Digest) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(joined) = attachment::of(view, entry)? else { return Ok(None) };
    let is_it = |record: &&[u8]| {
        TapRecord::parse(record).is_ok_and(|read| read.sequence == sequence) && Digest(TapRecord::hash(record)) == hash
    };
    Ok(split(&joined)?.into_iter().find(is_it).map(<[u8]>::to_vec))
}

/// Up to which entry records are to be erased next. A month's records go, in parts, when no document that may be contested still
/// can rest on them.
pub fn due(view: View<'_>, now: Instant) -> Result<Option<u64>, StoreError> {
    let today = now.business_date();
    let oldest = view.one("SELECT MIN(month) FROM record_month", [], |row| row.get::<_, Option<String>>(0))?.flatten();
    if oldest.is_none_or(|oldest| oldest >= month_before(today)) {
        return Ok(None);
    }
    let first = |sql: &str| {
        let day = view.one(sql, params![now.0 - CONTEST_LASTS.0], |row| row.get::<_, Option<Text<Date>>>(0))?;
        Ok::<_, StoreError>(day.flatten().map(|Text(day)| day))
    };
    // The first day whose documents may still be contested, are contested, or are not told to the other side yet.
    let open = [
        first("SELECT MIN(booking_day) FROM contest_term WHERE until > ?1")?,
        first("SELECT MIN(booking_day) FROM contest WHERE awaits IS NOT NULL AND ?1 IS NOT NULL")?,
        first("SELECT MIN(booking_day) FROM open_day WHERE ?1 IS NOT NULL")?,
    ];
    let open = open.into_iter().flatten().fold(today, Date::min);
    let last = view.one(
        "SELECT last_entry FROM record_month WHERE month < ?1 ORDER BY month DESC LIMIT 1",
        params![month_before(open)],
        |row| row.get(0),
    )?;
    last.map(|last| attachment::next_part(view, last, PART)).transpose()
}

/// The month so many months before that of a day.
fn month_before(day: Date) -> String {
    let earlier = (0..MONTHS_BEFORE)
        .fold(day.first_of_month(), |first, _| first.yesterday().map_or(first, |last| last.first_of_month()));
    Period::of(PeriodKind::Month, earlier).to_string()
}
