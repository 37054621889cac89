//! POST and GET /v1/medical/catalogues

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Body, Caller, Page, PageQuery, Problem, Query};
use serde_json::value::RawValue;

use super::MedicalEdge;
use super::wire::problem;
use crate::Medical;
use crate::command::{Command, Reply};
use crate::model::document::DataVersion;
use crate::query::dated::{self, PublishedVersion};

/// Publishes an item catalogue (医保目录) of this jurisdiction.
#[utoipa::path(post, path = "/v1/medical/catalogues", tag = "medical",
    request_body(content = Object, description = "a catalogue, see docs/reference/catalogue.md"),
    responses((status = 201, body = DataVersion), (status = "4XX", body = Problem)))]
pub async fn publish_catalogue(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    body: Body<Box<RawValue>, Medical>,
) -> Result<(StatusCode, Json<DataVersion>), Problem> {
    let command = Command::PublishCatalogue { text: body.value.get().to_owned() };
    let Reply::Published(version) = edge.ask_here(command, &caller, body.request).await? else {
        unreachable!("a catalogue was published")
    };
    Ok((StatusCode::CREATED, Json(version)))
}

/// All published catalogues.
#[utoipa::path(get, path = "/v1/medical/catalogues", tag = "medical", params(PageQuery),
    responses((status = 200, body = Page<PublishedVersion>), (status = "4XX", body = Problem)))]
pub async fn list_catalogues(
    State(edge): State<MedicalEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PublishedVersion>>, Problem> {
    let limit = page.limit().map_err(|refusal| problem(&refusal))?;
    let rows = edge.read(move |view| Ok(dated::catalogue_list(view, page.after.as_deref(), limit + 1)?)).await?;
    Ok(Json(Page::of(rows, limit, |item: &PublishedVersion| format!("{}/{}", item.area, item.version))))
}
