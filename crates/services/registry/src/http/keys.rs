//! POST /v1/registry/principals/{id}/keys and DELETE /v1/registry/keys/{key}

use std::sync::PoisonError;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::DurationMs;
use huitong_service_kit::http::{Body, Caller, Path, Problem};
use serde::{Deserialize, Serialize};

use super::RegistryEdge;
use crate::Registry;
use crate::command::Command;
use crate::model::api_key;

/// Days that a key may be valid at most.
const VALID_DAYS_MAX: u16 = 730;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// 1 to 730 days.
    pub valid_days: u16,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct IssuedKey {
    /// The id, for revoking.
    pub key: String,
    /// The whole key. Shown this once; the node keeps only a hash.
    pub secret: String,
}

/// Issues an API key. The answer holds the only copy of it.
#[utoipa::path(post, path = "/v1/registry/principals/{id}/keys", tag = "registry", request_body = NewKey,
    params(("id" = String, Path)),
    responses((status = 201, body = IssuedKey), (status = "4XX", body = Problem)))]
pub async fn issue_key(
    State(state): State<RegistryEdge>,
    caller: Caller,
    Path(principal): Path<String>,
    body: Body<NewKey, Registry>,
) -> Result<(StatusCode, Json<IssuedKey>), Problem> {
    let days = body.value.valid_days.clamp(1, VALID_DAYS_MAX);
    let expires_at = state.edge.clock.now() + DurationMs::days(i64::from(days));
    let new = api_key::generate(&mut state.random.lock().unwrap_or_else(PoisonError::into_inner));
    let command = Command::IssueKey { principal, key: new.id.clone(), hash: new.hash, expires_at };
    // A repeated request makes another key, so an idempotency key has no meaning here.
    state.edge.ask_here(command, &caller.without_key(), body.request).await?;
    Ok((StatusCode::CREATED, Json(IssuedKey { key: new.id, secret: new.text })))
}

/// Revokes a key, with effect at once.
#[utoipa::path(delete, path = "/v1/registry/keys/{key}", tag = "registry", params(("key" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn revoke_key(
    State(state): State<RegistryEdge>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<StatusCode, Problem> {
    state.edge.ask_here(Command::RevokeKey { key }, &caller.without_key(), Digest::ZERO).await?;
    Ok(StatusCode::NO_CONTENT)
}
