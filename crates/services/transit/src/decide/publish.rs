//! Publishing dated data to all nodes: key sets, maps, fare packs, split rules. A published version is never edited.

use huitong_kernel::division::Division;
use huitong_service_kit::{Context, Decision, Refusal, Stop, View};

use super::{Decided, own_city, send_all};
use crate::command::Reply;
use crate::event::{Event, PackKnown};
use crate::model::fare::{Grade, Pack, sequence, validate};
use crate::model::key_set::KeySetText;
use crate::model::message::Message;
use crate::model::network::{Network, StationMap};
use crate::model::split::{self, SplitRule};
use crate::query::dated;
use crate::{Transit, refusal};

/// The node that publishes the region's key sets: that of the lowest code (Huitong rule).
pub fn keeper(context: &Context<'_>) -> Division {
    context.directory.jurisdictions().into_iter().min().unwrap_or(context.home.jurisdiction)
}

pub fn key_set(view: View<'_>, set: KeySetText, context: &mut Context<'_>) -> Decided {
    let keeper = keeper(context);
    if keeper != context.home.jurisdiction {
        return Err(refusal::NOT_THE_KEEPER.with("keeper", keeper).into());
    }
    let known = dated::key_set(view)?;
    if known.as_ref() == Some(&set) {
        return Ok(Decision::reply(Reply::Published { name: "key-set".to_owned(), version: set.version }));
    }
    if let Some((field, profile)) = set.unverified() {
        // Only here: a peer takes what the keeper published, for the next set must follow it.
        return Err(refusal::PROFILE_NOT_VERIFIED.with("profile", profile).at_field(field).into());
    }
    let event = known_key_set(known.map(|known| known.version), &set, context)?;
    let reply = Reply::Published { name: "key-set".to_owned(), version: set.version };
    let mut decision = Decision::reply(reply).event(event);
    decision.messages = send_all(context, &Message::KeySet(set));
    Ok(decision)
}

/// Checks that a set follows the one in force.
pub fn known_key_set(known: Option<u32>, set: &KeySetText, context: &Context<'_>) -> Result<Event, Refusal> {
    let expected = known.map_or(1, |version| version + 1);
    if set.version != expected {
        return Err(refusal::VERSION_NOT_NEXT.with("expected", expected).at_field("version"));
    }
    if set.not_after <= set.not_before {
        return Err(refusal::invalid("not_after"));
    }
    let bytes =
        set.to_bytes(&|city| context.directory.jurisdiction_of(city)).map_err(|field| refusal::invalid(&field))?;
    Ok(Event::KeySetKnown { set: set.clone(), bytes: hex::encode(bytes) })
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    let read: Result<T, _> = huitong_service_kit::http::body::parse(text.as_bytes());
    read.map_err(refusal::shape)
}

pub fn map(view: View<'_>, text: String, context: &mut Context<'_>) -> Decided {
    let map: StationMap = read(&text)?;
    own_city(context, map.network, "network")?;
    let operator = context.principal.participant.clone();
    let event = known_map(view, text.clone(), map, context.home.jurisdiction, &operator)?;
    let Some((event, name, version)) = event else {
        let map: StationMap = read(&text)?;
        return Ok(Decision::reply(Reply::Published { name: map.network.to_string(), version: map.version }));
    };
    let mut decision = Decision::reply(Reply::Published { name, version }).event(event);
    decision.messages = send_all(context, &Message::StationMap { text });
    Ok(decision)
}

/// Checks a map against the versions before it; `None` if it is known already.
pub fn known_map(
    view: View<'_>,
    text: String,
    map: StationMap,
    node: Division,
    operator: &str,
) -> Result<Option<(Event, String, u32)>, Stop> {
    let (network, version) = (map.network, map.version);
    if let Some((owner_node, owner)) = dated::owner(view, network)?
        && (owner_node != node || owner != operator)
    {
        return Err(refusal::NOT_THE_OPERATOR.refuse().at_field("network").into());
    }
    let expected = dated::newest_map(view, network)?.map_or(1, |newest| newest + 1);
    if version < expected {
        return match dated::map_text(view, network, version)? {
            Some(known) if known == text => Ok(None),
            _ => Err(refusal::PUBLISHED_UNCHANGEABLE.refuse().at_field("version").into()),
        };
    }
    if version > expected {
        return Err(refusal::VERSION_NOT_NEXT.with("expected", expected).at_field("version").into());
    }
    Network::new(map).map_err(|field| refusal::invalid(&field))?;
    let event = Event::MapKnown { network, version, node, operator: operator.to_owned(), text };
    Ok(Some((event, network.to_string(), version)))
}

pub fn pack(transit: &Transit, view: View<'_>, text: String, context: &mut Context<'_>) -> Decided {
    let pack: Pack = read(&text)?;
    own_city(context, pack.network, "network")?;
    let owner = dated::owner(view, pack.network)?.ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse())?;
    if owner.1 != context.principal.participant {
        return Err(refusal::NOT_THE_OPERATOR.refuse().at_field("network").into());
    }
    let reply = Reply::Published { name: pack.pack.clone(), version: pack.version };
    let node = context.home.jurisdiction;
    let Some(event) = known_pack(transit, view, text.clone(), pack, node)? else {
        return Ok(Decision::reply(reply));
    };
    let mut decision = Decision::reply(reply).event(event);
    decision.messages = send_all(context, &Message::FarePack { text });
    Ok(decision)
}

/// Checks a pack against its map and its neighbours in time; `None` if it is known already.
pub fn known_pack(
    transit: &Transit,
    view: View<'_>,
    text: String,
    pack: Pack,
    node: Division,
) -> Result<Option<Event>, Stop> {
    let invalid = |field: String| refusal::PACK_INVALID.with("field", &field).at_field(field);
    let mut packs = dated::packs_of(view, pack.network)?;
    if let Some(known) = packs.iter().find(|known| known.pack == pack.pack && known.version == pack.version) {
        return if *known == pack { Ok(None) } else { Err(refusal::PUBLISHED_UNCHANGEABLE.refuse().into()) };
    }
    let map = dated::map(transit, view, pack.network, pack.network_version)?;
    let map = map.ok_or_else(|| invalid("network_version".to_owned()))?;
    let max_fare_fen = validate::validate(&pack, &map).map_err(invalid)?;
    let known = PackKnown {
        network: pack.network,
        pack: pack.pack.clone(),
        version: pack.version,
        node,
        network_version: pack.network_version,
        valid_from: pack.valid_from,
        valid_to: pack.valid_to,
        grade: grade(pack.grade).to_owned(),
        max_fare_fen,
        text,
    };
    packs.push(pack);
    sequence::check_sequence(&packs).map_err(invalid)?;
    Ok(Some(Event::PackKnown(known)))
}

fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Official => "official",
        Grade::Secondary => "secondary",
        Grade::Unconfirmed => "unconfirmed",
    }
}

/// A split rule concerns the partners too; the notices that name it carry the weights, so it stays here.
pub fn split(transit: &Transit, view: View<'_>, text: String, context: &mut Context<'_>) -> Decided {
    let rule: SplitRule = read(&text)?;
    own_city(context, rule.network, "network")?;
    let owner = dated::owner(view, rule.network)?.ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse())?;
    if owner.1 != context.principal.participant {
        return Err(refusal::NOT_THE_OPERATOR.refuse().at_field("network").into());
    }
    let map = dated::current_map(transit, view, rule.network)?.ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse())?;
    split::validate(&rule, &map).map_err(|field| refusal::SPLIT.refuse().at_field(field))?;
    let mut rules = dated::split_rules(view, rule.network)?;
    let reply = Reply::Published { name: format!("split-{}", rule.line), version: rule.version };
    if let Some(known) = rules.iter().find(|known| known.line == rule.line && known.version == rule.version) {
        return if *known == rule {
            Ok(Decision::reply(reply))
        } else {
            Err(refusal::PUBLISHED_UNCHANGEABLE.refuse().into())
        };
    }
    let event = Event::SplitKnown {
        network: rule.network,
        rule: rule.line.to_string(),
        version: rule.version,
        valid_from: rule.valid_from,
        text,
    };
    rules.push(rule);
    split::check_sequence(&rules).map_err(|field| refusal::SPLIT.refuse().at_field(field))?;
    Ok(Decision::reply(reply).event(event))
}
