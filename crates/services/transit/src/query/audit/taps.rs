//! Taps: J2, J7 and J8.

use huitong_kernel::hash::Digest;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::{StoreError, View, params};

use super::{Audit, Place};
use crate::decide::pricing::NetworkPrices;
use crate::model::matching::{fits, in_order};
use crate::model::tap::{Ride, Tap};
use crate::query::decided_at;
use crate::query::taps;
use crate::query::trips::{self, TripRow};

/// A hole's alarm is given with the next tick; a node that decides other things so long after it was due has missed it.
const ALARM_GRACE: DurationMs = DurationMs::minutes(10);
/// No trip is longer: it ends in the business day in which it began.
const TRIP_MAX: DurationMs = DurationMs::days(1);
/// Trips of a rider in that time.
const TRIPS_MAX: usize = 1_000;
const KEY: &str = "tap.gate || '/' || tap.epoch || '/' || tap.sequence";

pub fn check(place: &Place<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    let view = place.view;
    in_one_trip(view, audit)?;
    without_holes(view, audit)?;
    used_once(view, audit)?;
    one_trip_at_a_time(place, audit)
}

/// J2.
fn in_one_trip(view: View<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    audit.none(
        view,
        "J2",
        "counts and is in no trip, nor open",
        &format!(
            "SELECT {KEY} FROM held_tap AS tap WHERE state IN (0, 1) AND trip IS NULL AND NOT EXISTS
                 (SELECT 1 FROM open_tap WHERE open_tap.network = tap.network AND open_tap.rider = tap.rider
                  AND open_tap.gate = tap.gate AND open_tap.epoch = tap.epoch AND open_tap.sequence = tap.sequence) LIMIT 1000"
        ),
    )?;
    audit.none(
        view,
        "J2",
        "is in a trip that does not exist",
        &format!(
            "SELECT {KEY} FROM tap_trip AS tap WHERE NOT EXISTS (SELECT 1 FROM trip WHERE trip.trip = tap.trip) LIMIT 1000"
        ),
    )
}

/// J7: what is said of a gate's numbers is what is held; a hole is timed, and its alarm is given in time.
fn without_holes(view: View<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    audit.none(
        view,
        "J7",
        "a hole without alarm",
        "SELECT gate || '/' || epoch FROM gate_epoch
         WHERE contiguous_to < highest AND hole_alarm_at IS NULL AND alarmed = 0 LIMIT 1000",
    )?;
    audit.none(
        view,
        "J7",
        "the numbers held are not those that the view tells",
        "SELECT gate || '/' || epoch FROM gate_epoch AS kept WHERE
             highest <> IFNULL((SELECT MAX(sequence) FROM tap WHERE tap.gate = kept.gate AND tap.epoch = kept.epoch), 0)
             OR contiguous_to <> (SELECT COUNT(*) FROM tap WHERE tap.gate = kept.gate AND tap.epoch = kept.epoch
                 AND tap.sequence <= kept.contiguous_to)
             OR EXISTS (SELECT 1 FROM tap WHERE tap.gate = kept.gate AND tap.epoch = kept.epoch
                 AND tap.sequence = kept.contiguous_to + 1) LIMIT 1000",
    )?;
    let last = "SELECT MAX(sequence) FROM journal WHERE kind = 'decision'";
    let Some(last) = view.one(last, [], |row| row.get::<_, Option<u64>>(0))?.flatten() else { return Ok(()) };
    let overdue = decided_at(view, last)?.0 - ALARM_GRACE.0;
    view.each(
        "SELECT gate || '/' || epoch FROM gate_epoch WHERE hole_alarm_at < ?1 LIMIT 1000",
        params![overdue],
        |row| {
            audit.note("J7", row.get::<_, String>(0)?, "its hole is old and the alarm was never given");
            Ok(())
        },
    )
}

/// J8: every tap that counts is the one that used its code.
fn used_once(view: View<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    audit.none(
        view,
        "J8",
        "counts, and its code was used by another tap, or by none",
        &format!(
            "SELECT {KEY} FROM tap WHERE rider IS NOT NULL AND state IN (0, 1) AND NOT EXISTS
                 (SELECT 1 FROM code_use WHERE code_use.generated = tap.generated AND code_use.replay_key = tap.replay_key
                  AND code_use.direction = tap.direction AND code_use.gate = tap.gate AND code_use.epoch = tap.epoch
                  AND code_use.sequence = tap.sequence) LIMIT 1000"
        ),
    )?;
    audit.none(
        view,
        "J8",
        "a code was used by a tap that is not held",
        "SELECT gate || '/' || epoch || '/' || sequence FROM code_use WHERE NOT EXISTS
             (SELECT 1 FROM tap WHERE tap.gate = code_use.gate AND tap.epoch = code_use.epoch
              AND tap.sequence = code_use.sequence) LIMIT 1000",
    )
}

/// J8: an account (with its ticket) is in one trip at a time in a city: no trip begins before the one before it has ended. An entry
/// that came when that one was final already could not be matched with it any more; and where the exit of the first cannot
/// be that of the second by the rules of matching, it was made before the second began, whatever the clocks say. So it was where
/// a gate's numbers say so.
fn one_trip_at_a_time(place: &Place<'_>, audit: &mut Audit) -> Result<(), StoreError> {
    let view = place.view;
    let pairs = view.all(
        "SELECT before, trip, left_at, began FROM
             (SELECT trip, began, LAG(trip) OVER riders AS before, LAG(ended) OVER riders AS left_at FROM trip
              WHERE kind = 'paired' WINDOW riders AS (PARTITION BY network, rider ORDER BY began, trip))
         WHERE left_at > began LIMIT 1000",
        [],
        |row| Ok((Digest(row.get(0)?), Digest(row.get(1)?), row.get::<_, i64>(2)?, row.get::<_, i64>(3)?)),
    )?;
    for (before, trip, left_at, began) in pairs {
        let rows = (trips::trip(view, before)?, trips::trip(view, trip)?);
        let (Some(before), Some(trip)) = rows else { continue };
        if before.adjusts > 0 || trip.adjusts > 0 {
            // A tap that came later has changed one of them.
            continue;
        }
        let ends = (end(view, &before, false)?, end(view, &trip, true)?);
        let (Some(exit), Some(entry)) = ends else {
            audit.note("J2", trip.trip, "a pair whose taps are not held");
            continue;
        };
        // Clocks differ: within both uncertainties nobody knows what came first.
        let overlaps = began + exit.tap.uncertainty.0 + entry.tap.uncertainty.0 < left_at;
        let was_known = entry.tap.arrived < decided_at(view, before.entry)?;
        let is_told = exit.tap.at.0 == left_at;
        let is_one_ride = || Ok::<_, StoreError>(closes(place, &trip, &entry, &exit)? && meet(view, &before, &trip)?);
        if overlaps && was_known && (!is_told || is_one_ride()?) {
            audit.note("J8", trip.trip, format!("begins while the trip {} of the same rider lasts", before.trip));
        }
    }
    Ok(())
}

/// Whether the exit closes the entry by the rules of matching.
fn closes(place: &Place<'_>, row: &TripRow, entry: &Ride, exit: &Ride) -> Result<bool, StoreError> {
    let prices = NetworkPrices::of(place.transit, place.view, place.directory, row.network)?;
    let Some(prices) = prices else { return Ok(false) };
    let fits = fits(&entry.tap, &exit.tap, prices.parameters(), &prices);
    prices.check()?;
    Ok(fits.is_ok())
}

/// Whether one of two pairs of a rider begins before the other has ended in the order of matching, in which a gate's numbers go
/// before its clock. Any tap of the rider at a gate holds back what the gate noted after it.
fn meet(view: View<'_>, before: &TripRow, trip: &TripRow) -> Result<bool, StoreError> {
    let (from, to) = (Instant(before.began.0 - TRIP_MAX.0), trip.began + TRIP_MAX);
    let (mut taps, mut owners): (Vec<Tap>, Vec<Digest>) = (Vec::new(), Vec::new());
    for (row, ends) in trips::with_taps(view, trip.network, &trip.rider, from, to, TRIPS_MAX)? {
        for key in ends.iter().flatten() {
            let Some(ride) = taps::in_trip(view, key, row.trip)? else { continue };
            taps.push(ride.tap);
            owners.push(row.trip);
        }
    }
    let owners = in_order(&taps).into_iter().map(|tap| owners[tap]);
    let order: Vec<Digest> = owners.filter(|owner| [before.trip, trip.trip].contains(owner)).collect();
    let is_apart = matches!(order.as_slice(), [first, left, next, last] if first == left && next == last);
    Ok(!is_apart)
}

/// The entry or the exit of a trip.
fn end(view: View<'_>, row: &TripRow, is_entry: bool) -> Result<Option<Ride>, StoreError> {
    let taps = trips::content(view, row)?.taps;
    let tap = if is_entry { taps.first() } else { taps.last() };
    tap.map_or(Ok(None), |tap| taps::in_trip(view, &tap.key, row.trip))
}
