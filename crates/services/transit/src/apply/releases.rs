//! Records that a clerk took out of quarantine: from now on they are what they would have been.

use huitong_service_kit::{Applied, StoreError, Tx, params};
use huitong_transit_code::Reason;

use super::taps::{month, station_day};
use crate::event::TapReleased;
use crate::model::tap::TapState;
use crate::query::station_days::{FIGURES, figure_of};

pub fn released(tx: Tx<'_>, released: &TapReleased, applied: &Applied) -> Result<(), StoreError> {
    let key = &released.tap;
    tx.execute_one(
        "INSERT INTO tap_release (gate, epoch, sequence, released_as, clerk, why, released_at, entry)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (gate, epoch, sequence)
         DO UPDATE SET released_as = ?4, clerk = ?5, why = ?6, released_at = ?7, entry = ?8",
        params![
            key.gate,
            key.epoch,
            key.sequence,
            released.state.number(),
            released.clerk,
            released.reason,
            applied.at.0,
            applied.sequence,
        ],
    )?;
    month(tx, applied)?;
    count(tx, released)?;
    change(tx, released)?;
    if !released.state.counts() {
        return Ok(());
    }
    let tap = &released.ride.tap;
    // One that was doubted after it was taken has used its code already.
    tx.execute(
        "INSERT OR IGNORE INTO code_use (generated, replay_key, direction, gate, epoch, sequence)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![tap.generated, tap.replay_key.0, tap.direction.number(), key.gate, key.epoch, key.sequence],
    )?;
    let Some(due) = released.due else { return Ok(()) };
    let (network, rider) = (released.network, released.ride.rider);
    tx.execute_one(
        "INSERT INTO open_tap (network, rider, gate, epoch, sequence) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![network.as_str(), rider.0, key.gate, key.epoch, key.sequence],
    )?;
    tx.execute_one(
        "INSERT INTO open_rider (network, rider, due_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (network, rider) DO UPDATE SET due_at = MIN(due_at, ?3)",
        params![network.as_str(), rider.0, due.0],
    )
}

fn change(tx: Tx<'_>, released: &TapReleased) -> Result<(), StoreError> {
    let (key, ride) = (&released.tap, &released.ride);
    let (tap, reason) = (&ride.tap, (released.state == TapState::Passback).then(|| Reason::Replay.name()));
    tx.execute_one(
        "UPDATE tap SET state = ?4, reason = ?5, station = ?6, rider = ?7, home = ?8, own_risk = ?9, line = ?10,
             uncertainty = ?11, generated = ?12, account_type = ?13, limit_fen = ?14, shown_fen = ?15, flags = ?16,
             replay_key = ?17, deny_sequence = ?18, deny_age_s = ?19, grant_id = ?20, arrived = ?21
         WHERE gate = ?1 AND epoch = ?2 AND sequence = ?3",
        params![
            key.gate,
            key.epoch,
            key.sequence,
            released.state.number(),
            reason,
            tap.station,
            ride.rider.0,
            ride.home.to_string(),
            ride.own_risk,
            tap.line,
            tap.uncertainty.0,
            tap.generated,
            tap.account_type,
            tap.limit_fen.0,
            tap.shown_fen.map(|shown| shown.0),
            tap.flags,
            tap.replay_key.0,
            tap.deny_sequence,
            tap.deny_age_s,
            tap.grant.map(|grant| grant.to_string()),
            tap.arrived.0,
        ],
    )
}

/// The record leaves the figure that it counted in, and counts as what it is now, at its station.
fn count(tx: Tx<'_>, released: &TapReleased) -> Result<(), StoreError> {
    let TapReleased { network, counted_on, counted_at, counted_as, state, ride, .. } = released;
    let one = |state: TapState, by: i64| {
        let mut counts = [0; FIGURES.len()];
        counts[figure_of(state, ride.tap.direction)] = by;
        counts
    };
    station_day(tx, *network, *counted_at, *counted_on, one(*counted_as, -1))?;
    station_day(tx, *network, ride.tap.station, *counted_on, one(*state, 1))
}
