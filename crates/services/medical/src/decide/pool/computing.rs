//! Who computes for a pool: the node says so when it starts, from its configuration. It is in the journal, so that every member of
//! the node decides alike, and an auditor knows by which key an answer was taken.

use huitong_service_kit::{Context, Decision, View};

use super::super::Decided;
use crate::command::Reply;
use crate::event::Event;
use crate::pool::ask::PoolComputing;
use crate::query::pools;
use crate::refusal;

pub fn set_computing(view: View<'_>, computing: PoolComputing, context: &Context<'_>) -> Decided {
    if context.directory.jurisdiction_of(computing.pool) != Some(context.home.jurisdiction) {
        return Err(refusal::POOL_NOT_OURS.with("pool", computing.pool).at_field("pool").into());
    }
    let reply = Decision::reply(Reply::PoolSet);
    let is_known = pools::computing(view, computing.pool)?.as_ref() == Some(&computing);
    Ok(if is_known { reply } else { reply.event(Event::PoolComputingSet(computing)) })
}
