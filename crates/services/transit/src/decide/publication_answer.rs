//! A peer says what it holds of this node's publications, and is given what it lacks, in the order in which it can be taken.
//! What it knows already has no effect there.

use huitong_kernel::division::Division;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};

use super::publication_ask::ASK_AGAIN;
use super::publish::keeper;
use super::{Decided, node_of, send};
use crate::event::Event;
use crate::model::deny::{CHANGES_MAX, DeltaText};
use crate::model::message::Message;
use crate::model::publication::{HeldMap, HeldPack, PublicationAsk};
use crate::query::{dated, deny, publications, published};

/// A peer is answered so often at most, by kind: an answer may be long, and asks may have waited in a feed for days. It is the pace of
/// asking, less what one message may take longer than another.
const ANSWER_AGAIN: DurationMs = DurationMs(ASK_AGAIN.0 - DurationMs::minutes(5).0);
/// The same answer, which the peer has or refuses, is given once a day, less the same.
const SAME_AGAIN: DurationMs = DurationMs(DurationMs::days(1).0 - DurationMs::minutes(5).0);
/// Orders are looked at when trips are claimed, and trips are claimed within 90 days.
const ORDERS_BACK: DurationMs = DurationMs::days(90);
/// Deltas given one by one, a week of heartbeats; a peer that lacks more gets one snapshot, or if the list is too long for one so
/// many deltas a turn: the next delta tells it that it lacks more, and it asks again.
const DELTAS_MAX: u32 = 200;

pub fn take(view: View<'_>, ask: PublicationAsk, from: Division, context: &mut Context<'_>) -> Decided {
    let kind = ask.kind();
    let is_recent = |at: Option<Instant>, again| at.is_some_and(|at| at + again > context.now);
    if is_recent(publications::answered(view, from, kind)?, ANSWER_AGAIN) {
        return Ok(Decision::nothing());
    }
    let (messages, alarm) = match &ask {
        PublicationAsk::KeySets { version } => (key_sets(view, *version, context)?, None),
        PublicationAsk::Networks { maps, packs } => (networks(view, maps, packs, context)?, None),
        PublicationAsk::DenyList { sequence, hash } => deny_list(view, from, *sequence, *hash, context)?,
    };
    let content = match ask {
        // The list grows by the hour: who holds the same as before has not taken the answer.
        PublicationAsk::DenyList { .. } => serde_json::to_vec(&ask),
        _ => serde_json::to_vec(&messages),
    };
    let content = HashFunction::Sha256.hash(&[&content.map_err(StoreError::from)?]);
    if is_recent(publications::answered_with(view, from, kind, content)?, SAME_AGAIN) {
        return Ok(Decision::nothing());
    }
    let mut decision = Decision::nothing().event(Event::PublicationAnswered { peer: from, kind, content });
    decision.alarms.extend(alarm);
    decision.messages = messages.into_iter().map(|message| send(context, from, message)).collect();
    Ok(decision)
}

fn key_sets(view: View<'_>, held: u32, context: &Context<'_>) -> Result<Vec<Message>, StoreError> {
    if keeper(context) != context.home.jurisdiction {
        return Ok(Vec::new());
    }
    let sets = dated::key_sets(view)?.into_iter().filter(|set| set.version > held);
    Ok(sets.map(Message::KeySet).collect())
}

fn networks(
    view: View<'_>,
    held_maps: &[HeldMap],
    held_packs: &[HeldPack],
    context: &Context<'_>,
) -> Result<Vec<Message>, Stop> {
    let own = context.home.jurisdiction;
    // Of a city that another node answers for by now, this node's word is not taken.
    let is_own = |network| node_of(context, network) == Some(own);
    let newest = |network| held_maps.iter().filter(|held| held.network == network).map(|held| held.version).max();
    let mut messages = Vec::new();
    for (map, text) in published::maps_of(view, own)? {
        if is_own(map.network) && newest(map.network).is_none_or(|newest| map.version > newest) {
            messages.push(Message::StationMap { text });
        }
    }
    for (pack, text) in published::packs_of(view, own)? {
        if is_own(pack.network) && !held_packs.contains(&pack) {
            messages.push(Message::FarePack { text });
        }
    }
    let orders = dated::orders_after(view, Instant(context.now.0 - ORDERS_BACK.0))?;
    messages.extend(orders.into_iter().filter(|order| is_own(order.network)).map(Message::ServiceOrder));
    Ok(messages)
}

/// What follows the delta that the peer holds; if that is none of this node's, what this node has in its place, so that the
/// fork shows at both, and nothing more: a fork is for people to look at.
fn deny_list(
    view: View<'_>,
    peer: Division,
    sequence: u32,
    hash: Digest,
    context: &Context<'_>,
) -> Result<(Vec<Message>, Option<String>), Stop> {
    let own = context.home.jurisdiction;
    let Some(head) = deny::head(view, own)? else { return Ok((Vec::new(), None)) };
    if sequence > 0 && deny::hash_of(view, own, sequence)? != Some(hash) {
        let alarm = format!(
            "TRN-CHAIN: what {peer} holds as number {sequence} of this node's deny list is not what this node published"
        );
        let in_its_place = deny::deltas(view, own, sequence.min(head.sequence) - 1, 1)?;
        return Ok((in_its_place.into_iter().map(Message::DenyDelta).collect(), Some(alarm)));
    }
    let lacks = head.sequence - sequence;
    if lacks > DELTAS_MAX {
        let holding = deny::holding(view, own)?;
        // A snapshot is one message. A list that is longer comes as its deltas.
        if holding.len() <= CHANGES_MAX {
            let snapshot = DeltaText {
                home: own,
                sequence: head.sequence,
                previous: hash,
                as_of: head.as_of,
                adds: holding,
                removes: Vec::new(),
                snapshot_hash: Some(head.hash),
            };
            return Ok((vec![Message::DenyDelta(snapshot)], None));
        }
    }
    Ok((deny::deltas(view, own, sequence, lacks.min(DELTAS_MAX))?.into_iter().map(Message::DenyDelta).collect(), None))
}
