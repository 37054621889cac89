//! Prepayments (预付金): paid ahead by the same files and reports as everything else; a payment can be taken from them.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, View};

use super::close::{self, Move};
use super::{Decided, bank_report, clocks, rule_of, send};
use crate::accounts::Postings;
use crate::command::Reply;
use crate::event::{EarlyKind, Event};
use crate::model::batch::AMOUNT_MAX;
use crate::model::message::{Message, Prepaid, Prepayment};
use crate::model::payment::{Payment, PaymentKind, PaymentState, is_payment_id};
use crate::query::{exposure, payments};
use crate::refusal;

/// Orders a payment ahead, and announces it.
pub fn instruct(view: View<'_>, service: String, to: Division, amount: Fen, context: &mut Context<'_>) -> Decided {
    super::peer(context, to)?;
    if amount <= Fen::ZERO || amount > AMOUNT_MAX {
        return Err(refusal::invalid("amount").into());
    }
    let today = huitong_kernel::clearing::Period::Day(context.now.business_date());
    let rule = rule_of(context, &service, today)?;
    let id = context.new_uuid().simple().to_string();
    let payment = prepayment(&id, &service, context.home.jurisdiction, to, amount);
    debug_assert!(payments::payment(view, &id)?.is_none(), "ids are made once");
    let mut postings = Postings::new(context);
    postings.prepay(&service, to, amount);
    let transfers = postings.transfers;
    let state = PaymentState::Instructed;
    let mut decision = Decision::nothing().event(Event::PrepaymentKnown { payment, state, transfers });
    clocks::start(&mut decision, clocks::payment(&id), "pay", rule.payment_days, context);
    let message = Prepayment { payment: id.clone(), service, amount_fen: amount };
    decision.messages.push(send(context, to, Message::Prepayment(message)));
    decision.answer = Answer::Now(Reply::Payment { payment: id, state });
    Ok(decision)
}

fn prepayment(id: &str, service: &str, payer: Division, payee: Division, amount_fen: Fen) -> Payment {
    Payment {
        payment: id.to_owned(),
        service: service.to_owned(),
        kind: PaymentKind::Prepayment,
        period: String::new(),
        scope: String::new(),
        payer,
        payee,
        amount_fen,
    }
}

/// At the payee.
pub fn take(view: View<'_>, announced: Prepayment, from: Division, context: &mut Context<'_>) -> Decided {
    if !is_payment_id(&announced.payment) || announced.amount_fen <= Fen::ZERO || announced.amount_fen > AMOUNT_MAX {
        return Err(refusal::invalid("payment").into());
    }
    let payment =
        prepayment(&announced.payment, &announced.service, from, context.home.jurisdiction, announced.amount_fen);
    if let Some(known) = payments::payment(view, &announced.payment)? {
        let is_same = known.payment == payment;
        return if is_same { Ok(Decision::nothing()) } else { Err(refusal::PAYMENT_NOT_OPEN.refuse().into()) };
    }
    let mut postings = Postings::new(context);
    postings.prepaid(&announced.service, from, announced.amount_fen);
    let (state, transfers) = (PaymentState::Expected, postings.transfers);
    Ok(Decision::nothing().event(Event::PrepaymentKnown { payment, state, transfers }))
}

/// What of a prepayment has arrived and is not used yet.
fn available(
    view: View<'_>,
    service: &str,
    peer: Division,
    is_given: bool,
) -> Result<Fen, huitong_service_kit::StoreError> {
    let open = exposure::exposure(view, service, peer)?;
    Ok(if is_given { open.prepaid_to_peer_fen } else { open.prepaid_by_peer_fen })
}

/// The payer takes a payment, or a part of it, from what it has paid ahead.
pub fn pay_from(view: View<'_>, payment: &str, amount: Fen, context: &mut Context<'_>) -> Decided {
    let own = context.home.jurisdiction;
    let row = payments::payment(view, payment)?.filter(|row| row.payment.payer == own);
    let row = row.ok_or_else(|| refusal::PAYMENT_UNKNOWN.refuse())?;
    let is_open = matches!(row.state, PaymentState::Instructed | PaymentState::Returned);
    if !is_open || row.payment.kind == PaymentKind::Prepayment {
        return Err(refusal::PAYMENT_NOT_OPEN.refuse().into());
    }
    // Nor what the other side has from its bank already.
    let open = row.open_fen().min(row.payment.amount_fen - row.their_fen);
    if amount <= Fen::ZERO || amount > open {
        return Err(refusal::invalid("amount").into());
    }
    let (service, payee) = (row.payment.service.clone(), row.payment.payee);
    let balance = available(view, &service, payee, true)?;
    if amount > balance {
        return Err(refusal::PREPAYMENT_INSUFFICIENT.with("balance", balance.yuan()).into());
    }
    let mut postings = Postings::new(context);
    postings.from_given(&service, payee, amount);
    let transfers = postings.transfers;
    let mut moved = Move::of(row);
    moved.own_fen += amount;
    moved.prepaid_fen += amount;
    moved.transfers = transfers;
    let mut decision = Decision::nothing();
    let message = Prepaid { payment: payment.to_owned(), amount_fen: amount };
    decision.messages.push(send(context, payee, Message::Prepaid(message)));
    let state = if moved.row.open_fen() == amount { PaymentState::Booked } else { moved.row.state };
    close::moved(view, vec![moved], &mut decision, context)?;
    decision.answer = Answer::Now(Reply::Payment { payment: payment.to_owned(), state });
    Ok(decision)
}

/// At the payee: booked on both sides at once, because no bank has to.
pub fn take_prepaid(view: View<'_>, prepaid: &Prepaid, from: Division, context: &mut Context<'_>) -> Decided {
    let Some(row) = payments::payment(view, &prepaid.payment)? else {
        return close::early(view, &prepaid.payment, from, EarlyKind::Prepaid, prepaid.amount_fen);
    };
    if row.payment.payer != from {
        return Err(refusal::PAYMENT_UNKNOWN.refuse().into());
    }
    if prepaid.amount_fen <= Fen::ZERO || prepaid.amount_fen > row.open_fen() {
        return Err(refusal::invalid("amount_fen").into());
    }
    let service = row.payment.service.clone();
    let balance = available(view, &service, from, false)?;
    if prepaid.amount_fen > balance {
        return Err(refusal::PREPAYMENT_INSUFFICIENT.with("balance", balance.yuan()).into());
    }
    let mut postings = Postings::new(context);
    postings.from_received(&service, from, prepaid.amount_fen);
    let transfers = postings.transfers;
    let mut moved = Move::of(row);
    moved.own_fen += prepaid.amount_fen;
    moved.their_fen += prepaid.amount_fen;
    moved.prepaid_fen += prepaid.amount_fen;
    moved.transfers = transfers;
    let mut decision = Decision::nothing();
    let advice = bank_report::advice(&moved, context);
    decision.messages.push(advice);
    close::moved(view, vec![moved], &mut decision, context)?;
    Ok(decision)
}
