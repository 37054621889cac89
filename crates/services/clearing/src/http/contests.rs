//! GET and POST /v1/clearing/contests

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::http::yuan::Yuan;
use huitong_service_kit::http::{Body, Caller, Page, PageQuery, Problem, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ClearingEdge;
use super::wire::limit;
use crate::Clearing;
use crate::command::{Command, Reply};
use crate::model::contest::{ContestState, Reason, Ruling};
use crate::query::contests::{self, ContestRow, Step};

#[derive(Serialize, utoipa::ToSchema)]
pub struct ContestStep {
    pub state: ContestState,
    pub at: String,
    pub explanation: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct ContestRuling {
    pub ruling: Ruling,
    /// What stays owed.
    pub amount: Yuan,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tribunal: Option<String>,
}

/// A document that its debtor says is not owed.
#[derive(Serialize, utoipa::ToSchema)]
pub struct DocumentContest {
    pub contest: Uuid,
    pub service: String,
    pub period: String,
    #[schema(value_type = String)]
    pub document: Digest,
    #[schema(value_type = String)]
    pub creditor: Division,
    #[schema(value_type = String)]
    pub debtor: Division,
    pub amount: Yuan,
    pub reason: Reason,
    pub evidence: String,
    pub state: ContestState,
    /// The creditor's latest answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<ContestRuling>,
    /// Of an ended one at the creditor: `asked` of the service, `done`, or the code of its refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_back: Option<String>,
    /// Until now.
    pub age_s: i64,
    pub history: Vec<ContestStep>,
}

impl DocumentContest {
    pub fn of(row: ContestRow, steps: Vec<Step>, now: Instant) -> DocumentContest {
        let contest = row.contest;
        let step =
            |step: Step| ContestStep { state: step.state, at: step.at.to_string(), explanation: step.explanation };
        DocumentContest {
            contest: contest.contest,
            service: contest.service,
            period: contest.period.to_string(),
            document: contest.document,
            creditor: contest.creditor,
            debtor: contest.debtor,
            amount: Yuan(contest.amount_fen),
            reason: contest.reason,
            evidence: contest.evidence,
            state: row.state,
            answer: row.answer.map(|answer| ContestRuling {
                ruling: answer.ruling,
                amount: Yuan(answer.amount_fen),
                tribunal: answer.tribunal,
            }),
            given_back: row.given_back,
            age_s: (now - row.opened_at).0 / 1_000,
            history: steps.into_iter().map(step).collect(),
        }
    }
}

/// Contests (争议) of both sides, with their age and how each came to its state.
#[utoipa::path(get, path = "/v1/clearing/contests", tag = "clearing", params(PageQuery),
    responses((status = 200, body = Page<DocumentContest>), (status = "4XX", body = Problem)))]
pub async fn list_contests(
    State(edge): State<ClearingEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<DocumentContest>>, Problem> {
    let limit = limit(&page)?;
    let now = edge.edge.clock.now();
    let items = edge
        .read(move |view| {
            let rows = contests::list(view, page.after.as_deref().unwrap_or_default(), limit + 1)?;
            let with_steps = |row: ContestRow| {
                let steps = contests::steps(view, row.contest.contest)?;
                Ok(DocumentContest::of(row, steps, now))
            };
            rows.into_iter().map(with_steps).collect::<Result<Vec<_>, huitong_service_kit::Stop>>()
        })
        .await?;
    Ok(Json(Page::of(items, limit, |item: &DocumentContest| item.contest.to_string())))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentContestRequest {
    #[schema(value_type = String)]
    pub document: Digest,
    pub reason: Reason,
    /// 1 to 2 000 characters.
    pub evidence: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct ContestStanding {
    pub contest: Uuid,
    pub state: ContestState,
}

pub fn contested(reply: Reply) -> ContestStanding {
    match reply {
        Reply::Contested { contest, state } => ContestStanding { contest, state },
        other => unreachable!("a contest was wished for: {other:?}"),
    }
}

/// Contests a document of a matched statement (提出争议), within the rule's working days after the statement.
#[utoipa::path(post, path = "/v1/clearing/contests", tag = "clearing", request_body = DocumentContestRequest,
    responses((status = 201, body = ContestStanding), (status = "4XX", body = Problem)))]
pub async fn open_contest(
    State(edge): State<ClearingEdge>,
    caller: Caller,
    body: Body<DocumentContestRequest, Clearing>,
) -> Result<(StatusCode, Json<ContestStanding>), Problem> {
    let DocumentContestRequest { document, reason, evidence } = body.value;
    let command = Command::OpenContest { document, reason, evidence };
    let reply = edge.edge.ask_here(command, &caller, body.request).await?;
    Ok((StatusCode::CREATED, Json(contested(reply))))
}
