//! Day totals: sent when a booking day is over, compared, and where they differ the documents with them, page by page.

use huitong_kernel::division::Division;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};

use super::{differences, window};
use crate::decide::{Decided, send};
use crate::event::Event;
use crate::model::message::Message;
use crate::model::settlement::{DayDocuments, DayTotals, Document};
use crate::query::totals::DayRow;
use crate::query::{documents, totals};
use crate::{Transit, refusal};

/// Documents of a page.
pub const PAGE_SIZE: usize = 500;
/// Totals are sent so long after the day at the latest, even if a claim has no answer: the difference shows it.
const WITHOUT_ANSWER: DurationMs = DurationMs::days(3);
/// Days sent in one tick at most, so that callers get their turn.
const DAYS_PER_TICK: usize = 8;

/// A booking day that is over, towards one receiver.
#[derive(Clone, Debug)]
pub struct DueDay {
    pub receiver: Division,
    pub booking_day: Date,
}

pub fn due(view: View<'_>, now: Instant) -> Result<Vec<DueDay>, StoreError> {
    let days = totals::due(view, now, WITHOUT_ANSWER, DAYS_PER_TICK)?;
    Ok(days.into_iter().map(|(receiver, booking_day)| DueDay { receiver, booking_day }).collect())
}

pub fn send_totals(view: View<'_>, day: DueDay, context: &mut Context<'_>) -> Decided {
    let own = context.home.jurisdiction;
    let totals = totals::compute(view, own, day.receiver, day.booking_day)?;
    let mut decision = Decision::nothing();
    if !totals::sums_agree(view, &totals)? {
        decision.alarms.push(format!("documents of {} for {}: their sums differ", day.booking_day, day.receiver));
    }
    if day.receiver != own {
        decision.messages.push(send(context, day.receiver, Message::DayTotals(totals.clone())));
    }
    let until = window::ends(own, day.booking_day, context);
    let term = Event::ContestTerm { booking_day: day.booking_day, until };
    Ok(decision.event(Event::DayTotalsSent(totals)).event(term))
}

/// A document that another node issues: refused for a day whose totals have come, so that what the two sides compared stays what
/// it was.
pub fn check_open(view: View<'_>, document: &Document) -> Result<(), Stop> {
    let known = totals::day(view, document.issuer, document.receiver, document.booking_day)?;
    if known.is_some() { Err(refusal::DAY_COMPARED.refuse().into()) } else { Ok(()) }
}

/// From the issuer: compared with what is held here, and answered. From the receiver: its answer.
pub fn take(view: View<'_>, theirs: DayTotals, from: Division, context: &mut Context<'_>) -> Decided {
    let own = context.home.jurisdiction;
    let (is_question, is_answer) =
        (theirs.issuer == from && theirs.receiver == own, theirs.issuer == own && theirs.receiver == from);
    if own == from || !(is_question || is_answer) {
        return Err(refusal::NOT_OF_THIS_NODE.with("division", theirs.issuer).into());
    }
    let known = totals::day(view, theirs.issuer, theirs.receiver, theirs.booking_day)?;
    if let Some(answered) = known.as_ref().filter(|day| day.theirs.is_some()) {
        return repeated(answered, &theirs, is_question, from, context);
    }
    let held = match known {
        Some(day) => day.own,
        None if is_question => totals::compute(view, theirs.issuer, own, theirs.booking_day)?,
        None => return Err(refusal::DOCUMENT_UNKNOWN.refuse().into()),
    };
    let mut decision = Decision::nothing();
    if is_question {
        decision.messages.push(send(context, from, Message::DayTotals(held.clone())));
    }
    if held != theirs {
        let (issuer, receiver, day) = (theirs.issuer, theirs.receiver, theirs.booking_day);
        decision.alarms.push(format!("day totals of {day}, {issuer} to {receiver}, differ"));
        let page = own_page(view, &theirs, 0)?;
        decision.messages.push(send(context, from, Message::DayDocuments(page)));
    }
    Ok(decision.event(Event::DayTotalsCompared { own: held, theirs }))
}

/// A question that came before gets the answer that it got; other totals for the same day are refused.
fn repeated(day: &DayRow, theirs: &DayTotals, is_question: bool, from: Division, context: &mut Context<'_>) -> Decided {
    if day.theirs.as_ref() != Some(theirs) {
        return Err(refusal::PUBLISHED_UNCHANGEABLE.refuse().into());
    }
    if !is_question {
        return Ok(Decision::nothing());
    }
    Ok(Decision::nothing().message(send(context, from, Message::DayTotals(day.own.clone()))))
}

/// A page of the own documents; behind the last one they are empty, and last as well.
fn own_page(view: View<'_>, totals: &DayTotals, page: u32) -> Result<DayDocuments, StoreError> {
    let DayTotals { issuer, receiver, booking_day, .. } = *totals;
    let documents = documents::page(view, issuer, receiver, booking_day, page, PAGE_SIZE)?;
    Ok(DayDocuments { issuer, receiver, booking_day, page, is_last: documents.len() < PAGE_SIZE, documents })
}

/// The other side's next page. Each page is answered with the own page that follows it, until both have sent their last; with
/// the other side's last page the differences are known.
pub fn take_documents(view: View<'_>, page: DayDocuments, from: Division, context: &mut Context<'_>) -> Decided {
    let own = context.home.jurisdiction;
    let parties = [(page.issuer, page.receiver), (page.receiver, page.issuer)];
    let day = totals::day(view, page.issuer, page.receiver, page.booking_day)?;
    let day = day.filter(|day| day.state == "different" && parties.contains(&(own, from)));
    let day = day.ok_or_else(|| refusal::DOCUMENT_UNKNOWN.refuse())?;
    if page.page < day.pages_held || day.all_held {
        return follow(view, &day, &page, from, Decision::nothing(), context);
    }
    let is_ordered = page.documents.is_sorted_by(|one, other| one.0 < other.0);
    if page.page != day.pages_held || page.documents.len() > PAGE_SIZE || !is_ordered {
        return Err(refusal::CHAIN.refuse().at_field("page").into());
    }
    let mut decision = Decision::nothing();
    let mut found = Vec::new();
    if page.is_last {
        found = differences::of(view, &page, own)?;
        decision.alarms.push(format!("{} of {}: {} documents differ", page.booking_day, page.issuer, found.len()));
    }
    decision.events.push(Event::DayDocumentsHeld { page: page.clone(), differences: found });
    follow(view, &day, &page, from, decision, context)
}

/// The own page behind the one that came, while either side has more.
fn follow(
    view: View<'_>,
    day: &DayRow,
    came: &DayDocuments,
    from: Division,
    decision: Decision<Transit>,
    context: &mut Context<'_>,
) -> Decided {
    // An own last page that went out with or before the one that came: nothing follows a last one on both sides.
    let sent = own_page(view, &day.own, came.page)?;
    if came.is_last && sent.is_last {
        return Ok(decision);
    }
    let next = own_page(view, &day.own, came.page + 1)?;
    Ok(decision.message(send(context, from, Message::DayDocuments(next))))
}
