//! A gate-fault order carried out on trips that were final before it was given: part by part, until none is left. Each trip gets an
//! adjustment, and the order's list names it (transit specification §6.4).

use std::collections::HashSet;

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};
use uuid::Uuid;

use super::Decided;
use super::adjust::{self, Change};
use super::course::Course;
use super::finalise::merge;
use super::pricing::NetworkPrices;
use crate::Transit;
use crate::event::Event;
use crate::model::order::{OrderCursor, OrderedTrip, ServiceOrder};
use crate::query::trips::TripRow;
use crate::query::{gates, orders, taps, trips};

/// Trips changed in one decision, and trips looked at.
const TOUCHED_MAX: usize = 250;
const LOOKED_AT_MAX: usize = 2_000;

/// The reason of its adjustments.
pub const GATE_FAULT: &str = "gate_fault";

/// What one decision makes of an order.
pub struct Part {
    pub decision: Decision<Transit>,
    pub touched: usize,
    /// Others wait.
    pub waits: bool,
}

/// The next part of an order that waits.
pub fn pursue(transit: &Transit, view: View<'_>, order: Uuid, context: &mut Context<'_>) -> Decided {
    let waiting = orders::order(view, order)?.zip(orders::pending(view, order)?);
    // A tick before this one may have done the last part.
    let Some((order, from)) = waiting else { return Ok(Decision::nothing()) };
    let prices = NetworkPrices::of(transit, view, context.directory, order.network)?;
    let Some(prices) = prices else {
        let (network, order) = (order.network, order.order);
        let alarm = format!("{network} has no map: what waits under the order {order} keeps its charge");
        return Ok(Decision::nothing().event(Event::OrderPursued { order, next: None }).alarm(alarm));
    };
    Ok(part(transit, view, &order, &prices, from, context)?.decision)
}

/// Trips with a tap under the order behind the cursor. They are found by the gates' records, so that other gates' trips, far more of
/// them, are not looked at.
pub fn part(
    transit: &Transit,
    view: View<'_>,
    order: &ServiceOrder,
    prices: &NetworkPrices<'_>,
    from: OrderCursor,
    context: &mut Context<'_>,
) -> Result<Part, Stop> {
    let mut carrying = Carrying { transit, view, order, prices, trips: Vec::new(), riders: HashSet::new() };
    let (mut decision, mut course, mut done, mut looked_at) = (Decision::nothing(), Course::default(), from, 0);
    let mut next = None;
    let mut gates = gates::of_order(view, order)?;
    gates.retain(|gate| *gate >= done.gate);
    'gates: for gate in gates {
        let after = if gate == done.gate { done.trip } else { Digest::ZERO };
        // One more than may be looked at, so that those that wait are seen.
        for trip in taps::trips_at(view, &gate, order.from, order.to, after, LOOKED_AT_MAX + 1 - looked_at)? {
            if looked_at == LOOKED_AT_MAX || !carrying.take(trip, &mut course, &mut decision, context)? {
                next = Some(done);
                break 'gates;
            }
            looked_at += 1;
            done = OrderCursor { gate: gate.clone(), trip };
        }
    }
    let (order, trips) = (order.order, carrying.trips);
    let (touched, waits) = (trips.len(), next.is_some());
    if touched > 0 {
        decision.events.push(Event::OrderTouched { order, trips });
    }
    decision.events.push(Event::OrderPursued { order, next });
    Ok(Part { decision, touched, waits })
}

struct Carrying<'c, 'p> {
    transit: &'c Transit,
    view: View<'c>,
    order: &'c ServiceOrder,
    prices: &'c NetworkPrices<'p>,
    trips: Vec<OrderedTrip>,
    /// Whose trips this decision has changed: the views do not know yet, so their next trip is of the next part.
    riders: HashSet<[u8; 22]>,
}

impl Carrying<'_, '_> {
    /// Makes the trip free if the order covers it; `false` if it must wait for the next part.
    fn take(
        &mut self,
        trip: Digest,
        course: &mut Course,
        decision: &mut Decision<Transit>,
        context: &mut Context<'_>,
    ) -> Result<bool, Stop> {
        let row = trips::trip(self.view, trip)?.filter(|row| row.charge_fen > Fen::ZERO);
        let Some(row) = row else { return Ok(true) };
        if !self.covers(&row)? || orders::has_touched(self.view, self.order.order, trip)? {
            return Ok(true);
        }
        if self.trips.len() == TOUCHED_MAX || !self.riders.insert(row.rider.0) {
            return Ok(false);
        }
        course.next_rider();
        let adjusted = adjust::adjust_and_later(
            self.transit,
            self.view,
            &row,
            self.prices,
            Change::Free,
            GATE_FAULT,
            course,
            context,
        );
        let adjusted = match adjusted {
            Ok(adjusted) => adjusted,
            // What was refused may have been half counted: nothing else is decided with it.
            Err(Stop::Refused(_)) if !self.trips.is_empty() => return Ok(false),
            Err(Stop::Refused(refused)) => {
                let (code, order) = (refused.code, self.order.order);
                decision.alarms.push(format!("{code}: the trip {trip} keeps its charge under the order {order}"));
                *course = Course::default();
                return Ok(true);
            }
            Err(failed) => return Err(failed),
        };
        self.trips.extend(adjustment(&adjusted));
        merge(decision, adjusted);
        Ok(true)
    }

    fn covers(&self, row: &TripRow) -> Result<bool, StoreError> {
        let taps = trips::content(self.view, row)?.taps;
        Ok(taps.iter().any(|tap| self.order.covers(tap.station, tap.line, &tap.key.gate, tap.at)))
    }
}

/// The adjustment that a decision makes, as the order's list names it.
pub fn adjustment(decision: &Decision<Transit>) -> Option<OrderedTrip> {
    decision.events.iter().find_map(|event| match event {
        Event::TripAdjusted { adjust, .. } => {
            Some(OrderedTrip { trip: adjust.trip_id, adjust: adjust.adjust, change_fen: adjust.change_fen })
        }
        _ => None,
    })
}
