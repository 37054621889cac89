//! Documents that a service of this node hands over, in the order of their lane.

use huitong_kernel::clearing::{Period, rule};
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_ledger::clearing::{Document, Documents};
use huitong_service_kit::{Context, Decision, Stop, View};

use super::{Decided, cut, limit};
use crate::event::{DocumentsTaken, Event};
use crate::model::batch::AMOUNT_MAX;
use crate::query::lanes;
use crate::{Clearing, refusal};

pub fn take(view: View<'_>, service: &str, documents: Documents, context: &mut Context<'_>) -> Decided {
    let peer = check_lane(view, service, (documents.from, documents.to), documents.number, context)?;
    let sender_owes = documents
        .documents
        .iter()
        .map(|document| sender_owes(document, &documents, context))
        .collect::<Result<_, _>>()?;
    let taken = DocumentsTaken { service: service.to_owned(), peer, documents, sender_owes };
    let mut decision = Decision::nothing();
    start(view, service, &mut decision, context)?;
    limit::look(view, &taken, &mut decision)?;
    Ok(decision.event(Event::DocumentsTaken(taken)))
}

/// The other node of a lane of this one, if a message of this number can come next.
pub fn check_lane(
    view: View<'_>,
    service: &str,
    (sender, receiver): (Division, Division),
    number: u64,
    context: &Context<'_>,
) -> Result<Division, Stop> {
    let own = context.home.jurisdiction;
    let peer = match (sender == own, receiver == own) {
        (true, false) => receiver,
        (false, true) => sender,
        _ => return Err(refusal::NOT_OF_THIS_NODE.with("division", sender).into()),
    };
    super::peer(context, peer)?;
    let known = lanes::lane(view, service, sender, receiver)?;
    if number == 0 || known.is_some_and(|lane| number <= lane.last_number) {
        return Err(refusal::OUT_OF_ORDER.refuse().into());
    }
    Ok(peer)
}

/// Whether the debtor is of the lane's sender; creditor and debtor are of its two nodes.
fn sender_owes(document: &Document, lane: &Documents, context: &Context<'_>) -> Result<bool, Stop> {
    let node = |division| context.directory.jurisdiction_of(division);
    let ends = (node(document.debtor), node(document.creditor));
    let amounts = document.parts.iter().map(|(_, amount)| *amount).chain([document.amount_fen]);
    if amounts.into_iter().any(|amount| amount.0.unsigned_abs() > AMOUNT_MAX.0.unsigned_abs()) {
        return Err(refusal::invalid("amount_fen").into());
    }
    let parts: Fen = document.parts.iter().map(|(_, amount)| *amount).sum();
    if !document.parts.is_empty() && parts != document.amount_fen {
        return Err(refusal::invalid("parts").into());
    }
    match ends {
        (Some(debtor), Some(creditor)) if (debtor, creditor) == (lane.from, lane.to) => Ok(true),
        (Some(debtor), Some(creditor)) if (debtor, creditor) == (lane.to, lane.from) => Ok(false),
        _ => Err(refusal::DOCUMENT_FOREIGN.refuse().into()),
    }
}

/// A service that is seen for the first time: its first period is the one of today.
pub fn start(
    view: View<'_>,
    service: &str,
    decision: &mut Decision<Clearing>,
    context: &Context<'_>,
) -> Result<(), Stop> {
    if lanes::service(view, service)?.is_some() {
        return Ok(());
    }
    let today = context.now.business_date();
    let rules = context.directory.clearing_rules();
    let (next_day, next_at) = match rule(&rules, service, today) {
        Some(rule) => {
            let period = Period::of(rule.period, today);
            (period.first_day(), cut::at(period, rule))
        }
        None => (today, context.now + DurationMs::days(1)),
    };
    decision.events.push(Event::ServiceLookedAt { service: service.to_owned(), next_day, next_at });
    Ok(())
}
