//! An operator's order: stations closed, gates opened, gates at fault. Trips that it touches are listed in the answer.

use std::collections::HashSet;

use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, Stop, View};

use super::adjust::{self, Change};
use super::finalise::merge;
use super::pricing::NetworkPrices;
use super::{Decided, own_city, send_all};
use crate::command::{OrderWish, Reply};
use crate::event::Event;
use crate::model::message::Message;
use crate::model::order::{FreeExitRule, OrderKind, ServiceOrder};
use crate::query::{dated, gates, taps, trips};
use crate::{Transit, refusal};

/// The longest span of an order.
const SPAN_MAX: DurationMs = DurationMs::days(31);
/// Final trips that one gate-fault order cancels at most; the same order again cancels the next.
const CANCELLED_MAX: usize = 2_000;

pub fn decide(transit: &Transit, view: View<'_>, wish: OrderWish, context: &mut Context<'_>) -> Decided {
    own_city(context, wish.network, "network")?;
    let owner = dated::owner(view, wish.network)?.ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse())?;
    if owner.1 != context.principal.participant {
        return Err(refusal::NOT_THE_OPERATOR.refuse().at_field("network").into());
    }
    if wish.to <= wish.from || wish.to - wish.from > SPAN_MAX {
        return Err(refusal::ORDER_SPAN.refuse().at_field("to").into());
    }
    let prices = NetworkPrices::of(transit, view, context.directory, wish.network)?;
    let prices = prices.ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse())?;
    if let Some(station) = wish.station.filter(|station| prices.current.station(*station).is_none()) {
        return Err(refusal::STATION_UNKNOWN.with("station", station).at_field("station").into());
    }
    if wish.kind == OrderKind::FreeExit && wish.rule == FreeExitRule::ToStation && wish.station.is_none() {
        // The fare to a station needs the station.
        return Err(refusal::FIELD_MISSING.with("field", "station").at_field("station").into());
    }
    let order = ServiceOrder {
        order: context.new_uuid(),
        network: wish.network,
        station: wish.station,
        line: wish.line,
        gate: wish.gate,
        from: wish.from,
        to: wish.to,
        kind: wish.kind,
        rule: wish.rule,
        reason: wish.reason,
    };
    let mut decision = Decision::nothing().event(Event::OrderKnown(order.clone()));
    decision.messages = send_all(context, &Message::ServiceOrder(order.clone()));
    let mut affected = 0;
    if order.kind == OrderKind::GateFault {
        let cancelled = cancel(transit, view, &order, &prices, context)?;
        affected = cancelled.len();
        if affected == CANCELLED_MAX {
            let (id, network) = (order.order, order.network);
            decision
                .alarms
                .push(format!("order {id} of {network}: {affected} trips cancelled, others wait; give it again"));
        }
        cancelled.into_iter().for_each(|trip| merge(&mut decision, trip));
    }
    decision.answer = Answer::Now(Reply::Ordered { order: order.order, affected });
    Ok(decision)
}

/// Trips with a tap under the order that were final before it was given. They are found by the gates' records, so that other
/// gates' trips, far more of them, are not looked at.
fn cancel(
    transit: &Transit,
    view: View<'_>,
    order: &ServiceOrder,
    prices: &NetworkPrices<'_>,
    context: &mut Context<'_>,
) -> Result<Vec<Decision<Transit>>, Stop> {
    let (mut seen, mut cancelled) = (HashSet::new(), Vec::new());
    for gate in gates::of_order(view, order)? {
        for trip in taps::trips_at(view, &gate, order.from, order.to)? {
            if cancelled.len() == CANCELLED_MAX {
                return Ok(cancelled);
            }
            let row = trips::trip(view, trip)?.filter(|row| row.charge_fen > Fen::ZERO);
            let Some(row) = row.filter(|row| seen.insert(row.trip)) else { continue };
            let content = trips::content(view, &row)?;
            if content.taps.iter().any(|tap| order.covers(tap.station, tap.line, &tap.key.gate, tap.at)) {
                cancelled.push(adjust::adjust(transit, view, &row, prices, Change::Free, "gate_fault", context)?);
            }
        }
    }
    Ok(cancelled)
}
