//! GET /v1/medical/fhir/PaymentReconciliation

use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::clearing::Period;
use huitong_service_kit::http::{Caller, Problem, Query};
use serde::Deserialize;

use super::Resource;
use crate::fhir::export::{DETAILS_MAX, Payment, payment_reconciliation};
use crate::http::MedicalEdge;
use crate::http::wire::problem;
use crate::query::settlements::{self, Settlement};
use crate::refusal;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReconciliationQuery {
    /// A month or a day of Shanghai, by when home settled: `2026-11`, `2026-11-24`.
    #[param(value_type = String)]
    pub period: Period,
}

impl From<Settlement> for Payment {
    fn from(settlement: Settlement) -> Payment {
        Payment {
            day: settlement.settled_at.business_date(),
            // All that does not come from the person's pocket: funds, account, mutual aid.
            amount: settlement.fund_total_fen + settlement.person_total_fen - settlement.cash_fen,
            settlement: settlement.settlement,
            message_id: settlement.call.message_id,
            contra_of: settlement.contra_of,
        }
    }
}

/// What the caller's institution is owed for a period, document by document; contras are adjustments.
#[utoipa::path(get, path = "/v1/medical/fhir/PaymentReconciliation", tag = "medical", params(ReconciliationQuery),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
pub async fn get_payment_reconciliation(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Query(query): Query<ReconciliationQuery>,
) -> Result<Resource, Problem> {
    let (period, institution) = (query.period, caller.principal.participant);
    let of = institution.clone();
    let found = edge.read(move |view| Ok(settlements::of_period(view, &of, period, DETAILS_MAX + 1)?)).await?;
    if found.len() > DETAILS_MAX {
        return Err(problem(&refusal::TOO_MANY_LINES.with("limit", DETAILS_MAX).at_field("period")));
    }
    let created = edge.clock.now();
    let visited = edge.stream.home().jurisdiction;
    let payments: Vec<Payment> = found.into_iter().map(Payment::from).collect();
    let resource = payment_reconciliation(visited, &institution, period, created, &payments);
    Ok(Resource(StatusCode::OK, resource))
}
