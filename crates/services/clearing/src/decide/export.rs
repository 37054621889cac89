//! Payment instructions for the bank (支付指令): everything that is to be paid, in one file.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, Stop, View};

use super::Decided;
use super::close::{self, Move};
use crate::command::Reply;
use crate::event::Event;
use crate::model::payment::{BankAccount, FilePayment, PaymentFile, PaymentKind, PaymentState, end_to_end};
use crate::query::payments::{self, PaymentRow};
use crate::refusal;

/// Payments of a file at most.
const FILE_MAX: usize = 1_000;

pub fn decide(view: View<'_>, context: &mut Context<'_>) -> Decided {
    let mut open = payments::in_state(view, PaymentState::Instructed, FILE_MAX)?;
    open.extend(payments::in_state(view, PaymentState::Returned, FILE_MAX)?);
    open.truncate(FILE_MAX);
    if open.is_empty() {
        return Ok(Decision::reply(Reply::Exported { file: None }));
    }
    let debtor = account(view, context.home.jurisdiction)?;
    let paid = open.iter().map(|row| paid(view, row)).collect::<Result<Vec<_>, _>>()?;
    let today = context.now.business_date();
    let calendar = context.directory.calendar(context.home.jurisdiction, context.now);
    let file = PaymentFile {
        file: context.new_uuid().simple().to_string(),
        created_at: context.now,
        execution_day: calendar.next_working_day(today),
        debtor,
        payments: paid,
    };
    let mut decision = Decision::nothing().event(Event::PaymentsExported { file: file.clone() });
    decision.answer = Answer::Now(Reply::Exported { file: Some(file) });
    Ok(decision)
}

fn account(view: View<'_>, division: Division) -> Result<BankAccount, Stop> {
    let known = payments::account(view, division)?;
    Ok(known.ok_or_else(|| refusal::ACCOUNT_MISSING.with("division", division))?)
}

fn paid(view: View<'_>, row: &PaymentRow) -> Result<FilePayment, Stop> {
    let payment = &row.payment;
    let text = match payment.kind {
        PaymentKind::Clearing => format!("{} {} {}", payment.service, payment.period, payment.scope),
        PaymentKind::Prepayment => format!("{} prepayment", payment.service),
    };
    Ok(FilePayment {
        payment: payment.payment.clone(),
        end_to_end: end_to_end(&payment.payment, row.attempt),
        creditor: account(view, payment.payee)?,
        amount_fen: row.open_fen(),
        text,
    })
}

/// The bank has rejected an order of a file, or what is left of it: that goes out again, under a new reference.
pub fn rejected(view: View<'_>, payment: &str, context: &mut Context<'_>) -> Decided {
    let own = context.home.jurisdiction;
    let row = payments::payment(view, payment)?.filter(|row| row.payment.payer == own);
    let row = row.ok_or_else(|| refusal::PAYMENT_UNKNOWN.refuse())?;
    if row.state != PaymentState::Exported || row.open_fen() <= Fen::ZERO {
        return Err(refusal::PAYMENT_NOT_OPEN.refuse().into());
    }
    let mut decision = Decision::nothing();
    let moved = Move { is_returned: true, ..Move::of(row) };
    close::moved(view, vec![moved], &mut decision, context)?;
    let (payment, state) = (payment.to_owned(), PaymentState::Returned);
    decision.answer = Answer::Now(Reply::Payment { payment, state });
    Ok(decision)
}
