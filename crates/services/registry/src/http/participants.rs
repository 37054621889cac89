//! PUT and GET /v1/registry/participants

use axum::Json;
use axum::extract::State;
use huitong_service_kit::http::{Body, Caller, Page, PageQuery, Problem, Query};

use super::RegistryEdge;
use crate::Registry;
use crate::command::{Command, Reply};
use crate::model::participant::Participant;
use crate::query::participants;

#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct ParticipantVersion {
    pub participant: Participant,
    pub version: u64,
}

/// Registers a participant, or changes one; the same content again changes nothing.
#[utoipa::path(put, path = "/v1/registry/participants", tag = "registry", request_body = Participant,
    responses((status = 200, description = "as registered", body = ParticipantVersion), (status = "4XX", body = Problem)))]
pub async fn put_participant(
    State(state): State<RegistryEdge>,
    caller: Caller,
    body: Body<Participant, Registry>,
) -> Result<Json<ParticipantVersion>, Problem> {
    let participant = body.value.clone();
    let reply = state.edge.ask_here(Command::PutParticipant(body.value), &caller, body.request).await?;
    let Reply::Participant { version, .. } = reply else { unreachable!("a participant was put") };
    Ok(Json(ParticipantVersion { participant, version }))
}

/// All participants, by code.
#[utoipa::path(get, path = "/v1/registry/participants", tag = "registry", params(PageQuery),
    responses((status = 200, body = Page<ParticipantVersion>), (status = "4XX", body = Problem)))]
pub async fn list_participants(
    State(state): State<RegistryEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ParticipantVersion>>, Problem> {
    let limit = page.limit().map_err(|refusal| Problem::from_refusal::<Registry>(&refusal))?;
    let rows = state.edge.read(move |view| Ok(participants::list(view, page.after.as_deref(), limit + 1)?)).await?;
    let items = rows.into_iter().map(|(participant, version)| ParticipantVersion { participant, version }).collect();
    Ok(Json(Page::of(items, limit, |item: &ParticipantVersion| item.participant.code.clone())))
}
