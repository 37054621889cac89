//! Filing (备案): made at home by its clerk, or asked for from a hospital elsewhere; revoked at home.

use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::{Context, Decision, Refusal, Stop, View};
use uuid::Uuid;

use super::{Decided, Peer, home_of, own_institution, reply, send};
use crate::command::{FilingWish, Reply};
use crate::event::Event;
use crate::model::filing::FilingKind;
use crate::model::message::{Answered, Certificate, FilingAsk, FilingState, Message};
use crate::query::persons;
use crate::refusal;

/// Areas that one filing may name.
const AREAS_MAX: usize = 20;

pub fn file(view: View<'_>, wish: FilingWish, context: &mut Context<'_>) -> Decided {
    if context.directory.jurisdiction_of(wish.home_area) == Some(context.home.jurisdiction) {
        let certificate = wish.certificate.clone();
        let filing = make(view, &wish, &certificate, context)??;
        return Ok(Decision::reply(Reply::Filed(filing.clone())).event(Event::FilingMade(filing)));
    }
    let institution = own_institution(view, context)?;
    let home = home_of(context, wish.home_area)?;
    let cycle = context.new_uuid();
    let ask = FilingAsk {
        correlation: cycle.to_string(),
        institution: institution.code,
        home_area: wish.home_area,
        certificate: wish.certificate,
        kind: wish.kind,
        areas: wish.areas,
        valid_from: wish.valid_from,
        valid_to: wish.valid_to,
    };
    let message = send(context, home, cycle, cycle, Message::FilingAsk(ask));
    Ok(Decision::wait(cycle).message(message))
}

pub fn answer(view: View<'_>, ask: FilingAsk, from: &Peer, context: &mut Context<'_>) -> Decided {
    let wish = FilingWish {
        home_area: ask.home_area,
        certificate: ask.certificate.clone(),
        kind: ask.kind,
        areas: ask.areas,
        valid_from: ask.valid_from,
        valid_to: ask.valid_to,
    };
    let result = make(view, &wish, &ask.certificate, context)?;
    let mut decision = Decision::nothing();
    if let Ok(filing) = &result {
        decision = decision.event(Event::FilingMade(filing.clone()));
    }
    let answer = Answered { correlation: ask.correlation, result };
    Ok(decision.message(reply(context, from, Message::FilingAnswer(answer))))
}

fn make(
    view: View<'_>,
    wish: &FilingWish,
    certificate: &Certificate,
    context: &mut Context<'_>,
) -> Result<Result<FilingState, Refusal>, Stop> {
    let Some(insured) = persons::insured(view, certificate, None)? else {
        return Ok(Err(refusal::PERSON_NOT_FOUND.refuse()));
    };
    if !is_valid(wish.kind, &wish.areas, wish.valid_from, wish.valid_to) {
        return Ok(Err(refusal::FILING_INVALID.refuse()));
    }
    Ok(Ok(FilingState {
        filing: context.new_uuid(),
        person: insured.person,
        kind: wish.kind,
        areas: wish.areas.clone(),
        valid_from: wish.valid_from,
        valid_to: wish.valid_to,
        active: true,
    }))
}

fn is_valid(kind: FilingKind, areas: &[Division], from: Date, to: Option<Date>) -> bool {
    FilingKind::POSSIBLE.contains(&kind) && areas.len() <= AREAS_MAX && to.is_none_or(|to| from <= to)
}

pub fn revoke(view: View<'_>, filing: Uuid) -> Decided {
    match persons::filing_is_active(view, filing)? {
        Some(true) => Ok(Decision::reply(Reply::Revoked).event(Event::FilingRevoked { filing })),
        Some(false) | None => Err(refusal::FILING_INVALID.refuse().into()),
    }
}
