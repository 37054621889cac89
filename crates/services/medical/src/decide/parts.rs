//! Stays that are settled in parts (中途结算): with the last part the stay is closed, and what comes after it opens it again.

use std::collections::BTreeMap;

use huitong_service_kit::{Context, Decision, Outgoing, Stop, View};
use uuid::Uuid;

use super::stay::{is_settling, own_visit, tell};
use crate::event::Event;
use crate::model::message::VisitChange;
use crate::query::calls::VisitedCall;
use crate::query::documents;
use crate::query::settlements::{self, Role};
use crate::query::visits::{self, VisitedVisit};
use crate::{Medical, refusal};

/// What a stay was settled in so far (中途结算), and what of it is left.
pub struct Parts {
    /// Settlements that stand.
    settlements: u32,
    /// Batches with their states.
    batches: BTreeMap<String, String>,
}

impl Parts {
    pub fn of(view: View<'_>, known: &VisitedVisit, visit: Uuid) -> Result<Parts, Stop> {
        let number = known.number.as_deref().unwrap_or_default();
        let settlements = settlements::count_of_visit(view, Role::Visited, number)?;
        Ok(Parts { settlements, batches: visits::batches(view, visit)?.into_iter().collect() })
    }

    /// As they are when `batch` is settled; `is_new`: by a settlement that is being booked.
    pub fn settled(mut self, batch: &str, is_new: bool) -> Parts {
        self.settlements += u32::from(is_new);
        self.batches.insert(batch.to_owned(), "settled".to_owned());
        self
    }

    pub fn without(mut self, batch: &str) -> Parts {
        self.batches.remove(batch);
        self
    }

    /// Where a discharged stay is settled wholly, no settlement of the discharge will come to close it: it is closed with the last part.
    pub fn close(
        &self,
        decision: Decision<Medical>,
        known: &VisitedVisit,
        visit: Uuid,
        context: &mut Context<'_>,
    ) -> Decision<Medical> {
        let is_whole = self.settlements > 0 && self.batches.values().all(|state| state == "settled");
        if !known.is_stay() || known.state != "discharged" || !is_whole {
            return decision;
        }
        let change = VisitChange::Closed { settlements: self.settlements };
        let message = tell(known, visit, change, context);
        decision.event(Event::VisitMoved { visit, change }).message(message)
    }
}

/// After an interim settlement was taken in: whether it was the last of the stay.
pub fn part_settled(
    view: View<'_>,
    decision: Decision<Medical>,
    call: &VisitedCall,
    is_new: bool,
    context: &mut Context<'_>,
) -> Result<Decision<Medical>, Stop> {
    let Some(visit) = call.visit.as_deref().and_then(|visit| visit.parse().ok()) else { return Ok(decision) };
    let Some(known) = visits::visited_visit(view, visit)?.filter(VisitedVisit::is_stay) else { return Ok(decision) };
    let parts = Parts::of(view, &known, visit)?.settled(&call.batch, is_new);
    Ok(parts.close(decision, &known, visit, context))
}

/// Whether a visit is a stay that was closed with its last part, and not by the settlement of the discharge.
pub fn is_closed_in_parts(view: View<'_>, known: &VisitedVisit) -> Result<bool, Stop> {
    let number = known.number.as_deref().unwrap_or_default();
    Ok(known.state == "closed" && last_is_interim(view, Role::Visited, number)?)
}

pub fn last_is_interim(view: View<'_>, role: Role, number: &str) -> Result<bool, Stop> {
    let Some(last) = settlements::last_of_visit(view, role, number)? else { return Ok(false) };
    let Some(last) = settlements::settlement(view, role, &last)? else { return Ok(false) };
    Ok(documents::document(view, &last)?.stay.is_some_and(|stay| stay.interim))
}

/// A visit of the caller's institution that takes lines. A stay that was closed with its last part takes them too: it is `discharged`
/// again, which home is told.
pub fn taking_lines(
    view: View<'_>,
    visit: Uuid,
    context: &mut Context<'_>,
) -> Result<(VisitedVisit, Option<(Event, Outgoing)>), Stop> {
    let known = own_visit(view, visit, context)?;
    match (known.state.as_str(), known.ended_on) {
        // What is being settled may be what closes the stay.
        ("discharged", _) if is_settling(view, visit)? => Err(refusal::BATCH_PENDING.refuse().into()),
        ("open" | "discharged", _) => Ok((known, None)),
        (_, Some(ended_on)) if is_closed_in_parts(view, &known)? => {
            let change = VisitChange::Discharged { ended_on };
            let message = tell(&known, visit, change, context);
            Ok((known, Some((Event::VisitMoved { visit, change }, message))))
        }
        _ => Err(refusal::VISIT_UNKNOWN.refuse().into()),
    }
}
