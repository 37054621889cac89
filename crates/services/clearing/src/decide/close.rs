//! Closing (结清): when all payments of a batch are booked on both sides, its statements are closed for ever, and the services are told
//! what was paid.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_ledger::Transfer;
use huitong_ledger::clearing::{Cleared, Share};
use huitong_service_kit::{Context, Decision, Stop, View};

use super::batch::Held;
use super::{Decided, clocks, tell};
use crate::event::{Early, EarlyKind, Event, PaymentMoved};
use crate::model::message::{Message, PaymentAdvice, Prepaid};
use crate::model::payment::{PaymentKind, PaymentState, is_payment_id};
use crate::query::payments::PaymentRow;
use crate::query::{payments, statements};
use crate::{Clearing, refusal};

/// News of payments that wait for them, of one jurisdiction at most.
const EARLY_MAX: i64 = 1_000;

/// What a payment becomes; with the last payment of its batch the batch is closed.
pub struct Move {
    pub row: PaymentRow,
    pub own_fen: Fen,
    pub their_fen: Fen,
    pub prepaid_fen: Fen,
    pub is_returned: bool,
    pub transfers: Vec<Transfer>,
}

impl Move {
    pub fn of(row: PaymentRow) -> Move {
        let (own_fen, their_fen, prepaid_fen) = (row.own_fen, row.their_fen, row.prepaid_fen);
        Move { row, own_fen, their_fen, prepaid_fen, is_returned: false, transfers: Vec::new() }
    }

    fn state(&self) -> PaymentState {
        let amount = self.row.payment.amount_fen;
        if self.own_fen == amount {
            if self.their_fen == amount { PaymentState::Closed } else { PaymentState::Booked }
        } else if self.is_returned {
            PaymentState::Returned
        } else {
            match self.row.state {
                PaymentState::Booked => PaymentState::Exported,
                state => state,
            }
        }
    }
}

/// Notes moves of payments, and closes the batches that are paid by them.
pub fn moved(
    view: View<'_>,
    moves: Vec<Move>,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let closed: Vec<String> = moves
        .iter()
        .filter(|moved| moved.state() == PaymentState::Closed)
        .map(|moved| moved.row.payment.payment.clone())
        .collect();
    let mut batches: Vec<(String, String, String)> = Vec::new();
    for moved in moves {
        let state = moved.state();
        let payment = &moved.row.payment;
        if state == PaymentState::Closed {
            clocks::stop(decision, clocks::payment(&payment.payment));
            let batch = (payment.service.clone(), payment.period.clone(), payment.scope.clone());
            if payment.kind == PaymentKind::Clearing && !batches.contains(&batch) {
                batches.push(batch);
            }
        }
        decision.events.push(Event::PaymentMoved(Box::new(PaymentMoved {
            payment: payment.payment.clone(),
            state,
            attempt: moved.row.attempt + u32::from(moved.is_returned),
            own_fen: moved.own_fen,
            their_fen: moved.their_fen,
            prepaid_fen: moved.prepaid_fen,
            transfers: moved.transfers,
        })));
    }
    for (service, period, scope) in batches {
        let all = payments::of_batch(view, &service, &period, &scope)?;
        let is_closed = |row: &PaymentRow| row.state == PaymentState::Closed || closed.contains(&row.payment.payment);
        if all.iter().all(is_closed) {
            let period: Period = period.parse().map_err(|_| refusal::BATCH_UNKNOWN.refuse())?;
            close(view, (&service, period, &scope), None, decision, context)?;
        }
    }
    Ok(())
}

/// Closes a batch: each statement's shares go to the service. `just` are the claims of a batch that ends in this very decision.
pub fn close(
    view: View<'_>,
    (service, period, scope): (&str, Period, &str),
    just: Option<&[Held]>,
    decision: &mut Decision<Clearing>,
    context: &mut Context<'_>,
) -> Result<(), Stop> {
    let mut cleared: Vec<(Period, Division, Vec<Share>)> = Vec::new();
    if just.is_none() {
        let rows = statements::batched(view, service, period, scope)?.into_iter();
        cleared.extend(rows.map(|row| (row.period, row.peer, joined(row.payable_shares, row.receivable_shares))));
    }
    for (claim, shares) in just.into_iter().flatten() {
        let of: Period = claim.period.parse().map_err(|_| refusal::invalid("period"))?;
        let row = statements::statement(view, service, of, claim.peer)?;
        let row = row.ok_or_else(|| refusal::STATEMENT_UNKNOWN.refuse())?;
        let (payable, receivable) = match shares {
            Some((true, shares)) => (shares.clone(), row.receivable_shares),
            Some((false, shares)) => (row.payable_shares, shares.clone()),
            None => (row.payable_shares, row.receivable_shares),
        };
        cleared.push((of, claim.peer, joined(payable, receivable)));
    }
    let (service, scope) = (service.to_owned(), scope.to_owned());
    decision.events.push(Event::BatchClosed { service: service.clone(), period, scope });
    for (period, peer, shares) in cleared.into_iter().filter(|(_, _, shares)| !shares.is_empty()) {
        decision.messages.push(tell(context, &service, Message::Cleared(Cleared { period, peer, shares })));
    }
    Ok(())
}

fn joined(mut payable: Vec<Share>, receivable: Vec<Share>) -> Vec<Share> {
    payable.extend(receivable);
    payable.sort();
    payable
}

/// The other side says what its bank has booked of a payment.
pub fn take_advice(view: View<'_>, advice: &PaymentAdvice, from: Division, context: &mut Context<'_>) -> Decided {
    let Some(row) = payments::payment(view, &advice.payment)? else {
        return early(view, &advice.payment, from, EarlyKind::Advice, advice.booked_fen);
    };
    if row.payment.payer != from && row.payment.payee != from {
        return Err(refusal::PAYMENT_UNKNOWN.refuse().into());
    }
    if advice.booked_fen.is_negative() || advice.booked_fen > row.payment.amount_fen {
        return Err(refusal::invalid("booked_fen").into());
    }
    let mut decision = Decision::nothing();
    if row.state == PaymentState::Closed {
        if advice.booked_fen != row.their_fen {
            decision.alarms.push(format!(
                "payment {}: {from} says that {} yuan are booked of it, after it was closed",
                advice.payment,
                advice.booked_fen.yuan()
            ));
        }
        return Ok(decision);
    }
    let moved = Move { their_fen: advice.booked_fen, ..Move::of(row) };
    self::moved(view, vec![moved], &mut decision, context)?;
    Ok(decision)
}

/// What another jurisdiction says of a payment that this node does not know yet: a batch's end reaches its members at different
/// times. It waits for the payment.
pub fn early(view: View<'_>, payment: &str, from: Division, kind: EarlyKind, amount: Fen) -> Decided {
    if amount == Fen::ZERO && is_payment_id(payment) {
        return Ok(Decision::nothing());
    }
    if !is_payment_id(payment) || amount <= Fen::ZERO || payments::early_count(view, from)? >= EARLY_MAX {
        return Err(refusal::PAYMENT_UNKNOWN.refuse().into());
    }
    let early = Early { payment: payment.to_owned(), peer: from, kind, amount_fen: amount };
    Ok(Decision::nothing().event(Event::EarlyNews { early }))
}

/// The payment is known now.
pub fn take_early(view: View<'_>, early: Early, context: &mut Context<'_>) -> Decided {
    let Early { payment, peer, kind, amount_fen } = early.clone();
    let taken = match kind {
        EarlyKind::Advice => take_advice(view, &PaymentAdvice { payment, booked_fen: amount_fen }, peer, context),
        EarlyKind::Prepaid => super::prepay::take_prepaid(view, &Prepaid { payment, amount_fen }, peer, context),
    };
    let decision = match taken {
        Ok(decision) => decision,
        Err(Stop::Refused(why)) => Decision::nothing()
            .alarm(format!("what {peer} said of payment {} has no effect: {}", early.payment, why.code)),
        Err(failed) => return Err(failed),
    };
    Ok(decision.event(Event::EarlyNewsTaken { early }))
}
