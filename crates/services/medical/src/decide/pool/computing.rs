//! Who computes for a pool: the node says so when it starts, from its configuration. It is in the journal, so that every member of
//! the node decides alike, and an auditor knows by which key an answer was taken.

use huitong_kernel::division::Division;
use huitong_service_kit::{Context, Decision, View};

use super::super::Decided;
use super::alarm;
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
    if pools::computing(view, computing.pool)?.as_ref() == Some(&computing) {
        return Ok(reply);
    }
    let PoolComputing { pool, has_endpoint, .. } = computing;
    let decision = reply.event(Event::PoolComputingSet(computing));
    if has_endpoint || pools::count_open(view, pool)? == 0 {
        return Ok(decision);
    }
    Ok(alarm(view, decision, without_endpoint(pool), context)?.0)
}

/// Told when the line goes while something waits, and every hour from then on.
pub fn without_endpoint(pool: Division) -> String {
    format!(
        "pool {pool}: questions wait for its core system, and node.toml has no line for it under [pools]: put it back with computes = false"
    )
}
