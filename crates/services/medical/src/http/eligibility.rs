//! POST /v1/medical/eligibility

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_service_kit::http::{Asked, Body, Caller, Problem, Yuan};
use serde::{Deserialize, Serialize};

use super::MedicalEdge;
use super::wire::{CertificateWire, problem};
use crate::command::{Command, Reply};
use crate::model::filing::FilingKind;
use crate::model::message::Wants;
use crate::model::person::{CareType, Scheme};
use crate::{Medical, refusal};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EligibilityRequest {
    #[schema(value_type = String)]
    pub home_area: Division,
    pub certificate: CertificateWire,
    pub care_type: CareType,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct EligibilityWire {
    /// `psn_no`
    pub person: String,
    /// First character and stars.
    pub name_masked: String,
    #[schema(value_type = String)]
    pub pool: Division,
    pub scheme: Scheme,
    pub in_force: bool,
    /// Whether direct settlement is possible now.
    pub direct: bool,
    pub filing: FilingKind,
    pub account_balance: Yuan,
}

/// Asks home whether the person can be settled directly, and with which filing.
#[utoipa::path(post, path = "/v1/medical/eligibility", tag = "medical", request_body = EligibilityRequest,
    responses((status = 200, body = EligibilityWire), (status = "4XX", body = Problem)))]
pub async fn ask_eligibility(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    body: Body<EligibilityRequest, Medical>,
) -> Result<Json<EligibilityWire>, Problem> {
    let certificate = body.value.certificate.check("certificate")?;
    let (home_area, care_type) = (body.value.home_area, body.value.care_type);
    let command = Command::AskEligibility { home_area, certificate, care_type, wants: Wants::default() };
    match edge.ask(command, &caller, body.request).await? {
        Asked::Replied(Reply::Eligible(eligibility)) => Ok(Json(EligibilityWire {
            person: eligibility.person,
            name_masked: eligibility.name_masked,
            pool: eligibility.pool,
            scheme: eligibility.scheme,
            in_force: eligibility.in_force,
            direct: eligibility.direct,
            filing: eligibility.filing,
            account_balance: eligibility.account_balance_fen.into(),
        })),
        Asked::Replied(other) => unreachable!("eligibility was asked for: {other:?}"),
        Asked::Waiting => Err(problem(&refusal::HOME_SILENT.refuse())),
    }
}
