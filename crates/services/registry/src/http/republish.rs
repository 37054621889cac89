//! POST /v1/registry/republications

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_service_kit::http::{Body, Caller, Problem};
use serde::{Deserialize, Serialize};

use super::RegistryEdge;
use crate::Registry;
use crate::command::{Command, Reply};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Republication {
    /// The jurisdiction that joined.
    #[schema(value_type = String)]
    pub jurisdiction: Division,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct Republished {
    pub institutions: usize,
}

/// Publishes the institutions again to a jurisdiction that joined the region.
#[utoipa::path(post, path = "/v1/registry/republications", tag = "registry", request_body = Republication,
    responses((status = 200, body = Republished), (status = "4XX", body = Problem)))]
pub async fn republish(
    State(state): State<RegistryEdge>,
    caller: Caller,
    body: Body<Republication, Registry>,
) -> Result<Json<Republished>, Problem> {
    let command = Command::Republish { jurisdiction: body.value.jurisdiction };
    let reply = state.edge.ask_here(command, &caller, body.request).await?;
    let Reply::Republished { institutions } = reply else { unreachable!("institutions were republished") };
    Ok(Json(Republished { institutions }))
}
