//! Reconciliation with a hospital (3201, 3202): its records against the books of this node, and one command a difference.

use std::collections::BTreeMap;

use huitong_service_kit::{Answer, Context, Decision, Stop, View};
use uuid::Uuid;

use super::cancel::{self, Way};
use super::{Decided, own_institution, reverse};
use crate::command::{ReconcileWish, Reply};
use crate::event::{CallState, DifferenceMoved, Event};
use crate::model::message::CallReference;
use crate::model::reconciliation::{
    Books, DifferenceState, DifferenceStep, ROWS_MAX, Reconciliation, Row, Totals, check_rows, compare,
};
use crate::query::calls;
use crate::query::reconciliation::{self as books, Days};
use crate::query::settlements::{self, Role};
use crate::refusal;

pub fn decide(view: View<'_>, wish: ReconcileWish, context: &mut Context<'_>) -> Decided {
    let institution = own_institution(view, context)?.code;
    let ReconcileWish { from, to, home, rows, stated } = wish;
    if from > to || to > context.now.business_date() {
        return Err(refusal::TIME_MALFORMED.with("field", "to").at_field("to").into());
    }
    check_rows(&rows)?;
    let signed: Vec<Row> = rows.iter().map(Row::signed).collect();
    let theirs = Totals::of(signed.iter());
    // A hospital that writes refunds as positive amounts may have added them up so, too.
    if stated.is_some_and(|stated| stated != theirs && stated != Totals::of(rows.iter())) {
        return Err(refusal::FILE_TOTALS_DIFFER.refuse().into());
    }
    let days = Days { institution: &institution, from, to, home };
    let platform = books::known(view, &days)?;
    if platform.len() > ROWS_MAX {
        return Err(refusal::TOO_MANY_LINES.with("limit", ROWS_MAX).at_field("to").into());
    }
    let near = books::near(view, &days, &rows)?;
    let matched_before = books::matched_other_day(view, &institution, &platform)?;
    let mut ids: BTreeMap<String, Option<String>> = BTreeMap::new();
    for row in &rows {
        ids.insert(row.visit.clone(), books::call_of_visit(view, &institution, &row.visit)?);
    }
    let known = Books { platform: &platform, near: &near, matched_before: &matched_before };
    let differences = compare(&known, &rows, |row| ids.get(&row.visit).cloned().flatten());
    let reconciliation = Reconciliation {
        reconciliation: context.new_uuid(),
        institution,
        from,
        to,
        home,
        made_at: context.now,
        platform: Totals::of(platform.iter().map(|known| &known.row)),
        institution_totals: theirs,
        differences,
    };
    let reply = Reply::Reconciled(Box::new(reconciliation.clone()));
    Ok(Decision::reply(reply).event(Event::Reconciled(Box::new(reconciliation))))
}

/// Differences that wait for one answer of home at most.
const WAITING_MAX: usize = 100;

/// Carries out what is proposed for a difference, as far as it is this node's to do: home is asked for the contra, and the difference is
/// resolved when it is booked here. For the others the hospital says that it has mended its record.
pub fn fix(view: View<'_>, reconciliation: Uuid, number: usize, context: &mut Context<'_>) -> Decided {
    let institution = own_institution(view, context)?.code;
    let is_own = books::institution_of(view, reconciliation)?.is_some_and(|of| of == institution);
    let known = books::difference(view, reconciliation, number)?.filter(|_| is_own);
    let known = known.ok_or_else(|| refusal::RECONCILIATION_UNKNOWN.refuse())?;
    match (known.state(), known.asked.clone()) {
        (DifferenceState::Asked, Some(waiting)) => return Ok(Decision::wait(waiting)),
        (DifferenceState::Open, _) => {}
        // It is mended already.
        _ => return Ok(Decision::reply(Reply::Moved)),
    }
    let moved = |step| Event::DifferenceMoved(DifferenceMoved { reconciliation, number, step });
    let mut decision = if let Some(original) = known.to_take_back() {
        take_back(view, original, &institution, context)?
    } else if let Some(message_id) = known.to_reverse() {
        reverse_call(view, message_id, &institution, context)?
    } else {
        Decision::reply(Reply::Moved)
    };
    let step = match &decision.answer {
        Answer::Later(waiting) => {
            if books::waiting(view, waiting, WAITING_MAX)?.len() >= WAITING_MAX {
                return Err(refusal::STILL_PENDING.refuse().into());
            }
            DifferenceStep::Asked { waiting: waiting.clone() }
        }
        Answer::None | Answer::Now(_) => {
            let contra = known.to_take_back().map(|original| settlements::contra_of(view, original)).transpose()?;
            DifferenceStep::Resolved { contra: contra.flatten() }
        }
    };
    decision.events.push(moved(step));
    Ok(decision)
}

/// Taken back once: by what is asked already, if something is.
fn take_back(view: View<'_>, original: &str, institution: &str, context: &mut Context<'_>) -> Decided {
    let known = settlements::settlement(view, Role::Visited, original)?;
    let is_over = known.is_some_and(|known| known.call.institution == institution && known.state != "settled");
    if is_over {
        return Ok(Decision::reply(Reply::Moved));
    }
    match calls::cancel_pending(view, original)? {
        Some(correlation) => Ok(Decision::wait(correlation)),
        None => cancel::ask(view, original.to_owned(), Way::Refund, context),
    }
}

/// A call that has settled since the comparison is not what the difference is about.
fn reverse_call(view: View<'_>, message_id: &str, institution: &str, context: &mut Context<'_>) -> Decided {
    let call = CallReference { institution: institution.to_owned(), message_id: message_id.to_owned() };
    if calls::state(view, &call)? == Some(CallState::Settled) {
        return Err(refusal::BOOKS_MOVED.refuse().into());
    }
    reverse::ask(view, call.message_id, context)
}

/// What an answer of home means for the differences that wait for it.
pub fn answered(view: View<'_>, waiting: &str, step: &DifferenceStep) -> Result<Vec<Event>, Stop> {
    let waiting = books::waiting(view, waiting, WAITING_MAX)?.into_iter();
    let moved = |(reconciliation, number)| DifferenceMoved { reconciliation, number, step: step.clone() };
    Ok(waiting.map(moved).map(Event::DifferenceMoved).collect())
}
