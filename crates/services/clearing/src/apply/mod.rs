//! The only code that writes views: one arm per event, one file per part of the views.

mod batches;
mod clocks;
mod contests;
mod documents;
mod payments;
mod statements;

use huitong_service_kit::{Applied, StoreError, Tx};
use serde::Serialize;

use crate::event::Event;

pub fn apply(tx: Tx<'_>, event: &Event, applied: &Applied) -> Result<(), StoreError> {
    match event {
        Event::DocumentsTaken(taken) => documents::taken(tx, taken),
        Event::ServiceLookedAt { service, next_day, next_at } => documents::looked_at(tx, service, *next_day, *next_at),
        Event::PeriodCut { service, period, next_day, next_at, reason } => {
            documents::cut(tx, service, *period, (*next_day, *next_at), *reason, applied)
        }
        Event::MarkerTaken { service, marker } => documents::marker(tx, service, marker),

        Event::Stated(stated) => statements::stated(tx, stated),
        Event::StatementHeld { peer, statement } => statements::theirs(tx, *peer, statement),
        Event::Compared { service, period, peer, state } => statements::compared(tx, service, *period, *peer, *state),
        Event::SpanOpened { lane, peer, after, up_to } => statements::span_opened(tx, lane, *peer, (*after, *up_to)),
        Event::SpanClosed { lane, peer, after, up_to, differences } => {
            statements::span_closed(tx, lane, *peer, (*after, *up_to), differences)
        }
        Event::Confirmed(confirmed) => statements::confirmed(tx, confirmed, applied),

        Event::ServiceHold { service, hold } => contests::service_hold(tx, service, hold),
        Event::ContestOpened { contest, peer, own_debt } => contests::opened(tx, contest, *peer, *own_debt, applied),
        Event::ContestAnswered { answer } => contests::answered(tx, answer, applied),
        Event::ContestMoved { contest, state, explanation } => {
            contests::moved(tx, *contest, *state, explanation, applied)
        }
        Event::GivenBack { contest, outcome } => contests::given_back(tx, *contest, outcome),

        Event::Declared { declaration, digest, number } => batches::declared(tx, declaration, digest, *number),
        Event::BatchKnown { batch, digest, state, number } => {
            batches::known(tx, batch, digest, *state, *number, applied)
        }
        Event::BatchAnswered { service, period, attempt, member, accepts } => {
            batches::answered(tx, service, *period, *attempt, *member, *accepts)
        }
        Event::BatchEnded(ended) => batches::ended(tx, ended, applied),
        Event::BatchClosed { service, period, scope } => batches::closed(tx, service, *period, scope),

        Event::PaymentsExported { file } => payments::exported(tx, file),
        Event::BankReportTaken { report, entries, transfers } => {
            payments::report_taken(tx, report, entries, transfers, applied)
        }
        Event::PaymentMoved(moved) => payments::moved(tx, moved, applied),
        Event::AdvisedEarly { payment, peer, booked_fen } => payments::advised_early(tx, payment, *peer, *booked_fen),
        Event::PrepaymentKnown { payment, state, transfers } => {
            payments::prepayment(tx, payment, *state, transfers, applied)
        }
        Event::BankAccountKnown { account } => payments::account(tx, account),

        Event::LimitSet { service, peer, amount_fen } => documents::limit_set(tx, service, *peer, *amount_fen),
        Event::LimitBand { service, peer, percent } => documents::limit_band(tx, service, *peer, *percent),

        Event::ClockStarted { clock } => clocks::started(tx, clock),
        Event::ClockLookedAt { subject, next_at, stage } => clocks::looked_at(tx, subject, *next_at, stage),
        Event::ClockStopped { subject } => clocks::stopped(tx, subject),
    }
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    Ok(serde_json::to_string(value)?)
}
