//! What becomes of a visit (7): the hospital says more of it, discharges, takes the discharge or the registration back.

use huitong_kernel::time::Date;
use huitong_service_kit::{Context, Decision, Outgoing, Stop, View};
use uuid::Uuid;

use super::parts::{Parts, is_closed_in_parts, last_is_interim};
use super::{Decided, Peer, send};
use crate::command::Reply;
use crate::event::Event;
use crate::model::message::{Message, VisitChange, VisitChanged, VisitFacts};
use crate::model::visit::VisitDetails;
use crate::query::settlements::{self, Role};
use crate::query::visits::{self, VisitedVisit};
use crate::refusal;

/// A visit of the caller's institution that home has opened, in whatever state. Another hospital's visit is unknown to the caller.
pub fn own_visit(view: View<'_>, visit: Uuid, context: &Context<'_>) -> Result<VisitedVisit, Stop> {
    let known = visits::visited_visit(view, visit)?;
    let known = known.filter(|known| known.institution == context.principal.participant && known.number.is_some());
    Ok(known.ok_or_else(|| refusal::VISIT_UNKNOWN.refuse())?)
}

fn wrong_state(known: &VisitedVisit) -> Stop {
    refusal::VISIT_STATE.with("state", &known.state).into()
}

pub fn describe(view: View<'_>, visit: Uuid, details: VisitDetails, context: &Context<'_>) -> Decided {
    let known = own_visit(view, visit, context)?;
    let goes_on = matches!(known.state.as_str(), "open" | "discharged");
    if !goes_on && !is_closed_in_parts(view, &known)? {
        return Err(wrong_state(&known));
    }
    let details = Box::new(details.over(known.details));
    Ok(Decision::reply(Reply::Moved).event(Event::VisitDescribed { visit, details }))
}

/// 出院 (2402): no line may be of a later day.
pub fn discharge(
    view: View<'_>,
    visit: Uuid,
    ended_on: Date,
    details: Option<VisitDetails>,
    context: &mut Context<'_>,
) -> Decided {
    let known = own_visit(view, visit, context)?;
    if !known.is_stay() || known.state != "open" {
        return Err(wrong_state(&known));
    }
    if ended_on < known.facts.began_on || ended_on > context.now.business_date() {
        return Err(refusal::TIME_MALFORMED.with("field", "ended_on").at_field("ended_on").into());
    }
    for (batch, _) in visits::batches(view, visit)? {
        if visits::lines(view, visit, &batch)?.iter().any(|line| line.day > ended_on) {
            return Err(refusal::FEE_TIME_OUTSIDE_VISIT.refuse().at_field("ended_on").into());
        }
    }
    let change = VisitChange::Discharged { ended_on };
    let mut decision = moved(&known, visit, change, context);
    let discharged = VisitedVisit { state: "discharged".to_owned(), ..known };
    let parts = Parts::of(view, &discharged, visit)?;
    decision = parts.close(decision, &discharged, visit, context);
    if let Some(details) = details {
        let details = Box::new(details.over(discharged.details));
        decision.events.push(Event::VisitDescribed { visit, details });
    }
    Ok(decision)
}

/// Visits of a person at the hospital that are looked at.
const VISITS_MAX: usize = 200;

/// 出院撤销 (2405): before the settlement of the discharge, or after it was taken back.
pub fn cancel_discharge(view: View<'_>, visit: Uuid, context: &mut Context<'_>) -> Decided {
    let known = own_visit(view, visit, context)?;
    if known.state != "discharged" && !is_closed_in_parts(view, &known)? {
        return Err(wrong_state(&known));
    }
    if is_settling(view, visit)? {
        return Err(refusal::BATCH_PENDING.refuse().into());
    }
    // Of other hospitals this one knows nothing.
    let person = known.person.as_deref().unwrap_or_default();
    let others = visits::visited_of(view, &known.institution, person, VISITS_MAX)?;
    if others.iter().any(|other| other.is_stay() && other.state == "open") {
        return Err(refusal::ALREADY_ADMITTED.refuse().into());
    }
    Ok(moved(&known, visit, VisitChange::Readmitted, context))
}

/// 挂号撤销, 入院撤销 (2202, 2404): where nothing is settled, nor being settled.
pub fn cancel(view: View<'_>, visit: Uuid, context: &mut Context<'_>) -> Decided {
    let known = own_visit(view, visit, context)?;
    if !matches!(known.state.as_str(), "open" | "discharged") {
        return Err(wrong_state(&known));
    }
    let number = known.number.as_deref().unwrap_or_default();
    if is_settling(view, visit)? || settlements::last_of_visit(view, Role::Visited, number)?.is_some() {
        return Err(refusal::VISIT_HAS_SETTLEMENT.refuse().into());
    }
    Ok(moved(&known, visit, VisitChange::Cancelled, context))
}

pub fn is_settling(view: View<'_>, visit: Uuid) -> Result<bool, Stop> {
    Ok(visits::batches(view, visit)?.iter().any(|(_, state)| state == "settling"))
}

fn moved(
    known: &VisitedVisit,
    visit: Uuid,
    change: VisitChange,
    context: &mut Context<'_>,
) -> Decision<crate::Medical> {
    let message = tell(known, visit, change, context);
    Decision::reply(Reply::Moved).event(Event::VisitMoved { visit, change }).message(message)
}

pub fn tell(known: &VisitedVisit, visit: Uuid, change: VisitChange, context: &mut Context<'_>) -> Outgoing {
    let cycle = context.new_uuid();
    let changed = VisitChanged { number: known.number.clone().unwrap_or_default(), change };
    send(context, known.home, cycle, visit, Message::VisitChanged(changed))
}

/// Whether home can take `day` of a visit from visited: it selects pack, insurance year, caps and filing. Clocks may differ by a day.
pub fn day_is_possible(facts: &VisitFacts, day: Date, context: &Context<'_>) -> bool {
    let last = context.now.business_date().tomorrow().unwrap_or(Date::MAX);
    (facts.began_on..=last).contains(&day)
}

/// Home takes what visited says of a visit that it has opened here.
pub fn changed(view: View<'_>, changed: VisitChanged, from: &Peer, context: &Context<'_>) -> Decided {
    let visit = visits::home_visit(view, &changed.number)?;
    let visit = visit.filter(|visit| visit.visited == from.jurisdiction && from.is_medical());
    let visit = visit.ok_or_else(|| refusal::VISIT_UNKNOWN.refuse())?;
    let state = visit.state.as_str();
    let in_parts = state == "closed" && last_is_interim(view, Role::Home, &changed.number)?;
    let is_possible = match changed.change {
        VisitChange::Discharged { ended_on } if state == "open" => {
            visit.is_stay() && day_is_possible(&visit.facts, ended_on, context)
        }
        // Lines have come after the last part.
        VisitChange::Discharged { ended_on } => (state == "discharged" || in_parts) && visit.ended_on == Some(ended_on),
        // Also where the person has been admitted elsewhere meanwhile: who lies where is not for home to say.
        VisitChange::Readmitted => state == "discharged" || in_parts,
        // Something of it has been taken back meanwhile, which opens it again at visited as well.
        VisitChange::Closed { settlements } if state == "discharged" && settlements != visit.stay.settlements => {
            return Ok(Decision::nothing());
        }
        VisitChange::Closed { .. } => state == "discharged",
        VisitChange::Cancelled => {
            matches!(state, "open" | "discharged")
                && settlements::last_of_visit(view, Role::Home, &changed.number)?.is_none()
        }
    };
    if !is_possible {
        return Err(refusal::VISIT_STATE.with("state", &visit.state).into());
    }
    Ok(Decision::nothing().event(Event::VisitChanged(changed)))
}
