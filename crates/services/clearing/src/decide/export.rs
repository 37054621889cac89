//! Payment instructions for the bank (支付指令): everything that is to be paid, in one file.

use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, Stop, View};

use super::Decided;
use crate::command::Reply;
use crate::event::Event;
use crate::model::payment::{FilePayment, PaymentFile, PaymentKind, PaymentState, end_to_end};
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
    account_known(view, context.home.jurisdiction)?;
    for row in &open {
        account_known(view, row.payment.payee)?;
    }
    let today = context.now.business_date();
    let calendar = context.directory.calendar(context.home.jurisdiction, context.now);
    let file = PaymentFile {
        file: context.new_uuid().simple().to_string(),
        created_at: context.now,
        execution_day: calendar.next_working_day(today),
        payments: open.iter().map(paid).collect(),
    };
    let mut decision = Decision::nothing().event(Event::PaymentsExported { file: file.clone() });
    decision.answer = Answer::Now(Reply::Exported { file: Some(file) });
    Ok(decision)
}

fn account_known(view: View<'_>, division: huitong_kernel::division::Division) -> Result<(), Stop> {
    match payments::account(view, division)? {
        Some(_) => Ok(()),
        None => Err(refusal::ACCOUNT_MISSING.with("division", division).into()),
    }
}

fn paid(row: &PaymentRow) -> FilePayment {
    let payment = &row.payment;
    let text = match payment.kind {
        PaymentKind::Clearing => format!("{} {} {}", payment.service, payment.period, payment.scope),
        PaymentKind::Prepayment => format!("{} prepayment", payment.service),
    };
    FilePayment {
        payment: payment.payment.clone(),
        end_to_end: end_to_end(&payment.payment, row.attempt),
        payee: payment.payee,
        amount_fen: row.open_fen(),
        text,
    }
}
