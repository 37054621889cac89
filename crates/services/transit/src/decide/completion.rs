//! Completing single-sided trips (补登, transit specification §6.5): automatically, in a fixed order, with the evidence; or as the
//! rider says, within limits.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::{Context, Decision, Refusal, Stop, StoreError, View};

use super::adjust::{self, Change};
use super::assemble::Parts;
use super::pricing::{NetworkPrices, ride};
use super::{Decided, send};
use crate::model::message::{CompletionAsk, Message};
use crate::model::network::{Station, StationId};
use crate::model::order::{OrderKind, ServiceOrder};
use crate::model::rider::Rider;
use crate::model::tap::{Direction, Ride, Tap};
use crate::model::trip::{Completion, CompletionKind, RIDER_COMPLETION, TripKind};
use crate::query::gates;
use crate::query::trips::{self, TripRow};
use crate::{Transit, refusal};

/// The next entry counts when it follows within this time.
const NEXT_ENTRY_WITHIN: DurationMs = DurationMs::minutes(12 * 60);
/// A habit: so many of the last so many trips.
const HABIT_TRIPS: usize = 10;
const HABIT_AT_LEAST: usize = 3;

/// Fills in the missing side where something shows it: free exit, next entry, habit, in this order.
pub fn automatic(
    view: View<'_>,
    prices: &NetworkPrices<'_>,
    rides: &[Ride],
    parts: &mut Parts<'_>,
) -> Result<(), StoreError> {
    match (parts.entry, parts.exit) {
        (Some(entry), None) if entry.direction == Direction::In => {
            if let Some(order) = free_exit(view, prices, entry)? {
                parts.completion = order.station.map(|station| Completion {
                    how: CompletionKind::FreeExit,
                    station,
                    evidence: format!("order {}", order.order),
                });
                parts.order = Some(order);
                return Ok(());
            }
            parts.completion = match next_entry(view, prices, rides, parts.rider, entry)? {
                Some(completion) => Some(completion),
                None => habit(view, prices.network, &parts.rider, entry, Side::Entry)?,
            };
        }
        (None, Some(exit)) => parts.completion = habit(view, prices.network, &parts.rider, exit, Side::Exit)?,
        _ => {}
    }
    Ok(())
}

/// A free-exit order under which this trip can have ended: at one of the stations whose gates it opened.
fn free_exit(view: View<'_>, prices: &NetworkPrices<'_>, entry: &Tap) -> Result<Option<ServiceOrder>, StoreError> {
    let limit = entry.at + prices.parameters().trip_limit();
    for order in prices.orders()?.iter().filter(|order| order.kind == OrderKind::FreeExit) {
        if order.to <= entry.at || order.from > limit {
            continue;
        }
        let gate = order.gate.as_deref().map(|gate| gates::gate(view, gate)).transpose()?.flatten();
        if order.gate.is_some() && gate.is_none() {
            continue;
        }
        let is_open = |station: &&Station| {
            order.station.is_none_or(|ordered| ordered == station.id)
                && order.line.is_none_or(|ordered| station.lines.contains(&ordered))
                && gate.as_ref().is_none_or(|gate| gate.station == station.id)
        };
        let mut stations = prices.current.map.stations.iter().filter(is_open);
        if stations.any(|station| can_end(prices, entry, station.id, order.to)) {
            return Ok(Some(order.clone()));
        }
    }
    Ok(None)
}

/// Whether a ride from the entry can have ended at the station by then.
fn can_end(prices: &NetworkPrices<'_>, entry: &Tap, station: StationId, by: Instant) -> bool {
    let Ok(Some(tariff)) = prices.tariff(entry.at) else { return false };
    let soonest = entry.at + tariff.map.min_travel(entry.station, station);
    station != entry.station && soonest <= by && tariff.fare(&ride(entry, station, by), &[]).is_some()
}

fn next_entry(
    view: View<'_>,
    prices: &NetworkPrices<'_>,
    rides: &[Ride],
    rider: Rider,
    entry: &Tap,
) -> Result<Option<Completion>, StoreError> {
    let until = entry.at + NEXT_ENTRY_WITHIN;
    let open = rides.iter().map(|ride| &ride.tap).filter(|tap| tap.direction == Direction::In);
    let open = open.map(|tap| (tap.at, tap.station));
    let settled = trips::of_rider(view, prices.network, &rider, entry.at, until, 10)?;
    let settled =
        settled.iter().filter_map(|trip| Some((trip.began, trip.from.filter(|_| trip.kind != TripKind::ExitOnly)?)));
    let later = open.chain(settled).filter(|(at, _)| *at > entry.at && *at <= until);
    let Some((at, station)) = later.min() else { return Ok(None) };
    if !can_end(prices, entry, station, at) {
        return Ok(None);
    }
    Ok(Some(Completion { how: CompletionKind::NextEntry, station, evidence: format!("entry at {station}, {at}") }))
}

/// Which side of a trip is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Entry,
    Exit,
}

/// At least 3 of the last 10 completed trips on such days from here ended at one station (or to here began at one).
fn habit(
    view: View<'_>,
    network: Division,
    rider: &Rider,
    tap: &Tap,
    known: Side,
) -> Result<Option<Completion>, StoreError> {
    // Saturday and Sunday: a habit of days, whatever the calendar made of them.
    let is_weekend = |at: Instant| {
        huitong_kernel::time::days_since_epoch(at.business_date()).rem_euclid(7) >= 2
            && huitong_kernel::time::days_since_epoch(at.business_date()).rem_euclid(7) <= 3
    };
    let alike = |trip: &&TripRow| {
        let here = if known == Side::Entry { trip.from } else { trip.to };
        trip.kind == TripKind::Paired && here == Some(tap.station) && is_weekend(trip.began) == is_weekend(tap.at)
    };
    let past = trips::before(view, network, rider, tap.at, 10 * HABIT_TRIPS)?;
    let mut stations: BTreeMap<StationId, usize> = BTreeMap::new();
    for trip in past.iter().filter(alike).take(HABIT_TRIPS) {
        let other = if known == Side::Entry { trip.to } else { trip.from };
        *stations.entry(other.unwrap_or_default()).or_default() += 1;
    }
    let most = stations.into_iter().max_by_key(|(station, count)| (*count, std::cmp::Reverse(*station)));
    Ok(most.filter(|(_, count)| *count >= HABIT_AT_LEAST).map(|(station, count)| Completion {
        how: CompletionKind::Habit,
        station,
        evidence: format!("{count} of the last {HABIT_TRIPS} trips"),
    }))
}

/// A rider says where a trip began or ended; home has checked how often.
pub fn by_rider(
    transit: &Transit,
    view: View<'_>,
    ask: &CompletionAsk,
    from: Division,
    context: &mut Context<'_>,
) -> Decided {
    match complete(transit, view, ask, from, context) {
        // The trip stands as the rider says already.
        Ok(decision) if decision.events.is_empty() => {
            let code = refusal::TRIP_COMPLETE.code.to_owned();
            let refused = Message::CompletionRefused { trip_id: ask.trip_id, code };
            Ok(decision.message(send(context, from, refused)))
        }
        Ok(decision) => Ok(decision),
        Err(Stop::Refused(refusal)) => {
            let refused = Message::CompletionRefused { trip_id: ask.trip_id, code: refusal.code };
            Ok(Decision::nothing().message(send(context, from, refused)))
        }
        Err(failed) => Err(failed),
    }
}

/// The same, within one node or from another.
pub fn complete(
    transit: &Transit,
    view: View<'_>,
    ask: &CompletionAsk,
    from: Division,
    context: &mut Context<'_>,
) -> Decided {
    let row = trips::trip(view, ask.trip_id)?.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse())?;
    let is_payer = super::node_of(context, row.home) == Some(from) && row.rider.account() == ask.account;
    if !is_payer {
        return Err(refusal::TRIP_UNKNOWN.refuse().into());
    }
    let prices = NetworkPrices::of(transit, view, context.directory, row.network)?
        .ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse())?;
    check(&row, &prices, context.now)?;
    let completion = Completion {
        how: CompletionKind::Rider,
        station: ask.station,
        evidence: format!("the rider, {}", context.now),
    };
    adjust::adjust(transit, view, &row, &prices, Change::Completed(completion), RIDER_COMPLETION, context)
}

fn check(row: &TripRow, prices: &NetworkPrices<'_>, now: Instant) -> Result<(), Refusal> {
    if !row.kind.is_single_sided() {
        return Err(refusal::TRIP_COMPLETE.refuse());
    }
    let until = row.began + DurationMs::days(i64::from(prices.parameters().completion_days));
    if now > until { Err(refusal::COMPLETE_LIMIT.refuse()) } else { Ok(()) }
}
