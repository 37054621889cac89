//! POST /v1/medical/settlements/{settlement}/cancellation and …/refund

use axum::Json;
use axum::extract::State;
use huitong_service_kit::http::{Asked, Caller, NoBody, Path, Problem};

use super::MedicalEdge;
use super::wire::{SettlementWire, problem};
use crate::command::{Command, Reply};
use crate::refusal;

/// Cancels a settlement before its period is cut (撤销); the answer is its contra, with negative amounts.
#[utoipa::path(post, path = "/v1/medical/settlements/{settlement}/cancellation", tag = "medical",
    params(("settlement" = String, Path)),
    responses((status = 200, body = SettlementWire), (status = "4XX", body = Problem)))]
pub async fn cancel_settlement(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(settlement): Path<String>,
    body: NoBody,
) -> Result<Json<SettlementWire>, Problem> {
    take_back(&edge, Command::Cancel { settlement }, &caller, body).await
}

/// Refunds a settlement, also after its period was cut or cleared (退费): the contra belongs to a later period.
#[utoipa::path(post, path = "/v1/medical/settlements/{settlement}/refund", tag = "medical",
    params(("settlement" = String, Path)),
    responses((status = 200, body = SettlementWire), (status = "4XX", body = Problem)))]
pub async fn refund_settlement(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(settlement): Path<String>,
    body: NoBody,
) -> Result<Json<SettlementWire>, Problem> {
    take_back(&edge, Command::Refund { settlement }, &caller, body).await
}

async fn take_back(
    edge: &MedicalEdge,
    command: Command,
    caller: &Caller,
    body: NoBody,
) -> Result<Json<SettlementWire>, Problem> {
    match edge.ask(command, caller, body.request).await? {
        Asked::Replied(Reply::Cancelled(contra)) => Ok(Json((*contra).into())),
        Asked::Replied(other) => unreachable!("a cancel was asked for: {other:?}"),
        Asked::Waiting => Err(problem(&refusal::STILL_PENDING.refuse())),
    }
}
