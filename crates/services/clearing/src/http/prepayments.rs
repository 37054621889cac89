//! POST /v1/clearing/prepayments

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_service_kit::http::yuan::Yuan;
use huitong_service_kit::http::{Body, Caller, Problem};
use serde::Deserialize;

use super::ClearingEdge;
use super::payments::{PaymentStanding, standing};
use crate::Clearing;
use crate::command::Command;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrepaymentRequest {
    pub service: String,
    #[schema(value_type = String)]
    pub peer: Division,
    pub amount: Yuan,
}

/// Orders a prepayment (预付金) to another jurisdiction; it goes out with the next file for the bank.
#[utoipa::path(post, path = "/v1/clearing/prepayments", tag = "clearing", request_body = PrepaymentRequest,
    responses((status = 201, body = PaymentStanding), (status = "4XX", body = Problem)))]
pub async fn order_prepayment(
    State(edge): State<ClearingEdge>,
    caller: Caller,
    body: Body<PrepaymentRequest, Clearing>,
) -> Result<(StatusCode, Json<PaymentStanding>), Problem> {
    let PrepaymentRequest { service, peer, amount } = body.value;
    let command = Command::Prepay { service, peer, amount: amount.0 };
    let reply = edge.edge.ask_here(command, &caller, body.request).await?;
    Ok((StatusCode::CREATED, Json(standing(reply))))
}
