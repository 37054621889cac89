//! POST and GET /v1/registry/principals

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Body, Caller, Page, PageQuery, Problem, Query};
use serde::Deserialize;

use super::RegistryEdge;
use crate::Registry;
use crate::command::Command;
use crate::model::role::Role;
use crate::query::participants::{self, PrincipalRecord};

#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPrincipal {
    /// Stable id, 3 to 64 visible ASCII characters.
    pub id: String,
    pub participant: String,
    pub roles: Vec<Role>,
}

/// Adds a principal of a participant.
#[utoipa::path(post, path = "/v1/registry/principals", tag = "registry", request_body = NewPrincipal,
    responses((status = 201, body = PrincipalRecord), (status = "4XX", body = Problem)))]
pub async fn add_principal(
    State(state): State<RegistryEdge>,
    caller: Caller,
    body: Body<NewPrincipal, Registry>,
) -> Result<(StatusCode, Json<PrincipalRecord>), Problem> {
    let NewPrincipal { id, participant, roles } = body.value.clone();
    let command =
        Command::AddPrincipal { id: body.value.id, participant: body.value.participant, roles: body.value.roles };
    state.edge.ask_here(command, &caller, body.request).await?;
    Ok((StatusCode::CREATED, Json(PrincipalRecord { id, participant, roles })))
}

/// All principals, by id.
#[utoipa::path(get, path = "/v1/registry/principals", tag = "registry", params(PageQuery),
    responses((status = 200, body = Page<PrincipalRecord>), (status = "4XX", body = Problem)))]
pub async fn list_principals(
    State(state): State<RegistryEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PrincipalRecord>>, Problem> {
    let limit = page.limit().map_err(|refusal| Problem::from_refusal::<Registry>(&refusal))?;
    let rows =
        state.edge.read(move |view| Ok(participants::principals(view, page.after.as_deref(), limit + 1)?)).await?;
    Ok(Json(Page::of(rows, limit, |item: &PrincipalRecord| item.id.clone())))
}
