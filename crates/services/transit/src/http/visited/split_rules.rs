//! POST and GET /v1/transit/split-rules

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Body, Caller, Page, PageQuery, Problem, Query};
use serde_json::value::RawValue;

use super::super::TransitEdge;
use super::wire::{Published, cursor, limit, publish, version_cursor};
use crate::Transit;
use crate::command::Command;
use crate::model::split::SplitRule;
use crate::query::published;

/// Publishes how the trips over a cross-border line are shared (分摊规则). Notices carry the weights, so partners need no copy.
#[utoipa::path(post, path = "/v1/transit/split-rules", tag = "transit",
    request_body(content = Object, description = "a split rule"),
    responses((status = 201, body = Published), (status = "4XX", body = Problem)))]
pub async fn publish_split_rule(
    State(edge): State<TransitEdge>,
    caller: Caller,
    body: Body<Box<RawValue>, Transit>,
) -> Result<(StatusCode, Json<Published>), Problem> {
    let command = Command::PublishSplit { text: body.value.get().to_owned() };
    Ok((StatusCode::CREATED, Json(publish(&edge, command, &caller, &body).await?)))
}

/// All split rules of this node's networks.
#[utoipa::path(get, path = "/v1/transit/split-rules", tag = "transit", params(PageQuery),
    responses((status = 200, body = Page<Object>), (status = "4XX", body = Problem)))]
pub async fn list_split_rules(
    State(edge): State<TransitEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<SplitRule>>, Problem> {
    let limit = limit(&page)?;
    let after = cursor(page.after.as_deref(), version_cursor)?;
    let rows = edge.read(move |view| Ok(published::splits(view, after, limit + 1)?)).await?;
    Ok(Json(Page::of(rows, limit, |rule: &SplitRule| format!("{}/{}/{}", rule.network, rule.line, rule.version))))
}
