//! Cancel (撤销): the contra of a settlement, asked by the hospital that made it.

use huitong_kernel::money::Fen;
use huitong_ledger::book;
use huitong_service_kit::{Context, Decision, Outgoing, Refusal, Stop, View};
use uuid::Uuid;

use super::booking::{answer_number, booked_of, period};
use super::pool::asking;
use super::{Decided, Peer, clearing, prepayment, receipt, reply, send};
use crate::accounts::{self, MedicalChart, Payable};
use crate::event::{Event, SettlementBooked};
use crate::model::accumulators::negated;
use crate::model::document::{SettledDocument, number};
use crate::model::message::{Cancel, CancelAnswer, Message};
use crate::pool::request::Why;
use crate::query::settlements::{Role, Settlement};
use crate::query::visits::{self, Serial};
use crate::query::{self, documents, persons, pools, settlements};
use crate::{Medical, refusal};

/// Which way a settlement is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// 撤销: before its period is cut.
    Cancel,
    /// 退费: afterwards; the contra belongs to a later period, and points to the original.
    Refund,
}

pub fn ask(view: View<'_>, settlement: String, way: Way, context: &mut Context<'_>) -> Decided {
    let known = settlements::settlement(view, Role::Visited, &settlement)?;
    let known = known.filter(|known| known.call.institution == context.principal.participant);
    let known = known.ok_or_else(|| refusal::SETTLEMENT_UNKNOWN.refuse())?;
    if known.state != "settled" {
        return Err(refusal::ALREADY_CANCELLED.refuse().into());
    }
    check_order(view, Role::Visited, &known)??;
    let cycle = context.new_uuid();
    let (event, message) = question(known, way, cycle, context);
    Ok(Decision::wait(cycle).event(event).message(message))
}

/// The settlements of a stay build on each other: the last one is taken back first (MED-4016).
pub fn check_order(view: View<'_>, role: Role, known: &Settlement) -> Result<Result<(), Refusal>, Stop> {
    let is_stay = match role {
        Role::Visited => visits::visited_number(view, &known.visit)?.is_some_and(|visit| visit.is_stay()),
        Role::Home => visits::home_visit(view, &known.visit)?.is_some_and(|visit| visit.is_stay()),
    };
    if !is_stay {
        return Ok(Ok(()));
    }
    // What the pool is about to book for the stay may be a later one.
    if role == Role::Home && pools::is_busy(view, &known.visit, None)? {
        return Ok(Err(refusal::BATCH_PENDING.refuse()));
    }
    let last = settlements::last_of_visit(view, role, &known.visit)?;
    Ok(match last.filter(|last| *last != known.settlement) {
        Some(later) => Err(refusal::LATER_SETTLEMENT.with("settlement", later)),
        None => Ok(()),
    })
}

/// The question for home; its answer comes under `cycle`.
pub fn question(known: Settlement, way: Way, cycle: Uuid, context: &mut Context<'_>) -> (Event, Outgoing) {
    let Settlement { settlement, home, call, .. } = known;
    let correlation = cycle.to_string();
    let event = Event::CancelAsked { correlation: correlation.clone(), settlement: settlement.clone() };
    let ask = Cancel { correlation, settlement, institution: call.institution, refund: way == Way::Refund };
    (event, send(context, home, cycle, cycle, Message::Cancel(ask)))
}

pub fn answer(view: View<'_>, ask: &Cancel, from: &Peer, context: &mut Context<'_>) -> Decided {
    let known = match taken_back(view, ask, from)? {
        Ok(known) => known,
        Err(refusal) => return Ok(refuse(ask, refusal, from, context)),
    };
    if let Some(reference) = asking::reference(view, &known)? {
        let why = if ask.refund { Why::Refund } else { Why::Cancel };
        let asked = asking::take_back(view, &known, reference, why, Some(ask.correlation.clone()), from, context)?;
        return Ok(asked.unwrap_or_else(|refusal| refuse(ask, refusal, from, context)));
    }
    let (serial, contra) = contra(view, &known, context)?;
    let answer = CancelAnswer { correlation: ask.correlation.clone(), result: Ok(Box::new(contra.clone())) };
    let message = reply(context, from, Message::CancelAnswer(answer));
    give_back(view, &known, (serial, &contra), message, from, context)
}

/// Home books a contra: with the answer that carries it go its receipt and what clearing is told, and less is used of the prepayment.
pub fn give_back(
    view: View<'_>,
    original: &Settlement,
    (serial, contra): (u64, &SettledDocument),
    message: Outgoing,
    from: &Peer,
    context: &mut Context<'_>,
) -> Decided {
    let booked = book_contra(view, original, contra, from, context)?;
    let booked = SettlementBooked { serial, document: message.leaf(context.function), ..booked };
    let receipt = receipt::issue(contra, booked.document, from, context);
    let told = clearing::told(&booked, contra.care_date, Some(original), from, context);
    let added = booked.fund_total_fen + booked.account_fen;
    let mut decision = Decision::nothing().event(Event::Settled(booked));
    decision = decision.message(message).message(receipt).message(told);
    prepayment::watch(view, Role::Home, from.jurisdiction, added, &mut decision, context)?;
    Ok(decision)
}

fn refuse(ask: &Cancel, refusal: Refusal, from: &Peer, context: &mut Context<'_>) -> Decision<Medical> {
    let answer = CancelAnswer { correlation: ask.correlation.clone(), result: Err(refusal) };
    Decision::nothing().message(reply(context, from, Message::CancelAnswer(answer)))
}

/// The settlement, if it can be taken back in this way.
fn taken_back(view: View<'_>, ask: &Cancel, from: &Peer) -> Result<Result<Settlement, Refusal>, Stop> {
    let known = settlements::settlement(view, Role::Home, &ask.settlement)?
        .filter(|known| known.visited == from.jurisdiction && known.call.institution == ask.institution);
    let Some(known) = known else { return Ok(Err(refusal::SETTLEMENT_UNKNOWN.refuse())) };
    if known.state != "settled" {
        return Ok(Err(refusal::ALREADY_CANCELLED.refuse()));
    }
    if !ask.refund && query::clearing::cut_of(view, known.settled_at)?.is_some() {
        return Ok(Err(refusal::ALREADY_CLEARED.refuse()));
    }
    Ok(check_order(view, Role::Home, &known)?.map(|()| known))
}

/// The contra document: the original's exact negatives, with a number and a time of its own.
pub fn contra(view: View<'_>, original: &Settlement, context: &Context<'_>) -> Result<(u64, SettledDocument), Stop> {
    let document = documents::document(view, original)?;
    let serial = visits::next_serial(view, Serial::Settlement, original.home_area)?;
    let paid = document.amounts.account_fen + document.amounts.mutual_aid_fen;
    // A pool that computes by itself keeps the accounts too.
    let before = if document.computed_by.is_some() {
        document.account_balance_fen
    } else {
        let now = persons::balances(view, &document.person)?;
        now.current_fen + now.history_fen + now.mutual_aid_fen
    };
    let contra = SettledDocument {
        settlement: format!("A{}", number(original.home_area, context.now.business_date(), serial)),
        settled_at: context.now,
        period: period(context.now),
        amounts: document.amounts.negated(),
        deltas: negated(&document.deltas),
        account_balance_fen: before + paid,
        steps: Vec::new(),
        computed_by: None,
        contra_of: Some(original.settlement.clone()),
        ..document
    };
    Ok((serial, contra))
}

/// Every leg of the original the other way.
fn book_contra(
    view: View<'_>,
    original: &Settlement,
    contra: &SettledDocument,
    from: &Peer,
    context: &mut Context<'_>,
) -> Result<SettlementBooked, Stop> {
    let amounts = &contra.amounts;
    let current = account_leg(view, original, "current")?;
    let payable = Payable {
        funds: &amounts.funds,
        current: -current,
        history: amounts.account_fen + current,
        mutual_aid: amounts.mutual_aid_fen,
    };
    let transfers = accounts::home_postings(context, original.visited, original.home_area, &original.person, &payable);
    if let Err(fault) = book::check(view, &MedicalChart, &transfers)? {
        panic!("a contra gives back what the original took, so it can always be booked: {fault}");
    }
    Ok(SettlementBooked {
        number: answer_number(view, from, context)?,
        deltas: contra.deltas.clone(),
        transfers,
        ..booked_of(contra, original.call.clone(), context)
    })
}

/// What the original took from one of the person's accounts.
fn account_leg(view: View<'_>, original: &Settlement, bucket: &str) -> Result<Fen, Stop> {
    let account = format!("person/{}/{bucket}", original.person);
    let amount = view.one(
        "SELECT amount_fen FROM ledger_transfer WHERE reference = ?1 AND debit = ?2",
        huitong_service_kit::params![original.settlement, account],
        |row| row.get(0),
    )?;
    Ok(Fen(amount.unwrap_or(0)))
}
