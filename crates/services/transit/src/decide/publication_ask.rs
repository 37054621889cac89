//! What this node lacks of a peer's publications is asked for: all of it by a newcomer, what was missed where something does
//! not follow what is held.
//!
//! Feeds keep their order, so that an answer reaches from what is held up to all that the peer sends afterwards. What came in
//! between without its predecessors is dropped: it is in the answer.

use huitong_kernel::division::Division;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};

use super::publish::keeper;
use super::{Decided, others, send};
use crate::Transit;
use crate::event::Event;
use crate::model::message::Message;
use crate::model::publication::{PublicationAsk, PublicationKind};
use crate::query::publications::Asked;
use crate::query::{dated, deny, publications, published};

/// A peer is not asked for the same kind again before. Two nodes that refuse each other's publications stay at this pace.
pub const ASK_AGAIN: DurationMs = DurationMs::minutes(60);
/// A peer of which nothing is held may not run this service: its feed should not fill with asks.
const STRANGER_AGAIN: DurationMs = DurationMs::days(1);

/// Something of a peer came that does not follow what is held. A duty officer is told; while an answer may be under way it is
/// only noted, and asked for later.
pub fn lacking(view: View<'_>, peer: Division, kind: PublicationKind, context: &mut Context<'_>) -> Decided {
    match publications::asked(view, peer, kind)? {
        Some(asked) if is_recent(asked, ASK_AGAIN, context.now) => {
            let noted = Event::PublicationLacking { peer, kind };
            Ok(Decision { events: Vec::from_iter((!asked.lacks).then_some(noted)), ..Decision::nothing() })
        }
        _ => {
            let alarm =
                format!("{} of {peer}: what came does not follow what is held; asked for the rest", kind.name());
            Ok(ask(view, peer, kind, context)?.alarm(alarm))
        }
    }
}

fn is_recent(asked: Asked, again: DurationMs, now: Instant) -> bool {
    asked.at + again > now
}

/// What was noted as lacking, and may be asked for again.
pub fn due(view: View<'_>, now: Instant) -> Result<Vec<(Division, PublicationKind)>, StoreError> {
    publications::lacking(view, Instant(now.0 - ASK_AGAIN.0))
}

pub fn ask(
    view: View<'_>,
    peer: Division,
    kind: PublicationKind,
    context: &mut Context<'_>,
) -> Result<Decision<Transit>, Stop> {
    let ask = match kind {
        PublicationKind::KeySets => {
            PublicationAsk::KeySets { version: dated::key_set(view)?.map_or(0, |set| set.version) }
        }
        PublicationKind::Networks => PublicationAsk::Networks {
            maps: published::held_maps(view, peer)?,
            packs: published::held_packs(view, peer)?,
        },
        PublicationKind::DenyList => {
            let (sequence, hash) =
                deny::head(view, peer)?.map_or_else(Default::default, |head| (head.sequence, head.hash));
            PublicationAsk::DenyList { sequence, hash }
        }
    };
    let message = send(context, peer, Message::PublicationAsk(ask));
    Ok(Decision::nothing().event(Event::PublicationAsked { peer, kind }).message(message))
}

/// Asks the peers of the manifest of which nothing is held: this node is new, or they are. Every node publishes a deny list.
pub fn of_strangers(view: View<'_>, context: &mut Context<'_>) -> Result<Decision<Transit>, Stop> {
    let mut wanted = Vec::new();
    let keeper = keeper(context);
    for peer in others(context) {
        if peer == keeper && dated::key_set(view)?.is_none() {
            wanted.push((peer, PublicationKind::KeySets));
        }
        if deny::head(view, peer)?.is_none() {
            wanted.extend([(peer, PublicationKind::Networks), (peer, PublicationKind::DenyList)]);
        }
    }
    let mut decision = Decision::nothing();
    for (peer, kind) in wanted {
        let asked = publications::asked(view, peer, kind)?;
        if !asked.is_some_and(|asked| is_recent(asked, STRANGER_AGAIN, context.now)) {
            super::finalise::merge(&mut decision, ask(view, peer, kind, context)?);
        }
    }
    Ok(decision)
}
