//! POST /v1/transit/republications

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_service_kit::http::{Body, Caller, Problem};
use serde::{Deserialize, Serialize};

use super::super::TransitEdge;
use crate::Transit;
use crate::command::{Command, Reply};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransitRepublication {
    /// The jurisdiction that joined.
    #[schema(value_type = String)]
    pub jurisdiction: Division,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct TransitRepublished {
    pub messages: usize,
}

/// Sends this node's key sets (of the keeper), maps, fare packs, orders and deny list again to a jurisdiction that joined the
/// region. What is known there has no effect.
#[utoipa::path(post, path = "/v1/transit/republications", tag = "transit", request_body = TransitRepublication,
    responses((status = 200, body = TransitRepublished), (status = "4XX", body = Problem)))]
pub async fn republish_transit(
    State(edge): State<TransitEdge>,
    caller: Caller,
    body: Body<TransitRepublication, Transit>,
) -> Result<Json<TransitRepublished>, Problem> {
    let command = Command::Republish { jurisdiction: body.value.jurisdiction };
    match edge.edge.ask_here(command, &caller, body.request).await? {
        Reply::Republished { messages } => Ok(Json(TransitRepublished { messages })),
        other => unreachable!("a republication was wished for: {other:?}"),
    }
}
