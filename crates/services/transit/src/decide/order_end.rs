//! An order ends before its time, or is withdrawn: a later version of it, published to all. What was decided by it stays.

use huitong_kernel::time::Instant;
use huitong_service_kit::{Context, Decision, View};
use uuid::Uuid;

use super::{Decided, own_city, send_all};
use crate::command::Reply;
use crate::event::Event;
use crate::model::message::Message;
use crate::query::{dated, orders};
use crate::refusal;

/// Without `to` it is withdrawn. The same again is answered alike.
pub fn decide(view: View<'_>, order: Uuid, to: Option<Instant>, reason: String, context: &mut Context<'_>) -> Decided {
    let known = orders::order(view, order)?.ok_or_else(|| refusal::ORDER_UNKNOWN.refuse().at_field("order"))?;
    own_city(context, known.network, "order")?;
    let operator = dated::owner(view, known.network)?.map(|(_, operator)| operator);
    if operator.as_deref() != Some(context.principal.participant.as_str()) {
        return Err(refusal::NOT_THE_OPERATOR.refuse().at_field("order").into());
    }
    let reply = |version: u32| Reply::OrderEnded { order, version };
    let is_so_already = match to {
        Some(to) => known.is_in_force() && known.ending.is_some() && known.to == to,
        None => !known.is_in_force(),
    };
    if is_so_already {
        return Ok(Decision::reply(reply(known.version)));
    }
    if !known.is_in_force() {
        return Err(refusal::ORDER_WITHDRAWN.refuse().at_field("order").into());
    }
    if to.is_some_and(|to| to <= known.from || to >= known.to) {
        return Err(refusal::ORDER_SPAN.refuse().at_field("to").into());
    }
    let ended = known.ended(to, reason);
    let mut decision = Decision::reply(reply(ended.version)).event(Event::OrderEnded(ended.clone()));
    decision.messages = send_all(context, &Message::ServiceOrder(ended));
    Ok(decision)
}
