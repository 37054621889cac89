//! Opening a visit: visited asks, home issues the number.

use huitong_service_kit::{Context, Decision, Refusal, Stop, View};

use super::{Decided, Peer, home_of, own_institution, pricing, reply, send};
use crate::command::VisitWish;
use crate::event::Event;
use crate::model::document::number;
use crate::model::message::{Answered, Message, VisitFacts, VisitOpen, VisitOpened};
use crate::model::person::CareType;
use crate::query::persons;
use crate::query::visits::{self, Serial};
use crate::refusal;

/// The facts of a visit at the caller's institution. The outpatient service takes outpatient, emergency and pharmacy.
pub fn facts(view: View<'_>, wish: VisitWish, context: &mut Context<'_>) -> Result<VisitFacts, Stop> {
    let institution = own_institution(view, context)?;
    if matches!(wish.care_type, CareType::Inpatient | CareType::ChronicOutpatient) {
        return Err(refusal::NOT_SUPPORTED.with("infno", wish.care_type.code()).at_field("care_type").into());
    }
    Ok(VisitFacts {
        visit: context.new_uuid(),
        level: institution.level.ok_or_else(|| refusal::INSTITUTION_NOT_ALLOWED.refuse())?,
        institution: institution.code,
        visited_area: institution.division,
        home_area: wish.home_area,
        certificate: wish.certificate,
        scheme: wish.scheme,
        care_type: wish.care_type,
        began_on: context.now.business_date(),
        emergency: wish.emergency,
    })
}

pub fn open(view: View<'_>, wish: VisitWish, context: &mut Context<'_>) -> Decided {
    let home = home_of(context, wish.home_area)?;
    let facts = facts(view, wish, context)?;
    let visit = facts.visit;
    let open = VisitOpen { correlation: visit.to_string(), facts: facts.clone() };
    let message = send(context, home, visit, visit, Message::VisitOpen(open));
    Ok(Decision::wait(visit).event(Event::VisitAsked { facts, home }).message(message))
}

pub fn answer(view: View<'_>, open: VisitOpen, from: &Peer, context: &mut Context<'_>) -> Decided {
    let issued = issue(view, &open.facts, from, context)?;
    let mut decision = Decision::nothing();
    let result = match issued {
        Err(refusal) => Err(refusal),
        Ok((event, opened)) => {
            decision = decision.event(event);
            Ok(opened)
        }
    };
    let answer = Answered { correlation: open.correlation, result };
    Ok(decision.message(reply(context, from, Message::VisitAnswer(answer))))
}

/// Home: checks person and institution and issues the visit's number.
pub fn issue(
    view: View<'_>,
    facts: &VisitFacts,
    from: &Peer,
    context: &Context<'_>,
) -> Result<Result<(Event, VisitOpened), Refusal>, Stop> {
    if let Err(refusal) = check_institution(view, facts, from)? {
        return Ok(Err(refusal));
    }
    let insured = match pricing::insured_in_force(view, facts, facts.began_on)? {
        Ok(insured) => insured,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let serial = visits::next_serial(view, Serial::Visit, facts.home_area)?;
    let number = format!("S{}", number(facts.home_area, context.now.business_date(), serial));
    let opened = VisitOpened { visit: facts.visit, number: number.clone(), person: insured.person.clone() };
    let event =
        Event::VisitIssued { facts: facts.clone(), number, person: insured.person, visited: from.jurisdiction, serial };
    Ok(Ok((event, opened)))
}

/// The institution is one that its jurisdiction's registry published, with the level it published.
fn check_institution(view: View<'_>, facts: &VisitFacts, from: &Peer) -> Result<Result<(), Refusal>, Stop> {
    let institution = persons::institution(view, &facts.institution)?;
    let known = institution.is_some_and(|institution| {
        institution.active
            && institution.level == Some(facts.level)
            && institution.division == facts.visited_area
            && from.jurisdiction.contains(institution.division)
    });
    Ok(if known && from.is_medical() { Ok(()) } else { Err(refusal::INSTITUTION_NOT_ALLOWED.refuse()) })
}
