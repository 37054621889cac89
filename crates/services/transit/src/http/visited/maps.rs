//! POST and GET /v1/transit/maps, GET /v1/transit/maps/{network}/{version}

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_service_kit::http::{Body, Caller, Page, PageQuery, Path, Problem, Query};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::TransitEdge;
use super::wire::{Published, cursor, limit, publish, raw};
use crate::command::Command;
use crate::model::fare::Grade;
use crate::query::published::{self, MapRow};
use crate::query::{dated, json};
use crate::{Transit, refusal};

/// A version of a network's map, as lists show it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MapItem {
    #[schema(value_type = String)]
    pub network: Division,
    pub version: u32,
    /// The jurisdiction that published it.
    #[schema(value_type = String)]
    pub node: Division,
    pub name_zh: String,
    pub name_en: String,
    pub grade: Grade,
    pub source: String,
    pub stations: usize,
}

/// What a list shows of a map's text.
#[derive(Deserialize)]
struct MapHead {
    name_zh: String,
    name_en: String,
    grade: Grade,
    source: String,
    stations: Vec<IgnoredAny>,
}

/// Publishes a network's stations (站点图) and the metres between them, to all nodes. Who publishes first operates the network.
#[utoipa::path(post, path = "/v1/transit/maps", tag = "transit",
    request_body(content = Object, description = "a station map"),
    responses((status = 201, body = Published), (status = "4XX", body = Problem)))]
pub async fn publish_map(
    State(edge): State<TransitEdge>,
    caller: Caller,
    body: Body<Box<RawValue>, Transit>,
) -> Result<(StatusCode, Json<Published>), Problem> {
    let command = Command::PublishMap { text: body.value.get().to_owned() };
    Ok((StatusCode::CREATED, Json(publish(&edge, command, &caller, &body).await?)))
}

/// All networks' maps that this node knows.
#[utoipa::path(get, path = "/v1/transit/maps", tag = "transit", params(PageQuery),
    responses((status = 200, body = Page<MapItem>), (status = "4XX", body = Problem)))]
pub async fn list_maps(
    State(edge): State<TransitEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<MapItem>>, Problem> {
    let limit = limit(&page)?;
    let after = cursor(page.after.as_deref(), |text| {
        let (network, version) = text.split_once('/')?;
        Some((network.parse().ok()?, version.parse().ok()?))
    })?;
    let items = edge
        .read(move |view| {
            let rows = published::maps(view, after, limit + 1)?;
            Ok(rows.into_iter().map(item).collect::<Result<Vec<_>, _>>()?)
        })
        .await?;
    Ok(Json(Page::of(items, limit, |item: &MapItem| format!("{}/{}", item.network, item.version))))
}

fn item(row: MapRow) -> Result<MapItem, huitong_service_kit::StoreError> {
    let head: MapHead = json(&row.text)?;
    Ok(MapItem {
        network: row.network,
        version: row.version,
        node: row.node,
        name_zh: head.name_zh,
        name_en: head.name_en,
        grade: head.grade,
        source: head.source,
        stations: head.stations.len(),
    })
}

/// One version, as published.
#[utoipa::path(get, path = "/v1/transit/maps/{network}/{version}", tag = "transit",
    params(("network" = String, Path), ("version" = u32, Path)),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
pub async fn get_map(
    State(edge): State<TransitEdge>,
    Path((network, version)): Path<(Division, u32)>,
) -> Result<Json<Box<RawValue>>, Problem> {
    let read = edge.read(move |view| {
        let text = dated::map_text(view, network, version)?.ok_or_else(|| refusal::VERSION_UNKNOWN.refuse())?;
        Ok(raw(text)?)
    });
    Ok(Json(read.await?))
}
