//! GET /v1/clearing/terms

use axum::Json;
use axum::extract::State;
use huitong_service_kit::http::{Page, PageQuery, Problem, Query};
use serde::Serialize;

use super::ClearingEdge;
use super::wire::limit;
use crate::query::clocks;

/// A legal term that runs.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TermItem {
    /// For instance `statement/medical/2026-11/330000`, `contest/…`, `payment/…`.
    pub subject: String,
    /// What is waited for: `statement`, `confirm`, `answer`, `reply`, `tribunal`, `declare`, `compose`, `accept`, `netting`, `pay`.
    pub step: String,
    pub from_day: String,
    /// Working days.
    pub days: u32,
    /// Its last day, by the calendar as it is known now.
    pub due_day: String,
    /// No notice of working days is known for a year within the term.
    pub is_provisional: bool,
    /// `running`, `reminded` or `overdue`
    pub stage: String,
}

/// Terms (办理时限) that run, by subject.
#[utoipa::path(get, path = "/v1/clearing/terms", tag = "clearing", params(PageQuery),
    responses((status = 200, body = Page<TermItem>), (status = "4XX", body = Problem)))]
pub async fn list_terms(
    State(edge): State<ClearingEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<TermItem>>, Problem> {
    let limit = limit(&page)?;
    let after = page.after.unwrap_or_default();
    let now = edge.edge.clock.now();
    let calendar = edge.directory.calendar(edge.edge.stream.home().jurisdiction, now);
    let rows = edge.read(move |view| Ok(clocks::list(view, &after, limit + 1)?)).await?;
    let today = now.business_date();
    let item = |row: clocks::ClockRow| {
        let due = row.clock.due_day(&calendar);
        TermItem {
            is_provisional: calendar.is_provisional(row.clock.from_day, due),
            due_day: due.to_string(),
            from_day: row.clock.from_day.to_string(),
            days: row.clock.days,
            stage: row.clock.stage(&calendar, today).name().to_owned(),
            subject: row.clock.subject,
            step: row.clock.step,
        }
    };
    let items = rows.into_iter().map(item).collect();
    Ok(Json(Page::of(items, limit, |item: &TermItem| item.subject.clone())))
}
