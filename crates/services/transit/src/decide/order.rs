//! An operator's order: stations closed, gates opened, gates at fault.

use huitong_kernel::time::DurationMs;
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, View};

use super::finalise::merge;
use super::pricing::NetworkPrices;
use super::{Decided, order_fault, own_city, send_all};
use crate::command::{OrderWish, Reply};
use crate::event::Event;
use crate::model::message::Message;
use crate::model::order::{FreeExitRule, OrderCursor, OrderKind, ServiceOrder};
use crate::query::dated;
use crate::{Transit, refusal};

/// The longest span of an order.
const SPAN_MAX: DurationMs = DurationMs::days(31);

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
        version: 1,
        ending: None,
    };
    let mut decision = Decision::nothing().event(Event::OrderKnown(order.clone()));
    decision.messages = send_all(context, &Message::ServiceOrder(order.clone()));
    let mut affected = 0;
    let mut waits = false;
    if order.kind == OrderKind::GateFault {
        let prices = prices.with_order(&order)?;
        let part = order_fault::part(transit, view, &order, &prices, OrderCursor::default(), context)?;
        (affected, waits) = (part.touched, part.waits);
        merge(&mut decision, part.decision);
    }
    decision.answer = Answer::Now(Reply::Ordered { order: order.order, affected, waits });
    Ok(decision)
}
