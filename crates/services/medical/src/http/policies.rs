//! POST and GET /v1/medical/policies, DELETE /v1/medical/policies/{area}/{scheme}/{version}

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_service_kit::http::{Body, Caller, NoBody, Page, PageQuery, Path, Problem, Query};
use serde_json::value::RawValue;

use super::MedicalEdge;
use super::wire::problem;
use crate::Medical;
use crate::command::{Command, Reply};
use crate::model::document::DataVersion;
use crate::model::person::Scheme;
use crate::query::dated::{self, PublishedVersion};

/// Publishes a policy pack (政策包) of an own pool. It is validated, its examples are computed; once published it is never
/// changed.
#[utoipa::path(post, path = "/v1/medical/policies", tag = "medical",
    request_body(content = Object, description = "a policy pack, see docs/reference/policy-pack.md"),
    responses((status = 201, body = DataVersion), (status = "4XX", body = Problem)))]
pub async fn publish_policy(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    body: Body<Box<RawValue>, Medical>,
) -> Result<(StatusCode, Json<DataVersion>), Problem> {
    let command = Command::PublishPolicy { text: body.value.get().to_owned() };
    let Reply::Published(version) = edge.ask_here(command, &caller, body.request).await? else {
        unreachable!("a pack was published")
    };
    Ok((StatusCode::CREATED, Json(version)))
}

/// Withdraws a pack (撤回) that no quote and no settlement was priced with; the version before it holds again. Its name is never used
/// for another.
#[utoipa::path(delete, path = "/v1/medical/policies/{area}/{scheme}/{version}", tag = "medical",
    params(("area" = String, Path), ("scheme" = Scheme, Path), ("version" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn withdraw_policy(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path((area, scheme, version)): Path<(Division, Scheme, String)>,
    body: NoBody,
) -> Result<StatusCode, Problem> {
    edge.ask_here(Command::WithdrawPolicy { area, scheme, version }, &caller, body.request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All published packs, those that were withdrawn among them.
#[utoipa::path(get, path = "/v1/medical/policies", tag = "medical", params(PageQuery),
    responses((status = 200, body = Page<PublishedVersion>), (status = "4XX", body = Problem)))]
pub async fn list_policies(
    State(edge): State<MedicalEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PublishedVersion>>, Problem> {
    let limit = page.limit().map_err(|refusal| problem(&refusal))?;
    let rows = edge.read(move |view| Ok(dated::pack_list(view, page.after.as_deref(), limit + 1)?)).await?;
    let cursor = |item: &PublishedVersion| {
        format!("{}/{}/{}", item.area, item.scheme.as_deref().unwrap_or_default(), item.version)
    };
    Ok(Json(Page::of(rows, limit, cursor)))
}
