//! Registering and changing participants; institutions are published to every jurisdiction.

use huitong_kernel::division::Division;
use huitong_kernel::feed::Address;
use huitong_service_kit::{Context, Decision, Envelope, Outgoing, View};

use super::Decided;
use crate::command::Reply;
use crate::event::Event;
use crate::model::participant::Participant;
use crate::model::published::{Institution, Message};
use crate::query::participants;
use crate::refusal;

pub fn put(view: View<'_>, participant: Participant, context: &mut Context<'_>) -> Decided {
    if let Some(field) = participant.fault() {
        return Err(refusal::FIELD_INVALID.with("field", field).at_field(field).into());
    }
    if context.directory.jurisdiction_of(participant.division) != Some(context.home.jurisdiction) {
        let refusal = refusal::NOT_OF_THIS_NODE.with("division", participant.division);
        return Err(refusal.at_field("division").into());
    }
    let known = participants::participant(view, &participant.code)?;
    if let Some((same, version)) = &known
        && *same == participant
    {
        return Ok(Decision::reply(Reply::Participant { code: participant.code, version: *version }));
    }
    let version = known.map_or(1, |(_, version)| version + 1);
    let mut decision = Decision::reply(Reply::Participant { code: participant.code.clone(), version });
    if participant.is_institution() {
        for jurisdiction in context.directory.jurisdictions() {
            decision = decision.message(institution(&participant, version, jurisdiction, context));
        }
    }
    Ok(decision.event(Event::ParticipantPut { participant, version }))
}

fn institution(participant: &Participant, version: u64, to: Division, context: &mut Context<'_>) -> Outgoing {
    let message = Message::Institution(Institution {
        code: participant.code.clone(),
        name_zh: participant.name_zh.clone(),
        name_en: participant.name_en.clone(),
        division: participant.division,
        level: participant.level.clone(),
        active: participant.active,
        version,
    });
    send(to, message, context)
}

/// A message to medical of a jurisdiction.
pub fn send(to: Division, message: Message, context: &mut Context<'_>) -> Outgoing {
    let id = context.new_uuid();
    let envelope = Envelope { id, cycle: id, episode: id, at: context.now, message };
    Outgoing::new(Address::new(to, "medical"), &envelope)
}

/// Receivers pass over versions that they know already.
pub fn republish(view: View<'_>, jurisdiction: Division, context: &mut Context<'_>) -> Decided {
    if !context.directory.jurisdictions().contains(&jurisdiction) {
        return Err(refusal::NOT_OF_THIS_NODE.with("division", jurisdiction).into());
    }
    let mut decision = Decision::nothing();
    let mut after: Option<String> = None;
    loop {
        let page = participants::list(view, after.as_deref(), 200)?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.code.clone());
        for (participant, version) in page.iter().filter(|(participant, _)| participant.is_institution()) {
            decision = decision.message(institution(participant, *version, jurisdiction, context));
        }
    }
    let institutions = decision.messages.len();
    decision.answer = huitong_service_kit::service::Answer::Now(Reply::Republished { institutions });
    Ok(decision)
}
