//! POST /v1/transit/service-orders/{order}/ending

use axum::Json;
use axum::extract::State;
use huitong_service_kit::http::{Body, Caller, Path, Problem};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::TransitEdge;
use super::service_orders::REASON_LENGTH_MAX;
use super::wire::{check_length, moment};
use crate::Transit;
use crate::command::{Command, Reply};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderEndingRequest {
    /// RFC 3339, exclusive, after its beginning and before its end. Without it the order is withdrawn.
    #[serde(default)]
    pub to: Option<String>,
    /// At most 200 characters; told to other nodes.
    pub reason: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct OrderEnded {
    pub order: Uuid,
    pub version: u32,
}

/// Ends an order before its time, or withdraws it. What was decided by it stays; from now on nothing more is decided by what is
/// left out. All nodes are told, gates when they ask for their tables.
#[utoipa::path(post, path = "/v1/transit/service-orders/{order}/ending", tag = "transit",
    params(("order" = String, Path)), request_body = OrderEndingRequest,
    responses((status = 200, body = OrderEnded), (status = "4XX", body = Problem)))]
pub async fn end_order(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(order): Path<Uuid>,
    body: Body<OrderEndingRequest, Transit>,
) -> Result<Json<OrderEnded>, Problem> {
    let OrderEndingRequest { to, reason } = body.value;
    check_length("reason", &reason, REASON_LENGTH_MAX)?;
    let to = to.map(|to| moment("to", &to)).transpose()?;
    match edge.edge.ask_here(Command::EndOrder { order, to, reason }, &caller, body.request).await? {
        Reply::OrderEnded { order, version } => Ok(Json(OrderEnded { order, version })),
        other => unreachable!("an order was ended: {other:?}"),
    }
}
