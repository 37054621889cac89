//! POST /v1/medical/bills

use axum::extract::State;
use axum::response::Response;
use huitong_service_kit::http::{Body, Caller, Problem, Yuan};
use serde::{Deserialize, Serialize};

use super::MedicalEdge;
use super::filing_effect::NotFiledProblem;
use super::settle::settle;
use super::wire::{self, LineWire, SettlementOutcome, VisitWire, check_length, message_id};
use crate::Medical;
use crate::command::{BillWish, Command};

/// A whole outpatient bill: the visit, its lines, and whether the account pays.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BillRequest {
    pub visit: VisitWire,
    /// `chrg_bchno`
    pub batch: String,
    pub account_wanted: bool,
    pub total_fee: Yuan,
    /// At most 100, of today.
    pub lines: Vec<LineWire>,
}

/// Registers, prices and settles an outpatient bill in one call. `Idempotency-Key` is the message id.
#[utoipa::path(post, path = "/v1/medical/bills", tag = "medical", request_body = BillRequest,
    params(("Idempotency-Key" = String, Header, description = "mandatory: the sender's message id")),
    responses((status = 200, description = "collect", body = SettlementOutcome),
        (status = 202, description = "wait: do not collect yet", body = SettlementOutcome),
        (status = 422, description = "the same; MED-2005 carries `if_filed`", body = NotFiledProblem),
        (status = "4XX", description = "do not collect: nothing was booked", body = Problem)))]
pub async fn settle_bill(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    body: Body<BillRequest, Medical>,
) -> Result<Response, Problem> {
    let message_id = message_id(&caller)?;
    check_length("batch", &body.value.batch, 30)?;
    let wish = BillWish {
        message_id: message_id.clone(),
        visit: body.value.visit.wish()?,
        batch: body.value.batch,
        account_wanted: body.value.account_wanted,
        total: body.value.total_fee.0,
        lines: wire::lines(body.value.lines, edge.clock.now().business_date())?,
    };
    settle(&edge, Command::SettleBill(Box::new(wish)), &caller, body.request, message_id).await
}
