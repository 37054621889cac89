//! GET /v1/medical/fhir/ExplanationOfBenefit/{settlement}

use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Caller, Path, Problem};

use super::{Resource, settled};
use crate::fhir::export::explanation_of_benefit;
use crate::http::MedicalEdge;

/// The slip for the person (结算单) of a settlement of the caller's institution: lines, amounts, and every step as a note.
#[utoipa::path(get, path = "/v1/medical/fhir/ExplanationOfBenefit/{settlement}", tag = "medical",
    params(("settlement" = String, Path)),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
pub async fn get_explanation_of_benefit(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(settlement): Path<String>,
) -> Result<Resource, Problem> {
    Ok(Resource(StatusCode::OK, settled::told(&edge, &caller, settlement, explanation_of_benefit).await?))
}
