//! GET /v1/clearing/exposures, PUT /v1/clearing/limits

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use huitong_kernel::division::Division;
use huitong_service_kit::http::yuan::Yuan;
use huitong_service_kit::http::{Body, Caller, Page, PageQuery, Problem, Query};
use serde::{Deserialize, Serialize};

use super::ClearingEdge;
use super::wire::{limit, parts};
use crate::Clearing;
use crate::command::{Command, Reply};
use crate::query::exposure::{self, Exposure};

/// What is open between this jurisdiction and another.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ExposureItem {
    pub service: String,
    #[schema(value_type = String)]
    pub peer: Division,
    /// Booked and not paid: what this jurisdiction owes, and what the other owes.
    pub payable: Yuan,
    pub receivable: Yuan,
    pub prepaid_by_peer: Yuan,
    pub prepaid_to_peer: Yuan,
    /// What the other owes beyond its prepayment and what is owed to it.
    pub at_risk: Yuan,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Yuan>,
    /// Percent of the limit that was last alarmed: 0, 70, 90, 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band: Option<u8>,
}

impl From<Exposure> for ExposureItem {
    fn from(of: Exposure) -> ExposureItem {
        ExposureItem {
            at_risk: Yuan(of.at_risk()),
            service: of.service,
            peer: of.peer,
            payable: Yuan(of.payable_fen),
            receivable: Yuan(of.receivable_fen),
            prepaid_by_peer: Yuan(of.prepaid_by_peer_fen),
            prepaid_to_peer: Yuan(of.prepaid_to_peer_fen),
            limit: of.limit.map(|limit| Yuan(limit.amount_fen)),
            band: of.limit.map(|limit| limit.band),
        }
    }
}

/// What is open, prepaid and limited (敞口、预付金、额度), by service and jurisdiction.
#[utoipa::path(get, path = "/v1/clearing/exposures", tag = "clearing", params(PageQuery),
    responses((status = 200, body = Page<ExposureItem>), (status = "4XX", body = Problem)))]
pub async fn list_exposures(
    State(edge): State<ClearingEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ExposureItem>>, Problem> {
    let limit = limit(&page)?;
    let [service, peer] = parts(&page)?;
    let rows = edge.read(move |view| Ok(exposure::list(view, (&service, &peer), limit + 1)?)).await?;
    let items = rows.into_iter().map(ExposureItem::from).collect();
    Ok(Json(Page::of(items, limit, |item: &ExposureItem| format!("{}/{}", item.service, item.peer))))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitRequest {
    pub service: String,
    #[schema(value_type = String)]
    pub peer: Division,
    /// Absent: no limit.
    #[serde(default)]
    pub amount: Option<Yuan>,
}

/// Sets how much another jurisdiction may owe (额度): at 70, 90 and 100 % the duty officer is told. Nothing is refused for it.
#[utoipa::path(put, path = "/v1/clearing/limits", tag = "clearing", request_body = LimitRequest,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn set_limit(
    State(edge): State<ClearingEdge>,
    caller: Caller,
    body: Body<LimitRequest, Clearing>,
) -> Result<StatusCode, Problem> {
    let LimitRequest { service, peer, amount } = body.value;
    let command = Command::SetLimit { service, peer, amount: amount.map(|amount| amount.0) };
    match edge.edge.ask_here(command, &caller, body.request).await? {
        Reply::LimitSet => Ok(StatusCode::NO_CONTENT),
        other => unreachable!("a limit was to be set: {other:?}"),
    }
}
