//! Final trips at the visited city, their answers and adjustments.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_ledger::{Transfer, book};
use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::clearing::{issue_document, issue_documents};
use super::flows;
use super::orders;
use super::taps::out_of_sight;
use crate::event::{FinalTrip, RiderLeft, TripsFinal};
use crate::model::message::{AdjustResult, ChargeResult, TripAdjust};
use crate::model::rider::Rider;
use crate::model::settlement::Document;
use crate::model::tap::{Direction, TapKey};
use crate::model::trip::{TripFinal, TripState};

pub fn finals(tx: Tx<'_>, finals: &TripsFinal, applied: &Applied) -> Result<(), StoreError> {
    for trip in &finals.trips {
        insert(tx, trip, applied)?;
        orders::final_under(tx, trip)?;
        for tap in &trip.taps {
            in_trip(tx, trip.trip.trip_id, tap)?;
            out_of_sight(tx, trip.trip.network, &trip.trip.rider, tap)?;
        }
    }
    let documents: Vec<Document> = finals.trips.iter().filter_map(FinalTrip::document).collect();
    issue_documents(tx, &documents)?;
    let days = finals.trips.iter().map(|trip| (trip.trip.network, trip.trip.travel_day));
    flows::days_with_traffic(tx, days, applied)?;
    finals.riders.iter().try_for_each(|rider| left(tx, rider))
}

fn insert(tx: Tx<'_>, trip: &FinalTrip, applied: &Applied) -> Result<(), StoreError> {
    let FinalTrip { trip, state, reason, claim, .. } = trip;
    let (entry_tap, exit_tap) = tap_keys(trip);
    tx.execute_one(
        "INSERT INTO trip (trip, network, rider, home, kind, state, began, from_station, to_station, ended, original_fen,
             charge_fen, fare_fen, provisional, completed, travel_day, booking_day, reason, entry,
             receiver, entry_tap, exit_tap)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
        params![
            trip.trip_id.0,
            trip.network.as_str(),
            trip.rider.0,
            trip.home.as_str(),
            trip.kind.name(),
            state.name(),
            trip.began().0,
            trip.from,
            trip.to,
            trip.taps.last().map(|tap| tap.at.0),
            trip.charge_fen().0,
            trip.fare.fare_fen().0,
            trip.provisional,
            trip.completion.is_some(),
            trip.travel_day.to_string(),
            trip.booking_day.to_string(),
            reason,
            applied.sequence,
            claim.map(|claim| claim.receiver.to_string()),
            entry_tap,
            exit_tap,
        ],
    )
}

/// The taps at which a trip began and ended, as they are written.
fn tap_keys(trip: &TripFinal) -> (Option<String>, Option<String>) {
    let key = |is_exit: bool| {
        trip.taps.iter().find(|tap| (tap.direction == Direction::Out) == is_exit).map(|tap| tap.key.to_string())
    };
    (key(false), key(true))
}

fn in_trip(tx: Tx<'_>, trip: Digest, tap: &TapKey) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO tap_trip (gate, epoch, sequence, trip) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (gate, epoch, sequence) DO UPDATE SET trip = ?4",
        params![tap.gate, tap.epoch, tap.sequence, trip.0],
    )
}

fn left(tx: Tx<'_>, left: &RiderLeft) -> Result<(), StoreError> {
    match left.next {
        Some(next) => tx.execute(
            "UPDATE open_rider SET due_at = ?3 WHERE network = ?1 AND rider = ?2",
            params![left.network.as_str(), left.rider.0, next.0],
        )?,
        None => tx.execute(
            "DELETE FROM open_rider WHERE network = ?1 AND rider = ?2",
            params![left.network.as_str(), left.rider.0],
        )?,
    };
    Ok(())
}

pub fn answered(
    tx: Tx<'_>,
    result: &ChargeResult,
    transfers: &[Transfer],
    applied: &Applied,
) -> Result<(), StoreError> {
    let state = if result.outcome.is_owed() { TripState::Charged } else { TripState::Disputed };
    tx.execute_one(
        "UPDATE trip SET state = ?2, answered_at = ?3 WHERE trip = ?1",
        params![result.trip_id.0, state.name(), applied.at.0],
    )?;
    book::apply(tx, applied.at, &result.trip_id.to_string(), transfers)
}

pub fn adjusted(
    tx: Tx<'_>,
    adjust: &TripAdjust,
    document: Option<&Document>,
    applied: &Applied,
) -> Result<(), StoreError> {
    let trip = &adjust.trip;
    let (entry_tap, exit_tap) = tap_keys(trip);
    tx.execute_one(
        "UPDATE trip SET kind = ?2, from_station = ?3, to_station = ?4, began = ?5, ended = ?6, charge_fen = ?7,
             fare_fen = ?8, provisional = ?9, completed = ?10, adjusts = ?11, entry = ?12, entry_tap = ?13, exit_tap = ?14
         WHERE trip = ?1",
        params![
            adjust.trip_id.0,
            trip.kind.name(),
            trip.from,
            trip.to,
            trip.began().0,
            trip.taps.last().map(|tap| tap.at.0),
            trip.charge_fen().0,
            trip.fare.fare_fen().0,
            trip.provisional,
            trip.completion.is_some(),
            adjust.number,
            applied.sequence,
            entry_tap,
            exit_tap,
        ],
    )?;
    tx.execute_one(
        "INSERT INTO trip_adjust (adjust_id, trip, number, change_fen, reason, state, entry)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            adjust.adjust.to_string(),
            adjust.trip_id.0,
            adjust.number,
            adjust.change_fen.0,
            adjust.reason,
            if document.is_some() { "sent" } else { "booked" },
            applied.sequence,
        ],
    )?;
    document.map_or(Ok(()), |document| issue_document(tx, document))
}

/// Late taps of a trip that was final before.
pub fn joined(tx: Tx<'_>, trip: Digest, network: Division, rider: &Rider, taps: &[TapKey]) -> Result<(), StoreError> {
    taps.iter().try_for_each(|tap| {
        in_trip(tx, trip, tap)?;
        out_of_sight(tx, network, rider, tap)
    })
}

pub fn adjust_answered(
    tx: Tx<'_>,
    result: &AdjustResult,
    transfers: &[Transfer],
    applied: &Applied,
) -> Result<(), StoreError> {
    // Home answers an adjustment of a disputed trip so too, and the dispute may have ended meanwhile: then it is booked.
    tx.execute_one(
        "UPDATE trip_adjust SET state = CASE
             WHEN ?2 OR NOT EXISTS (SELECT 1 FROM trip WHERE trip = ?3 AND state = 'disputed') THEN 'booked'
             ELSE 'disputed' END
         WHERE adjust_id = ?1",
        params![result.adjust.to_string(), result.outcome.is_owed(), result.trip_id.0],
    )?;
    if result.outcome.is_owed() {
        // Less than was charged: refunded; a later adjustment may raise it again.
        tx.execute(
            "UPDATE trip SET state = CASE WHEN charge_fen < original_fen THEN 'refunded' ELSE 'charged' END
             WHERE trip = ?1 AND state IN ('charged', 'refunded')",
            params![result.trip_id.0],
        )?;
    }
    book::apply(tx, applied.at, &format!("adjust:{}", result.adjust), transfers)
}
