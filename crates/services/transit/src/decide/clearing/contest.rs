//! Contests (争议): opened by the debtor, answered by the creditor in time, or escalated.
//!
//! A claim that home contested when it took it is booked on neither side until the contest ends; then both book what is in force.
//! A document that was charged stays booked while it is contested; what the creditor gives back is an adjustment.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};
use uuid::Uuid;

use super::split;
use crate::accounts::Postings;
use crate::command::Reply;
use crate::decide::adjust::{self, Change};
use crate::decide::charge;
use crate::decide::finalise::merge;
use crate::decide::pricing::NetworkPrices;
use crate::decide::{Decided, node_of, send};
use crate::event::{ContestEnded, Event};
use crate::model::contest::{
    ANSWER_WITHIN, CONTEST_WITHIN, Contest, ContestAnswer, ContestDecision, ContestReason, ContestState,
};
use crate::model::message::Message;
use crate::model::period::Period;
use crate::model::settlement::{Document, DocumentKind};
use crate::model::trip::{TripFinal, TripState};
use crate::query::contests::{self, ContestRow};
use crate::query::trips::{self, TripRow};
use crate::query::{documents, home_trips, statements};
use crate::{Transit, refusal};

/// Longest evidence and explanation, in characters.
pub const EVIDENCE_MAX: usize = 2_000;
/// Overdue contests of a tick.
const OVERDUE_MAX: usize = 20;

/// The contest that home opened when it took a claim, as the creditor notes it: with the same clocks.
pub fn of_claim(
    trip: &TripFinal,
    amount: Fen,
    contest: Uuid,
    reason: &str,
    evidence: &str,
    opened_at: Instant,
) -> Event {
    let contest = Contest {
        contest,
        document: trip.trip_id,
        booking_day: trip.booking_day,
        creditor: trip.network,
        debtor: trip.home,
        reason: ContestReason::parse(reason).unwrap_or(ContestReason::NotVerified),
        amount_fen: amount,
        evidence: evidence.to_owned(),
        opened_at,
        answer_by: opened_at + ANSWER_WITHIN,
    };
    Event::ContestOpened { contest, role: "creditor".to_owned() }
}

pub fn open(
    view: View<'_>,
    document: Digest,
    reason: ContestReason,
    evidence: String,
    context: &mut Context<'_>,
) -> Decided {
    if evidence.chars().count() > EVIDENCE_MAX {
        return Err(refusal::invalid("evidence").into());
    }
    let own = context.home.jurisdiction;
    let found = documents::document(view, own, document)?.ok_or_else(|| refusal::DOCUMENT_UNKNOWN.refuse())?;
    if node_of(context, found.debtor) != Some(own) {
        return Err(refusal::NOT_OF_THIS_NODE.with("division", found.debtor).into());
    }
    if found.kind == DocumentKind::Split {
        // Its debtor has issued it itself; it follows the trip.
        return Err(refusal::invalid("document").into());
    }
    if let Some(known) = contests::of_document(view, document)? {
        if !known.is_unsettled() {
            return Err(refusal::CONTEST_ENDED.refuse().into());
        }
        return Ok(Decision::reply(Reply::Contested { contest: known.contest.contest, state: known.state }));
    }
    check_time(view, &found, context.now)?;
    let creditor_node = node_of(context, found.creditor).ok_or_else(|| refusal::DOCUMENT_UNKNOWN.refuse())?;
    let contest = Contest {
        contest: context.new_uuid(),
        document,
        booking_day: found.booking_day,
        creditor: found.creditor,
        debtor: found.debtor,
        reason,
        amount_fen: found.amount_fen,
        evidence,
        opened_at: context.now,
        answer_by: context.now + ANSWER_WITHIN,
    };
    let mut decision = Decision::reply(Reply::Contested { contest: contest.contest, state: ContestState::Open });
    let role = if creditor_node == own { "both" } else { "debtor" };
    if creditor_node != own {
        decision.messages.push(send(context, creditor_node, Message::Contest(contest.clone())));
    }
    Ok(decision.event(Event::ContestOpened { contest, role: role.to_owned() }))
}

/// At any time before the document's statement, and for 30 days after it.
fn check_time(view: View<'_>, document: &Document, opened_at: Instant) -> Result<(), Stop> {
    let period = Period::of(document.booking_day);
    let statement = statements::statement(view, period, document.creditor, document.debtor)?;
    if statement.is_some_and(|row| opened_at > row.issued_at + CONTEST_WITHIN) {
        return Err(refusal::CONTEST_LATE.refuse().into());
    }
    Ok(())
}

/// At the creditor.
pub fn take(view: View<'_>, contest: Contest, from: Division, context: &mut Context<'_>) -> Decided {
    let own = context.home.jurisdiction;
    if node_of(context, contest.debtor) != Some(from) || node_of(context, contest.creditor) != Some(own) {
        return Err(refusal::NOT_OF_THIS_NODE.with("division", contest.creditor).into());
    }
    if contests::contest(view, contest.contest)?.is_some() {
        return Ok(Decision::nothing());
    }
    let found = documents::document(view, own, contest.document)?.filter(|document| {
        document.kind != DocumentKind::Split
            && (document.creditor, document.debtor) == (contest.creditor, contest.debtor)
            && document.booking_day == contest.booking_day
    });
    let found = found.ok_or_else(|| refusal::DOCUMENT_UNKNOWN.refuse())?;
    if contests::of_document(view, contest.document)?.is_some() {
        return Err(refusal::CONTEST_ENDED.refuse().into());
    }
    check_time(view, &found, contest.opened_at)?;
    let answer_by = contest.opened_at + ANSWER_WITHIN;
    let contest = Contest { amount_fen: found.amount_fen, answer_by, ..contest };
    Ok(Decision::nothing().event(Event::ContestOpened { contest, role: "creditor".to_owned() }))
}

/// The creditor decides.
pub fn answer(
    transit: &Transit,
    view: View<'_>,
    contest: Uuid,
    decision: ContestDecision,
    explanation: String,
    amount: Option<Fen>,
    context: &mut Context<'_>,
) -> Decided {
    if explanation.chars().count() > EVIDENCE_MAX {
        return Err(refusal::invalid("explanation").into());
    }
    let row = contests::contest(view, contest)?.filter(ContestRow::is_creditors);
    let row = row.ok_or_else(|| refusal::CONTEST_UNKNOWN.refuse())?;
    if !row.is_unsettled() {
        return Err(refusal::CONTEST_ENDED.refuse().into());
    }
    let own = context.home.jurisdiction;
    let document = documents::document(view, own, row.contest.document)?;
    let document = document.ok_or_else(|| refusal::DOCUMENT_UNKNOWN.refuse())?;
    let trip = trips::trip(view, document.trip.unwrap_or(document.id))?;
    let trip = trip.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse())?;
    let was_disputed = trip.state == TripState::Disputed;
    let mut decided = given_back(transit, view, &trip, &document, decision, amount, context)?;
    let content = decided.events.iter().find_map(|event| match event {
        Event::TripAdjusted { adjust, .. } => Some((*adjust.trip).clone()),
        _ => None,
    });
    let answer = ContestAnswer { contest, document: document.id, decision, explanation };
    let state = ContestState::from(decision);
    let mut ended = ContestEnded { contest, state, answer: Some(answer.clone()), charged: None, transfers: Vec::new() };
    // Only the contest of a trip's own claim decides whether the trip is owed at all.
    if was_disputed && document.kind == DocumentKind::Trip {
        let content = content.map_or_else(|| trips::content(view, &trip), Ok)?;
        let in_force = content.charge_fen();
        let mut postings = Postings::new(context);
        postings.claim(in_force, trip.network, trip.home);
        ended.transfers = postings.transfers;
        if row.is_debtors() {
            charge_at_home(view, &mut ended, document.id, in_force, context)?;
        }
        let split = split::of_trip(transit, view, &content, in_force, context)?;
        merge(&mut decided, split);
    }
    if let Some(node) = node_of(context, row.contest.debtor).filter(|node| *node != own) {
        // Behind the adjustment, in the same feed: home books what is in force then.
        decided.messages.push(send(context, node, Message::ContestAnswer(answer)));
    }
    decided.events.push(Event::ContestEnded(ended));
    decided.answer = Answer::Now(Reply::Contested { contest, state });
    Ok(decided)
}

/// What the creditor gives back, as an adjustment of the trip.
fn given_back(
    transit: &Transit,
    view: View<'_>,
    trip: &TripRow,
    document: &Document,
    decision: ContestDecision,
    amount: Option<Fen>,
    context: &mut Context<'_>,
) -> Decided {
    let change = match (decision, document.kind) {
        (ContestDecision::Upheld, _) => return Ok(Decision::nothing()),
        (ContestDecision::Adjusted, _) => {
            let amount = amount.ok_or_else(|| refusal::FIELD_MISSING.with("field", "amount").at_field("amount"))?;
            if amount.is_negative() || amount >= trip.charge_fen {
                return Err(refusal::invalid("amount").into());
            }
            Change::Amount(amount)
        }
        // An adjustment is taken back by what was in force before it. One that another has replaced is in force no more: what
        // is right now is an amount.
        (ContestDecision::Withdrawn, DocumentKind::Adjust) => {
            let before = trip.charge_fen - document.amount_fen;
            let latest = trips::adjustments(view, trip.trip)?.pop().map(|latest| adjust::document_id(latest.adjust));
            if before.is_negative() || document.amount_fen.is_negative() || latest != Some(document.id) {
                return Err(refusal::invalid("decision").into());
            }
            Change::Amount(before)
        }
        (ContestDecision::Withdrawn, _) => Change::Free,
    };
    let prices = NetworkPrices::of(transit, view, context.directory, trip.network)?
        .ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse())?;
    adjust::adjust(transit, view, trip, &prices, change, "contest", context)
}

/// Home charges a claim at last that it had contested.
fn charge_at_home(
    view: View<'_>,
    ended: &mut ContestEnded,
    trip: Digest,
    amount: Fen,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let known = home_trips::trip(view, trip)?.filter(|known| known.is_disputed);
    let Some(known) = known else { return Ok(()) };
    let (charged, transfers) = charge::decided(view, &known, amount, context)?;
    ended.charged = Some(charged);
    ended.transfers.extend(transfers);
    Ok(())
}

/// At the debtor. The same answer again has no effect; an answer after the deadline still counts, so that both books agree.
pub fn take_answer(view: View<'_>, answer: ContestAnswer, from: Division, context: &mut Context<'_>) -> Decided {
    let row = contests::contest(view, answer.contest)?.filter(ContestRow::is_debtors);
    let row = row.ok_or_else(|| refusal::CONTEST_UNKNOWN.refuse())?;
    if node_of(context, row.contest.creditor) != Some(from) || row.contest.document != answer.document {
        return Err(refusal::CONTEST_UNKNOWN.refuse().into());
    }
    if !row.is_unsettled() {
        return Ok(Decision::nothing());
    }
    let mut ended = ContestEnded {
        contest: answer.contest,
        state: answer.decision.into(),
        answer: Some(answer),
        charged: None,
        transfers: Vec::new(),
    };
    if let Some(trip) = home_trips::trip(view, row.contest.document)? {
        charge_at_home(view, &mut ended, trip.trip, trip.charge_fen, context)?;
    }
    Ok(Decision::nothing().event(Event::ContestEnded(ended)))
}

pub fn due(view: View<'_>, now: Instant) -> Result<Vec<String>, StoreError> {
    contests::overdue(view, now, OVERDUE_MAX)
}

/// Nobody answered in time: to the tribunal of the region, on both sides.
pub fn overdue(view: View<'_>, contest: &str) -> Decided {
    let contest: Uuid = contest.parse().map_err(|_| StoreError::Damaged("a contest's id is no UUID".to_owned()))?;
    let row = contests::contest(view, contest)?.filter(|row| row.state == ContestState::Open);
    let Some(row) = row else { return Ok(Decision::nothing()) };
    let Contest { creditor, debtor, answer_by, .. } = row.contest;
    let alarm = format!("contest {contest} of {debtor} against {creditor} was not answered by {answer_by}: escalated");
    let state = ContestState::Escalated;
    let ended = ContestEnded { contest, state, answer: None, charged: None, transfers: Vec::new() };
    Ok(Decision::nothing().event(Event::ContestEnded(ended)).alarm(alarm))
}
