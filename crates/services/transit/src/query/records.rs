//! Gates' records as they were received: beside the entry that took them, until the contest term is over (§10.2).

use huitong_kernel::hash::Digest;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::{StoreError, View, attachment, params};
use huitong_transit_code::record::TapRecord;

use super::Text;
use crate::model::period::Period;

/// How long after a month was stated its documents may be contested, answered and replied to: 30 + 15 + 15 days (§13).
const CONTEST_TERM: DurationMs = DurationMs::days(60);
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
    let stated =
        view.one("SELECT MAX(period) FROM period_cut WHERE cut_at <= ?1", params![now.0 - CONTEST_TERM.0], |row| {
            row.get::<_, Option<Text<Period>>>(0)
        })?;
    let Some(Text(stated)) = stated.flatten() else { return Ok(None) };
    let contested =
        view.one("SELECT MIN(substr(booking_day, 1, 7)) FROM contest WHERE awaits IS NOT NULL", [], |row| {
            row.get::<_, Option<Text<Period>>>(0)
        })?;
    // The first month whose documents may still be contested, or are.
    let open = contested.flatten().map_or(stated.next(), |Text(contested)| contested.min(stated.next()));
    let last = view.one(
        "SELECT last_entry FROM record_month WHERE month < ?1 ORDER BY month DESC LIMIT 1",
        params![open.before(MONTHS_BEFORE).to_string()],
        |row| row.get(0),
    )?;
    last.map(|last| attachment::next_part(view, last, PART)).transpose()
}
