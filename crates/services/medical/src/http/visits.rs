//! POST and GET /v1/medical/visits; GET, PATCH and DELETE one of them; PUT and DELETE its discharge

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::http::{Asked, Body, Caller, NoBody, Page, PageQuery, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::MedicalEdge;
use super::wire::{VisitWire, checked, problem};
use crate::command::{Command, Reply};
use crate::model::filing::{FilingKind, FilingStatus};
use crate::model::message::FilingChanged;
use crate::model::person::CareType;
use crate::model::visit::VisitDetails;
use crate::query::visits::{self, VisitedVisit};
use crate::{Medical, refusal};

#[derive(Serialize, utoipa::ToSchema)]
pub struct OpenedVisit {
    pub visit: Uuid,
    /// `mdtrt_id`, issued by home
    pub number: String,
    /// `psn_no`
    pub person: String,
}

/// Registers a visit or an admission (挂号、入院); home checks the insurance and issues the number.
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
        Asked::Waiting => Err(problem(&refusal::STILL_PENDING.refuse())),
    }
}

/// A visit of the caller's institution, without what identifies the person.
#[derive(Serialize, utoipa::ToSchema)]
pub struct VisitItem {
    pub visit: Uuid,
    /// `mdtrt_id`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// `asked`, `open`, `discharged`, `closed`, `cancelled` or `refused`
    pub state: String,
    pub care_type: CareType,
    #[schema(value_type = String)]
    pub home_area: Division,
    #[schema(value_type = String, format = Date)]
    pub began_on: Date,
    /// Of a stay: the day of discharge.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub ended_on: Option<Date>,
}

impl From<&VisitedVisit> for VisitItem {
    fn from(visit: &VisitedVisit) -> VisitItem {
        VisitItem {
            visit: visit.facts.visit,
            number: visit.number.clone(),
            state: visit.state.clone(),
            care_type: visit.facts.care_type,
            home_area: visit.facts.home_area,
            began_on: visit.facts.began_on,
            ended_on: visit.ended_on,
        }
    }
}

/// A batch of a visit: `open`, `settling` or `settled`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct BatchItem {
    pub batch: String,
    pub state: String,
}

/// What home has said of the person's filing since.
#[derive(Serialize, utoipa::ToSchema)]
pub struct FilingNotice {
    pub kind: FilingKind,
    pub status: FilingStatus,
}

impl From<FilingChanged> for FilingNotice {
    fn from(changed: FilingChanged) -> FilingNotice {
        FilingNotice { kind: changed.kind, status: changed.status }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct VisitView {
    #[serde(flatten)]
    pub visit: VisitItem,
    /// `psn_no`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disease: Option<String>,
    pub emergency: bool,
    pub details: VisitDetails,
    pub batches: Vec<BatchItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filing: Option<FilingNotice>,
}

/// Visits of the caller's institution.
#[utoipa::path(get, path = "/v1/medical/visits", tag = "medical", params(PageQuery),
    responses((status = 200, body = Page<VisitItem>), (status = "4XX", body = Problem)))]
pub async fn list_visits(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<VisitItem>>, Problem> {
    let limit = page.limit().map_err(|refusal| problem(&refusal))?;
    let institution = caller.principal.participant;
    let rows =
        edge.read(move |view| Ok(visits::visited_list(view, &institution, page.after.as_deref(), limit + 1)?)).await?;
    let items = rows.iter().map(VisitItem::from).collect();
    Ok(Json(Page::of(items, limit, |item: &VisitItem| item.visit.to_string())))
}

/// One visit, with its batches and what the hospital has said of it.
#[utoipa::path(get, path = "/v1/medical/visits/{visit}", tag = "medical", params(("visit" = Uuid, Path)),
    responses((status = 200, body = VisitView), (status = "4XX", body = Problem)))]
pub async fn get_visit(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(visit): Path<Uuid>,
) -> Result<Json<VisitView>, Problem> {
    let institution = caller.principal.participant;
    let read = edge.read(move |view| {
        let known = visits::visited_visit(view, visit)?.filter(|known| known.institution == institution);
        Ok((known, visits::batches(view, visit)?))
    });
    let (known, batches) = read.await?;
    let known = known.ok_or_else(|| problem(&refusal::VISIT_UNKNOWN.refuse()))?;
    Ok(Json(VisitView {
        visit: VisitItem::from(&known),
        person: known.person,
        disease: known.facts.disease,
        emergency: known.facts.emergency,
        details: known.details,
        batches: batches.into_iter().map(|(batch, state)| BatchItem { batch, state }).collect(),
        filing: known.filing.map(FilingNotice::from),
    }))
}

/// Says more of a visit, or otherwise: what is named replaces what was said before (入院信息变更、诊断).
#[utoipa::path(patch, path = "/v1/medical/visits/{visit}", tag = "medical", request_body = VisitDetails,
    params(("visit" = Uuid, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn describe_visit(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(visit): Path<Uuid>,
    body: Body<VisitDetails, Medical>,
) -> Result<StatusCode, Problem> {
    let details = checked("", body.value)?;
    edge.ask_here(Command::DescribeVisit { visit, details }, &caller, body.request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes back a registration or an admission for which nothing is settled (挂号撤销、入院撤销).
#[utoipa::path(delete, path = "/v1/medical/visits/{visit}", tag = "medical", params(("visit" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn cancel_visit(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(visit): Path<Uuid>,
    body: NoBody,
) -> Result<StatusCode, Problem> {
    edge.ask_here(Command::CancelVisit { visit }, &caller, body.request).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DischargeRequest {
    #[schema(value_type = String, format = Date)]
    pub ended_on: Date,
    #[serde(default)]
    pub details: Option<VisitDetails>,
}

/// Discharges (出院): then the stay can be settled as a whole.
#[utoipa::path(put, path = "/v1/medical/visits/{visit}/discharge", tag = "medical", request_body = DischargeRequest,
    params(("visit" = Uuid, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn discharge(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(visit): Path<Uuid>,
    body: Body<DischargeRequest, Medical>,
) -> Result<StatusCode, Problem> {
    let DischargeRequest { ended_on, details } = body.value;
    let details = details.map(|details| checked("details", details)).transpose()?;
    edge.ask_here(Command::Discharge { visit, ended_on, details }, &caller, body.request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a discharge back (出院撤销).
#[utoipa::path(delete, path = "/v1/medical/visits/{visit}/discharge", tag = "medical", params(("visit" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn cancel_discharge(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(visit): Path<Uuid>,
    body: NoBody,
) -> Result<StatusCode, Problem> {
    edge.ask_here(Command::CancelDischarge { visit }, &caller, body.request).await?;
    Ok(StatusCode::NO_CONTENT)
}
