//! What a decision has done so far to riders' trips and accounts, before the views say so.

use std::collections::BTreeMap;

use huitong_kernel::hash::Digest;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};

use super::adjust::{self, Change};
use super::assemble;
use super::charge::Charging;
use super::finalise::merge;
use super::pricing::NetworkPrices;
use crate::Transit;
use crate::model::fare::ride::EarlierTrip;
use crate::model::order::OrderKind;
use crate::model::rider::Rider;
use crate::model::trip::{TripFinal, TripState};
use crate::query::taps;
use crate::query::trips::{self, TripRow};

/// How far rebates and caps reach: the longest window is a month.
const REACH: DurationMs = DurationMs::days(32);
/// Later trips of a rider that are looked at again when an earlier one arrives.
const LATER_MAX: usize = 200;
/// The reason of an adjustment that follows from another trip of the rider.
pub const EARLIER_TRIP: &str = "earlier_trip";

#[derive(Default)]
pub struct Course {
    pub charging: Charging,
    /// One rider's trips that this decision has made or changed.
    fares: BTreeMap<Digest, EarlierTrip>,
}

impl Course {
    /// Another rider's turn.
    pub fn next_rider(&mut self) {
        self.fares.clear();
    }

    pub fn has(&self, trip: Digest) -> bool {
        self.fares.contains_key(&trip)
    }

    pub fn note(&mut self, trip: &TripFinal) {
        let (entry, exit) = (trip.began(), trip.taps.last().map_or(trip.began(), |tap| tap.at));
        let fare_fen = trip.fare.fare_fen();
        self.fares.insert(trip.trip_id, EarlierTrip { network: trip.network, entry, exit, fare_fen });
    }

    /// The rider's trips of a month up to this moment, without one of them.
    pub fn earlier(
        &self,
        view: View<'_>,
        rider: &Rider,
        until: Instant,
        besides: Option<Digest>,
    ) -> Result<Vec<EarlierTrip>, StoreError> {
        let known = trips::fares_of(view, rider, Instant(until.0 - REACH.0), until)?;
        let known = known.into_iter().filter(|(trip, _)| !self.fares.contains_key(trip));
        let own = self.fares.iter().map(|(trip, earlier)| (*trip, *earlier)).filter(|(_, own)| own.entry <= until);
        Ok(known.chain(own).filter(|(trip, _)| Some(*trip) != besides).map(|(_, earlier)| earlier).collect())
    }

    /// When the first trip began that this decision has made or changed.
    fn first(&self) -> Option<Instant> {
        self.fares.values().map(|trip| trip.entry).min()
    }
}

/// Prices the rider's later trips anew, where their fares depend on other trips: rebates and caps come out the same in
/// whatever order the trips arrived.
pub fn reprice_later(
    transit: &Transit,
    view: View<'_>,
    prices: &NetworkPrices<'_>,
    rider: &Rider,
    course: &mut Course,
    context: &mut Context<'_>,
) -> Result<Decision<Transit>, Stop> {
    let mut decision = Decision::nothing();
    let Some(since) = course.first() else { return Ok(decision) };
    for row in trips::after(view, rider, since, since + REACH, LATER_MAX)? {
        if course.has(row.trip) || row.provisional {
            continue;
        }
        let other;
        let prices = if row.network == prices.network {
            prices
        } else {
            let found = NetworkPrices::of(transit, view, context.directory, row.network)?;
            let Some(found) = found else { continue };
            other = found;
            &other
        };
        if let Some(change) = repriced(view, prices, &row, course)? {
            let part = adjust::adjust_with(transit, view, &row, prices, change, EARLIER_TRIP, course, context)?;
            merge(&mut decision, part);
        }
    }
    Ok(decision)
}

/// Whether the trip rests on a gate at fault or a record in doubt: where it cost nothing before, by a cap, no order or alarm has changed
/// it, and it costs nothing still.
fn costs_nothing(view: View<'_>, prices: &NetworkPrices<'_>, trip: &TripFinal) -> Result<bool, StoreError> {
    for tap in &trip.taps {
        let mut faults = prices.orders()?.iter().filter(|order| order.kind == OrderKind::GateFault);
        let is_at_fault = faults.any(|order| order.covers(tap.station, tap.line, &tap.key.gate, tap.at));
        if is_at_fault || taps::tap(view, &tap.key)?.is_some_and(|held| !held.state.counts()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn repriced(
    view: View<'_>,
    prices: &NetworkPrices<'_>,
    row: &TripRow,
    course: &Course,
) -> Result<Option<Change>, StoreError> {
    let looks_back = prices.tariff(row.began)?.is_some_and(|tariff| tariff.looks_back());
    let is_settled = matches!(row.state, TripState::Cancelled | TripState::WrittenOff);
    if !looks_back || is_settled || trips::is_decided(view, row)? {
        return Ok(None);
    }
    let before = trips::content(view, row)?;
    if costs_nothing(view, prices, &before)? {
        return Ok(None);
    }
    let Some(tariff) = prices.named(&before.pack, before.travel_day)? else { return Ok(None) };
    let earlier = course.earlier(view, &row.rider, row.began, Some(row.trip))?;
    let fare = assemble::priced_anew(&before, &tariff, &earlier);
    Ok(fare.filter(|fare| fare.charge_fen != before.fare.charge_fen).map(Change::Repriced))
}
