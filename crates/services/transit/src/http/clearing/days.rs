//! GET /v1/transit/days

use axum::Json;
use axum::extract::State;
use huitong_service_kit::http::{Page, PageQuery, Problem, Query};
use serde::Serialize;

use super::super::TransitEdge;
use super::wire::{limit, parts};
use crate::model::settlement::DayTotals;
use crate::query::totals;

/// A booking day between two nodes.
#[derive(Serialize, utoipa::ToSchema)]
pub struct DayItem {
    /// `sent` (no answer yet), `matched` or `different`
    pub state: String,
    pub own: DayTotals,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theirs: Option<DayTotals>,
}

/// Day totals as sent or received, by issuer, receiver and day.
#[utoipa::path(get, path = "/v1/transit/days", tag = "transit", params(PageQuery),
    responses((status = 200, body = Page<DayItem>), (status = "4XX", body = Problem)))]
pub async fn list_days(
    State(edge): State<TransitEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<DayItem>>, Problem> {
    let limit = limit(&page)?;
    let [issuer, receiver, day] = parts(&page)?;
    let rows = edge.read(move |view| Ok(totals::days(view, (&issuer, &receiver, &day), limit + 1)?)).await?;
    let items = rows.into_iter().map(|row| DayItem { state: row.state, own: row.own, theirs: row.theirs }).collect();
    let cursor = |item: &DayItem| format!("{}/{}/{}", item.own.issuer, item.own.receiver, item.own.booking_day);
    Ok(Json(Page::of(items, limit, cursor)))
}
