//! GET /v1/transit/deny-list

use axum::Json;
use axum::extract::State;
use huitong_service_kit::http::{Page, PageQuery, Problem, Query};
use serde::Serialize;

use super::super::TransitEdge;
use super::super::visited::wire::{cursor, limit};
use crate::model::deny::DenyClass;
use crate::query::deny;

/// A cause for which an entry is on this node's own list.
#[derive(Serialize, utoipa::ToSchema)]
pub struct DenyItem {
    pub kind: DenyClass,
    pub key: String,
    pub cause: String,
    pub since: String,
}

impl DenyItem {
    fn cursor(&self) -> String {
        format!("{}/{}/{}", self.kind.name(), self.key, self.cause)
    }
}

/// This node's own deny list with the cause of each entry, by kind, key and cause. What gates hold are the published deltas.
#[utoipa::path(get, path = "/v1/transit/deny-list", tag = "transit", params(PageQuery),
    responses((status = 200, body = Page<DenyItem>), (status = "4XX", body = Problem)))]
pub async fn list_denied(
    State(edge): State<TransitEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<DenyItem>>, Problem> {
    let limit = limit(&page)?;
    let after = cursor(page.after.as_deref(), |text| {
        let mut parts = text.split('/').map(str::to_owned);
        Some((parts.next()?, parts.next()?, parts.next()?))
    })?;
    let (kind, key, cause) = after.unwrap_or_default();
    let found = edge.read(move |view| Ok(deny::list(view, (&kind, &key, &cause), limit + 1)?)).await?;
    let item = |caused: deny::Caused| DenyItem {
        kind: caused.entry.kind,
        key: caused.entry.key,
        cause: caused.cause,
        since: caused.since.to_string(),
    };
    Ok(Json(Page::of(found.into_iter().map(item).collect(), limit, DenyItem::cursor)))
}
