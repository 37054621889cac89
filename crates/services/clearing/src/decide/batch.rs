//! Batches (清算批次): of a pair at once when both have confirmed, of the region as its agent composes them.

use huitong_kernel::clearing::{ClearingRule, Payment as Way, Period};
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::Share;
use huitong_service_kit::{Context, Decision, Stop, View};

use super::statement::check_period;
use super::{Decided, agent_of, clocks, close, declare, rule_of, send};
use crate::accounts::Postings;
use crate::event::{BatchEnded, BatchState, Event};
use crate::model::batch::{self, Batch, Member, REGION, Settled};
use crate::model::message::{BatchAnswer, BatchEnd, Message};
use crate::model::payment::{Payment, PaymentKind, PaymentState, payment_id};
use crate::query::batches::{self, DeclarationRow};
use crate::{Clearing, refusal};

/// A statement that both sides have confirmed, one of them just now.
pub struct Ready<'a> {
    pub service: &'a str,
    pub period: Period,
    pub peer: Division,
    pub rule: &'a ClearingRule,
    pub payable_fen: Fen,
    pub receivable_fen: Fen,
    /// The confirmation that is being taken: whether it is the own one, and its shares.
    pub just: (bool, Vec<Share>),
}

/// Goes on from the second confirmation.
pub fn confirmed(
    view: View<'_>,
    ready: &Ready<'_>,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    if ready.rule.payment == Way::Multilateral {
        return declare::if_ready(view, ready, decision, context);
    }
    let own = context.home.jurisdiction;
    let claim = batch::Claim {
        period: ready.period.to_string(),
        peer: ready.peer,
        payable_fen: ready.payable_fen,
        receivable_fen: ready.receivable_fen,
    };
    let member = |division| Member { division, declaration: Digest::ZERO };
    let members = vec![member(own.min(ready.peer)), member(own.max(ready.peer))];
    let key = (ready.service.to_owned(), ready.period, batch::pair(own, ready.peer), 1);
    let batch = Batch::compose(key, ready.rule.payment, members, vec![Settled::of(own, &claim)]);
    let statements = vec![(claim, Some(ready.just.clone()))];
    end(view, &batch, 0, statements, Vec::new(), decision, context)
}

/// A claim of this node in a batch; of one that was confirmed just now its shares, too.
pub type Held = (batch::Claim, Option<(bool, Vec<Share>)>);

/// A batch is final: its statements are netted, its payments instructed.
pub fn end(
    view: View<'_>,
    batch: &Batch,
    number: u64,
    held: Vec<Held>,
    left_out: Vec<(String, Division)>,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let own = context.home.jurisdiction;
    let service = &batch.service;
    let payments = own_payments(batch, own);
    let mut postings = Postings::new(context);
    for (claim, _) in &held {
        postings.netted(service, claim.peer, claim.payable_fen, claim.receivable_fen);
    }
    for (payment, _) in &payments {
        if payment.payer == own {
            postings.to_pay(service, payment.payee, payment.amount_fen);
        } else {
            postings.to_receive(service, payment.payer, payment.amount_fen);
        }
    }
    let transfers = postings.transfers;
    let statements = held.iter().map(|(claim, _)| (claim.period.clone(), claim.peer)).collect();
    let rule = rule_of(context, service, batch.period)?;
    for (payment, _) in &payments {
        clocks::start(decision, clocks::payment(&payment.payment), "pay", rule.payment_days, context);
    }
    let is_paid = payments.is_empty();
    decision.events.push(Event::BatchEnded(Box::new(BatchEnded {
        batch: batch.clone(),
        digest: batch.digest(),
        is_final: true,
        number,
        statements,
        left_out,
        payments,
        transfers,
    })));
    if is_paid {
        // Nothing moves for this node.
        close::close(view, (service, batch.period, &batch.scope), Some(&held), decision, context)?;
    }
    Ok(())
}

fn own_payments(batch: &Batch, own: Division) -> Vec<(Payment, PaymentState)> {
    let of_own = batch.payments.iter().filter(|pay| pay.payer == own || pay.payee == own);
    let payment = |pay: &batch::Pay| {
        let period = batch.period.to_string();
        let state = if pay.payer == own { PaymentState::Instructed } else { PaymentState::Expected };
        let payment = Payment {
            payment: payment_id(&batch.service, &period, &batch.scope, pay.payer, pay.payee),
            service: batch.service.clone(),
            kind: PaymentKind::Clearing,
            period,
            scope: batch.scope.clone(),
            payer: pay.payer,
            payee: pay.payee,
            amount_fen: pay.amount_fen,
        };
        (payment, state)
    };
    of_own.map(payment).collect()
}

/// At a member: the agent's proposal is accepted when it follows from what the members have declared to this node themselves.
pub fn take(view: View<'_>, batch: Batch, from: Division, number: u64, context: &mut Context<'_>) -> Decided {
    let rule = rule_of(context, &batch.service, batch.period)?;
    if agent_of(context, &rule) != Some(from) || batch.scope != REGION {
        return Err(refusal::NOT_EXPECTED.with("from", from).into());
    }
    check_batch(&batch, &rule, context)?;
    let known = batches::latest(view, &batch.service, batch.period, REGION)?;
    if let Some(known) = known {
        let is_next = known.state == BatchState::Void && batch.attempt == known.batch.attempt + 1;
        if known.batch == batch {
            return Ok(Decision::nothing());
        }
        if !is_next {
            return Err(refusal::BATCH_UNSOUND.with("why", "attempt").into());
        }
    }
    let mut decision = Decision::nothing();
    judge(view, &batch, None, (from, number), &mut decision, context)?;
    Ok(decision)
}

/// What any batch of the region is: of a service that is netted, and what follows from what it settles.
fn check_batch(batch: &Batch, rule: &ClearingRule, context: &Context<'_>) -> Result<(), Stop> {
    check_period(context, &batch.service, batch.period)?;
    if rule.payment != Way::Multilateral || !batch.is_sound() {
        return Err(refusal::BATCH_UNSOUND.with("why", "positions").into());
    }
    Ok(())
}

/// Accepts, refuses, or waits for a declaration that has not come yet.
fn judge(
    view: View<'_>,
    batch: &Batch,
    just: Option<&DeclarationRow>,
    (agent, number): (Division, u64),
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let mut declared = batches::declarations(view, &batch.service, batch.period)?;
    declared.extend(just.cloned());
    let digest = batch.digest();
    let known = |state| Event::BatchKnown { batch: Box::new(batch.clone()), digest, state, number };
    let is_known = |member: &Member| declared.iter().any(|row| row.declaration.author == member.division);
    if !batch.members.iter().all(is_known) {
        decision.events.push(known(BatchState::Proposed));
        return Ok(());
    }
    let refused =
        unsound(batch, &declared, &rule_of(context, &batch.service, batch.period)?, context).map(str::to_owned);
    match &refused {
        None => decision.events.push(known(BatchState::Accepted)),
        Some(why) => {
            let (service, period) = (&batch.service, batch.period);
            decision.alarms.push(format!("batch {period} of {service}: not accepted, {why} is not as declared"));
        }
    }
    let (service, period, attempt) = (batch.service.clone(), batch.period, batch.attempt);
    let answer = BatchAnswer { service, period, attempt, digest, refused };
    decision.messages.push(send(context, agent, Message::BatchAnswer(answer)));
    Ok(())
}

/// What of a batch does not follow from the declarations.
fn unsound(
    batch: &Batch,
    declared: &[DeclarationRow],
    rule: &ClearingRule,
    context: &Context<'_>,
) -> Option<&'static str> {
    let own = context.home.jurisdiction;
    let of_members: Vec<&DeclarationRow> = batch
        .members
        .iter()
        .filter_map(|member| {
            declared.iter().find(|row| row.declaration.author == member.division && row.digest == member.declaration)
        })
        .collect();
    if of_members.len() != batch.members.len() || !batch.members.iter().any(|member| member.division == own) {
        Some("members")
    } else if batch.payment != rule.payment {
        Some("payment")
    } else if settled(&of_members) != batch.settled {
        Some("settled")
    } else if !batch.is_sound() {
        Some("positions")
    } else {
        None
    }
}

/// The claims that two members declare alike, sorted.
pub fn settled(declared: &[&DeclarationRow]) -> Vec<Settled> {
    let mut all: Vec<Settled> = Vec::new();
    for row in declared {
        let author = row.declaration.author;
        all.extend(row.declaration.claims.iter().map(|claim| Settled::of(author, claim)));
    }
    all.sort();
    // Each that both sides declare alike stands there twice.
    let mut twice: Vec<Settled> =
        all.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone()).collect();
    twice.dedup();
    twice
}

/// A declaration that a proposal waited for has come.
pub fn declaration_came(
    view: View<'_>,
    just: &DeclarationRow,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let declaration = &just.declaration;
    let known = batches::latest(view, &declaration.service, declaration.period, REGION)?;
    let Some(known) = known.filter(|known| known.state == BatchState::Proposed && known.number > 0) else {
        return Ok(());
    };
    let rule = rule_of(context, &declaration.service, declaration.period)?;
    let Some(agent) = agent_of(context, &rule) else { return Ok(()) };
    judge(view, &known.batch, Some(just), (agent, known.number), decision, context)
}

/// The agent's end of a batch: final, or void and to be composed anew.
pub fn take_end(view: View<'_>, end: BatchEnd, from: Division, number: u64, context: &mut Context<'_>) -> Decided {
    let BatchEnd { batch, is_final } = end;
    let rule = rule_of(context, &batch.service, batch.period)?;
    if agent_of(context, &rule) != Some(from) || batch.scope != REGION {
        return Err(refusal::NOT_EXPECTED.with("from", from).into());
    }
    let own = context.home.jurisdiction;
    let known = batches::latest(view, &batch.service, batch.period, REGION)?;
    if known.as_ref().is_some_and(|known| matches!(known.state, BatchState::Final | BatchState::Closed)) {
        return Ok(Decision::nothing());
    }
    let is_known = known.as_ref().is_some_and(|known| known.batch == batch);
    if !is_final && !is_known {
        // An attempt that this node has refused, or was not asked about.
        return Ok(Decision::nothing());
    }
    check_batch(&batch, &rule, context)?;
    let is_accepted = is_known && known.is_some_and(|known| known.state == BatchState::Accepted);
    if !is_final {
        let ended = BatchEnded::void(batch, number);
        return Ok(Decision::nothing().event(Event::BatchEnded(Box::new(ended))));
    }
    // Nothing is settled for this node, and nothing paid, without its word.
    if batch.names(own) && !is_accepted {
        return Err(refusal::BATCH_UNSOUND.with("why", "accepted").into());
    }
    let mut decision = Decision::nothing();
    finish(view, &batch, number, &mut decision, context)?;
    Ok(decision)
}

/// A batch of the region is final, at any jurisdiction: what this node declared and is not in it waits for the next.
pub fn finish(
    view: View<'_>,
    batch: &Batch,
    number: u64,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let own = context.home.jurisdiction;
    let declared = batches::declaration(view, &batch.service, batch.period, own)?;
    let claims = declared.map(|row| row.declaration.claims).unwrap_or_default();
    let (held, left): (Vec<_>, Vec<_>) =
        claims.into_iter().partition(|claim| batch.settled.contains(&Settled::of(own, claim)));
    let left_out = left.into_iter().map(|claim| (claim.period, claim.peer)).collect();
    clocks::stop(decision, clocks::netting(&batch.service, batch.period));
    clocks::stop(decision, clocks::compose(&batch.service, batch.period));
    clocks::stop(decision, clocks::declare(&batch.service, batch.period));
    let held = held.into_iter().map(|claim| (claim, None)).collect();
    end(view, batch, number, held, left_out, decision, context)
}
