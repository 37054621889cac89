//! GET /v1/medical/reconciliation-days, POST …/{home}/{day}/comparison

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::http::{Caller, NoBody, Page, PageQuery, Path, Problem, Query, Yuan};
use serde::Serialize;

use super::MedicalEdge;
use super::wire::problem;
use crate::command::Command;
use crate::event::DayState;
use crate::model::reconciliation::{DayCause, DayClass, DayDifference, DayDocument, DayProposal};
use crate::query::reconciliation::{self as books, Day};

/// A document as one node's books hold it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct DayDocumentWire {
    /// Leaf hash of the signed document, and its number in the feed from home to visited: what `huitong prove` takes.
    pub document: String,
    pub number: u64,
    pub total_fee: Yuan,
    pub fund_total: Yuan,
}

/// A document that the two nodes do not hold alike.
#[derive(Serialize, utoipa::ToSchema)]
pub struct DayDifferenceWire {
    /// `setl_id`
    pub settlement: String,
    pub class: DayClass,
    pub cause: DayCause,
    pub proposal: DayProposal,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visited: Option<DayDocumentWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<DayDocumentWire>,
    /// Why this node has refused home's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// A day with another jurisdiction, as it stands.
#[derive(Serialize, utoipa::ToSchema)]
pub struct DayItem {
    pub home: String,
    pub day: String,
    pub state: DayState,
    pub differing: Vec<DayDifferenceWire>,
}

impl From<DayDocument> for DayDocumentWire {
    fn from(of: DayDocument) -> DayDocumentWire {
        DayDocumentWire {
            document: of.document.to_string(),
            number: of.number,
            total_fee: of.total_fen.into(),
            fund_total: of.fund_fen.into(),
        }
    }
}

impl From<DayDifference> for DayDifferenceWire {
    fn from(of: DayDifference) -> DayDifferenceWire {
        DayDifferenceWire {
            settlement: of.settlement,
            class: of.class,
            cause: of.cause,
            proposal: of.proposal,
            visited: of.visited.map(DayDocumentWire::from),
            home: of.home.map(DayDocumentWire::from),
            code: of.code,
        }
    }
}

impl From<Day> for DayItem {
    fn from(of: Day) -> DayItem {
        let differing = of.differing.into_iter().map(DayDifferenceWire::from).collect();
        DayItem { home: of.home, day: of.day, state: of.state, differing }
    }
}

/// Days with other jurisdictions: whether both nodes hold the same documents, and each that differs with its cause.
#[utoipa::path(get, path = "/v1/medical/reconciliation-days", tag = "medical", params(PageQuery),
    responses((status = 200, body = Page<DayItem>), (status = "4XX", body = Problem)))]
pub async fn list_days(
    State(edge): State<MedicalEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<DayItem>>, Problem> {
    let limit = page.limit().map_err(|refusal| problem(&refusal))?;
    let [home, day] = page.parts().map_err(|refusal| problem(&refusal))?;
    let rows = edge.read(move |view| Ok(books::days(view, (&home, &day), limit + 1)?)).await?;
    let items = rows.into_iter().map(DayItem::from).collect();
    Ok(Json(Page::of(items, limit, |item: &DayItem| format!("{}/{}", item.home, item.day))))
}

/// Asks home once more about a day that is over: what was on its way has come by then. The outcome stands in the list of days.
#[utoipa::path(post, path = "/v1/medical/reconciliation-days/{home}/{day}/comparison", tag = "medical",
    params(("home" = String, Path), ("day" = String, Path)),
    responses((status = 202), (status = "4XX", body = Problem)))]
pub async fn compare_day(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path((home, day)): Path<(Division, Date)>,
    body: NoBody,
) -> Result<StatusCode, Problem> {
    edge.ask_here(Command::CompareDay { home, day }, &caller, body.request).await?;
    Ok(StatusCode::ACCEPTED)
}
