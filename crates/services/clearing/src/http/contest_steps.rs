//! POST /v1/clearing/contests/{contest}/answer and /reply

use axum::Json;
use axum::extract::State;
use huitong_service_kit::http::yuan::Yuan;
use huitong_service_kit::http::{Body, Caller, Path, Problem};
use serde::Deserialize;
use uuid::Uuid;

use super::contests::{ContestStanding, contested};
use super::{ClearingEdge, problem};
use crate::command::Command;
use crate::model::contest::Ruling;
use crate::{Clearing, refusal};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentContestAnswer {
    pub ruling: Ruling,
    /// What stays owed, of an adjusted one: more than nothing and less than all.
    #[serde(default)]
    pub amount: Option<Yuan>,
    /// At most 2 000 characters.
    #[serde(default)]
    pub explanation: String,
    /// Of an escalated contest: the tribunal's decision (裁决文号).
    #[serde(default)]
    pub tribunal: Option<String>,
}

fn id(text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|_| problem(&refusal::CONTEST_UNKNOWN.refuse()))
}

/// The creditor's answer (答复): the claim stands, a part of it stands, or it is taken back.
#[utoipa::path(post, path = "/v1/clearing/contests/{contest}/answer", tag = "clearing",
    params(("contest" = String, Path)), request_body = DocumentContestAnswer,
    responses((status = 200, body = ContestStanding), (status = "4XX", body = Problem)))]
pub async fn answer_contest(
    State(edge): State<ClearingEdge>,
    caller: Caller,
    Path(contest): Path<String>,
    body: Body<DocumentContestAnswer, Clearing>,
) -> Result<Json<ContestStanding>, Problem> {
    let DocumentContestAnswer { ruling, amount, explanation, tribunal } = body.value;
    let amount = amount.map(|amount| amount.0);
    let command = Command::AnswerContest { contest: id(&contest)?, ruling, amount, explanation, tribunal };
    Ok(Json(contested(edge.edge.ask_here(command, &caller, body.request).await?)))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentContestReply {
    /// Else the contest goes to the tribunal.
    pub accepts: bool,
    #[serde(default)]
    pub explanation: String,
}

/// The debtor accepts the answer, or has the tribunal decide (提交仲裁).
#[utoipa::path(post, path = "/v1/clearing/contests/{contest}/reply", tag = "clearing",
    params(("contest" = String, Path)), request_body = DocumentContestReply,
    responses((status = 200, body = ContestStanding), (status = "4XX", body = Problem)))]
pub async fn reply_contest(
    State(edge): State<ClearingEdge>,
    caller: Caller,
    Path(contest): Path<String>,
    body: Body<DocumentContestReply, Clearing>,
) -> Result<Json<ContestStanding>, Problem> {
    let DocumentContestReply { accepts, explanation } = body.value;
    let command = Command::ReplyContest { contest: id(&contest)?, accepts, explanation };
    Ok(Json(contested(edge.edge.ask_here(command, &caller, body.request).await?)))
}
