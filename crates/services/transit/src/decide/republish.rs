//! A jurisdiction joined: it gets all that this node has published, in the order in which it can be taken.

use huitong_kernel::division::Division;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, View};

use super::publish::keeper;
use super::{Decided, node_of, send};
use crate::command::Reply;
use crate::model::message::Message;
use crate::query::{dated, deny, published};
use crate::refusal;

/// Orders are looked at when trips are claimed, and trips are claimed within 90 days.
const ORDERS_BACK: DurationMs = DurationMs::days(90);

/// What is known there already has no effect, so that it may be sent again.
pub fn decide(view: View<'_>, jurisdiction: Division, context: &mut Context<'_>) -> Decided {
    let own = context.home.jurisdiction;
    if jurisdiction == own || !context.directory.jurisdictions().contains(&jurisdiction) {
        return Err(refusal::NOT_OF_THIS_NODE.with("division", jurisdiction).at_field("jurisdiction").into());
    }
    let mut messages = Vec::new();
    if keeper(context) == own {
        messages.extend(dated::key_sets(view)?.into_iter().map(Message::KeySet));
    }
    messages.extend(published::maps_of(view, own)?.into_iter().map(|text| Message::StationMap { text }));
    messages.extend(published::packs_of(view, own)?.into_iter().map(|text| Message::FarePack { text }));
    let orders = dated::orders_after(view, Instant(context.now.0 - ORDERS_BACK.0))?;
    let orders = orders.into_iter().filter(|order| node_of(context, order.network) == Some(own));
    messages.extend(orders.map(Message::ServiceOrder));
    // From the first delta on: the chain is checked from its beginning.
    messages.extend(deny::own_deltas(view)?.into_iter().map(Message::DenyDelta));
    let mut decision = Decision::nothing();
    decision.answer = Answer::Now(Reply::Republished { messages: messages.len() });
    decision.messages = messages.into_iter().map(|message| send(context, jurisdiction, message)).collect();
    Ok(decision)
}
