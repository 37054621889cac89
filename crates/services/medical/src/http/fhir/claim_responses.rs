//! GET /v1/medical/fhir/ClaimResponse/{settlement} and …/by-fund

use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Caller, Path, Problem};

use super::{Resource, settled};
use crate::fhir::export::{by_fund, claim_response};
use crate::http::MedicalEdge;

/// The answer to the Claim that made a settlement of the caller's institution, or to the one that took it back.
#[utoipa::path(get, path = "/v1/medical/fhir/ClaimResponse/{settlement}", tag = "medical",
    params(("settlement" = String, Path)),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
pub async fn get_claim_response(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(settlement): Path<String>,
) -> Result<Resource, Problem> {
    Ok(Resource(StatusCode::OK, settled::told(&edge, &caller, settlement, claim_response).await?))
}

/// What each fund pays of it (setldetail): a Bundle of one ClaimResponse per fund.
#[utoipa::path(get, path = "/v1/medical/fhir/ClaimResponse/{settlement}/by-fund", tag = "medical",
    params(("settlement" = String, Path)),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
pub async fn get_claim_responses_by_fund(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(settlement): Path<String>,
) -> Result<Resource, Problem> {
    Ok(Resource(StatusCode::OK, settled::told(&edge, &caller, settlement, by_fund).await?))
}
