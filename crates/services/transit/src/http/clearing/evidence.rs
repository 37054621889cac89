//! GET and POST /v1/transit/trips/{trip}/evidence

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_service_kit::http::{Caller, NoBody, Path, Problem};
use serde::Serialize;
use uuid::Uuid;

use super::super::TransitEdge;
use crate::command::{Command, Reply};
use crate::model::evidence::{AskCause, EvidenceState};
use crate::query::evidence::{self, EvidenceRow};
use crate::query::home_trips;
use crate::refusal;

/// What came of asking the visited city for the records behind a trip.
#[derive(Serialize, utoipa::ToSchema)]
pub struct EvidenceItem {
    pub ask: Uuid,
    /// The node that was asked.
    #[schema(value_type = String)]
    pub visited: Division,
    pub cause: AskCause,
    pub state: EvidenceState,
    /// What is wrong.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub finding: String,
    pub asked_at: String,
    pub answer_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged_at: Option<String>,
    /// The contest that was opened for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contest: Option<Uuid>,
}

impl From<EvidenceRow> for EvidenceItem {
    fn from(row: EvidenceRow) -> EvidenceItem {
        EvidenceItem {
            ask: row.ask,
            visited: row.visited,
            cause: row.cause,
            state: row.state,
            finding: row.finding,
            asked_at: row.asked_at.to_string(),
            answer_by: row.answer_by.to_string(),
            judged_at: row.judged_at.map(|at| at.to_string()),
            contest: row.contest,
        }
    }
}

/// What the home side asked for a trip, and found: newest first, the last hundred.
#[utoipa::path(get, path = "/v1/transit/trips/{trip}/evidence", tag = "transit", params(("trip" = String, Path)),
    responses((status = 200, body = [EvidenceItem]), (status = "4XX", body = Problem)))]
pub async fn list_evidence(
    State(edge): State<TransitEdge>,
    Path(trip): Path<Digest>,
) -> Result<Json<Vec<EvidenceItem>>, Problem> {
    let rows = edge
        .read(move |view| {
            home_trips::trip(view, trip)?.ok_or_else(|| refusal::TRIP_UNKNOWN.refuse().at_field("trip"))?;
            Ok(evidence::of_trip(view, trip)?)
        })
        .await?;
    Ok(Json(rows.into_iter().map(EvidenceItem::from).collect()))
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct EvidenceAsked {
    pub ask: Uuid,
    pub state: EvidenceState,
    /// When records that have not come are contested.
    pub answer_by: String,
}

/// Asks the visited city for the records behind a trip (调取刷码记录), and verifies them when they come: what does not hold is contested.
/// While an ask waits, and when it found the trip genuine as it stands, the answer is that ask.
#[utoipa::path(post, path = "/v1/transit/trips/{trip}/evidence", tag = "transit", params(("trip" = String, Path)),
    responses((status = 202, body = EvidenceAsked), (status = "4XX", body = Problem)))]
pub async fn ask_evidence(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(trip): Path<Digest>,
    body: NoBody,
) -> Result<(StatusCode, Json<EvidenceAsked>), Problem> {
    match edge.edge.ask_here(Command::AskEvidence { trip }, &caller, body.request).await? {
        Reply::EvidenceAsked { ask, state, answer_by } => {
            let asked = EvidenceAsked { ask, state, answer_by: answer_by.to_string() };
            Ok((StatusCode::ACCEPTED, Json(asked)))
        }
        other => unreachable!("records were to be asked for: {other:?}"),
    }
}
