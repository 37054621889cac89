//! The creditor answers a contest: it takes the claim back, which ends the contest, or says that all of it or a part stands, which
//! the debtor has to accept.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, View};
use uuid::Uuid;

use super::contest::{EVIDENCE_MAX, ended, known, movable};
use super::contest_reply::charge_at_home;
use super::told;
use crate::command::Reply;
use crate::decide::adjust::{self, Change};
use crate::decide::pricing::NetworkPrices;
use crate::decide::{Decided, node_of, send};
use crate::event::Event;
use crate::model::contest::{ContestAnswer, ContestDecision, ContestState, Party, REPLY_WITHIN};
use crate::model::message::Message;
use crate::model::settlement::{Document, DocumentKind};
use crate::query::trips::{self, TripRow};
use crate::query::{documents, home_trips};
use crate::{Transit, refusal};

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
    let row = movable(view, contest, Party::Creditor)?;
    let own = context.home.jurisdiction;
    let document = documents::document(view, own, row.contest.document)?;
    let document = document.ok_or_else(|| refusal::DOCUMENT_UNKNOWN.refuse())?;
    let trip = trips::trip(view, document.trip.unwrap_or(document.id))?;
    let trip = trip.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse())?;
    let mut decided = given_back(transit, view, &trip, &document, decision, amount, context)?;
    let answer = ContestAnswer { contest, document: document.id, decision, explanation };
    if let Some(node) = node_of(context, row.contest.debtor).filter(|node| *node != own) {
        // Behind the adjustment, in the same feed: home knows what is in force.
        decided.messages.push(send(context, node, Message::ContestAnswer(answer.clone())));
    }
    let state = if decision == ContestDecision::Withdrawn {
        let mut ended = ended(contest, ContestState::Withdrawn, answer.explanation);
        if row.is_debtors() {
            charge_at_home(view, &row, Some(Fen::ZERO), &mut ended, context)?;
        }
        decided.events.push(Event::ContestEnded(ended));
        ContestState::Withdrawn
    } else {
        decided.events.push(Event::ContestAnswered { answer, reply_by: context.now + REPLY_WITHIN });
        ContestState::Answered
    };
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

/// At the debtor, by whose clock the time for its reply runs. The same answer again has no effect; an answer after the deadline
/// still counts.
pub fn take(view: View<'_>, answer: ContestAnswer, from: Division, context: &mut Context<'_>) -> Decided {
    let row = known(view, answer.contest, Party::Debtor, from, context)?;
    if row.contest.document != answer.document {
        return Err(refusal::CONTEST_UNKNOWN.refuse().into());
    }
    if row.awaits != Some(Party::Creditor) {
        return Ok(Decision::nothing());
    }
    if answer.decision != ContestDecision::Withdrawn {
        let reply_by = context.now + REPLY_WITHIN;
        return Ok(Decision::nothing().event(Event::ContestAnswered { answer, reply_by }));
    }
    let trip = home_trips::trip(view, answer.document)?;
    if trip.is_some_and(|trip| trip.is_disputed && trip.charge_fen != Fen::ZERO) {
        // What is taken back costs nothing: the adjustment came before.
        return Err(refusal::invalid("decision").into());
    }
    let mut ended = ended(answer.contest, ContestState::Withdrawn, answer.explanation);
    charge_at_home(view, &row, None, &mut ended, context)?;
    let released = told::release(&row, context);
    let decision = Decision { messages: released.into_iter().collect(), ..Decision::nothing() };
    Ok(decision.event(Event::ContestEnded(ended)))
}
