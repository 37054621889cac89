//! GET and POST /v1/transit/contests

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::http::{Body, Caller, Page, PageQuery, Problem, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::TransitEdge;
use super::wire::limit;
use crate::Transit;
use crate::command::{Command, Reply};
use crate::model::contest::{ContestDecision, ContestReason, ContestState, Party};
use crate::query::contests::{self, ContestRow, Step};

#[derive(Serialize, utoipa::ToSchema)]
pub struct StepItem {
    pub state: ContestState,
    pub at: String,
    pub explanation: String,
}

/// A document that its debtor says is not owed.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ContestItem {
    pub contest: Uuid,
    #[schema(value_type = String)]
    pub document: Digest,
    #[schema(value_type = String, format = Date)]
    pub booking_day: Date,
    #[schema(value_type = String)]
    pub creditor: Division,
    #[schema(value_type = String)]
    pub debtor: Division,
    /// `creditor`, `debtor` or `both`
    pub role: String,
    pub reason: ContestReason,
    pub evidence: String,
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
    pub state: ContestState,
    /// Who moves next; absent once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awaits: Option<Party>,
    pub opened_at: String,
    /// When the creditor's answer is due, by this node's clock.
    pub answer_by: String,
    /// The creditor's latest answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<ContestDecision>,
    /// When the debtor's reply to it is due, by this node's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_by: Option<String>,
    /// Until it ended, or until now.
    pub age_s: i64,
    pub history: Vec<StepItem>,
}

fn item((row, steps): (ContestRow, Vec<Step>), now: Instant) -> ContestItem {
    let age = row.ended_at.unwrap_or(now) - row.contest.opened_at;
    let contest = row.contest;
    let step = |step: Step| StepItem { state: step.state, at: step.at.to_string(), explanation: step.explanation };
    ContestItem {
        contest: contest.contest,
        document: contest.document,
        booking_day: contest.booking_day,
        creditor: contest.creditor,
        debtor: contest.debtor,
        role: row.role,
        reason: contest.reason,
        evidence: contest.evidence,
        amount_fen: contest.amount_fen,
        state: row.state,
        awaits: row.awaits,
        decision: row.answer.map(|answer| answer.decision),
        reply_by: row.reply_by.map(|by| by.to_string()),
        opened_at: contest.opened_at.to_string(),
        answer_by: contest.answer_by.to_string(),
        age_s: age.0 / 1_000,
        history: steps.into_iter().map(step).collect(),
    }
}

/// Contests of both sides, with the age of each and how it came to its state.
#[utoipa::path(get, path = "/v1/transit/contests", tag = "transit", params(PageQuery),
    responses((status = 200, body = Page<ContestItem>), (status = "4XX", body = Problem)))]
pub async fn list_contests(
    State(edge): State<TransitEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ContestItem>>, Problem> {
    let limit = limit(&page)?;
    let now = edge.edge.clock.now();
    let rows = edge
        .read(move |view| {
            let rows = contests::list(view, page.after.as_deref().unwrap_or_default(), limit + 1)?;
            let with_steps = |row: ContestRow| {
                let steps = contests::steps(view, row.contest.contest)?;
                Ok((row, steps))
            };
            rows.into_iter().map(with_steps).collect::<Result<Vec<_>, huitong_service_kit::Stop>>()
        })
        .await?;
    let items = rows.into_iter().map(|row| item(row, now)).collect();
    Ok(Json(Page::of(items, limit, |item: &ContestItem| item.contest.to_string())))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContestRequest {
    /// The trip or the adjustment.
    #[schema(value_type = String)]
    pub document: Digest,
    pub reason: ContestReason,
    /// At most 2 000 characters.
    pub evidence: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct Contested {
    pub contest: Uuid,
    pub state: ContestState,
}

pub fn contested(reply: Reply) -> Contested {
    match reply {
        Reply::Contested { contest, state } => Contested { contest, state },
        other => unreachable!("a contest was wished for: {other:?}"),
    }
}

/// Contests a document (提出争议): before its statement, or within 30 days of it.
#[utoipa::path(post, path = "/v1/transit/contests", tag = "transit", request_body = ContestRequest,
    responses((status = 201, body = Contested), (status = "4XX", body = Problem)))]
pub async fn open_contest(
    State(edge): State<TransitEdge>,
    caller: Caller,
    body: Body<ContestRequest, Transit>,
) -> Result<(StatusCode, Json<Contested>), Problem> {
    let ContestRequest { document, reason, evidence } = body.value;
    let command = Command::OpenContest { document, reason, evidence };
    let reply = edge.edge.ask_here(command, &caller, body.request).await?;
    Ok((StatusCode::CREATED, Json(contested(reply))))
}
