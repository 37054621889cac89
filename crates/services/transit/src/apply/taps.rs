//! Records of gates, open taps, holes, and the figures of stations.

use std::collections::BTreeMap;

use huitong_kernel::clearing::{Period, PeriodKind};
use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::flows;
use crate::event::TapsTaken;
use crate::model::rider::Rider;
use crate::model::tap::{TakenTap, TapKey, TapState};
use crate::query::station_days::{counted_at, figure_of};
use crate::query::taps::gate_day;

pub fn taken(tx: Tx<'_>, taken: &TapsTaken, applied: &Applied) -> Result<(), StoreError> {
    month(tx, applied)?;
    let mut stations: BTreeMap<(u32, Date), [i64; 6]> = BTreeMap::new();
    let mut days: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for tap in &taken.taps {
        let (first, last) = days.entry(gate_day(tap.at)).or_insert((tap.sequence, tap.sequence));
        (*first, *last) = (tap.sequence.min(*first), tap.sequence.max(*last));
        insert(tx, taken, tap, applied)?;
        let day = counted_at(tap.at, applied.at).business_date();
        stations.entry((tap.station, day)).or_default()[figure_of(tap.state, tap.direction)] += 1;
        if tap.state.counts() {
            open(tx, taken, tap)?;
        }
    }
    for conflict in &taken.conflicts {
        tx.execute_one(
            "INSERT INTO tap_conflict (gate, epoch, sequence, hash, previous, at, entry) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                taken.gate,
                taken.epoch,
                conflict.sequence,
                conflict.hash.0,
                conflict.previous.0,
                applied.at.0,
                applied.sequence,
            ],
        )?;
    }
    tx.execute_one(
        "INSERT INTO gate_epoch (gate, epoch, contiguous_to, highest, hole_alarm_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (gate, epoch) DO UPDATE SET contiguous_to = ?3, highest = ?4, hole_alarm_at = ?5,
             alarmed = alarmed AND ?3 < ?4",
        params![taken.gate, taken.epoch, taken.contiguous_to, taken.highest, taken.hole_alarm_at.map(|at| at.0)],
    )?;
    for (day, (first, last)) in days {
        tx.execute_one(
            "INSERT INTO gate_day (gate, day, epoch, first, last) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (gate, day, epoch) DO UPDATE SET first = MIN(first, ?4), last = MAX(last, ?5)",
            params![taken.gate, day, taken.epoch, first, last],
        )?;
    }
    for (rider, due) in &taken.riders {
        tx.execute_one(
            "INSERT INTO open_rider (network, rider, due_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (network, rider) DO UPDATE SET due_at = MIN(due_at, ?3)",
            params![taken.network.as_str(), rider.0, due.0],
        )?;
    }
    flows::days_with_traffic(tx, stations.keys().map(|(_, day)| (taken.network, *day)), applied)?;
    stations.into_iter().try_for_each(|((station, day), counts)| station_day(tx, taken.network, station, day, counts))
}

fn insert(tx: Tx<'_>, taken: &TapsTaken, tap: &TakenTap, applied: &Applied) -> Result<(), StoreError> {
    let ride = tap.ride.as_deref();
    tx.execute_one(
        "INSERT INTO tap (gate, epoch, sequence, hash, previous, state, reason, network, station, direction, at, rider, entry,
             home, own_risk, line, uncertainty, generated, account_type, limit_fen, shown_fen, flags, replay_key,
             deny_sequence, deny_age_s, grant_id, arrived)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,
             ?24, ?25, ?26, ?27)",
        params![
            taken.gate,
            taken.epoch,
            tap.sequence,
            tap.hash.0,
            tap.previous.0,
            tap.state.number(),
            tap.reason,
            taken.network.as_str(),
            tap.station,
            tap.direction.number(),
            tap.at.0,
            ride.map(|ride| ride.rider.0),
            applied.sequence,
            ride.map(|ride| ride.home.to_string()),
            ride.map(|ride| ride.own_risk),
            ride.map(|ride| ride.line),
            ride.map(|ride| ride.uncertainty.0),
            ride.map(|ride| ride.generated),
            ride.map(|ride| ride.account_type),
            ride.map(|ride| ride.limit_fen.0),
            ride.and_then(|ride| ride.shown_fen).map(|shown| shown.0),
            ride.map(|ride| ride.flags),
            ride.map(|ride| ride.replay_key.0),
            ride.map(|ride| ride.deny_sequence),
            ride.map(|ride| ride.deny_age_s),
            ride.and_then(|ride| ride.grant).map(|grant| grant.to_string()),
            ride.map(|_| applied.at.0),
        ],
    )
}

/// A tap that counts: its code is used up, and matching will look at it.
fn open(tx: Tx<'_>, taken: &TapsTaken, tap: &TakenTap) -> Result<(), StoreError> {
    let Some(ride) = &tap.ride else { return Ok(()) };
    let (generated, direction) = (ride.generated, tap.direction.number());
    tx.execute_one(
        "INSERT INTO code_use (generated, replay_key, direction, gate, epoch, sequence) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![generated, ride.replay_key.0, direction, taken.gate, taken.epoch, tap.sequence],
    )?;
    tx.execute_one(
        "INSERT INTO open_tap (network, rider, gate, epoch, sequence) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![taken.network.as_str(), ride.rider.0, taken.gate, taken.epoch, tap.sequence],
    )
}

pub fn station_day(tx: Tx<'_>, network: Division, station: u32, day: Date, counts: [i64; 6]) -> Result<(), StoreError> {
    let [entries, exits, boardings, refused, impossible, passbacks] = counts;
    tx.execute_one(
        "INSERT INTO station_day (network, station, day, entries, exits, boardings, refused, impossible, passbacks)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (network, station, day) DO UPDATE SET entries = entries + ?4, exits = exits + ?5,
             boardings = boardings + ?6, refused = refused + ?7, impossible = impossible + ?8, passbacks = passbacks + ?9",
        params![network.as_str(), station, day.to_string(), entries, exits, boardings, refused, impossible, passbacks],
    )
}

/// A held record in doubt: it does not count any more.
pub fn doubted(
    tx: Tx<'_>,
    tap: &TapKey,
    network: Division,
    rider: Option<Rider>,
    reason: &str,
) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE tap SET state = ?4, reason = ?5 WHERE gate = ?1 AND epoch = ?2 AND sequence = ?3",
        params![tap.gate, tap.epoch, tap.sequence, TapState::Impossible.number(), reason],
    )?;
    rider.map_or(Ok(()), |rider| out_of_sight(tx, network, &rider, tap))
}

/// Matching does not look at the tap any more.
pub fn out_of_sight(tx: Tx<'_>, network: Division, rider: &Rider, tap: &TapKey) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM open_tap WHERE network = ?1 AND rider = ?2 AND gate = ?3 AND epoch = ?4 AND sequence = ?5",
        params![network.as_str(), rider.0, tap.gate, tap.epoch, tap.sequence],
    )?;
    Ok(())
}

/// The month in which an entry came, until its records are erased.
pub fn month(tx: Tx<'_>, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO record_month (month, last_entry) VALUES (?1, ?2) ON CONFLICT (month) DO UPDATE SET last_entry = ?2",
        params![Period::of(PeriodKind::Month, applied.at.business_date()).to_string(), applied.sequence],
    )
}

pub fn records_erased(tx: Tx<'_>, up_to: u64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM record_month WHERE last_entry <= ?1", params![up_to])?;
    Ok(())
}

pub fn hole_alarmed(tx: Tx<'_>, gate: &str, epoch: u32) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE gate_epoch SET hole_alarm_at = NULL, alarmed = 1 WHERE gate = ?1 AND epoch = ?2",
        params![gate, epoch],
    )
}
