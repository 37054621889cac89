//! Final trips at the visited city.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{Row, SqlError, StoreError, View, params};
use uuid::Uuid;

use super::{Text, entry_events};
use crate::event::Event;
use crate::model::fare::ride::EarlierTrip;
use crate::model::message::TripAdjust;
use crate::model::network::StationId;
use crate::model::rider::Rider;
use crate::model::tap::TapKey;
use crate::model::trip::{TripFinal, TripKind, TripState};

/// A row of the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TripRow {
    pub trip: Digest,
    pub network: Division,
    pub rider: Rider,
    pub home: Division,
    pub kind: TripKind,
    pub state: TripState,
    pub began: Instant,
    pub from: Option<StationId>,
    pub to: Option<StationId>,
    pub original_fen: Fen,
    pub charge_fen: Fen,
    pub provisional: bool,
    pub adjusts: u32,
    pub travel_day: Date,
    pub booking_day: Date,
    pub reason: Option<String>,
    /// Journal sequence of the entry that holds its latest content.
    pub entry: u64,
}

pub const COLUMNS: &str =
    "trip, network, rider, home, kind, state, began, from_station, to_station, original_fen, charge_fen,
    provisional, adjusts, travel_day, booking_day, reason, entry";

/// Reads a row of [`COLUMNS`].
pub fn read(row: &Row<'_>) -> Result<TripRow, SqlError> {
    Ok(TripRow {
        trip: Digest(row.get(0)?),
        network: row.get::<_, Text<Division>>(1)?.0,
        rider: Rider(row.get(2)?),
        home: row.get::<_, Text<Division>>(3)?.0,
        kind: row.get::<_, Text<TripKind>>(4)?.0,
        state: row.get::<_, Text<TripState>>(5)?.0,
        began: Instant(row.get(6)?),
        from: row.get(7)?,
        to: row.get(8)?,
        original_fen: Fen(row.get(9)?),
        charge_fen: Fen(row.get(10)?),
        provisional: row.get(11)?,
        adjusts: row.get(12)?,
        travel_day: row.get::<_, Text<Date>>(13)?.0,
        booking_day: row.get::<_, Text<Date>>(14)?.0,
        reason: row.get(15)?,
        entry: row.get(16)?,
    })
}

pub fn trip(view: View<'_>, trip: Digest) -> Result<Option<TripRow>, StoreError> {
    view.one(&format!("SELECT {COLUMNS} FROM trip WHERE trip = ?1"), params![trip.0], read)
}

/// Trips of a rider in a network that began in `from..=to`, oldest first, at most `limit`.
pub fn of_rider(
    view: View<'_>,
    network: Division,
    rider: &Rider,
    from: Instant,
    to: Instant,
    limit: usize,
) -> Result<Vec<TripRow>, StoreError> {
    view.all(
        &format!(
            "SELECT {COLUMNS} FROM trip WHERE rider = ?1 AND +network = ?2 AND began BETWEEN ?3 AND ?4
             ORDER BY began LIMIT ?5"
        ),
        params![rider.0, network.as_str(), from.0, to.0, limit as i64],
        read,
    )
}

/// The keys of a trip's entry and exit.
pub type Ends = [Option<TapKey>; 2];

/// Trips of a rider in a network that began in `from..=to`, each with its ends. (`+network`: by the index on riders; that on time
/// and network would read everybody's trips of those days.)
pub fn with_taps(
    view: View<'_>,
    network: Division,
    rider: &Rider,
    from: Instant,
    to: Instant,
    limit: usize,
) -> Result<Vec<(TripRow, Ends)>, StoreError> {
    view.all(
        &format!(
            "SELECT {COLUMNS}, entry_tap, exit_tap FROM trip
             WHERE rider = ?1 AND +network = ?2 AND began BETWEEN ?3 AND ?4 ORDER BY began, trip LIMIT ?5"
        ),
        params![rider.0, network.as_str(), from.0, to.0, limit as i64],
        |row| {
            let key = |at| Ok::<_, SqlError>(row.get::<_, Option<Text<TapKey>>>(at)?.map(|key| key.0));
            Ok((read(row)?, [key(17)?, key(18)?]))
        },
    )
}

/// Trips of a rider in all networks that began after a moment, until another, oldest first.
pub fn after(
    view: View<'_>,
    rider: &Rider,
    after: Instant,
    until: Instant,
    limit: usize,
) -> Result<Vec<TripRow>, StoreError> {
    view.all(
        &format!(
            "SELECT {COLUMNS} FROM trip WHERE rider = ?1 AND began > ?2 AND began <= ?3 ORDER BY began, trip LIMIT ?4"
        ),
        params![rider.0, after.0, until.0, limit as i64],
        read,
    )
}

/// Whether a person has decided what a trip costs: later taps change nothing then.
pub fn is_decided(view: View<'_>, row: &TripRow) -> Result<bool, StoreError> {
    if row.adjusts == 0 {
        return Ok(false);
    }
    let found = view.one(
        "SELECT 1 FROM trip_adjust WHERE trip = ?1 AND reason IN ('clerk', 'contest', 'gate_fault', 'tap_conflict')",
        params![row.trip.0],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// The latest trips of a rider before a moment, newest first.
pub fn before(
    view: View<'_>,
    network: Division,
    rider: &Rider,
    before: Instant,
    limit: usize,
) -> Result<Vec<TripRow>, StoreError> {
    view.all(
        &format!(
            "SELECT {COLUMNS} FROM trip WHERE rider = ?1 AND +network = ?2 AND began < ?3 ORDER BY began DESC LIMIT ?4"
        ),
        params![rider.0, network.as_str(), before.0, limit as i64],
        read,
    )
}

/// What a rider's trips in all networks cost, of those that began in `from..=to`, oldest first, by trip.
pub fn fares_of(
    view: View<'_>,
    rider: &Rider,
    from: Instant,
    to: Instant,
) -> Result<Vec<(Digest, EarlierTrip)>, StoreError> {
    view.all(
        "SELECT network, began, IFNULL(ended, began), fare_fen, trip FROM trip
         WHERE rider = ?1 AND began BETWEEN ?2 AND ?3 ORDER BY began LIMIT 1000",
        params![rider.0, from.0, to.0],
        |row| {
            let earlier = EarlierTrip {
                network: row.get::<_, Text<Division>>(0)?.0,
                entry: Instant(row.get(1)?),
                exit: Instant(row.get(2)?),
                fare_fen: Fen(row.get(3)?),
            };
            Ok((Digest(row.get(4)?), earlier))
        },
    )
}

/// A trip as it stands, from the entry that holds its latest content.
pub fn content(view: View<'_>, row: &TripRow) -> Result<TripFinal, StoreError> {
    for event in entry_events(view, row.entry)? {
        match event {
            Event::TripsFinal(trips) => {
                if let Some(found) = trips.trips.into_iter().find(|found| found.trip.trip_id == row.trip) {
                    return Ok(found.trip);
                }
            }
            Event::TripAdjusted { adjust, .. } if adjust.trip_id == row.trip => return Ok(*adjust.trip),
            _ => {}
        }
    }
    Err(damaged(row))
}

fn damaged(row: &TripRow) -> StoreError {
    StoreError::Damaged(format!("entry {} does not hold the trip {}", row.entry, row.trip))
}

/// An adjustment of a trip by its id.
pub fn adjustment(view: View<'_>, row: &TripRow, adjust: Uuid) -> Result<Option<TripAdjust>, StoreError> {
    let entry = view.one("SELECT entry FROM trip_adjust WHERE adjust_id = ?1", params![adjust.to_string()], |row| {
        row.get::<_, u64>(0)
    })?;
    let Some(entry) = entry else { return Ok(None) };
    Ok(entry_events(view, entry)?.into_iter().find_map(|event| match event {
        Event::TripAdjusted { adjust: found, .. } if found.adjust == adjust && found.trip_id == row.trip => {
            Some(*found)
        }
        _ => None,
    }))
}

/// Trips of a travel day in a network by beginning, after one of them; of one state, or of all.
pub fn of_day(
    view: View<'_>,
    network: Division,
    day: Date,
    state: Option<TripState>,
    after: Option<(Instant, Digest)>,
    limit: usize,
) -> Result<Vec<TripRow>, StoreError> {
    // A business day begins at most a day after its date does, and is a day long.
    let first = Instant::start_of(day);
    let (began, trip) = after.unwrap_or((Instant(first.0 - 1), Digest::default()));
    view.all(
        &format!(
            "SELECT {COLUMNS} FROM trip WHERE network = ?1 AND began BETWEEN ?2 AND ?3 AND (began, trip) > (?4, ?5)
             AND travel_day = ?6 AND (?7 IS NULL OR state = ?7) ORDER BY began, trip LIMIT ?8"
        ),
        params![
            network.as_str(),
            began.0.max(first.0),
            first.0 + 2 * 86_400_000,
            began.0,
            trip.0,
            day.to_string(),
            state.map(TripState::name),
            limit as i64,
        ],
        read,
    )
}

/// A row of a trip's adjustments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdjustRow {
    pub adjust: Uuid,
    pub number: u32,
    pub change_fen: Fen,
    pub reason: String,
    /// `sent`, `booked` or `disputed`.
    pub state: String,
}

/// A trip's adjustments, oldest first.
pub fn adjustments(view: View<'_>, trip: Digest) -> Result<Vec<AdjustRow>, StoreError> {
    view.all(
        "SELECT adjust_id, number, change_fen, reason, state FROM trip_adjust WHERE trip = ?1 ORDER BY number LIMIT 1000",
        params![trip.0],
        |row| {
            Ok(AdjustRow {
                adjust: row.get::<_, Text<Uuid>>(0)?.0,
                number: row.get(1)?,
                change_fen: Fen(row.get(2)?),
                reason: row.get(3)?,
                state: row.get(4)?,
            })
        },
    )
}
