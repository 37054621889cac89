//! The pool does not answer.

use huitong_service_kit::{Context, Decision, View};
use uuid::Uuid;

use super::super::Decided;
use super::computing::without_endpoint;
use super::{alarm, refuse};
use crate::command::Reply;
use crate::event::Event;
use crate::pool::SILENT_AGAIN;
use crate::pool::ask::{Owed, Step};
use crate::query::pools;
use crate::refusal;

/// A post went without an answer. Of a settling call nobody knows now whether it was booked; of the rest nothing changes, and
/// nothing is written: it is posted again.
pub fn missed(view: View<'_>, ask: Uuid, step: Step) -> Decided {
    let open = pools::open(view, ask)?;
    let is_settling = open.is_some_and(|open| open.step == Step::Call && matches!(open.ask.owed, Owed::Settlement(_)));
    if is_settling && step == Step::Call {
        return Ok(Decision::reply(Reply::PoolTaken(true)).event(Event::PoolUnknown { ask }));
    }
    Err(refusal::CYCLE_CLOSED.refuse().into())
}

/// The answer is missing for too long: what books nothing is refused, for the rest the duty officer is told, and it goes on.
pub fn missed_deadline(view: View<'_>, ask: Uuid, context: &mut Context<'_>) -> Decided {
    let Some(open) = pools::open(view, ask)? else { return Ok(Decision::nothing()) };
    let (ask, pool) = (&open.ask, open.ask.pool);
    let sentence = if pools::computing(view, pool)?.is_some_and(|computing| !computing.has_endpoint) {
        without_endpoint(pool)
    } else {
        format!("the core system of the pool {pool} is silent: its answers are missing")
    };
    let decision = if ask.owed.books() {
        Decision::nothing().event(Event::PoolMissed { ask: ask.ask, next: context.now + SILENT_AGAIN })
    } else {
        refuse(ask, refusal::POOL_SILENT.with("pool", pool), context)
    };
    Ok(alarm(view, decision, sentence, context)?.0)
}
