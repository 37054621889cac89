//! PUT and DELETE /v1/transit/deny-list/{kind}/{key}/causes/{cause}

use axum::Json;
use axum::extract::State;
use huitong_kernel::hash::Digest;
use huitong_service_kit::http::{Caller, NoBody, Path, Problem};
use serde::Serialize;

use super::super::TransitEdge;
use crate::command::{Command, Reply};
use crate::model::deny::{DenyClass, DenyEntry};

#[derive(Serialize, utoipa::ToSchema)]
pub struct DenyReply {
    /// Whether the next delta says something of the entry; it is published within minutes.
    pub pending: bool,
}

/// Puts an account, certificate or issuer of this node on its deny list, for a cause such as `lost`; a platform at the keeper of
/// the key set. An account's tokens of model P go with it. An entry stands while any cause stands.
#[utoipa::path(put, path = "/v1/transit/deny-list/{kind}/{key}/causes/{cause}", tag = "transit",
    params(("kind" = DenyClass, Path), ("key" = String, Path, description = "lower-case hexadecimal"),
        ("cause" = String, Path, description = "lower-case letters and `_`; not `debt`, `closed`, `notice`")),
    responses((status = 200, body = DenyReply), (status = "4XX", body = Problem)))]
pub async fn add_deny_cause(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path((kind, key, cause)): Path<(DenyClass, String, String)>,
    body: NoBody,
) -> Result<Json<DenyReply>, Problem> {
    ask(&edge, Command::Deny { entry: DenyEntry { kind, key }, cause }, &caller, body.request).await
}

/// Takes a cause away; with the last one the entry leaves the list.
#[utoipa::path(delete, path = "/v1/transit/deny-list/{kind}/{key}/causes/{cause}", tag = "transit",
    params(("kind" = DenyClass, Path), ("key" = String, Path), ("cause" = String, Path)),
    responses((status = 200, body = DenyReply), (status = "4XX", body = Problem)))]
pub async fn lift_deny_cause(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path((kind, key, cause)): Path<(DenyClass, String, String)>,
    body: NoBody,
) -> Result<Json<DenyReply>, Problem> {
    ask(&edge, Command::Lift { entry: DenyEntry { kind, key }, cause }, &caller, body.request).await
}

async fn ask(
    edge: &TransitEdge,
    command: Command,
    caller: &Caller,
    request: Digest,
) -> Result<Json<DenyReply>, Problem> {
    match edge.edge.ask_here(command, caller, request).await? {
        Reply::Denied { pending } => Ok(Json(DenyReply { pending })),
        other => unreachable!("an entry was to be changed: {other:?}"),
    }
}
