//! Taps: what is held, what is open.

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::{Row, SqlError, StoreError, View, params};
use uuid::Uuid;

use super::{Text, entry_events, records};
use crate::event::{Event, TapConflict};
use crate::model::network::StationId;
use crate::model::rider::Rider;
use crate::model::tap::{Direction, Ride, Tap, TapKey, TapState};

/// A held record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldTap {
    pub hash: Digest,
    pub previous: Digest,
    pub state: TapState,
    pub rider: Option<Rider>,
    pub trip: Option<Digest>,
}

/// Held records of an epoch with numbers in `first..=last`.
pub fn held(
    view: View<'_>,
    gate: &str,
    epoch: u32,
    first: u64,
    last: u64,
) -> Result<BTreeMap<u64, HeldTap>, StoreError> {
    let rows = view.all(
        "SELECT sequence, hash, previous, state, rider, trip FROM held_tap
         WHERE gate = ?1 AND epoch = ?2 AND sequence BETWEEN ?3 AND ?4",
        params![gate, epoch, first, last],
        |row| {
            let state = TapState::from_number(row.get(3)?).unwrap_or(TapState::Impossible);
            let tap = HeldTap {
                hash: Digest(row.get(1)?),
                previous: Digest(row.get(2)?),
                state,
                rider: row.get::<_, Option<[u8; 22]>>(4)?.map(Rider),
                trip: row.get::<_, Option<[u8; 32]>>(5)?.map(Digest),
            };
            Ok((row.get(0)?, tap))
        },
    )?;
    Ok(rows.into_iter().collect())
}

/// Records of an epoch that came under numbers in `first..=last` after others.
pub fn conflicts(
    view: View<'_>,
    gate: &str,
    epoch: u32,
    first: u64,
    last: u64,
) -> Result<Vec<TapConflict>, StoreError> {
    view.all(
        "SELECT sequence, hash, previous FROM tap_conflict WHERE gate = ?1 AND epoch = ?2 AND sequence BETWEEN ?3 AND ?4
         ORDER BY sequence, hash",
        params![gate, epoch, first, last],
        |row| Ok(TapConflict { sequence: row.get(0)?, hash: Digest(row.get(1)?), previous: Digest(row.get(2)?) }),
    )
}

/// The end of the run of held records that begins behind `from`.
pub fn run_end(view: View<'_>, gate: &str, epoch: u32, from: u64) -> Result<u64, StoreError> {
    let mut end = from;
    loop {
        let numbers = view.all(
            "SELECT sequence FROM tap WHERE gate = ?1 AND epoch = ?2 AND sequence > ?3 ORDER BY sequence LIMIT 1000",
            params![gate, epoch, end],
            |row| row.get::<_, u64>(0),
        )?;
        let run = numbers.iter().zip(end + 1..).take_while(|(number, expected)| **number == *expected).count();
        end += run as u64;
        if run < 1_000 {
            return Ok(end);
        }
    }
}

/// Who used the code of a tap in the tap's direction.
pub fn code_use(view: View<'_>, tap: &Tap) -> Result<Option<TapKey>, StoreError> {
    view.one(
        "SELECT gate, epoch, sequence FROM code_use WHERE generated = ?1 AND replay_key = ?2 AND direction = ?3",
        params![tap.generated, tap.replay_key.0, tap.direction.number()],
        |row| Ok(TapKey { gate: row.get(0)?, epoch: row.get(1)?, sequence: row.get(2)? }),
    )
}

/// Final trips with a tap at this gate in `from..to` by their ids, after one of them. Of all that the gate ever recorded only the numbers
/// of those days are read.
pub fn trips_at(
    view: View<'_>,
    gate: &str,
    from: Instant,
    to: Instant,
    after: Digest,
    limit: usize,
) -> Result<Vec<Digest>, StoreError> {
    let epochs = view.all(
        "SELECT epoch, MIN(first), MAX(last) FROM gate_day WHERE gate = ?1 AND day BETWEEN ?2 AND ?3 GROUP BY epoch",
        params![gate, gate_day(from), gate_day(to)],
        |row| Ok((row.get::<_, u32>(0)?, row.get::<_, u64>(1)?, row.get::<_, u64>(2)?)),
    )?;
    let mut found = BTreeSet::new();
    for (epoch, first, last) in epochs {
        found.extend(view.all(
            "SELECT DISTINCT trip FROM held_tap
             WHERE gate = ?1 AND epoch = ?2 AND sequence BETWEEN ?3 AND ?4 AND at >= ?5 AND at < ?6 AND trip > ?7
             ORDER BY trip LIMIT ?8",
            params![gate, epoch, first, last, from.0, to.0, after.0, limit as i64],
            |row| Ok(Digest(row.get(0)?)),
        )?);
    }
    Ok(found.into_iter().take(limit).collect())
}

/// The day of a record in `gate_day`: a number, as a broken clock may say any time.
pub fn gate_day(at: Instant) -> i64 {
    at.0.div_euclid(DurationMs::days(1).0)
}

const RIDE: &str =
    "tap.gate, tap.epoch, tap.sequence, hash, direction, station, line, at, uncertainty, generated, account_type,
    limit_fen, shown_fen, flags, replay_key, deny_sequence, deny_age_s, grant_id, arrived, home, own_risk, tap.rider";

/// A rider's open taps, at most `limit`: those that are in no final trip.
pub fn open(view: View<'_>, network: Division, rider: &Rider, limit: usize) -> Result<Vec<Ride>, StoreError> {
    view.all(
        &format!(
            "SELECT {RIDE} FROM open_tap JOIN tap USING (gate, epoch, sequence)
             WHERE open_tap.network = ?1 AND open_tap.rider = ?2 LIMIT ?3"
        ),
        params![network.as_str(), rider.0, limit as i64],
        ride,
    )
}

/// A tap of a final trip, if it is in that trip still.
pub fn in_trip(view: View<'_>, key: &TapKey, trip: Digest) -> Result<Option<Ride>, StoreError> {
    view.one(
        &format!("SELECT {RIDE} FROM held_tap AS tap WHERE gate = ?1 AND epoch = ?2 AND sequence = ?3 AND trip = ?4"),
        params![key.gate, key.epoch, key.sequence, trip.0],
        ride,
    )
}

fn ride(row: &Row<'_>) -> Result<Ride, SqlError> {
    let direction = Direction::from_number(row.get(4)?).ok_or(SqlError::InvalidQuery)?;
    let tap = Tap {
        key: TapKey { gate: row.get(0)?, epoch: row.get(1)?, sequence: row.get(2)? },
        hash: Digest(row.get(3)?),
        direction,
        station: row.get(5)?,
        line: row.get(6)?,
        at: Instant(row.get(7)?),
        uncertainty: DurationMs(row.get(8)?),
        generated: row.get(9)?,
        account_type: row.get(10)?,
        limit_fen: Fen(row.get(11)?),
        shown_fen: row.get::<_, Option<i64>>(12)?.map(Fen),
        flags: row.get(13)?,
        replay_key: Digest(row.get(14)?),
        deny_sequence: row.get(15)?,
        deny_age_s: row.get(16)?,
        grant: row.get::<_, Option<Text<Uuid>>>(17)?.map(|grant| grant.0),
        arrived: Instant(row.get(18)?),
    };
    Ok(Ride { rider: Rider(row.get(21)?), home: row.get::<_, Text<Division>>(19)?.0, own_risk: row.get(20)?, tap })
}

/// Riders whose next trip is due, longest due first.
pub fn due_riders(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<(Division, Rider)>, StoreError> {
    view.all(
        "SELECT network, rider FROM open_rider WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
        params![now.0, limit as i64],
        |row| Ok((row.get::<_, Text<Division>>(0)?.0, Rider(row.get(1)?))),
    )
}

/// A record as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapRow {
    pub key: TapKey,
    pub hash: Digest,
    pub state: TapState,
    pub reason: Option<String>,
    pub station: StationId,
    pub direction: Option<Direction>,
    pub at: Instant,
    pub rider: Option<Rider>,
    pub trip: Option<Digest>,
    /// Journal sequence of the entry that holds its bytes.
    pub entry: u64,
    /// The entry beside which its bytes lie.
    pub record_entry: u64,
    /// Of one that a clerk took out of quarantine.
    pub release: Option<Release>,
}

const COLUMNS: &str =
    "gate, epoch, sequence, hash, state, reason, station, direction, at, rider, trip, tap.entry, clerk, why,
    released_at, IFNULL(tap_release.entry, tap.entry)";
const TABLES: &str = "held_tap AS tap LEFT JOIN tap_release USING (gate, epoch, sequence)";

fn read(row: &Row<'_>) -> Result<TapRow, SqlError> {
    Ok(TapRow {
        key: TapKey { gate: row.get(0)?, epoch: row.get(1)?, sequence: row.get(2)? },
        hash: Digest(row.get(3)?),
        state: TapState::from_number(row.get(4)?).unwrap_or(TapState::Impossible),
        reason: row.get(5)?,
        station: row.get(6)?,
        direction: Direction::from_number(row.get(7)?),
        at: Instant(row.get(8)?),
        rider: row.get::<_, Option<[u8; 22]>>(9)?.map(Rider),
        trip: row.get::<_, Option<[u8; 32]>>(10)?.map(Digest),
        entry: row.get(11)?,
        record_entry: row.get(15)?,
        release: match row.get(12)? {
            Some(clerk) => Some(Release { clerk, why: row.get(13)?, at: Instant(row.get(14)?) }),
            None => None,
        },
    })
}

/// Records of a gate's epoch in order, after a number.
pub fn list(view: View<'_>, gate: &str, epoch: u32, after: u64, limit: usize) -> Result<Vec<TapRow>, StoreError> {
    view.all(
        &format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE gate = ?1 AND epoch = ?2 AND sequence > ?3 ORDER BY sequence LIMIT ?4"
        ),
        params![gate, epoch, after, limit as i64],
        read,
    )
}

pub fn tap(view: View<'_>, key: &TapKey) -> Result<Option<TapRow>, StoreError> {
    view.one(
        &format!("SELECT {COLUMNS} FROM {TABLES} WHERE gate = ?1 AND epoch = ?2 AND sequence = ?3"),
        params![key.gate, key.epoch, key.sequence],
        read,
    )
}

/// What a record was before another came under its number: as a clerk released it, or as the entry that holds it tells.
pub fn state_before_doubt(view: View<'_>, key: &TapKey, entry: u64) -> Result<Option<TapState>, StoreError> {
    let released = view.one(
        "SELECT released_as FROM tap_release WHERE gate = ?1 AND epoch = ?2 AND sequence = ?3",
        params![key.gate, key.epoch, key.sequence],
        |row| row.get(0),
    )?;
    if let Some(number) = released {
        return Ok(TapState::from_number(number));
    }
    Ok(entry_events(view, entry)?.into_iter().find_map(|event| match event {
        Event::TapsTaken(taken) if taken.gate == key.gate && taken.epoch == key.epoch => {
            taken.taps.iter().find(|tap| tap.sequence == key.sequence).map(|tap| tap.state)
        }
        _ => None,
    }))
}

/// Who released a record, why and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    pub clerk: String,
    pub why: String,
    pub at: Instant,
}

/// The record as the gate sent it; `None` if its bytes were erased.
pub fn record(view: View<'_>, tap: &TapRow) -> Result<Option<Vec<u8>>, StoreError> {
    records::of_tap(view, tap.record_entry, tap.key.sequence, tap.hash)
}
