//! POST and GET /v1/medical/chronic-registrations, DELETE one of them

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::http::{Asked, Body, Caller, NoBody, Page, PageQuery, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::MedicalEdge;
use super::filings::FilingQuery;
use super::wire::{CertificateWire, check_length, problem};
use crate::command::{ChronicWish, Command, Reply};
use crate::model::message::ChronicState;
use crate::model::person::Scheme;
use crate::query::persons;
use crate::{Medical, refusal};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChronicRequest {
    #[schema(value_type = String)]
    pub home_area: Division,
    pub certificate: CertificateWire,
    pub scheme: Scheme,
    /// `opsp_dise_code`, one that the policy pack of the home area names
    pub disease: String,
    /// Today when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_from: Option<Date>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct ChronicWire {
    pub registration: Uuid,
    pub person: String,
    pub disease: String,
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_to: Option<Date>,
    /// The institution that registered it; absent: the clerk at home.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub institution: Option<String>,
}

impl From<ChronicState> for ChronicWire {
    fn from(state: ChronicState) -> ChronicWire {
        let ChronicState { registration, person, disease, valid_from, valid_to, institution } = state;
        ChronicWire { registration, person, disease, valid_from, valid_to, institution }
    }
}

/// Registers a person for a chronic or special disease (慢特病备案), at home or from the hospital.
#[utoipa::path(post, path = "/v1/medical/chronic-registrations", tag = "medical", request_body = ChronicRequest,
    responses((status = 201, body = ChronicWire), (status = "4XX", body = Problem)))]
pub async fn register_chronic(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    body: Body<ChronicRequest, Medical>,
) -> Result<(StatusCode, Json<ChronicWire>), Problem> {
    let ChronicRequest { home_area, certificate, scheme, disease, valid_from } = body.value;
    check_length("disease", &disease, 30)?;
    let certificate = certificate.check("certificate")?;
    let valid_from = valid_from.unwrap_or_else(|| edge.clock.now().business_date());
    let wish = ChronicWish { home_area, certificate, scheme, disease, valid_from };
    match edge.ask(Command::RegisterChronic(wish), &caller, body.request).await? {
        Asked::Replied(Reply::Registered(state)) => Ok((StatusCode::CREATED, Json(state.into()))),
        Asked::Replied(other) => unreachable!("a registration was wished for: {other:?}"),
        Asked::Waiting => Err(problem(&refusal::STILL_PENDING.refuse())),
    }
}

/// Registrations of a person insured here.
#[utoipa::path(get, path = "/v1/medical/chronic-registrations", tag = "medical", params(FilingQuery),
    responses((status = 200, body = Page<ChronicWire>), (status = "4XX", body = Problem)))]
pub async fn list_chronic(
    State(edge): State<MedicalEdge>,
    Query(query): Query<FilingQuery>,
) -> Result<Json<Page<ChronicWire>>, Problem> {
    let page = PageQuery { limit: query.limit, after: query.after };
    let limit = page.limit().map_err(|refusal| problem(&refusal))?;
    let rows =
        edge.read(move |view| Ok(persons::chronic(view, &query.person, page.after.as_deref(), limit + 1)?)).await?;
    let items = rows.into_iter().map(ChronicWire::from).collect();
    Ok(Json(Page::of(items, limit, |item: &ChronicWire| item.registration.to_string())))
}

/// Ends a registration with today; what was settled stays.
#[utoipa::path(delete, path = "/v1/medical/chronic-registrations/{registration}", tag = "medical",
    params(("registration" = Uuid, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn end_chronic(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(registration): Path<Uuid>,
    body: NoBody,
) -> Result<StatusCode, Problem> {
    let valid_to = edge.clock.now().business_date();
    edge.ask_here(Command::EndChronic { registration, valid_to }, &caller, body.request).await?;
    Ok(StatusCode::NO_CONTENT)
}
