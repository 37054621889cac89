//! The debtor accepts what the creditor answered, and only then owes it; or it does not, and the contest is escalated.
//!
//! Who is silent escalates: neither side is made to pay, or to lose its claim, because the other one did not speak. An escalated
//! contest is ended by people, by the same answer and acceptance.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_ledger::clearing;
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, Outgoing, Stop, StoreError, View};
use uuid::Uuid;

use super::contest::{EVIDENCE_MAX, ended, known, movable};
use super::{split, told};
use crate::accounts::Postings;
use crate::command::Reply;
use crate::decide::{Came, Decided, adjust, charge, node_of, send};
use crate::event::{ContestEnded, Event};
use crate::model::contest::{Contest, ContestReply, ContestState, Party};
use crate::model::message::Message;
use crate::model::trip::TripState;
use crate::query::contests::{self, ContestRow};
use crate::query::{home_trips, trips};
use crate::{Transit, refusal};

/// Overdue contests of a tick.
const OVERDUE_MAX: usize = 20;

pub fn reply(
    transit: &Transit,
    view: View<'_>,
    contest: Uuid,
    accepts: bool,
    explanation: String,
    context: &mut Context<'_>,
) -> Decided {
    if explanation.chars().count() > EVIDENCE_MAX {
        return Err(refusal::invalid("explanation").into());
    }
    let row = movable(view, contest, Party::Debtor)?;
    let (mut decision, state) = replied(transit, view, &row, accepts, explanation, context)?;
    decision.answer = Answer::Now(Reply::Contested { contest, state });
    Ok(decision)
}

/// At the debtor: what it says, and what that makes it owe.
fn replied(
    transit: &Transit,
    view: View<'_>,
    row: &ContestRow,
    accepts: bool,
    explanation: String,
    context: &mut Context<'_>,
) -> Result<(Decision<Transit>, ContestState), Stop> {
    let Contest { contest, document, creditor, .. } = row.contest;
    let adjusts = home_trips::trip(view, document)?.map_or(0, |trip| trip.adjusts);
    let reply = ContestReply { contest, document, accepts, adjusts, explanation };
    let mut ended = end(row, &reply);
    let mut decision = Decision::nothing();
    if accepts {
        charge_at_home(view, row, None, &mut ended, context)?;
    }
    if row.is_creditors() {
        decision = claimed(transit, view, row, &reply, &mut ended, context)?;
    } else if let Some(node) = node_of(context, creditor) {
        decision.messages.push(send(context, node, Message::ContestReply(reply)));
        if accepts {
            decision.messages.extend(accepted_at_home(view, row, &mut ended, node, context)?);
        }
    }
    let state = ended.state;
    Ok((decision.event(Event::ContestEnded(ended)), state))
}

fn end(row: &ContestRow, reply: &ContestReply) -> ContestEnded {
    let answered = row.answer.as_ref().filter(|_| reply.accepts);
    let state = answered.map_or(ContestState::Escalated, |answer| answer.decision.into());
    ContestEnded {
        awaits: (state == ContestState::Escalated).then_some(Party::Creditor),
        adjusts: Some(reply.adjusts),
        ..ended(reply.contest, state, reply.explanation.clone())
    }
}

/// What home's clearing is told when home accepts: the claim that it owes now, or that a document that it owed all along is held no
/// more.
fn accepted_at_home(
    view: View<'_>,
    row: &ContestRow,
    ended: &mut ContestEnded,
    node: Division,
    context: &mut Context<'_>,
) -> Result<Vec<Outgoing>, StoreError> {
    let Some(trip) = ended.charged.as_ref().map(|charge| charge.trip) else {
        return Ok(told::release(row, context).into_iter().collect());
    };
    let documents = told::accepted(view, context.home.jurisdiction, trip, |_| true)?;
    let mut messages: Vec<Outgoing> = told::sent(view, node, documents, context)?.into_iter().collect();
    for (document, contest) in told::contested_adjusts(view, trip)? {
        messages.push(told::hold(context, document, contest, true));
        ended.holds.push(contest);
    }
    Ok(messages)
}

/// Home charges a claim at last that it had contested: `amount`, or what is in force.
pub fn charge_at_home(
    view: View<'_>,
    row: &ContestRow,
    amount: Option<Fen>,
    ended: &mut ContestEnded,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let known = home_trips::trip(view, row.contest.document)?.filter(|known| known.is_disputed);
    let Some(known) = known else { return Ok(()) };
    let amount = amount.unwrap_or(known.charge_fen);
    let (charged, transfers) = charge::decided(view, &known, amount, row.contest.reason, context)?;
    ended.charged = Some(charged);
    ended.transfers.extend(transfers);
    Ok(())
}

/// At the creditor: a claim that was contested when it was made is booked as far as the debtor has accepted it. Adjustments that
/// the debtor did not know then are booked when it has answered them.
fn claimed(
    transit: &Transit,
    view: View<'_>,
    row: &ContestRow,
    reply: &ContestReply,
    ended: &mut ContestEnded,
    context: &mut Context<'_>,
) -> Decided {
    let trip = trips::trip(view, row.contest.document)?;
    let trip = trip.filter(|trip| reply.accepts && trip.state == TripState::Disputed);
    let Some(trip) = trip else { return Ok(Decision::nothing()) };
    if reply.adjusts > trip.adjusts {
        return Err(refusal::invalid("adjusts").into());
    }
    let known = trips::adjustments(view, trip.trip)?.into_iter().filter(|adjust| adjust.number <= reply.adjusts);
    let in_force = trip.original_fen + known.map(|adjust| adjust.change_fen).sum::<Fen>();
    let mut postings = Postings::new(context);
    postings.claim(in_force, trip.network, trip.home);
    ended.transfers.extend(postings.transfers);
    split::of_trip(transit, view, &trips::content(view, &trip)?, in_force, context)
}

/// A claim that was contested when it was made is owed now, with the adjustments that the debtor knew.
fn accepted_here(
    view: View<'_>,
    reply: &ContestReply,
    context: &Context<'_>,
) -> Result<Vec<clearing::Document>, StoreError> {
    let trip = trips::trip(view, reply.document)?;
    let Some(trip) = trip.filter(|trip| reply.accepts && trip.state == TripState::Disputed) else {
        return Ok(Vec::new());
    };
    let known = trips::adjustments(view, trip.trip)?.into_iter().filter(|adjust| adjust.number <= reply.adjusts);
    let known: Vec<Digest> = known.map(|adjust| adjust::document_id(adjust.adjust)).collect();
    told::accepted(view, context.home.jurisdiction, trip.trip, |id| known.contains(&id))
}

/// At the creditor. The same reply again has no effect.
pub fn take(transit: &Transit, view: View<'_>, reply: ContestReply, came: Came, context: &mut Context<'_>) -> Decided {
    let from = came.0;
    let row = known(view, reply.contest, Party::Creditor, from, context)?;
    if row.contest.document != reply.document {
        return Err(refusal::CONTEST_UNKNOWN.refuse().into());
    }
    if row.awaits != Some(Party::Debtor) {
        return Ok(Decision::nothing());
    }
    let mut ended = end(&row, &reply);
    let mut decision = claimed(transit, view, &row, &reply, &mut ended, context)?;
    let told = accepted_here(view, &reply, context)?;
    decision.messages.extend(told::taken(came, told, context));
    if !reply.accepts {
        decision.alarms.push(format!("{} does not accept the answer to contest {}: escalated", from, reply.contest));
    }
    Ok(decision.event(Event::ContestEnded(ended)))
}

pub fn due(view: View<'_>, now: Instant) -> Result<Vec<String>, StoreError> {
    contests::overdue(view, now, OVERDUE_MAX)
}

/// Nobody answered or replied in time: to the tribunal of the region, on both sides. A debtor that was silent does not accept,
/// and says so.
pub fn overdue(transit: &Transit, view: View<'_>, contest: &str, context: &mut Context<'_>) -> Decided {
    let contest: Uuid = contest.parse().map_err(|_| StoreError::Damaged("a contest's id is no UUID".to_owned()))?;
    let Some(row) = contests::contest(view, contest)? else { return Ok(Decision::nothing()) };
    let Contest { creditor, debtor, answer_by, .. } = row.contest;
    let (decision, what) = match row.state {
        ContestState::Answered => {
            let by = row.reply_by.unwrap_or(answer_by);
            let what =
                format!("the answer to contest {contest} of {debtor} against {creditor} was not accepted by {by}");
            if row.is_debtors() {
                (replied(transit, view, &row, false, String::new(), context)?.0, what)
            } else {
                (escalated(contest), what)
            }
        }
        ContestState::Open => {
            let what = format!("contest {contest} of {debtor} against {creditor} was not answered by {answer_by}");
            (escalated(contest), what)
        }
        // A tick before this one has seen to it.
        _ => return Ok(Decision::nothing()),
    };
    Ok(decision.alarm(format!("{what}: escalated")))
}

fn escalated(contest: Uuid) -> Decision<Transit> {
    Decision::nothing().event(Event::ContestEnded(ended(contest, ContestState::Escalated, String::new())))
}
