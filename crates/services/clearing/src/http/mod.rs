//! Endpoints below /v1/clearing, each with its permission. Wire types live here and nowhere else.

mod accounts;
mod bank_entries;
mod bank_reports;
mod batches;
mod confirmations;
mod contest_steps;
mod contests;
mod documents;
mod exposures;
mod payment_files;
mod payments;
mod periods;
mod prepayments;
mod print;
mod statement_documents;
mod statements;
mod terms;
mod wire;

use std::sync::Arc;

use huitong_service_kit::http::{Edge, Endpoint, Problem};
use huitong_service_kit::{Directory, Refusal, Stop, View, endpoint};

use crate::Clearing;

/// What the handlers have at hand.
#[derive(Clone)]
pub struct ClearingEdge {
    pub edge: Edge<Clearing>,
    /// The region's calendars, for the last days of terms.
    pub directory: Arc<dyn Directory>,
}

impl ClearingEdge {
    /// Reads the views; runs where blocking is allowed.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(View<'_>) -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Problem> {
        self.edge.read(read).await
    }
}

pub fn endpoints() -> Vec<Endpoint<ClearingEdge>> {
    vec![
        endpoint!("clearing.statement.read", periods::list_periods),
        endpoint!("clearing.period.close", periods::close_period),
        endpoint!("clearing.statement.read", statements::list_statements),
        endpoint!("clearing.statement.read", statements::get_statement),
        endpoint!("clearing.statement.read", statement_documents::list_statement_documents),
        endpoint!("clearing.statement.read", print::print_statement),
        endpoint!("clearing.statement.confirm", confirmations::confirm_statement),
        endpoint!("clearing.statement.read", documents::get_document),
        endpoint!("clearing.contest.read", contests::list_contests),
        endpoint!("clearing.contest.write", contests::open_contest),
        endpoint!("clearing.contest.write", contest_steps::answer_contest),
        endpoint!("clearing.contest.write", contest_steps::reply_contest),
        endpoint!("clearing.batch.read", batches::list_batches),
        endpoint!("clearing.payment.read", payments::list_payments),
        endpoint!("clearing.payment.write", payments::pay_from_prepayment),
        endpoint!("clearing.payment.write", payments::reject_payment),
        endpoint!("clearing.payment.read", payment_files::list_payment_files),
        endpoint!("clearing.payment.write", payment_files::export_payments),
        endpoint!("clearing.payment.read", payment_files::get_payment_file),
        endpoint!("clearing.bank.write", bank_reports::take_bank_report).body_bytes_max(bank_reports::BODY_BYTES_MAX),
        endpoint!("clearing.payment.read", bank_entries::list_bank_entries),
        endpoint!("clearing.payment.read", accounts::list_bank_accounts),
        endpoint!("clearing.bank.write", accounts::set_bank_account),
        endpoint!("clearing.payment.write", prepayments::order_prepayment),
        endpoint!("clearing.exposure.read", exposures::list_exposures),
        endpoint!("clearing.exposure.write", exposures::set_limit),
        endpoint!("clearing.statement.read", terms::list_terms),
    ]
}

/// The problem document of a refusal of this service.
pub fn problem(refusal: &Refusal) -> Problem {
    Problem::from_refusal::<Clearing>(refusal)
}
