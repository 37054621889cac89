//! Declaring (申报): before a netting each jurisdiction tells all others what it has confirmed towards each.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_service_kit::{Context, Decision, Stop, View};

use super::batch::{self, Ready};
use super::statement::check_period;
use super::{Decided, agent, clearing_with, clocks, others, send};
use crate::event::{BatchState, Event};
use crate::model::batch::{AMOUNT_MAX, CLAIMS_MAX, Claim, Declaration, REGION};
use crate::model::message::Message;
use crate::model::statement::State;
use crate::query::batches::{self, DeclarationRow};
use crate::query::{lanes, statements};
use crate::{Clearing, refusal};

/// Working days in which a declared batch should be final; a duty officer is told when it is not.
const NETTING_DAYS: u32 = 3;

/// Declares as soon as the period is confirmed towards every other jurisdiction.
pub fn if_ready(
    view: View<'_>,
    ready: &Ready<'_>,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    for other in clearing_with(context, ready.service).into_iter().filter(|other| *other != ready.peer) {
        let row = statements::statement(view, ready.service, ready.period, other)?;
        if row.is_none_or(|row| row.state < State::Confirmed) {
            return Ok(());
        }
    }
    declare(view, ready.service, ready.period, Some(ready), decision, context)
}

/// Tells all others what is confirmed, once for each period; what is confirmed later goes with the next.
pub fn declare(
    view: View<'_>,
    service: &str,
    period: Period,
    just: Option<&Ready<'_>>,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let own = context.home.jurisdiction;
    let is_declared = batches::declaration(view, service, period, own)?.is_some();
    let latest = batches::latest(view, service, period, REGION)?;
    let is_over = latest.is_some_and(|row| matches!(row.state, BatchState::Final | BatchState::Closed));
    if is_declared || is_over || !lanes::is_cut(view, service, period)? {
        return Ok(());
    }
    let claim = |row: statements::StatementRow| Claim {
        period: row.period.to_string(),
        peer: row.peer,
        payable_fen: row.payable(),
        receivable_fen: row.receivable(),
    };
    let mut claims: Vec<Claim> =
        statements::in_state(view, service, State::Confirmed, CLAIMS_MAX)?.into_iter().map(claim).collect();
    claims.extend(just.map(|ready| Claim {
        period: ready.period.to_string(),
        peer: ready.peer,
        payable_fen: ready.payable_fen,
        receivable_fen: ready.receivable_fen,
    }));
    claims.sort();
    claims.truncate(CLAIMS_MAX);
    let declaration = Declaration { service: service.to_owned(), period, author: own, claims };
    for other in others(context) {
        decision.messages.push(send(context, other, Message::Declaration(declaration.clone())));
    }
    let row = DeclarationRow { digest: declaration.digest(), declaration, number: 0 };
    clocks::stop(decision, clocks::declare(service, period));
    clocks::start(decision, clocks::netting(service, period), "netting", NETTING_DAYS, context);
    note(view, row, decision, context)
}

fn note(
    view: View<'_>,
    row: DeclarationRow,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let DeclarationRow { declaration, digest, number } = row.clone();
    decision.events.push(Event::Declared { declaration, digest, number });
    batch::declaration_came(view, &row, decision, context)?;
    agent::declared(view, &row, decision, context)
}

/// Another jurisdiction's declaration.
pub fn take(
    view: View<'_>,
    declaration: Declaration,
    from: Division,
    number: u64,
    context: &mut Context<'_>,
) -> Decided {
    check_period(context, &declaration.service, declaration.period)?;
    let is_sorted = declaration.claims.windows(2).all(|pair| pair[0] < pair[1]);
    let towards_itself = declaration.claims.iter().any(|claim| claim.peer == from);
    let is_small = |amount: Fen| amount.0.unsigned_abs() <= AMOUNT_MAX.0.unsigned_abs();
    let are_small =
        declaration.claims.iter().all(|claim| is_small(claim.payable_fen) && is_small(claim.receivable_fen));
    let is_short = declaration.claims.len() <= CLAIMS_MAX;
    if declaration.author != from || !is_sorted || towards_itself || !are_small || !is_short {
        return Err(refusal::invalid("claims").into());
    }
    let known = batches::declaration(view, &declaration.service, declaration.period, from)?;
    if let Some(known) = known {
        let is_same = known.declaration == declaration;
        return if is_same { Ok(Decision::nothing()) } else { Err(refusal::DECLARATION_CHANGED.refuse().into()) };
    }
    let mut decision = Decision::nothing();
    let row = DeclarationRow { digest: declaration.digest(), declaration, number };
    note(view, row, &mut decision, context)?;
    Ok(decision)
}
