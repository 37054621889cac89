//! Registering gates with their keys and places.

use huitong_service_kit::{Context, Decision, View};
use huitong_transit_code::record::text_field;
use huitong_transit_code::signature::Key;

use super::{Decided, own_city};
use crate::command::{GateWish, Reply};
use crate::event::Event;
use crate::query::{dated, gates};
use crate::{Transit, refusal};

/// Gates registered at once.
pub const GATES_MAX: usize = 500;

pub fn decide(transit: &Transit, view: View<'_>, gates: Vec<GateWish>, context: &Context<'_>) -> Decided {
    if gates.is_empty() || gates.len() > GATES_MAX {
        return Err(refusal::TOO_MANY.with("limit", GATES_MAX).at_field("gates").into());
    }
    let operator = context.principal.participant.clone();
    for (index, wish) in gates.iter().enumerate() {
        let field = |name: &str| format!("gates[{index}].{name}");
        own_city(context, wish.network, &field("network"))?;
        if dated::owner(view, wish.network)?.is_none_or(|(_, owner)| owner != operator) {
            return Err(refusal::NOT_THE_OPERATOR.refuse().at_field(field("network")).into());
        }
        if wish.gate.is_empty() || wish.gate.contains('/') || text_field::<16>(&wish.gate).is_none() {
            return Err(refusal::invalid(&field("gate")).into());
        }
        let mut key = [0; 33];
        let is_key = hex::decode_to_slice(&wish.key, &mut key).is_ok() && Key::from_compressed(&key).is_some();
        if !is_key {
            return Err(refusal::invalid(&field("key")).into());
        }
        let map = dated::current_map(transit, view, wish.network)?.ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse())?;
        if map.station(wish.station).is_none() {
            return Err(refusal::STATION_UNKNOWN.with("station", wish.station).at_field(field("station")).into());
        }
        let known = gates::gate(view, &wish.gate)?;
        if known.is_some_and(|known| known.operator != operator) {
            return Err(refusal::NOT_THE_OPERATOR.refuse().at_field(field("gate")).into());
        }
    }
    let registered = gates.len();
    Ok(Decision::reply(Reply::Gates { registered }).event(Event::GatesRegistered { operator, gates }))
}
