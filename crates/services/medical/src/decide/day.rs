//! Reconciliation between two nodes, day by day (13): visited says what its books hold, home compares and tells what it holds where they differ.
//! What is compared are documents with their hashes, so a difference is a document that one side lacks, or a fault.

use huitong_kernel::division::Division;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{Context, Decision, StoreError, View, params};

use super::{Decided, Peer, reply, send};
use crate::event::{DayState, Event};
use crate::model::message::{DayAsk, DayDiff, Message};
use crate::model::reconciliation::{DayDocument, DayTotals};
use crate::query::reconciliation as books;
use crate::query::settlements::Role;
use crate::refusal;

/// Documents of one message.
pub const PAGE: usize = 2_000;
/// Days with another jurisdiction that are over and not compared.
pub fn due(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<(Division, Date)>, StoreError> {
    let rows = view.all(
        "SELECT home, day FROM visited_day WHERE state = 'open' AND due_at <= ?1 ORDER BY due_at, home LIMIT ?2",
        params![now.0, limit as i64],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
    )?;
    rows.into_iter().map(|(home, day)| Ok((crate::query::text(&home)?, crate::query::date(&day)?))).collect()
}

/// Visited tells its totals.
pub fn tell(view: View<'_>, home: Division, day: Date, context: &mut Context<'_>) -> Decided {
    let totals = books::day_totals(view, Role::Visited, home, day)?;
    let cycle = context.new_uuid();
    let message = send(context, home, cycle, cycle, Message::DayTotals(totals));
    let event = Event::DayMoved { home, day, state: DayState::Told };
    Ok(Decision::nothing().event(event).message(message))
}

/// Home compares; where the totals differ it lists what it holds.
pub fn answer(view: View<'_>, told: &DayTotals, from: &Peer, context: &mut Context<'_>) -> Decided {
    let own = books::day_totals(view, Role::Home, from.jurisdiction, told.day)?;
    let diff = if own == *told {
        DayDiff { day: told.day, after: String::new(), is_equal: true, is_last: true, documents: Vec::new() }
    } else {
        page(view, from.jurisdiction, told.day, String::new())?
    };
    Ok(Decision::nothing().message(reply(context, from, Message::DayDiff(diff))))
}

fn page(view: View<'_>, visited: Division, day: Date, after: String) -> Result<DayDiff, StoreError> {
    let mut documents = books::day_documents(view, Role::Home, (visited, day), &after, PAGE + 1)?;
    let is_last = documents.len() <= PAGE;
    documents.truncate(PAGE);
    Ok(DayDiff { day, after, is_equal: false, is_last, documents })
}

/// Home lists on.
pub fn list(view: View<'_>, ask: &DayAsk, from: &Peer, context: &mut Context<'_>) -> Decided {
    let diff = page(view, from.jurisdiction, ask.day, ask.after.clone())?;
    Ok(Decision::nothing().message(reply(context, from, Message::DayDiff(diff))))
}

/// Visited compares what home lists with what it holds now: what was on its way then has come.
pub fn take(view: View<'_>, diff: &DayDiff, from: &Peer, context: &mut Context<'_>) -> Decided {
    let home = from.jurisdiction;
    let state = books::day_state(view, home, diff.day)?;
    if !from.is_medical() || !matches!(state, Some(DayState::Told | DayState::Differs)) {
        return Err(refusal::CYCLE_CLOSED.refuse().into());
    }
    let day = diff.day;
    let moved = |state| Event::DayMoved { home, day, state };
    if diff.is_equal {
        return Ok(Decision::nothing().event(moved(DayState::Equal)));
    }
    let is_sorted = diff.documents.is_sorted_by(|one, next| one.settlement < next.settlement);
    if diff.documents.len() > PAGE || !is_sorted {
        return Err(refusal::DOCUMENTS_DIFFER.refuse().into());
    }
    let up_to = diff.documents.last().filter(|_| !diff.is_last).map(|last| last.settlement.clone());
    let mut own = books::day_documents(view, Role::Visited, (home, day), &diff.after, PAGE * 2)?;
    own.retain(|document| up_to.as_ref().is_none_or(|last| document.settlement <= *last));
    let differing = differing(&own, &diff.documents);
    let mut decision = Decision::nothing();
    if !differing.is_empty() {
        decision.alarms.push(format!("{day}: {} documents differ between this node and {home}", differing.len()));
        decision.events.push(Event::DayDiffers { home, day, settlements: differing });
    }
    match up_to {
        Some(after) => {
            let ask = Message::DayAsk(DayAsk { day, after });
            decision.messages.push(reply(context, from, ask));
        }
        None if decision.events.is_empty() && state == Some(DayState::Told) => {
            decision.events.push(moved(DayState::Equal));
        }
        None => {}
    }
    Ok(decision)
}

/// Numbers that one side lacks, or whose documents are not the same bytes.
fn differing(own: &[DayDocument], theirs: &[DayDocument]) -> Vec<String> {
    let lacks = |of: &[DayDocument], document: &DayDocument| !of.contains(document);
    let mut found: Vec<String> =
        own.iter().filter(|document| lacks(theirs, document)).map(|document| document.settlement.clone()).collect();
    found.extend(theirs.iter().filter(|document| lacks(own, document)).map(|document| document.settlement.clone()));
    found.sort();
    found.dedup();
    found
}
