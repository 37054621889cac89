//! POST /v1/transit/contests/{contest}/answer

use axum::Json;
use axum::extract::State;
use huitong_kernel::money::Fen;
use huitong_service_kit::http::{Body, Caller, Path, Problem};
use serde::Deserialize;
use uuid::Uuid;

use super::super::TransitEdge;
use super::contests::{Contested, contested};
use crate::Transit;
use crate::command::Command;
use crate::model::contest::ContestDecision;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerRequest {
    pub decision: ContestDecision,
    /// At most 2 000 characters.
    pub explanation: String,
    /// Of `adjusted`: what the trip costs now, less than before.
    #[schema(value_type = Option<i64>)]
    pub amount_fen: Option<Fen>,
}

/// The creditor answers: it takes the claim back, which ends the contest, or says that all of it or a part stands, which the debtor
/// has to accept.
#[utoipa::path(post, path = "/v1/transit/contests/{contest}/answer", tag = "transit",
    params(("contest" = Uuid, Path)), request_body = AnswerRequest,
    responses((status = 200, body = Contested), (status = "4XX", body = Problem)))]
pub async fn answer_contest(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(contest): Path<Uuid>,
    body: Body<AnswerRequest, Transit>,
) -> Result<Json<Contested>, Problem> {
    let AnswerRequest { decision, explanation, amount_fen } = body.value;
    let command = Command::AnswerContest { contest, decision, explanation, amount: amount_fen };
    Ok(Json(contested(edge.edge.ask_here(command, &caller, body.request).await?)))
}
