//! Trips become final: the taps of riders that are due are matched, priced and claimed from home.

use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::{Context, Decision, Refusal, Stop, StoreError, View};

use super::assemble::{self, Parts};
use super::charge;
use super::course::{self, Course};
use super::late::LateTaps;
use super::pricing::{NetworkPrices, Tariff};
use super::settled::{self, Around, Meaning};
use super::{Decided, answers, completion, node_of, send};
use crate::Transit;
use crate::event::{Event, FinalTrip, RiderLeft, TripsFinal};
use crate::model::matching::{Matched, SingleReason};
use crate::model::message::Message;
use crate::model::order::{OrderKind, ServiceOrder};
use crate::model::parameters::Parameters;
use crate::model::rider::Rider;
use crate::model::settlement::{Claim, Document};
use crate::model::tap::Tap;
use crate::model::trip::{TripFinal, TripState};
use crate::query::taps;
use crate::refusal;

/// Riders looked at in one decision.
pub const RIDERS_MAX: usize = 400;
/// Open taps of a rider that are matched at once.
pub const OPEN_TAPS_MAX: usize = 1_000;
/// A rider whose trips cannot be made final is looked at again after this time, and after a duty officer was told.
const HELD_FOR: DurationMs = DurationMs::days(1);

pub fn decide(transit: &Transit, view: View<'_>, context: &mut Context<'_>) -> Decided {
    let riders = taps::due_riders(view, context.now, RIDERS_MAX)?;
    if riders.is_empty() {
        // A tick before this one has seen to them.
        return Ok(Decision::nothing());
    }
    let mut held: Vec<Held> = Vec::new();
    loop {
        match together(transit, view, &riders, &held, context) {
            Ok(decision) => return Ok(decision),
            // One rider's trips stop nobody else's: the others are decided anew without them.
            Err(Fault { network, rider, stop: Stop::Refused(refusal) }) => held.push(Held { network, rider, refusal }),
            Err(Fault { stop, .. }) => return Err(stop),
        }
    }
}

/// A rider whose trips were refused.
struct Held {
    network: Division,
    rider: Rider,
    refusal: Refusal,
}

/// Why the trips of several riders cannot be decided together: whose fault it is.
struct Fault {
    network: Division,
    rider: Rider,
    stop: Stop,
}

fn together(
    transit: &Transit,
    view: View<'_>,
    riders: &[(Division, Rider)],
    held: &[Held],
    context: &mut Context<'_>,
) -> Result<Decision<Transit>, Fault> {
    let mut prices: HashMap<Division, Option<NetworkPrices<'_>>> = HashMap::new();
    let mut finals = Finals::new(transit, view);
    let mut seen = HashSet::new();
    for (network, rider) in riders.iter().copied() {
        let fault = |stop: Stop| Fault { network, rider, stop };
        if let Some(known) = held.iter().find(|held| (held.network, held.rider) == (network, rider)) {
            finals.hold(known, context);
            continue;
        }
        if !seen.insert(rider) {
            // In another network too: that waits until the views have what is decided here.
            continue;
        }
        let known = match prices.entry(network) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let read = NetworkPrices::of(transit, view, context.directory, network);
                new.insert(read.map_err(|error| fault(error.into()))?)
            }
        };
        match known {
            Some(known) => finals.rider(known, rider, context).map_err(fault)?,
            None => finals.left.push(RiderLeft { network, rider, next: None }),
        }
    }
    finals.decision(context)
}

/// What became final in one decision.
struct Finals<'f> {
    transit: &'f Transit,
    view: View<'f>,
    trips: Vec<FinalTrip>,
    left: Vec<RiderLeft>,
    /// Changes of trips that were final before.
    adjusts: Decision<Transit>,
    course: Course,
}

impl<'f> Finals<'f> {
    fn new(transit: &'f Transit, view: View<'f>) -> Finals<'f> {
        Finals {
            transit,
            view,
            trips: Vec::new(),
            left: Vec::new(),
            adjusts: Decision::nothing(),
            course: Course::default(),
        }
    }

    /// A rider whose trips were refused: they stay open, and a duty officer is told.
    fn hold(&mut self, held: &Held, context: &Context<'_>) {
        let Held { network, rider, refusal } = held;
        let next = context.now + HELD_FOR;
        self.left.push(RiderLeft { network: *network, rider: *rider, next: Some(next) });
        let alarm = format!("{}: trips of a rider in {network} wait until {next}; the others go on", refusal.code);
        self.adjusts.alarms.push(alarm);
    }

    fn rider(&mut self, prices: &NetworkPrices<'_>, rider: Rider, context: &mut Context<'_>) -> Result<(), Stop> {
        self.course.next_rider();
        let open = taps::open(self.view, prices.network, &rider, OPEN_TAPS_MAX)?;
        let around = Around::read(self.view, prices, &rider, open)?;
        let matched = around.matched(prices);
        prices.check()?;
        let late = LateTaps { transit: self.transit, view: self.view, prices, around: &around, rider };
        let mut next: Option<Instant> = None;
        for trip in &matched {
            let meaning = around.meaning(trip);
            if meaning == Meaning::Nothing {
                continue;
            }
            let final_at = final_at(trip, meaning, &around, prices.parameters());
            if final_at > context.now {
                next = Some(next.map_or(final_at, |known| known.min(final_at)));
            } else if meaning == Meaning::New {
                self.trip(prices, rider, &around, trip, context)?;
            } else {
                merge(&mut self.adjusts, late.decide(meaning, trip, &mut self.course, context)?);
            }
        }
        let later = course::reprice_later(self.transit, self.view, prices, &rider, &mut self.course, context)?;
        merge(&mut self.adjusts, later);
        self.left.push(RiderLeft { network: prices.network, rider, next });
        Ok(())
    }

    fn trip(
        &mut self,
        prices: &NetworkPrices<'_>,
        rider: Rider,
        around: &Around,
        matched: &Matched,
        context: &mut Context<'_>,
    ) -> Result<(), Stop> {
        let rides = &around.rides;
        let place = |index: Option<usize>| index.map(|index| &rides[index]);
        let (entry, exit) = (place(matched.entry), place(matched.exit));
        let first = entry.or(exit).expect("a trip has a tap");
        let keys = settled::taps_of(matched).map(|index| rides[index].tap.key.clone()).collect();
        let mut parts = Parts {
            rider,
            home: first.home,
            network: prices.network,
            entry: entry.map(|ride| &ride.tap),
            exit: exit.map(|ride| &ride.tap),
            completion: None,
            order: None,
            reason: matched.reason,
            limit_fen: None,
            earlier: Vec::new(),
        };
        if matched.reason.is_some_and(|reason| reason != SingleReason::FareMismatch) {
            completion::automatic(self.view, prices, rides, &mut parts)?;
        }
        let tariff = prices.tariff(first.tap.at)?;
        if tariff.as_ref().is_some_and(Tariff::looks_back) {
            parts.earlier = self.course.earlier(self.view, &rider, first.tap.at, None)?;
        }
        let booking_day = super::clearing::booking_day(self.view, prices.parameters(), context)?;
        let trip = assemble::trip(&parts, tariff.as_ref(), prices.parameters(), booking_day);
        let own_risk = entry.is_some_and(|ride| ride.own_risk) || exit.is_some_and(|ride| ride.own_risk);
        let (state, reason) =
            Finals::state(prices, &trip, &parts, own_risk, tariff.as_ref().map(|tariff| tariff.pack.may_charge()))?;
        let waived_fen = (state == TripState::Cancelled).then(|| trip.charge_fen());
        let trip = if state == TripState::Cancelled { free(trip) } else { trip };
        self.course.note(&trip);
        let claim = (state == TripState::Priced).then(|| claim(&trip, context)).flatten();
        self.trips.push(FinalTrip { trip, state, reason, waived_fen, taps: keys, claim });
        Ok(())
    }

    /// Whether the trip is claimed from home; else why not.
    fn state(
        prices: &NetworkPrices<'_>,
        trip: &TripFinal,
        parts: &Parts<'_>,
        own_risk: bool,
        may_charge: Option<bool>,
    ) -> Result<(TripState, Option<String>), StoreError> {
        let taps: Vec<&Tap> = parts.entry.into_iter().chain(parts.exit).collect();
        if let Some(order) = fault_order(prices, &taps)? {
            return Ok((TripState::Cancelled, Some(format!("order:{order}"))));
        }
        if own_risk {
            return Ok((TripState::WrittenOff, Some("TRN-DENY-STALE".to_owned())));
        }
        match may_charge {
            None => Ok((TripState::WrittenOff, Some(refusal::FARE_NONE.code.to_owned()))),
            Some(false) => Ok((TripState::WrittenOff, Some(refusal::PACK_GRADE.code.to_owned()))),
            Some(true) => {
                let reason =
                    parts.reason.filter(|_| trip.kind.is_single_sided()).map(|reason| reason.name().to_owned());
                Ok((TripState::Priced, reason))
            }
        }
    }

    /// Claims the trips: by a message, or within this node when home is here too.
    fn decision(self, context: &mut Context<'_>) -> Result<Decision<Transit>, Fault> {
        let mut decision = self.adjusts;
        let own = context.home.jurisdiction;
        let mut charging = self.course.charging;
        let mut local = Vec::new();
        let mut messages = Vec::new();
        for trip in self.trips.iter().filter(|trip| trip.state == TripState::Priced) {
            match node_of(context, trip.trip.home) {
                Some(node) if node == own => local.push(trip.trip.clone()),
                Some(node) => messages.push(send(context, node, Message::TripFinal(Box::new(trip.trip.clone())))),
                // A city that left the region: nobody answers for it.
                None => decision.alarms.push(format!("no node answers for {}: a trip waits", trip.trip.home)),
            }
        }
        decision.events.insert(0, Event::TripsFinal(Box::new(TripsFinal { trips: self.trips, riders: self.left })));
        decision.messages.extend(messages);
        for trip in local {
            let charged = charge::charge(self.transit, self.view, &trip, own, &mut charging, context);
            let booked = charged.and_then(|(charged, result)| {
                merge(&mut decision, charged);
                answers::booked(self.transit, self.view, &trip, &result, context)
            });
            let (network, rider) = (trip.network, trip.rider);
            merge(&mut decision, booked.map_err(|stop| Fault { network, rider, stop })?);
        }
        Ok(decision)
    }
}

/// Joins what follows from a part of a decision.
pub fn merge(decision: &mut Decision<Transit>, part: Decision<Transit>) {
    decision.events.extend(part.events);
    decision.messages.extend(part.messages);
    decision.alarms.extend(part.alarms);
    decision.resolved.extend(part.resolved);
}

/// When nothing that arrives in time can change the trip any more. A final trip gets late taps when nothing that came with
/// them can belong to them.
fn final_at(trip: &Matched, meaning: Meaning, around: &Around, parameters: &Parameters) -> Instant {
    let taps = around.taps();
    if meaning != Meaning::New {
        let arrived = around.open_of(trip).into_iter().map(|index| taps[index].arrived).max();
        return arrived.map_or(Instant::default(), |arrived| arrived + parameters.final_wait());
    }
    let tap = |index: &Option<usize>| index.map(|index| &taps[index]);
    let arrived = trip.entry.iter().chain(&trip.exit).map(|index| taps[*index].arrived).max().unwrap_or_default();
    let settled = arrived + parameters.final_wait();
    match (tap(&trip.entry), tap(&trip.exit)) {
        (Some(_), Some(exit)) => settled.max(exit.at + parameters.final_wait()),
        (Some(entry), None) if trip.reason.is_none() => entry.arrived,
        (Some(entry), None) => settled.max(entry.at + parameters.trip_limit() + parameters.upload_wait()),
        (None, exit) => settled.max(exit.map_or(settled, |exit| exit.at + parameters.upload_wait())),
    }
}

/// The gate-fault order that covers one of the taps.
pub fn fault_order(prices: &NetworkPrices<'_>, taps: &[&Tap]) -> Result<Option<uuid::Uuid>, StoreError> {
    let mut faults = prices.orders()?.iter().filter(|order| order.kind == OrderKind::GateFault);
    let covers =
        |order: &&ServiceOrder| taps.iter().any(|tap| order.covers(tap.station, tap.line, &tap.key.gate, tap.at));
    Ok(faults.find(covers).map(|order| order.order))
}

/// The trip at no charge.
pub fn free(mut trip: TripFinal) -> TripFinal {
    trip.fare = crate::model::fare::ride::Fare::flat(trip.fare.distance_m, Fen::ZERO);
    trip.provisional = false;
    trip
}

/// Between which nodes a trip is claimed; `None` if one of the cities has left the region.
fn claim(trip: &TripFinal, context: &Context<'_>) -> Option<Claim> {
    let node = |city| context.directory.jurisdiction_of(city);
    Some(Claim { issuer: node(trip.network)?, receiver: node(trip.home)? })
}

/// The claim of a trip as a document of its booking day; `None` if nothing is claimed.
pub fn document(trip: &TripFinal, context: &Context<'_>) -> Option<Document> {
    claim(trip, context).map(|claim| Document::of_claim(trip, claim))
}
