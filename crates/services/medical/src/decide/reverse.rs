//! Reversal (冲正) of a call whose result is unknown or unwanted, by its message id; and the query before it.

use huitong_service_kit::{Context, Decision, Refusal, Stop, View};

use super::cancel::{check_order, contra, give_back};
use super::pool::asking;
use super::settle::correlation;
use super::{Decided, Peer, reply, send};
use crate::command::Reply;
use crate::event::{CallState, Event};
use crate::model::message::{CallReference, Found, Message, QueryAnswer, ReverseAnswer, ReverseOutcome};
use crate::pool::request::Why;
use crate::query::settlements::{Role, Settlement};
use crate::query::{self, calls, pools, settlements};
use crate::refusal;

/// Under which name the caller of a reversal waits.
pub fn reversal(call: &CallReference) -> String {
    format!("reverse/{}", correlation(&call.institution, &call.message_id))
}

pub fn ask(view: View<'_>, message_id: String, context: &mut Context<'_>) -> Decided {
    let call = CallReference { institution: context.principal.participant.clone(), message_id };
    let known = calls::visited_call(view, &call)?;
    let ended = |state| Reply::Call { message_id: call.message_id.clone(), state };
    match known.as_ref().map(|known| known.state) {
        // The reversal came before the original: a late original with that id is refused for ever.
        None => {
            let event =
                Event::CallEnded { call: call.clone(), state: CallState::Tombstone, settlement: None, code: None };
            Ok(Decision::reply(ended(CallState::Tombstone)).event(event))
        }
        Some(state @ (CallState::Refused | CallState::Reversed | CallState::Tombstone)) => {
            Ok(Decision::reply(ended(state)))
        }
        Some(CallState::Reversing) => Ok(Decision::wait(reversal(&call))),
        Some(CallState::Sent | CallState::Unknown | CallState::Settled) => {
            let home = known.and_then(|known| known.home).ok_or_else(|| refusal::CALL_UNKNOWN.refuse())?;
            let cycle = context.new_uuid();
            let message = send(context, home, cycle, cycle, Message::Reverse(call.clone()));
            let waiting = reversal(&call);
            Ok(Decision::wait(waiting).event(Event::CallReversing { call }).message(message))
        }
    }
}

/// Home: what became of a call.
pub fn query(view: View<'_>, call: &CallReference, from: &Peer, context: &mut Context<'_>) -> Decided {
    let found = match settlements::of_call(view, Role::Home, call)? {
        Some(known) if known.visited == from.jurisdiction => Found::Settled { settlement: known.settlement },
        _ if calls::is_tombstoned(view, from.jurisdiction, call)? => Found::Tombstone,
        // The pool is asked at this moment: the answer to the call itself will say what became of it.
        _ if pools::of_call(view, from.jurisdiction, call)?.is_some() => return Ok(Decision::nothing()),
        _ => Found::NotFound,
    };
    let CallReference { institution, message_id } = call.clone();
    let answer = QueryAnswer { institution, message_id, found };
    Ok(Decision::nothing().message(reply(context, from, Message::QueryAnswer(answer))))
}

/// Home: books the contra, or sets the tombstone.
pub fn answer(view: View<'_>, call: &CallReference, from: &Peer, context: &mut Context<'_>) -> Decided {
    let known = settlements::of_call(view, Role::Home, call)?;
    let known = known.filter(|known| known.visited == from.jurisdiction);
    match known {
        Some(known) if known.state == "settled" => {
            if let Err(refusal) = check(view, &known)? {
                let outcome = ReverseOutcome::Refused(refusal);
                return Ok(Decision::nothing().message(answer_message(call, outcome, from, context)));
            }
            if let Some(reference) = asking::reference(view, &known)? {
                let asked = asking::take_back(view, &known, reference, Why::Reversal, None, from, context)?;
                return Ok(asked.unwrap_or_else(|refusal| {
                    let message = answer_message(call, ReverseOutcome::Refused(refusal), from, context);
                    Decision::nothing().message(message)
                }));
            }
            let (serial, contra) = contra(view, &known, context)?;
            let outcome = ReverseOutcome::Reversed(Box::new(contra.clone()));
            let message = answer_message(call, outcome, from, context);
            give_back(view, &known, (serial, &contra), message, from, context)
        }
        Some(_) => {
            let outcome = ReverseOutcome::Refused(refusal::ALREADY_CANCELLED.refuse());
            Ok(Decision::nothing().message(answer_message(call, outcome, from, context)))
        }
        None => not_settled(view, call, from, context),
    }
}

/// Home: nothing is settled under that id. Where the pool may still settle it, the pool is asked first.
fn not_settled(view: View<'_>, call: &CallReference, from: &Peer, context: &mut Context<'_>) -> Decided {
    let mut decision = Decision::nothing();
    match pools::of_call(view, from.jurisdiction, call)? {
        Some(open) if open.ask.owed.books() => {
            let asked_by = Some(from.asker());
            return Ok(decision.event(Event::PoolReversing { ask: open.ask.ask, asked_by, refusal: None }));
        }
        // An offer that will not be needed.
        Some(open) => decision = decision.event(Event::PoolEnded { ask: open.ask.ask }),
        None => {}
    }
    if !calls::is_tombstoned(view, from.jurisdiction, call)? {
        decision = decision.event(Event::CallTombstoned { visited: from.jurisdiction, call: call.clone() });
    }
    Ok(decision.message(nothing_booked(call, from, context)))
}

/// Nothing is booked under that id, and never will be.
pub fn nothing_booked(call: &CallReference, from: &Peer, context: &mut Context<'_>) -> huitong_service_kit::Outgoing {
    answer_message(call, ReverseOutcome::NothingBooked, from, context)
}

/// What is paid is refunded, not reversed (MED-4006). Whatever came between the settlement and the cut of its period does not count: the
/// cashier was told not to collect.
fn check(view: View<'_>, known: &Settlement) -> Result<Result<(), Refusal>, Stop> {
    if let Some(period) = query::clearing::cut_of(view, known.settled_at)?
        && query::clearing::is_paid(view, &period, known.visited.as_str(), known.home.as_str())?
    {
        return Ok(Err(refusal::ALREADY_CLEARED.refuse()));
    }
    check_order(view, Role::Home, known)
}

fn answer_message(
    call: &CallReference,
    outcome: ReverseOutcome,
    from: &Peer,
    context: &mut Context<'_>,
) -> huitong_service_kit::Outgoing {
    let CallReference { institution, message_id } = call.clone();
    reply(context, from, Message::ReverseAnswer(ReverseAnswer { institution, message_id, outcome }))
}
