//! Adding a principal of a participant.

use huitong_service_kit::{Decision, View};

use super::Decided;
use crate::command::Reply;
use crate::event::Event;
use crate::model::role::Role;
use crate::query::participants;
use crate::refusal;

pub fn add(view: View<'_>, id: String, participant: String, roles: Vec<Role>) -> Decided {
    let id_fits = (3..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if !id_fits {
        return Err(refusal::FIELD_INVALID.with("field", "id").at_field("id").into());
    }
    if roles.is_empty() {
        return Err(refusal::FIELD_INVALID.with("field", "roles").at_field("roles").into());
    }
    if participants::participant(view, &participant)?.is_none() {
        return Err(refusal::PARTICIPANT_UNKNOWN.with("code", participant).at_field("participant").into());
    }
    if participants::principal(view, &id)?.is_some() {
        return Err(refusal::PRINCIPAL_EXISTS.with("id", id).at_field("id").into());
    }
    Ok(Decision::reply(Reply::Principal { id: id.clone() }).event(Event::PrincipalAdded { id, participant, roles }))
}
