//! POST and GET /v1/medical/filings, GET and DELETE /v1/medical/filings/{filing}, PUT /v1/medical/filings/{filing}/status

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::http::{Asked, Body, Caller, NoBody, Page, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::MedicalEdge;
use super::wire::{CertificateWire, check_length, problem};
use crate::command::{Command, Reply};
use crate::model::filing::{FilingKind, FilingState, FilingStatus, FilingWish, Referral};
use crate::query::persons;
use crate::{Medical, refusal};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FilingRequest {
    #[schema(value_type = String)]
    pub home_area: Division,
    pub certificate: CertificateWire,
    /// `long_stay`, `temp_referred`, `temp_emergency` or `temp_self`
    pub kind: FilingKind,
    /// Divisions in which it holds; empty: everywhere.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub areas: Vec<Division>,
    /// May be past until the discharge settlement.
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
    /// Inclusive. A temporary filing holds six months at least, which is also what it gets when this is absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_to: Option<Date>,
    #[serde(default)]
    pub referral: Option<Referral>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct FilingWire {
    pub filing: Uuid,
    pub person: String,
    pub kind: FilingKind,
    #[schema(value_type = Vec<String>)]
    pub areas: Vec<Division>,
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_to: Option<Date>,
    pub status: FilingStatus,
    /// The participant that filed it.
    pub filed_by: String,
    /// RFC 3339, UTC.
    pub filed_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral>,
}

impl From<FilingState> for FilingWire {
    fn from(filing: FilingState) -> FilingWire {
        FilingWire {
            filing: filing.filing,
            person: filing.person,
            kind: filing.kind,
            areas: filing.areas,
            valid_from: filing.valid_from,
            valid_to: filing.valid_to,
            status: filing.status,
            filed_by: filing.filed_by,
            filed_at: filing.filed_at.to_string(),
            referral: filing.referral,
        }
    }
}

/// Files treatment elsewhere (备案), at home or from the hospital. It takes the place of filings of the same areas.
#[utoipa::path(post, path = "/v1/medical/filings", tag = "medical", request_body = FilingRequest,
    responses((status = 201, body = FilingWire), (status = "4XX", body = Problem)))]
pub async fn file(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    body: Body<FilingRequest, Medical>,
) -> Result<(StatusCode, Json<FilingWire>), Problem> {
    if let Some(referral) = &body.value.referral {
        check_length("referral.institution", &referral.institution, 12)?;
        check_length("referral.diagnosis_code", &referral.diagnosis_code, 20)?;
        check_length("referral.diagnosis", &referral.diagnosis, 100)?;
        check_length("referral.reason", &referral.reason, 100)?;
    }
    let wish = FilingWish {
        home_area: body.value.home_area,
        certificate: body.value.certificate.check("certificate")?,
        kind: body.value.kind,
        areas: body.value.areas,
        valid_from: body.value.valid_from,
        valid_to: body.value.valid_to,
        referral: body.value.referral,
    };
    match edge.ask(Command::File(wish), &caller, body.request).await? {
        Asked::Replied(Reply::Filed(filing)) => Ok((StatusCode::CREATED, Json(filing.into()))),
        Asked::Replied(other) => unreachable!("a filing was wished for: {other:?}"),
        Asked::Waiting => Err(problem(&refusal::STILL_PENDING.refuse())),
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FilingQuery {
    /// `psn_no`
    pub person: String,
    pub limit: Option<usize>,
    pub after: Option<String>,
}

/// Filings of a person insured here, newest first.
#[utoipa::path(get, path = "/v1/medical/filings", tag = "medical", params(FilingQuery),
    responses((status = 200, body = Page<FilingWire>), (status = "4XX", body = Problem)))]
pub async fn list_filings(
    State(edge): State<MedicalEdge>,
    Query(query): Query<FilingQuery>,
) -> Result<Json<Page<FilingWire>>, Problem> {
    let page = huitong_service_kit::http::PageQuery { limit: query.limit, after: query.after };
    let limit = page.limit().map_err(|refusal| problem(&refusal))?;
    let rows =
        edge.read(move |view| Ok(persons::filings(view, &query.person, page.after.as_deref(), limit + 1)?)).await?;
    let items = rows.into_iter().map(FilingWire::from).collect();
    Ok(Json(Page::of(items, limit, |item: &FilingWire| item.filing.to_string())))
}

/// How a filing stands. A hospital sees those that it has made; of one that another node's home has, what that home told last.
#[utoipa::path(get, path = "/v1/medical/filings/{filing}", tag = "medical", params(("filing" = Uuid, Path)),
    responses((status = 200, body = FilingWire), (status = "4XX", body = Problem)))]
pub async fn get_filing(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(filing): Path<Uuid>,
) -> Result<Json<FilingWire>, Problem> {
    let institution = caller.principal.participant;
    let found = edge.read(move |view| {
        let is_hospital = persons::institution(view, &institution)?.is_some();
        let is_shown = |made: &FilingState| !is_hospital || made.filed_by == institution;
        let known = match persons::filing(view, filing)? {
            Some(known) => Some(known),
            None => persons::asked_filing(view, filing)?.and_then(|asked| asked.filing),
        };
        Ok(known.filter(is_shown).ok_or_else(|| refusal::FILING_UNKNOWN.refuse())?)
    });
    Ok(Json(found.await?.into()))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusRequest {
    /// `suspended`, or `active` again
    pub status: FilingStatus,
}

/// Suspends a filing (暂停), or takes it up again (恢复).
#[utoipa::path(put, path = "/v1/medical/filings/{filing}/status", tag = "medical", request_body = StatusRequest,
    params(("filing" = Uuid, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn set_filing_status(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(filing): Path<Uuid>,
    body: Body<StatusRequest, Medical>,
) -> Result<StatusCode, Problem> {
    let status = body.value.status;
    edge.ask_here(Command::MoveFiling { filing, status }, &caller, body.request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revokes a filing; closed settlements stay as they are.
#[utoipa::path(delete, path = "/v1/medical/filings/{filing}", tag = "medical", params(("filing" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn revoke_filing(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(filing): Path<Uuid>,
    body: NoBody,
) -> Result<StatusCode, Problem> {
    edge.ask_here(Command::MoveFiling { filing, status: FilingStatus::Revoked }, &caller, body.request).await?;
    Ok(StatusCode::NO_CONTENT)
}
