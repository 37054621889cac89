//! How much another jurisdiction may owe (额度), and the alarms on the way there.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_service_kit::{Context, Decision, Stop, View};

use super::Decided;
use crate::command::Reply;
use crate::event::{DocumentsTaken, Event};
use crate::query::exposure;
use crate::{Clearing, refusal};

/// The highest limit, in fen: ten trillion yuan.
const LIMIT_MAX: Fen = Fen(1_000_000_000_000_000);

pub fn set(service: String, peer: Division, amount: Option<Fen>, context: &mut Context<'_>) -> Decided {
    super::peer(context, peer)?;
    super::rule_of(context, &service, Period::Day(context.now.business_date()))?;
    if amount.is_some_and(|amount| amount <= Fen::ZERO || amount > LIMIT_MAX) {
        return Err(refusal::invalid("amount").into());
    }
    let event = Event::LimitSet { service, peer, amount_fen: amount };
    Ok(Decision::reply(Reply::LimitSet).event(event))
}

/// Documents that push what is open over a band of the limit are taken all the same: a duty officer is told.
pub fn look(view: View<'_>, taken: &DocumentsTaken, decision: &mut Decision<Clearing>) -> Result<(), Stop> {
    if !exposure::has_limit(view, &taken.service, taken.peer)? {
        return Ok(());
    }
    let is_sender = taken.peer == taken.documents.from;
    let change: Fen = taken
        .documents
        .documents
        .iter()
        .zip(&taken.sender_owes)
        .map(|(document, owes)| if *owes == is_sender { document.amount_fen } else { -document.amount_fen })
        .sum();
    let open = exposure::exposure(view, &taken.service, taken.peer)?;
    let (Some(limit), Some(percent)) = (open.limit, open.band(change)) else { return Ok(()) };
    if percent == limit.band {
        return Ok(());
    }
    if percent > limit.band {
        decision.alarms.push(format!(
            "{} owes {} yuan of {}, {percent} % of its limit of {} yuan",
            taken.peer,
            (open.at_risk() + change).yuan(),
            taken.service,
            limit.amount_fen.yuan()
        ));
    }
    let (service, peer) = (taken.service.clone(), taken.peer);
    decision.events.push(Event::LimitBand { service, peer, percent });
    Ok(())
}
