//! An operator's order: stations closed, gates opened, gates at fault. Trips that it touches are listed in the answer.

use huitong_kernel::time::DurationMs;
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, View};

use super::adjust::{self, Change};
use super::finalise::merge;
use super::pricing::NetworkPrices;
use super::{Decided, own_city, send_all};
use crate::command::{OrderWish, Reply};
use crate::event::Event;
use crate::model::message::Message;
use crate::model::order::{OrderKind, ServiceOrder};
use crate::model::trip::TripState;
use crate::query::{dated, trips};
use crate::{Transit, refusal};

/// The longest span of an order.
const SPAN_MAX: DurationMs = DurationMs::days(31);
/// Final trips that one gate-fault order cancels at most; more want more orders.
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
        let rows = trips::in_span(view, order.network, order.from, order.to, CANCELLED_MAX)?;
        for row in rows.into_iter().filter(|row| row.state != TripState::Cancelled) {
            let trip = trips::content(view, &row)?;
            let touched = trip.taps.iter().any(|tap| order.covers(tap.station, tap.line, &tap.key.gate, tap.at));
            if touched {
                affected += 1;
                merge(
                    &mut decision,
                    adjust::adjust(transit, view, &row, &prices, Change::Free, "gate_fault", context)?,
                );
            }
        }
    }
    decision.answer = Answer::Now(Reply::Ordered { order: order.order, affected });
    Ok(decision)
}
