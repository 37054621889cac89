//! The agent (清算牵头方) composes a region's batch from what was declared, has every member accept it, and ends it. Only the agent
//! ends a batch, so that no two members can hold different ends.

use huitong_kernel::clearing::{Payment, Period};
use huitong_kernel::division::Division;
use huitong_service_kit::{Context, Decision, Stop, View};

use super::batch::{finish, settled};
use super::{Decided, agent_of, clearing_with, clocks, others, rule_of, send};
use crate::event::{BatchEnded, BatchState, Event};
use crate::model::batch::{Batch, Member, REGION};
use crate::model::message::{BatchAnswer, BatchEnd, Message};
use crate::query::batches::{self, BatchRow, DeclarationRow};
use crate::{Clearing, refusal};

/// Working days in which members accept a batch.
const ACCEPT_DAYS: u32 = 1;

/// Whether this node composes the batches of a service and period.
fn is_agent(context: &Context<'_>, service: &str, period: Period) -> Result<bool, Stop> {
    let rule = rule_of(context, service, period)?;
    let is_netted = rule.payment == Payment::Multilateral;
    Ok(is_netted && agent_of(context, &rule) == Some(context.home.jurisdiction))
}

/// A declaration has come, or the own one was made: with the last one the batch is composed.
pub fn declared(
    view: View<'_>,
    just: &DeclarationRow,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let (service, period) = (&just.declaration.service, just.declaration.period);
    if !is_agent(context, service, period)? {
        return Ok(());
    }
    let mut declared = batches::declarations(view, service, period)?;
    declared.push(just.clone());
    let has_declared = |other: &Division| declared.iter().any(|row| row.declaration.author == *other);
    let own = context.home.jurisdiction;
    if !has_declared(&own) || !clearing_with(context, service).iter().all(has_declared) {
        return Ok(());
    }
    compose(view, service, period, declared, decision, context)
}

/// Composes the first attempt, or the next one after a void.
fn compose(
    view: View<'_>,
    service: &str,
    period: Period,
    mut declared: Vec<DeclarationRow>,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let latest = batches::latest(view, service, period, REGION)?;
    let attempt = match &latest {
        None => 1,
        Some(row) if row.state == BatchState::Void => row.batch.attempt + 1,
        // One is under way or has ended.
        Some(_) => return Ok(()),
    };
    declared.sort_by_key(|row| row.declaration.author);
    propose(service, period, attempt, &declared, decision, context)
}

fn propose(
    service: &str,
    period: Period,
    attempt: u32,
    declared: &[DeclarationRow],
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let own = context.home.jurisdiction;
    let member = |row: &DeclarationRow| Member { division: row.declaration.author, declaration: row.digest };
    let members: Vec<Member> = declared.iter().map(member).collect();
    let key = (service.to_owned(), period, REGION.to_owned(), attempt);
    let claims = settled(&declared.iter().collect::<Vec<_>>());
    let batch = Batch::compose(key, Payment::Multilateral, members, claims);
    for member in batch.members.iter().filter(|member| member.division != own) {
        decision.messages.push(send(context, member.division, Message::Batch(batch.clone())));
    }
    let digest = batch.digest();
    decision.events.push(Event::BatchKnown { batch: Box::new(batch), digest, state: BatchState::Accepted, number: 0 });
    let (service, member) = (service.to_owned(), own);
    clocks::start(decision, clocks::compose(&service, period), "accept", ACCEPT_DAYS, context);
    decision.events.push(Event::BatchAnswered { service, period, attempt, member, accepts: true });
    Ok(())
}

/// A member's answer; with the last one the batch is final.
pub fn take_answer(view: View<'_>, answer: BatchAnswer, from: Division, context: &mut Context<'_>) -> Decided {
    let BatchAnswer { service, period, attempt, digest, refused } = answer;
    if !is_agent(context, &service, period)? {
        return Err(refusal::NOT_EXPECTED.with("from", from).into());
    }
    let row = batches::latest(view, &service, period, REGION)?;
    if row.as_ref().is_some_and(|row| attempt < row.batch.attempt) {
        // It crossed the end of an attempt that is void.
        return Ok(Decision::nothing());
    }
    let row = row.filter(|row| row.batch.attempt == attempt && row.digest == digest);
    let row = row.ok_or_else(|| refusal::BATCH_UNKNOWN.refuse())?;
    let accepted = batches::accepted(view, &service, period, attempt)?;
    let is_member = row.batch.members.iter().any(|member| member.division == from);
    if row.state != BatchState::Accepted || accepted.contains(&from) {
        return Ok(Decision::nothing());
    }
    if !is_member {
        return Err(refusal::NOT_EXPECTED.with("from", from).into());
    }
    let accepts = refused.is_none();
    let mut decision = Decision::nothing();
    decision.events.push(Event::BatchAnswered { service: service.clone(), period, attempt, member: from, accepts });
    if let Some(why) = refused {
        decision.alarms.push(format!("{from} does not accept batch {period} of {service}: {why}"));
        without(view, &row, &[from], &mut decision, context)?;
    } else if row.batch.members.iter().all(|member| member.division == from || accepted.contains(&member.division)) {
        make_final(view, &row.batch, &mut decision, context)?;
    }
    Ok(decision)
}

fn make_final(
    view: View<'_>,
    batch: &Batch,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    for other in others(context) {
        let end = BatchEnd { batch: batch.clone(), is_final: true };
        decision.messages.push(send(context, other, Message::BatchEnd(end)));
    }
    finish(view, batch, 0, decision, context)
}

/// The batch is void, and composed anew without these members.
fn without(
    view: View<'_>,
    row: &BatchRow,
    left: &[Division],
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let batch = &row.batch;
    let own = context.home.jurisdiction;
    for member in batch.members.iter().filter(|member| member.division != own) {
        let end = BatchEnd { batch: batch.clone(), is_final: false };
        decision.messages.push(send(context, member.division, Message::BatchEnd(end)));
    }
    decision.events.push(Event::BatchEnded(Box::new(BatchEnded::void(batch.clone(), 0))));
    let mut declared = batches::declarations(view, &batch.service, batch.period)?;
    declared.retain(|row| {
        let author = row.declaration.author;
        batch.members.iter().any(|member| member.division == author) && !left.contains(&author)
    });
    declared.sort_by_key(|row| row.declaration.author);
    propose_or_end(view, batch, &declared, decision, context)
}

/// With nobody left but the agent the batch ends empty.
fn propose_or_end(
    view: View<'_>,
    batch: &Batch,
    declared: &[DeclarationRow],
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    if declared.len() > 1 {
        return propose(&batch.service, batch.period, batch.attempt + 1, declared, decision, context);
    }
    let key = (batch.service.clone(), batch.period, REGION.to_owned(), batch.attempt + 1);
    make_final(view, &Batch::compose(key, Payment::Multilateral, Vec::new(), Vec::new()), decision, context)
}

/// Time is over: for declaring, then the batch is composed of what has come; for accepting, then those who are silent are left out.
pub fn overdue(
    view: View<'_>,
    service: &str,
    period: Period,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    if !is_agent(context, service, period)? {
        return Ok(());
    }
    let row = batches::latest(view, service, period, REGION)?;
    match row {
        Some(row) if row.state == BatchState::Accepted => {
            let accepted = batches::accepted(view, service, period, row.batch.attempt)?;
            let members = row.batch.members.iter().map(|member| member.division);
            let silent: Vec<Division> = members.filter(|member| !accepted.contains(member)).collect();
            without(view, &row, &silent, decision, context)
        }
        Some(_) => Ok(()),
        None => {
            let declared = batches::declarations(view, service, period)?;
            let key = (service.to_owned(), period, REGION.to_owned(), 0);
            let none = Batch::compose(key, Payment::Multilateral, Vec::new(), Vec::new());
            if declared.len() > 1 {
                compose(view, service, period, declared, decision, context)
            } else {
                propose_or_end(view, &none, &declared, decision, context)
            }
        }
    }
}
