//! POST and GET /v1/medical/filings, DELETE /v1/medical/filings/{filing}

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::http::{Asked, Body, Caller, NoBody, Page, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::MedicalEdge;
use super::wire::{CertificateWire, problem};
use crate::command::{Command, FilingWish, Reply};
use crate::model::filing::FilingKind;
use crate::model::message::FilingState;
use crate::query::persons;
use crate::{Medical, refusal};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FilingRequest {
    #[schema(value_type = String)]
    pub home_area: Division,
    pub certificate: CertificateWire,
    /// `long_stay`, `temp_referred` or `temp_self`
    pub kind: FilingKind,
    /// Divisions in which it holds; empty: everywhere.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub areas: Vec<Division>,
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_to: Option<Date>,
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
    pub active: bool,
}

impl From<FilingState> for FilingWire {
    fn from(filing: FilingState) -> FilingWire {
        let FilingState { filing, person, kind, areas, valid_from, valid_to, active } = filing;
        FilingWire { filing, person, kind, areas, valid_from, valid_to, active }
    }
}

/// Files treatment elsewhere (备案), at home or from the hospital.
#[utoipa::path(post, path = "/v1/medical/filings", tag = "medical", request_body = FilingRequest,
    responses((status = 201, body = FilingWire), (status = "4XX", body = Problem)))]
pub async fn file(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    body: Body<FilingRequest, Medical>,
) -> Result<(StatusCode, Json<FilingWire>), Problem> {
    let wish = FilingWish {
        home_area: body.value.home_area,
        certificate: body.value.certificate.check("certificate")?,
        kind: body.value.kind,
        areas: body.value.areas,
        valid_from: body.value.valid_from,
        valid_to: body.value.valid_to,
    };
    match edge.ask(Command::File(wish), &caller, body.request).await? {
        Asked::Replied(Reply::Filed(filing)) => Ok((StatusCode::CREATED, Json(filing.into()))),
        Asked::Replied(other) => unreachable!("a filing was wished for: {other:?}"),
        Asked::Waiting => Err(problem(&refusal::HOME_SILENT.refuse())),
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

/// Revokes a filing; closed settlements stay as they are.
#[utoipa::path(delete, path = "/v1/medical/filings/{filing}", tag = "medical", params(("filing" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn revoke_filing(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(filing): Path<Uuid>,
    body: NoBody,
) -> Result<StatusCode, Problem> {
    edge.ask_here(Command::RevokeFiling { filing }, &caller, body.request).await?;
    Ok(StatusCode::NO_CONTENT)
}
