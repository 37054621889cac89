//! Opening a visit: visited asks, home issues the number.

use huitong_kernel::time::ToSpan;
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

/// An admission is registered so many days late at most.
const LATE_DAYS_MAX: i32 = 90;

/// The facts of a visit at the caller's institution.
pub fn facts(view: View<'_>, wish: &VisitWish, context: &mut Context<'_>) -> Result<VisitFacts, Stop> {
    let institution = own_institution(view, context)?;
    let today = context.now.business_date();
    let began_on = wish.began_on.unwrap_or(today);
    let first = today.checked_sub(LATE_DAYS_MAX.days()).unwrap_or(today);
    let is_late = began_on != today && (wish.care_type != CareType::Inpatient || began_on > today || began_on < first);
    if is_late {
        return Err(refusal::TIME_MALFORMED.with("field", "began_on").at_field("began_on").into());
    }
    match (wish.care_type, &wish.disease) {
        (CareType::ChronicOutpatient, None) => {
            return Err(refusal::FIELD_MISSING.with("field", "disease").at_field("disease").into());
        }
        (CareType::ChronicOutpatient, Some(_)) | (_, None) => {}
        (_, Some(disease)) => {
            let refusal = refusal::CODE_UNKNOWN.with("field", "disease").with("value", disease);
            return Err(refusal.at_field("disease").into());
        }
    }
    Ok(VisitFacts {
        visit: context.new_uuid(),
        level: institution.level.ok_or_else(|| refusal::INSTITUTION_NOT_ALLOWED.refuse())?,
        institution: institution.code,
        visited_area: institution.division,
        home_area: wish.home_area,
        certificate: wish.certificate.clone(),
        scheme: wish.scheme,
        care_type: wish.care_type,
        began_on,
        emergency: wish.emergency,
        disease: wish.disease.clone(),
    })
}

pub fn open(view: View<'_>, wish: VisitWish, context: &mut Context<'_>) -> Decided {
    let home = home_of(context, wish.home_area)?;
    let facts = facts(view, &wish, context)?;
    let visit = facts.visit;
    let open = VisitOpen { correlation: visit.to_string(), facts: facts.clone() };
    let message = send(context, home, visit, visit, Message::VisitOpen(open));
    let mut decision = Decision::wait(visit).event(Event::VisitAsked { facts, home }).message(message);
    if let Some(details) = wish.details {
        decision.events.push(Event::VisitDescribed { visit, details });
    }
    Ok(decision)
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
    let is_stay = facts.care_type == CareType::Inpatient;
    if is_stay && visits::stays_of(view, &insured.person)?.iter().any(|stay| stay.state == "open") {
        return Ok(Err(refusal::ALREADY_ADMITTED.refuse()));
    }
    if let Some(disease) = &facts.disease
        && !persons::has_disease(view, &insured.person, disease, facts.began_on)?
    {
        return Ok(Err(refusal::DISEASE_NOT_REGISTERED.with("disease", disease)));
    }
    let serial = visits::next_serial(view, Serial::Visit, facts.home_area)?;
    let number = format!("S{}", number(facts.home_area, context.now.business_date(), serial));
    let opened = VisitOpened {
        visit: facts.visit,
        number: number.clone(),
        person: insured.person.clone(),
        name: insured.name,
        birth_date: insured.facts.birth_date,
    };
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
