//! Endpoints below /v1/medical, each with its permission. Wire types live here and nowhere else.

mod accounts;
mod audit;
mod bills;
mod calls;
mod cancellation;
mod catalogues;
mod chronic;
mod eligibility;
pub mod explanation;
mod fhir;
pub mod filing_effect;
mod filings;
mod hospital_postings;
mod lines;
mod national;
mod policies;
mod pools;
mod prepayments;
mod quotes;
pub mod receipt;
mod reconciliation_days;
mod reconciliations;
pub mod records;
mod settle;
mod settlements;
mod totals;
mod visits;
pub mod wire;

use huitong_service_kit::endpoint;
use huitong_service_kit::http::{Edge, Endpoint};

use crate::Medical;

/// What the handlers have at hand.
pub type MedicalEdge = Edge<Medical>;

pub fn endpoints() -> Vec<Endpoint<MedicalEdge>> {
    let mut endpoints = vec![
        endpoint!("medical.eligibility.ask", eligibility::ask_eligibility),
        endpoint!("medical.filing.write", filings::file),
        endpoint!("medical.filing.read", filings::list_filings),
        endpoint!("medical.filing.write", filings::get_filing),
        endpoint!("medical.filing.write", filings::set_filing_status),
        endpoint!("medical.filing.write", filings::revoke_filing),
        endpoint!("medical.filing.write", chronic::register_chronic),
        endpoint!("medical.filing.read", chronic::list_chronic),
        endpoint!("medical.filing.write", chronic::end_chronic),
        endpoint!("medical.visit.write", visits::open_visit),
        endpoint!("medical.visit.write", visits::list_visits),
        endpoint!("medical.visit.write", visits::get_visit),
        endpoint!("medical.visit.write", visits::describe_visit),
        endpoint!("medical.visit.write", visits::cancel_visit),
        endpoint!("medical.visit.write", visits::discharge),
        endpoint!("medical.visit.write", visits::cancel_discharge),
        endpoint!("medical.visit.write", lines::put_lines),
        endpoint!("medical.visit.write", lines::add_lines),
        endpoint!("medical.visit.write", lines::revoke_lines),
        endpoint!("medical.visit.write", lines::revoke_line),
        endpoint!("medical.quote", quotes::ask_quote),
        endpoint!("medical.settle", settle::settle_batch),
        endpoint!("medical.settle", bills::settle_bill),
        endpoint!("medical.settlement.read", settlements::list_settlements),
        endpoint!("medical.settlement.read", settlements::get_settlement),
        endpoint!("medical.settlement.read", explanation::explain_settlement),
        endpoint!("medical.settlement.read", receipt::get_receipt),
        endpoint!("medical.settlement.cancel", cancellation::cancel_settlement),
        endpoint!("medical.settlement.cancel", cancellation::refund_settlement),
        endpoint!("medical.call.read", calls::get_call),
        endpoint!("medical.reverse", calls::reverse_call),
        endpoint!("medical.account.credit", accounts::credit_account),
        endpoint!("medical.national", national::national),
        endpoint!("medical.national", national::conformance::get_conformance),
        endpoint!("medical.reconcile", reconciliations::reconcile),
        endpoint!("medical.reconcile", reconciliations::list_reconciliations),
        endpoint!("medical.reconcile", reconciliations::get_reconciliation),
        endpoint!("medical.reconcile", reconciliations::fix_difference),
        endpoint!("medical.reconcile", records::list_records),
        endpoint!("medical.totals.read", reconciliation_days::list_days),
        endpoint!("medical.days.compare", reconciliation_days::compare_day),
        endpoint!("medical.prepayment.read", prepayments::list_prepayments),
        endpoint!("medical.prepayment.write", prepayments::set_quota),
        endpoint!("medical.prepayment.write", prepayments::ask_raise),
        endpoint!("medical.prepayment.write", prepayments::answer_raise),
        endpoint!("medical.hospital.post", hospital_postings::post_hospital),
        endpoint!("medical.policy.publish", policies::publish_policy),
        endpoint!("medical.policy.publish", policies::withdraw_policy),
        endpoint!("medical.policy.read", policies::list_policies),
        endpoint!("medical.catalogue.publish", catalogues::publish_catalogue),
        endpoint!("medical.catalogue.read", catalogues::list_catalogues),
        endpoint!("medical.settlement.audit", audit::list_all_settlements),
        endpoint!("medical.settlement.audit", audit::get_document),
        endpoint!("medical.totals.read", totals::get_totals),
        endpoint!("medical.pool.read", pools::list_pools),
        endpoint!("medical.pool.read", pools::list_pool_asks),
    ];
    endpoints.extend(fhir::endpoints());
    endpoints
}
