//! What other nodes publish, taken after the same checks as one's own.

use huitong_kernel::division::Division;
use huitong_service_kit::{Context, Decision, View};

use super::publish::{keeper, known_key_set, known_map, known_pack};
use super::{Decided, node_of};
use crate::event::Event;
use crate::model::deny::DeltaText;
use crate::model::fare::Pack;
use crate::model::key_set::KeySetText;
use crate::model::network::StationMap;
use crate::model::order::ServiceOrder;
use crate::query::{dated, deny, orders};
use crate::{Transit, refusal};

pub fn key_set(view: View<'_>, set: KeySetText, from: Division, context: &Context<'_>) -> Decided {
    if from != keeper(context) {
        return Err(refusal::NOT_THE_KEEPER.with("keeper", keeper(context)).into());
    }
    let known = dated::key_set(view)?;
    if known.as_ref().is_some_and(|known| known.version >= set.version) {
        // An older set never replaces a newer one (A17); what is known comes again when a jurisdiction joins.
        return if dated::key_sets(view)?.contains(&set) {
            Ok(Decision::nothing())
        } else {
            Err(refusal::CHAIN.refuse().into())
        };
    }
    let event = known_key_set(known.map(|known| known.version), &set, context)?;
    Ok(Decision::nothing().event(event))
}

/// Only the node that answers for a city speaks of its network.
fn check_speaker(network: Division, from: Division, context: &Context<'_>) -> Result<(), huitong_service_kit::Stop> {
    if node_of(context, network) == Some(from) {
        return Ok(());
    }
    Err(refusal::NOT_OF_THIS_NODE.with("division", network).into())
}

pub fn map(view: View<'_>, text: String, from: Division, context: &Context<'_>) -> Decided {
    let map: StationMap = serde_json::from_str(&text).map_err(|_| refusal::NOT_JSON.refuse())?;
    check_speaker(map.network, from, context)?;
    // Who operates it is the other node's matter.
    let known = known_map(view, text, map, from, "")?;
    Ok(known.map_or_else(Decision::nothing, |(event, _, _)| Decision::nothing().event(event)))
}

pub fn pack(transit: &Transit, view: View<'_>, text: String, from: Division, context: &Context<'_>) -> Decided {
    let pack: Pack = serde_json::from_str(&text).map_err(|_| refusal::NOT_JSON.refuse())?;
    check_speaker(pack.network, from, context)?;
    let known = known_pack(transit, view, text, pack, from)?;
    Ok(known.map_or_else(Decision::nothing, |event| Decision::nothing().event(event)))
}

pub fn order(view: View<'_>, order: ServiceOrder, from: Division, context: &Context<'_>) -> Decided {
    check_speaker(order.network, from, context)?;
    match orders::order(view, order.order)? {
        None => Ok(Decision::nothing().event(Event::OrderKnown(order))),
        // What is known comes again when a jurisdiction joins.
        Some(known) if order.version <= known.version => Ok(Decision::nothing()),
        Some(known) if known.is_ended_by(&order) => Ok(Decision::nothing().event(Event::OrderEnded(order))),
        Some(_) => Err(refusal::PUBLISHED_UNCHANGEABLE.refuse().into()),
    }
}

/// The next delta of the sender's own list. Anything else is refused: its chain tells a gap or a fork. So is a delta that lists
/// what is not the sender's: gates take a delta's bytes as they are, and an entry there denies whoever it names.
pub fn deny_delta(view: View<'_>, delta: DeltaText, from: Division, context: &Context<'_>) -> Decided {
    if delta.home != from {
        return Err(refusal::NOT_OF_THIS_NODE.with("division", delta.home).into());
    }
    let head = deny::head(view, from)?;
    let (sequence, hash) = head.map_or((0, Default::default()), |head| (head.sequence, head.hash));
    let bytes = delta.to_bytes().ok_or_else(|| refusal::CHAIN.refuse())?;
    if delta.sequence <= sequence {
        return Ok(Decision::nothing());
    }
    if delta.sequence != sequence + 1 || delta.previous != hash || head.is_some_and(|head| delta.as_of < head.as_of) {
        return Err(refusal::CHAIN.refuse().into());
    }
    for add in &delta.adds {
        super::home::deny::check_own(view, &add.entry, from, context, "adds")?;
    }
    let hash = delta.hash().ok_or_else(|| refusal::CHAIN.refuse())?;
    Ok(Decision::nothing().event(Event::DenyKnown { delta, hash, bytes: hex::encode(bytes), is_own: false }))
}
