//! Reconciliation between two nodes, day by day (13): visited says what its books hold, home compares and tells what it holds where they differ.
//! What is compared are documents with their hashes, so a difference is a document that one side lacks, or a fault.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{Answer, Context, Decision, Service, StoreError, View, params};

use super::{Decided, Peer, reply, send};
use crate::command::Reply;
use crate::event::{DayState, Event};
use crate::model::message::{DayAsk, DayDiff, Message};
use crate::model::reconciliation::{DayCause, DayClass, DayDifference, DayDocument, DayProposal, DayTotals, due_at};
use crate::query::reconciliation as books;
use crate::query::settlements::Role;
use crate::{Medical, refusal};

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
    // The day was compared twice at once, and is known to be equal.
    if from.is_medical() && diff.is_equal && state == Some(DayState::Equal) {
        return Ok(Decision::nothing());
    }
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
    let differences = differences(view, home, &own, &diff.documents, context)?;
    let mut decision = Decision::nothing();
    if !differences.is_empty() {
        decision.alarms.push(alarm(day, home, &differences));
        decision.events.push(Event::DayDiffers { home, day, settlements: Vec::new(), differences });
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

fn alarm(day: Date, home: Division, differences: &[DayDifference]) -> String {
    let count = |cause: DayCause| differences.iter().filter(|of| of.cause == cause).count();
    let causes = DayCause::ALL.iter().map(|cause| (cause.name(), count(*cause))).filter(|(_, count)| *count > 0);
    let causes: Vec<String> = causes.map(|(name, count)| format!("{name} {count}")).collect();
    let count = differences.len();
    format!("{day}: {count} documents differ between this node and {home}: {}", causes.join(", "))
}

/// Documents that one side lacks, or that are not the same bytes, each with its cause.
fn differences(
    view: View<'_>,
    home: Division,
    own: &[DayDocument],
    theirs: &[DayDocument],
    context: &Context<'_>,
) -> Result<Vec<DayDifference>, StoreError> {
    let mut pairs: BTreeMap<&str, (Option<&DayDocument>, Option<&DayDocument>)> = BTreeMap::new();
    for document in own {
        pairs.entry(&document.settlement).or_default().0 = Some(document);
    }
    for document in theirs {
        pairs.entry(&document.settlement).or_default().1 = Some(document);
    }
    let is_same = |one: &DayDocument, other: &DayDocument| one.document == other.document;
    let lane = Feed::new(Address::new(home, Medical::NAME), context.home.clone());
    let mut found = Vec::new();
    for (settlement, (own, theirs)) in pairs {
        let (class, cause, code) = match (own, theirs) {
            (Some(own), Some(theirs)) if is_same(own, theirs) => continue,
            (Some(_), None) => (DayClass::VisitedMore, DayCause::MissingAtHome, None),
            (None, Some(theirs)) => {
                let has_come = theirs.number > 0 && theirs.number < huitong_store::feeds::next_number(view, &lane)?;
                let code = if has_come { books::refused(view, &lane, theirs.number)? } else { None };
                let cause = if has_come { DayCause::AnswerRefused } else { DayCause::AnswerOnItsWay };
                (DayClass::HomeMore, cause, code)
            }
            _ => (DayClass::DataDiffer, DayCause::OtherDocument, None),
        };
        let is_late = cause == DayCause::AnswerOnItsWay;
        found.push(DayDifference {
            settlement: settlement.to_owned(),
            class,
            cause,
            proposal: if is_late { DayProposal::AskAgain } else { DayProposal::ShowProof },
            visited: own.cloned(),
            home: theirs.cloned(),
            code,
        });
    }
    Ok(found)
}

/// Visited's clerk compares a day once more.
pub fn again(view: View<'_>, home: Division, day: Date, context: &mut Context<'_>) -> Decided {
    let is_over = context.now >= due_at(day);
    if books::day_state(view, home, day)?.is_none() || !is_over {
        return Err(refusal::RECONCILIATION_UNKNOWN.refuse().at_field("day").into());
    }
    let told = tell(view, home, day, context)?;
    Ok(Decision { answer: Answer::Now(Reply::Moved), ..told })
}
