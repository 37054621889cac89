//! Takes what the core system of a pool has answered: first whether it counts, then what follows.

use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, StoreError, View};

use super::super::Decided;
use super::{alarm, ended, offered, settled, taken_back, wrong};
use crate::command::Reply;
use crate::event::Event;
use crate::pool::answer::{self, Outcome, Untrusted};
use crate::pool::ask::{Owed, SignedAnswer, Step};
use crate::query::pools::{self, OpenAsk};
use crate::{Medical, refusal};

pub fn answered(view: View<'_>, signed: SignedAnswer, context: &mut Context<'_>) -> Decided {
    // What has ended, or has gone on to the reversal, is not changed by an answer that comes twice or late.
    let open = pools::open(view, signed.ask)?.filter(|open| takes(open, signed.step));
    let Some(open) = open else { return Ok(Decision::reply(Reply::PoolTaken(false))) };
    let key = pools::key(view, open.ask.pool)?;
    let key = key.ok_or_else(|| StoreError::Damaged(format!("no key of the pool {}", open.ask.pool)))?;
    let (_, request) = open.ask.request_at(signed.step);
    let outcome = match answer::read(&key, open.ask.ask, &request, &signed.answer, &signed.signature) {
        Ok(outcome) => outcome,
        Err(fault) => return untrusted(view, &open, fault, context),
    };
    let mut decision = follow(view, &open, &signed, outcome, context)?;
    decision.events.insert(0, Event::PoolAnswered(signed));
    decision.answer = Answer::Now(Reply::PoolTaken(true));
    Ok(decision)
}

/// A settling call's own answer is taken also when the query is on its way; a reversal is waited for by itself.
fn takes(open: &OpenAsk, step: Step) -> bool {
    open.step == step || (open.step == Step::Query && step == Step::Call)
}

fn follow(
    view: View<'_>,
    open: &OpenAsk,
    signed: &SignedAnswer,
    outcome: Outcome,
    context: &mut Context<'_>,
) -> Decided {
    let ask = &open.ask;
    match (&ask.owed, outcome) {
        (Owed::Settlement(settling), outcome) => settled::settled(view, (open, settling), signed, outcome, context),
        (Owed::TakeBack { .. }, outcome) => taken_back::taken_back(view, ask, signed, outcome, context),
        (Owed::Quote { offered, .. } | Owed::Renewal { offered, .. }, Outcome::Refused(refused)) => {
            Ok(super::refuse(ask, refused.refusal_of(offered), context))
        }
        (_, Outcome::Refused(refused)) => Ok(super::refuse(ask, refused.refusal(), context)),
        (Owed::Eligibility { correlation, known }, Outcome::Eligible(benefit)) => {
            Ok(ended(offered::eligible(ask, correlation, known, *benefit, context), ask))
        }
        (Owed::Quote { .. } | Owed::Renewal { .. }, Outcome::Quoted(computed)) => {
            offered::quoted(view, ask, *computed, context)
        }
        _ => wrong(view, ask, "it is of another kind", context),
    }
}

/// Nothing of it counts. What it may have booked is looked after: the pool is queried.
fn untrusted(view: View<'_>, open: &OpenAsk, fault: Untrusted, context: &Context<'_>) -> Decided {
    let mut decision: Decision<Medical> = Decision::reply(Reply::PoolTaken(false));
    let is_settling = matches!(open.ask.owed, Owed::Settlement(_)) && open.step == Step::Call;
    if is_settling {
        decision = decision.event(Event::PoolUnknown { ask: open.ask.ask });
    }
    let sentence = format!("pool {}: an answer {fault}; nothing was booked", open.ask.pool);
    let (decision, is_new) = alarm(view, decision, sentence, context)?;
    if is_new || is_settling {
        return Ok(decision);
    }
    Err(refusal::POOL_ANSWER_WRONG.with("pool", open.ask.pool).into())
}
