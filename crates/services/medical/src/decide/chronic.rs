//! Registration for chronic and special diseases (慢特病备案, 2503): at home by its clerk, or asked for from a hospital elsewhere.

use huitong_kernel::time::Date;
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, Refusal, Stop, View};
use uuid::Uuid;

use super::{Decided, Peer, home_of, own_institution, reply, send};
use crate::command::{ChronicWish, Reply};
use crate::event::Event;
use crate::model::message::{Answered, ChronicAsk, ChronicState, Message};
use crate::query::{dated, persons, pools};
use crate::{Medical, refusal};

pub fn register(medical: &Medical, view: View<'_>, wish: ChronicWish, context: &mut Context<'_>) -> Decided {
    let ChronicWish { home_area, certificate, scheme, disease, valid_from } = wish;
    let is_here = context.directory.jurisdiction_of(home_area) == Some(context.home.jurisdiction);
    let institution = if is_here { String::new() } else { own_institution(view, context)?.code };
    let cycle = context.new_uuid();
    let correlation = cycle.to_string();
    let ask = ChronicAsk { correlation, institution, home_area, certificate, scheme, disease, valid_from };
    if is_here {
        let state = make(medical, view, &ask, context)??;
        let mut decision = Decision::nothing().event(Event::ChronicRegistered(state.clone()));
        decision.answer = Answer::Now(Reply::Registered(state));
        return Ok(decision);
    }
    let home = home_of(context, home_area)?;
    let message = send(context, home, cycle, cycle, Message::ChronicAsk(ask));
    Ok(Decision::wait(cycle).message(message))
}

pub fn answer(medical: &Medical, view: View<'_>, ask: &ChronicAsk, from: &Peer, context: &mut Context<'_>) -> Decided {
    let known = persons::institution(view, &ask.institution)?;
    let is_theirs = known.is_some_and(|known| known.active && from.jurisdiction.contains(known.division));
    let result = if is_theirs && from.is_medical() {
        make(medical, view, ask, context)?
    } else {
        Err(refusal::INSTITUTION_NOT_ALLOWED.refuse())
    };
    let mut decision = Decision::nothing();
    if let Ok(state) = &result {
        decision = decision.event(Event::ChronicRegistered(state.clone()));
    }
    let answer = Answered { correlation: ask.correlation.clone(), result };
    Ok(decision.message(reply(context, from, Message::ChronicAnswer(answer))))
}

/// The disease must be one that the person's pool covers; who is registered already stays so.
fn make(
    medical: &Medical,
    view: View<'_>,
    ask: &ChronicAsk,
    context: &mut Context<'_>,
) -> Result<Result<ChronicState, Refusal>, Stop> {
    let Some(insured) = persons::insured(view, &ask.certificate, Some(ask.scheme))? else {
        return Ok(Err(refusal::PERSON_NOT_FOUND.refuse()));
    };
    let today = context.now.business_date();
    // A pool that computes by itself says what it covers when it prices.
    let is_covered = pools::is_delegated(view, insured.pool)? || {
        let pack = dated::pack(medical, view, insured.pool, insured.scheme, today)?;
        pack.is_some_and(|(_, pack)| pack.chronic(&ask.disease).is_some())
    };
    if !is_covered {
        return Ok(Err(refusal::DISEASE_NOT_COVERED.with("disease", &ask.disease).at_field("disease")));
    }
    if ask.valid_from < today || persons::has_disease(view, &insured.person, &ask.disease, ask.valid_from)? {
        return Ok(Err(refusal::FILING_INVALID.refuse()));
    }
    Ok(Ok(ChronicState {
        registration: context.new_uuid(),
        person: insured.person,
        disease: ask.disease.clone(),
        valid_from: ask.valid_from,
        valid_to: None,
        institution: (!ask.institution.is_empty()).then(|| ask.institution.clone()),
    }))
}

/// Home's clerk ends a registration; what was settled stays.
pub fn end(view: View<'_>, registration: Uuid, valid_to: Date, context: &Context<'_>) -> Decided {
    let known = persons::registration(view, registration)?;
    super::filing::check_clerk(view, known.as_ref().and_then(|known| known.institution.as_deref()), context)?;
    let is_open = known.is_some_and(|known| known.valid_to.is_none() && known.valid_from <= valid_to);
    if !is_open || valid_to < context.now.business_date() {
        return Err(refusal::FILING_INVALID.refuse().into());
    }
    Ok(Decision::reply(Reply::Moved).event(Event::ChronicEnded { registration, valid_to }))
}
