//! POST /v1/transit/key-sets and GET /v1/transit/key-sets/current

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Body, Caller, Problem};

use super::super::TransitEdge;
use super::wire::{Published, publish};
use crate::command::Command;
use crate::model::key_set::KeySetText;
use crate::query::dated;
use crate::{Transit, refusal};

/// Publishes the region's key set (公钥集) to all nodes; the keeper's node only. Versions follow each other without a gap.
#[utoipa::path(post, path = "/v1/transit/key-sets", tag = "transit", request_body = KeySetText,
    responses((status = 201, body = Published), (status = "4XX", body = Problem)))]
pub async fn publish_key_set(
    State(edge): State<TransitEdge>,
    caller: Caller,
    body: Body<KeySetText, Transit>,
) -> Result<(StatusCode, Json<Published>), Problem> {
    let published = publish(&edge, Command::PublishKeySet(body.value.clone()), &caller, &body).await?;
    Ok((StatusCode::CREATED, Json(published)))
}

/// The newest key set.
#[utoipa::path(get, path = "/v1/transit/key-sets/current", tag = "transit",
    responses((status = 200, body = KeySetText), (status = "4XX", body = Problem)))]
pub async fn get_key_set(State(edge): State<TransitEdge>) -> Result<Json<KeySetText>, Problem> {
    let set = edge.read(|view| Ok(dated::key_set(view)?.ok_or_else(|| refusal::VERSION_UNKNOWN.refuse())?)).await?;
    Ok(Json(set))
}
