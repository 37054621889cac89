//! PUT, POST and DELETE /v1/medical/visits/{visit}/batches/{batch}/lines, and DELETE …/lines/{number}

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Body, Caller, NoBody, Path, Problem, Yuan};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::MedicalEdge;
use super::wire::{self, LineWire, check_length};
use crate::Medical;
use crate::command::{Command, Reply};
use crate::model::amounts::LineSums;
use crate::model::catalogue::FeeClass;
use crate::model::lines::{SplitLine, SplitReason};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinesRequest {
    /// At most 100.
    pub lines: Vec<LineWire>,
}

/// A line split into what is payable and what is not (明细拆分), with the reason.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SplitLineWire {
    pub number: String,
    pub item_code: String,
    pub amount: Yuan,
    pub own: Yuan,
    pub over: Yuan,
    pub pre: Yuan,
    pub eligible: Yuan,
    pub class: FeeClass,
    pub reason: SplitReason,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_limit: Option<String>,
    pub self_pay_ratio: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct SplitLines {
    pub total_fee: Yuan,
    pub own: Yuan,
    pub over: Yuan,
    pub pre: Yuan,
    pub eligible: Yuan,
    pub lines: Vec<SplitLineWire>,
}

impl SplitLines {
    pub fn new(sums: &LineSums, lines: Vec<SplitLine>) -> SplitLines {
        SplitLines {
            total_fee: sums.total_fen.into(),
            own: sums.own_fen.into(),
            over: sums.over_fen.into(),
            pre: sums.pre_fen.into(),
            eligible: sums.eligible_fen.into(),
            lines: lines.into_iter().map(SplitLineWire::from).collect(),
        }
    }
}

impl From<SplitLine> for SplitLineWire {
    fn from(line: SplitLine) -> SplitLineWire {
        SplitLineWire {
            number: line.number,
            item_code: line.code,
            amount: line.total_fen.into(),
            own: line.own_fen.into(),
            over: line.over_fen.into(),
            pre: line.pre_fen.into(),
            eligible: line.eligible_fen.into(),
            class: line.class,
            reason: line.reason,
            price_limit: line.price_limit.map(|limit| limit.to_string()),
            self_pay_ratio: line.self_pay_ratio.to_string(),
        }
    }
}

/// Sends the lines of a batch (费用明细); sent again, they replace the ones before, until the batch is settled.
#[utoipa::path(put, path = "/v1/medical/visits/{visit}/batches/{batch}/lines", tag = "medical",
    request_body = LinesRequest, params(("visit" = Uuid, Path), ("batch" = String, Path)),
    responses((status = 200, body = SplitLines), (status = "4XX", body = Problem)))]
pub async fn put_lines(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path((visit, batch)): Path<(Uuid, String)>,
    body: Body<LinesRequest, Medical>,
) -> Result<Json<SplitLines>, Problem> {
    add(&edge, (visit, batch, true), &caller, body).await
}

/// Adds lines to a batch, as a stay goes on (住院明细): the sums are those of the whole batch, the lines those of this call and of
/// earlier ones from which something was returned.
#[utoipa::path(post, path = "/v1/medical/visits/{visit}/batches/{batch}/lines", tag = "medical",
    request_body = LinesRequest, params(("visit" = Uuid, Path), ("batch" = String, Path)),
    responses((status = 200, body = SplitLines), (status = "4XX", body = Problem)))]
pub async fn add_lines(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path((visit, batch)): Path<(Uuid, String)>,
    body: Body<LinesRequest, Medical>,
) -> Result<Json<SplitLines>, Problem> {
    add(&edge, (visit, batch, false), &caller, body).await
}

async fn add(
    edge: &MedicalEdge,
    (visit, batch, replaces): (Uuid, String, bool),
    caller: &Caller,
    body: Body<LinesRequest, Medical>,
) -> Result<Json<SplitLines>, Problem> {
    check_length("batch", &batch, 30)?;
    let lines = wire::lines(body.value.lines, edge.clock.now().business_date())?;
    let reply = edge.ask_here(Command::AddLines { visit, batch, replaces, lines }, caller, body.request).await?;
    let Reply::Lines { sums, lines } = reply else { unreachable!("lines were added") };
    Ok(Json(SplitLines::new(&sums, lines)))
}

/// Takes back the lines of a batch that is not settled.
#[utoipa::path(delete, path = "/v1/medical/visits/{visit}/batches/{batch}/lines", tag = "medical",
    params(("visit" = Uuid, Path), ("batch" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn revoke_lines(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path((visit, batch)): Path<(Uuid, String)>,
    body: NoBody,
) -> Result<StatusCode, Problem> {
    edge.ask_here(Command::RevokeLines { visit, batch }, &caller, body.request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes back one line of a batch that is not settled; what is left must be quoted anew. A return gives its quantity back; a line
/// goes only after its returns (MED-3013).
#[utoipa::path(delete, path = "/v1/medical/visits/{visit}/batches/{batch}/lines/{number}", tag = "medical",
    params(("visit" = Uuid, Path), ("batch" = String, Path), ("number" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn revoke_line(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path((visit, batch, number)): Path<(Uuid, String, String)>,
    body: NoBody,
) -> Result<StatusCode, Problem> {
    let command = Command::RevokeChosenLines { visit, batch: Some(batch), numbers: vec![number] };
    edge.ask_here(command, &caller, body.request).await?;
    Ok(StatusCode::NO_CONTENT)
}
