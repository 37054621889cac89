//! POST /v1/medical/visits

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Asked, Body, Caller, Problem};
use serde::Serialize;
use uuid::Uuid;

use super::MedicalEdge;
use super::wire::{VisitWire, problem};
use crate::command::{Command, Reply};
use crate::{Medical, refusal};

#[derive(Serialize, utoipa::ToSchema)]
pub struct OpenedVisit {
    pub visit: Uuid,
    /// `mdtrt_id`, issued by home
    pub number: String,
    /// `psn_no`
    pub person: String,
}

/// Registers a visit (挂号); home checks the insurance and issues the number.
#[utoipa::path(post, path = "/v1/medical/visits", tag = "medical", request_body = VisitWire,
    responses((status = 201, body = OpenedVisit), (status = "4XX", body = Problem)))]
pub async fn open_visit(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    body: Body<VisitWire, Medical>,
) -> Result<(StatusCode, Json<OpenedVisit>), Problem> {
    let command = Command::OpenVisit(body.value.wish()?);
    match edge.ask(command, &caller, body.request).await? {
        Asked::Replied(Reply::Visit { visit, number, person }) => {
            Ok((StatusCode::CREATED, Json(OpenedVisit { visit, number, person })))
        }
        Asked::Replied(other) => unreachable!("a visit was opened: {other:?}"),
        Asked::Waiting => Err(problem(&refusal::HOME_SILENT.refuse())),
    }
}
