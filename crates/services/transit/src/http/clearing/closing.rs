//! POST /v1/transit/periods/{period}/closing

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Caller, NoBody, Path, Problem};
use serde::Serialize;

use super::super::TransitEdge;
use crate::command::{Command, Reply};
use crate::model::settlement::PeriodStatement;

/// What was stated when a period was cut.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Closing {
    pub period: String,
    pub statements: Vec<PeriodStatement>,
}

/// Cuts a calendar month that is over, once and after the earlier ones: every claim of this node's cities is stated to its debtor. The period never
/// changes again.
#[utoipa::path(post, path = "/v1/transit/periods/{period}/closing", tag = "transit",
    params(("period" = String, Path, description = "for instance 2026-11")),
    responses((status = 201, body = Closing), (status = "4XX", body = Problem)))]
pub async fn close_period(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(period): Path<String>,
    body: NoBody,
) -> Result<(StatusCode, Json<Closing>), Problem> {
    match edge.edge.ask_here(Command::ClosePeriod { period }, &caller, body.request).await? {
        Reply::Closed { period, statements } => Ok((StatusCode::CREATED, Json(Closing { period, statements }))),
        other => unreachable!("a period was to be closed: {other:?}"),
    }
}
