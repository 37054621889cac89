//! POST /v1/transit/contests/{contest}/reply

use axum::Json;
use axum::extract::State;
use huitong_service_kit::http::{Body, Caller, Path, Problem};
use serde::Deserialize;
use uuid::Uuid;

use super::super::TransitEdge;
use super::contests::{Contested, contested};
use crate::Transit;
use crate::command::Command;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplyRequest {
    /// Else the contest is escalated, and the creditor is the next to move.
    pub accepts: bool,
    /// At most 2 000 characters.
    pub explanation: String,
}

/// The debtor accepts what the creditor answered (接受答复), and owes it from now; or it does not.
#[utoipa::path(post, path = "/v1/transit/contests/{contest}/reply", tag = "transit",
    params(("contest" = Uuid, Path)), request_body = ReplyRequest,
    responses((status = 200, body = Contested), (status = "4XX", body = Problem)))]
pub async fn reply_contest(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(contest): Path<Uuid>,
    body: Body<ReplyRequest, Transit>,
) -> Result<Json<Contested>, Problem> {
    let ReplyRequest { accepts, explanation } = body.value;
    let command = Command::ReplyContest { contest, accepts, explanation };
    Ok(Json(contested(edge.edge.ask_here(command, &caller, body.request).await?)))
}
