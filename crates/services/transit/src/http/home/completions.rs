//! POST /v1/transit/completions

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::hash::Digest;
use huitong_service_kit::http::{Body, Caller, Problem};
use serde::{Deserialize, Serialize};

use super::super::TransitEdge;
use crate::Transit;
use crate::command::{Command, Reply};
use crate::model::network::StationId;
use crate::model::rider::AccountToken;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompletionRequest {
    #[schema(value_type = String)]
    pub trip: Digest,
    /// The account that paid.
    #[schema(value_type = String)]
    pub account: AccountToken,
    /// Where the trip ended, or began when its entry is missing.
    pub station: StationId,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct Completing {
    #[schema(value_type = String)]
    pub trip: Digest,
}

/// A rider says where a single-sided trip began or ended (补登): three times a calendar month, within eight weeks. The city
/// prices it anew; the adjustment is among the account's trips when it has come. What the city refuses does not count.
#[utoipa::path(post, path = "/v1/transit/completions", tag = "transit", request_body = CompletionRequest,
    responses((status = 202, body = Completing), (status = "4XX", body = Problem)))]
pub async fn complete_trip(
    State(edge): State<TransitEdge>,
    caller: Caller,
    body: Body<CompletionRequest, Transit>,
) -> Result<(StatusCode, Json<Completing>), Problem> {
    let CompletionRequest { trip, account, station } = body.value;
    let command = Command::CompleteTrip { trip, account, station };
    match edge.edge.ask_here(command, &caller, body.request).await? {
        Reply::Completing { trip } => Ok((StatusCode::ACCEPTED, Json(Completing { trip }))),
        other => unreachable!("a trip was to be completed: {other:?}"),
    }
}
