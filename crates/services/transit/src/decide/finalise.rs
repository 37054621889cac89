//! Trips become final: the taps of riders that are due are matched, priced and claimed from home.

use std::collections::hash_map::{Entry, HashMap};

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};

use super::assemble::{self, Parts};
use super::charge;
use super::pricing::{NetworkPrices, Tariff};
use super::{Decided, adjust, answers, completion, node_of, send};
use crate::Transit;
use crate::event::{Event, FinalTrip, RiderLeft, TripsFinal};
use crate::model::fare::ride::EarlierTrip;
use crate::model::matching::{self, Matched, SingleReason};
use crate::model::message::Message;
use crate::model::order::{OrderKind, ServiceOrder};
use crate::model::parameters::Parameters;
use crate::model::rider::Rider;
use crate::model::settlement::{Document, DocumentKind};
use crate::model::tap::{Ride, Tap, TapKey};
use crate::model::trip::{TripFinal, TripState};
use crate::query::{taps, trips};
use crate::refusal;

/// Riders looked at in one decision.
pub const RIDERS_MAX: usize = 400;
/// Open taps of a rider that are matched at once.
pub const OPEN_TAPS_MAX: usize = 1_000;
/// How far rebates and caps look back: the longest window is a month.
const LOOK_BACK: DurationMs = DurationMs::days(32);

pub fn decide(transit: &Transit, view: View<'_>, context: &mut Context<'_>) -> Decided {
    let riders = taps::due_riders(view, context.now, RIDERS_MAX)?;
    if riders.is_empty() {
        // A tick before this one has seen to them.
        return Ok(Decision::nothing());
    }
    let mut prices: HashMap<Division, Option<NetworkPrices<'_>>> = HashMap::new();
    let mut finals = Finals::new(transit, view);
    for (network, rider) in riders {
        let known = match prices.entry(network) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(NetworkPrices::of(transit, view, context.directory, network)?),
        };
        match known {
            Some(known) => finals.rider(known, rider, context)?,
            None => finals.left.push(RiderLeft::empty(network, rider)),
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
    /// Late taps that complete trips which were final before.
    adjusts: Decision<Transit>,
    late: adjust::Late,
}

impl<'f> Finals<'f> {
    fn new(transit: &'f Transit, view: View<'f>) -> Finals<'f> {
        Finals {
            transit,
            view,
            trips: Vec::new(),
            left: Vec::new(),
            adjusts: Decision::nothing(),
            late: adjust::Late::default(),
        }
    }

    fn rider(&mut self, prices: &NetworkPrices<'_>, rider: Rider, context: &mut Context<'_>) -> Result<(), Stop> {
        let open = taps::open(self.view, prices.network, &rider, OPEN_TAPS_MAX)?;
        let fixed: Vec<usize> = (0..open.len()).filter(|index| open[*index].fixed).collect();
        let rides: Vec<Ride> = open.into_iter().map(|tap| tap.ride).collect();
        let taps: Vec<Tap> = rides.iter().map(|ride| ride.tap.clone()).collect();
        let matched = matching::matched(&taps, &fixed, prices.parameters(), prices);
        prices.check()?;
        let mut next: Option<Instant> = None;
        let mut ended: Vec<usize> = Vec::new();
        for trip in matched {
            let final_at = final_at(&trip, &taps, prices.parameters());
            if final_at > context.now {
                next = Some(next.map_or(final_at, |known| known.min(final_at)));
                continue;
            }
            self.trip(prices, rider, &rides, &trip, context)?;
            ended.extend(trip.entry.iter().chain(&trip.exit).chain(&trip.extra));
        }
        let (fixed, released) = fences(&taps, &fixed, &ended);
        self.left.push(RiderLeft { network: prices.network, rider, next, fixed, released });
        Ok(())
    }

    fn trip(
        &mut self,
        prices: &NetworkPrices<'_>,
        rider: Rider,
        rides: &[Ride],
        matched: &Matched,
        context: &mut Context<'_>,
    ) -> Result<(), Stop> {
        let place = |index: Option<usize>| index.map(|index| &rides[index]);
        let (entry, exit) = (place(matched.entry), place(matched.exit));
        let first = entry.or(exit).expect("a trip has a tap");
        let keys: Vec<TapKey> = matched
            .entry
            .iter()
            .chain(&matched.exit)
            .chain(&matched.extra)
            .map(|index| rides[*index].tap.key.clone())
            .collect();
        let mut parts = Parts {
            rider,
            home: first.home,
            network: prices.network,
            entry: entry.map(|ride| &ride.tap),
            exit: exit.map(|ride| &ride.tap),
            completion: None,
            order: None,
            reason: matched.reason,
            earlier: Vec::new(),
        };
        let is_single = matched.reason.is_some_and(|reason| reason != SingleReason::FareMismatch);
        if is_single {
            let late = &mut self.late;
            let late = adjust::late_partner(self.transit, self.view, prices, &parts, &keys, late, context)?;
            if let Some(late) = late {
                // The other side was final already: that trip gets this tap, and no second trip begins.
                merge(&mut self.adjusts, late);
                return Ok(());
            }
        }
        if is_single {
            completion::automatic(self.view, prices, rides, &mut parts)?;
        }
        let tariff = prices.tariff(first.tap.at)?;
        if tariff.as_ref().is_some_and(Tariff::looks_back) {
            parts.earlier = self.earlier(rider, first.tap.at)?;
        }
        let booking_day = super::clearing::booking_day(self.view, prices.parameters(), context)?;
        let trip = assemble::trip(&parts, tariff.as_ref(), prices.parameters(), booking_day);
        let own_risk = entry.is_some_and(|ride| ride.own_risk) || exit.is_some_and(|ride| ride.own_risk);
        let (state, reason) =
            Finals::state(prices, &trip, &parts, own_risk, tariff.as_ref().map(|tariff| tariff.pack.may_charge()))?;
        let trip = if state == TripState::Cancelled { free(trip) } else { trip };
        let document = (state == TripState::Priced).then(|| document(&trip, context)).flatten();
        self.trips.push(FinalTrip { trip, state, reason, taps: keys, document });
        Ok(())
    }

    /// The rider's trips of a month before, those of this decision included.
    fn earlier(&self, rider: Rider, before: Instant) -> Result<Vec<EarlierTrip>, StoreError> {
        let mut earlier = trips::fares_of(self.view, &rider, Instant(before.0 - LOOK_BACK.0), before)?;
        for FinalTrip { trip, .. } in self.trips.iter().filter(|known| known.trip.rider == rider) {
            let (entry, exit) = (trip.began(), trip.taps.last().map_or(trip.began(), |tap| tap.at));
            earlier.push(EarlierTrip { network: trip.network, entry, exit, fare_fen: trip.fare.fare_fen() });
        }
        Ok(earlier)
    }

    /// Whether the trip is claimed from home; else why not.
    fn state(
        prices: &NetworkPrices<'_>,
        trip: &TripFinal,
        parts: &Parts<'_>,
        own_risk: bool,
        may_charge: Option<bool>,
    ) -> Result<(TripState, Option<String>), StoreError> {
        if let Some(order) = fault_order(prices, parts)? {
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
    fn decision(self, context: &mut Context<'_>) -> Decided {
        let mut decision = self.adjusts;
        let own = context.home.jurisdiction;
        let mut charging = self.late.charging;
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
            let (events, result) = charge::charge(self.transit, self.view, &trip, own, &mut charging, context)?;
            decision.events.extend(events);
            merge(&mut decision, answers::booked(self.transit, self.view, &trip, &result, context)?);
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

/// When nothing that arrives in time can change the trip any more.
fn final_at(trip: &Matched, taps: &[Tap], parameters: &Parameters) -> Instant {
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

/// Which taps of final trips matching must still see, and which it need not see any more: those before which nothing is open.
fn fences(taps: &[Tap], fixed: &[usize], ended: &[usize]) -> (Vec<TapKey>, Vec<TapKey>) {
    let is_open = |index: &usize| !fixed.contains(index) && !ended.contains(index);
    let earliest = (0..taps.len()).filter(is_open).map(|index| taps[index].at).min();
    let needed = |index: &&usize| earliest.is_some_and(|earliest| earliest <= taps[**index].at);
    let key = |index: &usize| taps[*index].key.clone();
    let keep = ended.iter().chain(fixed).filter(needed).map(key).collect();
    let release = fixed.iter().filter(|index| !needed(index)).map(key).collect();
    (keep, release)
}

/// The gate-fault order that covers a tap of the trip.
fn fault_order(prices: &NetworkPrices<'_>, parts: &Parts<'_>) -> Result<Option<uuid::Uuid>, StoreError> {
    let mut faults = prices.orders()?.iter().filter(|order| order.kind == OrderKind::GateFault);
    let covers = |order: &&ServiceOrder| {
        let mut taps = parts.entry.iter().chain(&parts.exit);
        taps.any(|tap| order.covers(tap.station, tap.line, &tap.key.gate, tap.at))
    };
    Ok(faults.find(covers).map(|order| order.order))
}

/// The trip at no charge.
pub fn free(mut trip: TripFinal) -> TripFinal {
    trip.fare = crate::model::fare::ride::Fare::flat(trip.fare.distance_m, Fen::ZERO);
    trip.provisional = false;
    trip
}

/// The claim of a trip as a document of its booking day; `None` if nothing is claimed.
pub fn document(trip: &TripFinal, context: &Context<'_>) -> Option<Document> {
    let issuer = context.directory.jurisdiction_of(trip.network)?;
    Some(Document {
        id: trip.trip_id,
        kind: DocumentKind::Trip,
        issuer,
        receiver: context.directory.jurisdiction_of(trip.home)?,
        creditor: trip.network,
        debtor: trip.home,
        booking_day: trip.booking_day,
        travel_day: trip.travel_day,
        amount_fen: trip.charge_fen(),
        trip: None,
    })
}

impl RiderLeft {
    fn empty(network: Division, rider: Rider) -> RiderLeft {
        RiderLeft { network, rider, next: None, fixed: Vec::new(), released: Vec::new() }
    }
}
