//! What other nodes publish, taken after the same checks as one's own.

use huitong_kernel::division::Division;
use huitong_service_kit::{Context, Decision, Stop, View};

use super::publish::{keeper, known_key_set, known_map, known_pack};
use super::{Decided, check_sender, publication_ask};
use crate::event::Event;
use crate::model::deny::DeltaText;
use crate::model::fare::Pack;
use crate::model::key_set::KeySetText;
use crate::model::network::StationMap;
use crate::model::order::ServiceOrder;
use crate::model::publication::PublicationKind;
use crate::query::{dated, deny, orders};
use crate::{Transit, refusal};

pub fn key_set(view: View<'_>, set: KeySetText, from: Division, context: &mut Context<'_>) -> Decided {
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
    let taken = known_key_set(known.map(|known| known.version), &set, context).map_err(Stop::from);
    or_lacking(taken.map(Some), view, from, PublicationKind::KeySets, context)
}

/// A version that does not follow tells that others were missed: they are asked for.
fn or_lacking(
    taken: Result<Option<Event>, Stop>,
    view: View<'_>,
    from: Division,
    kind: PublicationKind,
    context: &mut Context<'_>,
) -> Decided {
    match taken {
        Err(Stop::Refused(refused)) if refused.code == refusal::VERSION_NOT_NEXT.code => {
            publication_ask::lacking(view, from, kind, context)
        }
        taken => Ok(taken?.map_or_else(Decision::nothing, |event| Decision::nothing().event(event))),
    }
}

pub fn map(view: View<'_>, text: String, from: Division, context: &mut Context<'_>) -> Decided {
    let map: StationMap = serde_json::from_str(&text).map_err(|_| refusal::NOT_JSON.refuse())?;
    check_sender(context, map.network, from)?;
    // Who operates it is the other node's matter.
    let taken = known_map(view, text, map, from, "").map(|known| known.map(|(event, _, _)| event));
    or_lacking(taken, view, from, PublicationKind::Networks, context)
}

pub fn pack(transit: &Transit, view: View<'_>, text: String, from: Division, context: &mut Context<'_>) -> Decided {
    let pack: Pack = serde_json::from_str(&text).map_err(|_| refusal::NOT_JSON.refuse())?;
    check_sender(context, pack.network, from)?;
    if dated::newest_map(view, pack.network)?.is_none_or(|newest| newest < pack.network_version) {
        // The map was published before the pack.
        return publication_ask::lacking(view, from, PublicationKind::Networks, context);
    }
    let known = known_pack(transit, view, text, pack, from)?;
    Ok(known.map_or_else(Decision::nothing, |event| Decision::nothing().event(event)))
}

pub fn order(view: View<'_>, order: ServiceOrder, from: Division, context: &Context<'_>) -> Decided {
    check_sender(context, order.network, from)?;
    match orders::order(view, order.order)? {
        None => Ok(Decision::nothing().event(Event::OrderKnown(order))),
        // What is known comes again when a jurisdiction joins.
        Some(known) if order.version <= known.version => Ok(Decision::nothing()),
        Some(known) if known.is_ended_by(&order) => Ok(Decision::nothing().event(Event::OrderEnded(order))),
        Some(_) => Err(refusal::PUBLISHED_UNCHANGEABLE.refuse().into()),
    }
}

/// The next delta of the sender's own list, or a snapshot for what is held. Its chain tells a gap, which is asked for, from a
/// fork, which is refused. So is a delta that lists what is not the sender's: gates take a delta's bytes as they are, and an
/// entry there denies whoever it names.
pub fn deny_delta(view: View<'_>, delta: DeltaText, from: Division, context: &mut Context<'_>) -> Decided {
    if delta.home != from {
        return Err(refusal::NOT_OF_THIS_NODE.with("division", delta.home).into());
    }
    let head = deny::head(view, from)?;
    let (sequence, held) = head.map_or((0, Default::default()), |head| (head.sequence, head.hash));
    let (bytes, hash) = delta.to_bytes().zip(delta.hash()).ok_or_else(|| refusal::CHAIN.refuse())?;
    if delta.sequence <= sequence {
        // What is known comes again in an answer; another delta under its number is a fork.
        let is_fork = deny::hash_of(view, from, delta.sequence)?.is_some_and(|known| known != hash);
        return if is_fork { Err(refusal::CHAIN.refuse().into()) } else { Ok(Decision::nothing()) };
    }
    if delta.snapshot_hash.is_none() && delta.sequence != sequence + 1 {
        return publication_ask::lacking(view, from, PublicationKind::DenyList, context);
    }
    if delta.previous != held || head.is_some_and(|head| delta.as_of < head.as_of) {
        return Err(refusal::CHAIN.refuse().into());
    }
    for add in &delta.adds {
        super::home::deny::check_own(view, &add.entry, from, context, "adds")?;
    }
    let delta = if delta.snapshot_hash.is_some() { delta.changes(&deny::holding(view, from)?) } else { delta };
    Ok(Decision::nothing().event(Event::DenyKnown { delta, hash, bytes: hex::encode(bytes), is_own: false }))
}
