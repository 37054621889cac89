//! POST /v1/medical/settlements

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use huitong_kernel::hash::Digest;
use huitong_service_kit::http::{Asked, Body, Caller, Problem, Yuan};
use serde::Deserialize;
use uuid::Uuid;

use super::MedicalEdge;
use super::filing_effect::NotFiledProblem;
use super::wire::{SettlementOutcome, message_id};
use crate::Medical;
use crate::command::{Command, Reply, SentSums};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleRequest {
    pub visit: Uuid,
    pub batch: String,
    /// The offer that the person accepted.
    pub quote: Uuid,
    pub total_fee: Yuan,
    /// The four sums, which must equal the split where given.
    #[serde(default)]
    pub sums: Option<SumsWire>,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SumsWire {
    pub own: Yuan,
    pub over: Yuan,
    pub pre: Yuan,
    pub eligible: Yuan,
}

/// Settles a quoted batch (结算). `Idempotency-Key` is the message id: the same key gives the same answer for ever.
#[utoipa::path(post, path = "/v1/medical/settlements", tag = "medical", request_body = SettleRequest,
    params(("Idempotency-Key" = String, Header, description = "mandatory: the sender's message id")),
    responses((status = 200, description = "collect", body = SettlementOutcome),
        (status = 202, description = "wait: do not collect yet", body = SettlementOutcome),
        (status = 422, description = "the same; MED-2005 carries `if_filed`", body = NotFiledProblem),
        (status = "4XX", description = "do not collect: nothing was booked", body = Problem)))]
pub async fn settle_batch(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    body: Body<SettleRequest, Medical>,
) -> Result<Response, Problem> {
    let message_id = message_id(&caller)?;
    let SettleRequest { visit, batch, quote, total_fee, sums } = body.value;
    let sums = sums.map(|sums| SentSums {
        own: Some(sums.own.0),
        over: Some(sums.over.0),
        pre: Some(sums.pre.0),
        eligible: Some(sums.eligible.0),
    });
    let command = Command::Settle { visit, batch, quote, message_id: message_id.clone(), total: total_fee.0, sums };
    settle(&edge, command, &caller, body.request, message_id).await
}

/// Makes a settling call and gives the cashier one of three answers.
pub async fn settle(
    edge: &MedicalEdge,
    command: Command,
    caller: &Caller,
    request: Digest,
    message_id: String,
) -> Result<Response, Problem> {
    match edge.ask(command, caller, request).await {
        Ok(Asked::Replied(Reply::Settled(settled))) => Ok(Json(SettlementOutcome::collect(*settled)).into_response()),
        Ok(Asked::Replied(other)) => unreachable!("a settlement was asked for: {other:?}"),
        Ok(Asked::Waiting) => Ok(SettlementOutcome::wait(message_id)),
        // 5xx leaves the outcome open: the same key, sent again, tells it.
        Err(problem) if problem.status >= 500 => Err(problem.answering("wait")),
        Err(problem) => Err(problem.answering("do_not_collect")),
    }
}
