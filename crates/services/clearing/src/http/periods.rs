//! GET /v1/clearing/periods, POST /v1/clearing/periods/{service}/{period}/closing

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Body, Caller, Page, PageQuery, Path, Problem, Query};
use serde::{Deserialize, Serialize};

use super::ClearingEdge;
use super::wire::{limit, parts, period};
use crate::Clearing;
use crate::command::{Command, Reply};
use crate::query::lanes::{self, CutRow};

/// A period that this node has cut.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PeriodItem {
    pub service: String,
    /// `2026-11-24` or `2026-11`
    pub period: String,
    pub cut_at: String,
    /// `over`: by the clock; `clerk`: early; `peer`: another jurisdiction was first.
    pub reason: String,
}

/// Periods that were cut (已切账期), by service and period.
#[utoipa::path(get, path = "/v1/clearing/periods", tag = "clearing", params(PageQuery),
    responses((status = 200, body = Page<PeriodItem>), (status = "4XX", body = Problem)))]
pub async fn list_periods(
    State(edge): State<ClearingEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PeriodItem>>, Problem> {
    let limit = limit(&page)?;
    let [service, period] = parts(&page)?;
    let rows = edge.read(move |view| Ok(lanes::cuts(view, (&service, &period), limit + 1)?)).await?;
    let item =
        |CutRow { service, period, cut_at, reason }| PeriodItem { service, period, cut_at: cut_at.to_string(), reason };
    let items = rows.into_iter().map(item).collect();
    Ok(Json(Page::of(items, limit, |item: &PeriodItem| format!("{}/{}", item.service, item.period))))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosingRequest {
    /// Cut the open period before it is over; what comes later falls into the next one.
    #[serde(default)]
    pub early: bool,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct Closing {
    pub service: String,
    pub period: String,
}

/// Cuts the open period of a service (切账). Every other jurisdiction's node follows.
#[utoipa::path(post, path = "/v1/clearing/periods/{service}/{period}/closing", tag = "clearing",
    params(("service" = String, Path), ("period" = String, Path, description = "2026-11-24 or 2026-11")),
    request_body = ClosingRequest,
    responses((status = 201, body = Closing), (status = "4XX", body = Problem)))]
pub async fn close_period(
    State(edge): State<ClearingEdge>,
    caller: Caller,
    Path((service, period_text)): Path<(String, String)>,
    body: Body<ClosingRequest, Clearing>,
) -> Result<(StatusCode, Json<Closing>), Problem> {
    let period = period(&period_text)?;
    let command = Command::Close { service: service.clone(), period, early: body.value.early };
    match edge.edge.ask_here(command, &caller, body.request).await? {
        Reply::Closed { period } => Ok((StatusCode::CREATED, Json(Closing { service, period: period.to_string() }))),
        other => unreachable!("a period was to be closed: {other:?}"),
    }
}
