//! POST /v1/medical/hospital-postings

use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Body, Caller, Problem, Yuan};
use serde::Deserialize;

use super::MedicalEdge;
use crate::Medical;
use crate::command::Command;
use crate::event::HospitalPosting;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HospitalPostingRequest {
    /// A hospital of this jurisdiction.
    pub institution: String,
    pub posting: HospitalPosting,
    /// More than zero; the difference of payment by group may be less.
    pub amount: Yuan,
    /// Of the voucher; each counts once for an institution.
    pub reference: String,
}

/// Posts to a hospital's account what is not a settlement (section 9): paid, the difference of payment by group (DRG/DIP), an audit's cut.
#[utoipa::path(post, path = "/v1/medical/hospital-postings", tag = "medical", request_body = HospitalPostingRequest,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn post_hospital(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    body: Body<HospitalPostingRequest, Medical>,
) -> Result<StatusCode, Problem> {
    let HospitalPostingRequest { institution, posting, amount, reference } = body.value;
    let command = Command::PostHospital { institution, posting, amount: amount.0, reference };
    edge.ask_here(command, &caller, body.request).await?;
    Ok(StatusCode::NO_CONTENT)
}
