//! POST and GET /v1/transit/fare-packs, GET /v1/transit/fare-packs/{network}/{pack}/{version}

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::http::{Body, Caller, Page, PageQuery, Path, Problem, Query};
use serde::Serialize;
use serde_json::value::RawValue;

use super::super::TransitEdge;
use super::wire::{Published, cursor, limit, publish, raw, version_cursor};
use crate::command::Command;
use crate::query::published::{self, PackRow};
use crate::{Transit, refusal};

/// A version of a network's fares, as lists show it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct FarePackItem {
    #[schema(value_type = String)]
    pub network: Division,
    pub pack: String,
    pub version: u32,
    /// The jurisdiction that published it.
    #[schema(value_type = String)]
    pub node: Division,
    /// The map whose metres count.
    pub network_version: u32,
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_to: Option<Date>,
    /// `official`, `secondary` or `unconfirmed`
    pub grade: String,
    /// The highest single fare.
    #[schema(value_type = i64)]
    pub max_fare_fen: Fen,
}

impl From<PackRow> for FarePackItem {
    fn from(row: PackRow) -> FarePackItem {
        let PackRow { network, pack, version, node, network_version, valid_from, valid_to, grade, max_fare_fen } = row;
        FarePackItem { network, pack, version, node, network_version, valid_from, valid_to, grade, max_fare_fen }
    }
}

/// Publishes fares (票价表) to all nodes. They are checked, their examples are computed; once published they are never changed.
#[utoipa::path(post, path = "/v1/transit/fare-packs", tag = "transit",
    request_body(content = Object, description = "a fare pack"),
    responses((status = 201, body = Published), (status = "4XX", body = Problem)))]
pub async fn publish_fare_pack(
    State(edge): State<TransitEdge>,
    caller: Caller,
    body: Body<Box<RawValue>, Transit>,
) -> Result<(StatusCode, Json<Published>), Problem> {
    let command = Command::PublishPack { text: body.value.get().to_owned() };
    Ok((StatusCode::CREATED, Json(publish(&edge, command, &caller, &body).await?)))
}

/// All networks' packs that this node knows; old versions stay for ever.
#[utoipa::path(get, path = "/v1/transit/fare-packs", tag = "transit", params(PageQuery),
    responses((status = 200, body = Page<FarePackItem>), (status = "4XX", body = Problem)))]
pub async fn list_fare_packs(
    State(edge): State<TransitEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<FarePackItem>>, Problem> {
    let limit = limit(&page)?;
    let after = cursor(page.after.as_deref(), version_cursor)?;
    let rows = edge.read(move |view| Ok(published::packs(view, after, limit + 1)?)).await?;
    let items = rows.into_iter().map(FarePackItem::from).collect();
    let cursor = |item: &FarePackItem| format!("{}/{}/{}", item.network, item.pack, item.version);
    Ok(Json(Page::of(items, limit, cursor)))
}

/// One version, as published.
#[utoipa::path(get, path = "/v1/transit/fare-packs/{network}/{pack}/{version}", tag = "transit",
    params(("network" = String, Path), ("pack" = String, Path), ("version" = u32, Path)),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
pub async fn get_fare_pack(
    State(edge): State<TransitEdge>,
    Path((network, pack, version)): Path<(Division, String, u32)>,
) -> Result<Json<Box<RawValue>>, Problem> {
    let read = edge.read(move |view| {
        let text = published::pack_text(view, network, &pack, version)?;
        Ok(raw(text.ok_or_else(|| refusal::VERSION_UNKNOWN.refuse())?)?)
    });
    Ok(Json(read.await?))
}
