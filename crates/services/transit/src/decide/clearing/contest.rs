//! Contests (争议): opened by the debtor of a document, and refused where they come too late.
//!
//! A claim that home contested when it took it is booked on neither side until the contest ends; then both book what is in force.
//! A document that was charged stays booked while it is contested; what the creditor gives back is an adjustment.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, Refusal, Stop, View};
use uuid::Uuid;

use super::{told, window};
use crate::command::Reply;
use crate::decide::finalise::merge;
use crate::decide::{Decided, evidence, node_of, send};
use crate::event::{ContestEnded, Event};
use crate::model::contest::{ANSWER_WITHIN, Contest, ContestReason, ContestState, Party};
use crate::model::message::Message;
use crate::model::settlement::{Document, DocumentKind};
use crate::model::trip::TripFinal;
use crate::query::contests::{self, ContestRow};
use crate::query::{documents, home_trips};
use crate::{Transit, refusal};

/// Longest evidence and explanation, in characters.
pub const EVIDENCE_MAX: usize = 2_000;

/// The contest that home opened when it took a claim, as the creditor notes it when it is told.
pub fn of_claim(trip: &TripFinal, amount: Fen, contest: Uuid, reason: &str, evidence: &str, now: Instant) -> Event {
    let contest = Contest {
        contest,
        document: trip.trip_id,
        booking_day: trip.booking_day,
        creditor: trip.network,
        debtor: trip.home,
        reason: ContestReason::parse(reason).unwrap_or(ContestReason::NotVerified),
        amount_fen: amount,
        evidence: evidence.to_owned(),
        opened_at: now,
        answer_by: now + ANSWER_WITHIN,
    };
    Event::ContestOpened { contest, role: "creditor".to_owned(), is_held: false }
}

pub fn open(
    transit: &Transit,
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
        // Its debtor has made it itself; it follows the trip.
        return Err(refusal::invalid("document").into());
    }
    if let Some(known) = contests::of_document(view, document)? {
        if known.has_ended() {
            return Err(refusal::CONTEST_ENDED.refuse().into());
        }
        return Ok(Decision::reply(Reply::Contested { contest: known.contest.contest, state: known.state }));
    }
    if window::is_over(&found, context) {
        return Err(refusal::CONTEST_LATE.refuse().into());
    }
    let (contest, mut decision) = opened(view, &found, reason, evidence, context)?;
    merge(&mut decision, evidence::ask::of_contest(transit, view, found.trip.unwrap_or(found.id), context)?);
    decision.answer = Answer::Now(Reply::Contested { contest, state: ContestState::Open });
    Ok(decision)
}

/// Home contests a trip that it has charged; `None` if nothing of it can be contested any more, or its claim was contested and not
/// taken back.
pub fn by_home(
    view: View<'_>,
    trip: Digest,
    reason: ContestReason,
    evidence: &str,
    context: &mut Context<'_>,
) -> Result<Option<(Uuid, Decision<Transit>)>, Stop> {
    let claim = documents::document(view, context.home.jurisdiction, trip)?;
    if contests::of_document(view, trip)?.is_some_and(|known| known.state != ContestState::Withdrawn) {
        return Ok(None);
    }
    // What was claimed for nothing, was taken back, or was booked long ago, may have been raised since.
    let mut changes = documents::of_trip(view, trip)?;
    changes.retain(|change| change.kind == DocumentKind::Adjust);
    changes.sort_by_key(|change| std::cmp::Reverse(change.amount_fen));
    for document in claim.into_iter().chain(changes).filter(|document| document.amount_fen > Fen::ZERO) {
        let is_free = contests::of_document(view, document.id)?.is_none();
        if is_free && !window::is_over(&document, context) {
            return Ok(Some(opened(view, &document, reason, evidence.to_owned(), context)?));
        }
    }
    Ok(None)
}

/// The contest of a document, told to its creditor; what is booked is held.
fn opened(
    view: View<'_>,
    found: &Document,
    reason: ContestReason,
    evidence: String,
    context: &mut Context<'_>,
) -> Result<(Uuid, Decision<Transit>), Stop> {
    let own = context.home.jurisdiction;
    let creditor_node = node_of(context, found.creditor).ok_or_else(|| refusal::DOCUMENT_UNKNOWN.refuse())?;
    let contest = Contest {
        contest: context.new_uuid(),
        document: found.id,
        booking_day: found.booking_day,
        creditor: found.creditor,
        debtor: found.debtor,
        reason,
        amount_fen: found.amount_fen,
        evidence,
        opened_at: context.now,
        answer_by: context.now + ANSWER_WITHIN,
    };
    let id = contest.contest;
    let mut decision = Decision::nothing();
    let role = if creditor_node == own { "both" } else { "debtor" };
    if creditor_node != own {
        decision.messages.push(send(context, creditor_node, Message::Contest(contest.clone())));
    }
    let is_held = creditor_node != own && told::is_told(view, found.trip.unwrap_or(found.id))?;
    if is_held {
        decision.messages.push(told::hold(context, found.id, id, true));
    }
    Ok((id, decision.event(Event::ContestOpened { contest, role: role.to_owned(), is_held })))
}

/// At the creditor. What it does not take it says, so that the contest ends on both sides.
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
    let Some(found) = found else {
        return Ok(refused(&contest, refusal::DOCUMENT_UNKNOWN.refuse(), from, context));
    };
    if contests::of_document(view, contest.document)?.is_some() {
        return Ok(refused(&contest, refusal::CONTEST_ENDED.refuse(), from, context));
    }
    let (opened_at, answer_by) = (context.now, context.now + ANSWER_WITHIN);
    let contest = Contest { amount_fen: found.amount_fen, opened_at, answer_by, ..contest };
    let opened = Event::ContestOpened { contest: contest.clone(), role: "creditor".to_owned(), is_held: false };
    if !window::is_long_over(&found, context) {
        return Ok(Decision::nothing().event(opened));
    }
    let late = refusal::CONTEST_LATE.refuse();
    let ended = ended(contest.contest, ContestState::Refused, late.code.clone());
    let mut decision = refused(&contest, late, from, context);
    decision.events = vec![opened, Event::ContestEnded(ended)];
    Ok(decision)
}

fn refused(contest: &Contest, why: Refusal, to: Division, context: &mut Context<'_>) -> Decision<Transit> {
    let Contest { contest, creditor, debtor, .. } = contest;
    let alarm = format!("contest {contest} of {debtor} against {creditor} was not taken: {}", why.code);
    let message = Message::ContestRefused { contest: *contest, code: why.code };
    Decision::nothing().message(send(context, to, message)).alarm(alarm)
}

/// At the debtor. Nothing moves: only a document that is booked can be contested so.
pub fn take_refusal(view: View<'_>, contest: Uuid, code: String, from: Division, context: &mut Context<'_>) -> Decided {
    let row = known(view, contest, Party::Debtor, from, context)?;
    let is_claim = home_trips::trip(view, row.contest.document)?.is_some_and(|trip| trip.is_disputed);
    if is_claim {
        return Err(refusal::CONTEST_UNKNOWN.refuse().into());
    }
    if row.has_ended() {
        return Ok(Decision::nothing());
    }
    let mut decision =
        Decision::nothing().alarm(format!("contest {contest} was not taken by {}: {code}", row.contest.creditor));
    decision.messages.extend(told::release(&row, context));
    Ok(decision.event(Event::ContestEnded(ended(contest, ContestState::Refused, code))))
}

/// A contest of which this node is `party`, and the other node the other one.
pub fn known(
    view: View<'_>,
    contest: Uuid,
    party: Party,
    from: Division,
    context: &Context<'_>,
) -> Result<ContestRow, Stop> {
    let row = contests::contest(view, contest)?.filter(|row| match party {
        Party::Creditor => row.is_creditors() && node_of(context, row.contest.debtor) == Some(from),
        Party::Debtor => row.is_debtors() && node_of(context, row.contest.creditor) == Some(from),
    });
    Ok(row.ok_or_else(|| refusal::CONTEST_UNKNOWN.refuse())?)
}

/// A contest that this node may move now as `party`.
pub fn movable(view: View<'_>, contest: Uuid, party: Party) -> Result<ContestRow, Stop> {
    let row = contests::contest(view, contest)?.filter(|row| match party {
        Party::Creditor => row.is_creditors(),
        Party::Debtor => row.is_debtors(),
    });
    let row = row.ok_or_else(|| refusal::CONTEST_UNKNOWN.refuse())?;
    match row.awaits {
        None => Err(refusal::CONTEST_ENDED.refuse().into()),
        Some(next) if next != party => Err(refusal::NOT_YOUR_TURN.refuse().into()),
        Some(_) => Ok(row),
    }
}

/// The end of a contest, or its escalation, that moves no money.
pub fn ended(contest: Uuid, state: ContestState, explanation: String) -> ContestEnded {
    ContestEnded {
        contest,
        state,
        explanation,
        awaits: None,
        adjusts: None,
        charged: None,
        holds: Vec::new(),
        transfers: Vec::new(),
    }
}
