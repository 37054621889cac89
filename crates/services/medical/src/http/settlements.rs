//! GET /v1/medical/settlements and /v1/medical/settlements/{settlement}

use axum::Json;
use axum::extract::State;
use huitong_service_kit::http::{Caller, Page, PageQuery, Path, Problem, Query, Yuan};
use serde::{Deserialize, Serialize};

use super::MedicalEdge;
use super::wire::problem;
use crate::query::settlements::{self, Role, Settlement};
use crate::refusal;

/// A settlement as lists show it; the person is masked.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SettlementItem {
    /// `setl_id`
    pub settlement: String,
    pub role: Role,
    pub visited: String,
    pub home_area: String,
    pub institution: String,
    pub visit: String,
    pub batch: String,
    pub person_masked: String,
    pub settled_at: String,
    pub period: String,
    pub total_fee: Yuan,
    pub fund_total: Yuan,
    pub person_total: Yuan,
    pub account: Yuan,
    pub cash: Yuan,
    /// `settled`, `cancelled` or `contra`
    pub state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contra_of: Option<String>,
    /// RFC 9162 leaf hash of the document: the same on both sides.
    pub document: String,
}

pub fn item(role: Role, settlement: Settlement) -> SettlementItem {
    let last: String = settlement.person.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    SettlementItem {
        role,
        person_masked: format!("****{last}"),
        settlement: settlement.settlement,
        visited: settlement.visited.to_string(),
        home_area: settlement.home_area.to_string(),
        institution: settlement.call.institution,
        visit: settlement.visit,
        batch: settlement.batch,
        settled_at: settlement.settled_at.to_string(),
        period: settlement.period,
        total_fee: settlement.total_fen.into(),
        fund_total: settlement.fund_total_fen.into(),
        person_total: settlement.person_total_fen.into(),
        account: settlement.account_fen.into(),
        cash: settlement.cash_fen.into(),
        state: settlement.state,
        contra_of: settlement.contra_of,
        document: settlement.document.to_string(),
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SettlementQuery {
    pub limit: Option<usize>,
    pub after: Option<String>,
}

/// Settlements of the caller's institution, by number.
#[utoipa::path(get, path = "/v1/medical/settlements", tag = "medical", params(SettlementQuery),
    responses((status = 200, body = Page<SettlementItem>), (status = "4XX", body = Problem)))]
pub async fn list_settlements(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Query(query): Query<SettlementQuery>,
) -> Result<Json<Page<SettlementItem>>, Problem> {
    let page = PageQuery { limit: query.limit, after: query.after };
    let limit = page.limit().map_err(|refusal| problem(&refusal))?;
    let institution = caller.principal.participant;
    let rows = edge
        .read(move |view| {
            let after = page.after.as_deref();
            Ok(settlements::list(view, Role::Visited, Some(&institution), after, limit + 1)?)
        })
        .await?;
    let items = rows.into_iter().map(|row| item(Role::Visited, row)).collect();
    Ok(Json(Page::of(items, limit, |item: &SettlementItem| item.settlement.clone())))
}

/// One settlement of the caller's institution.
#[utoipa::path(get, path = "/v1/medical/settlements/{settlement}", tag = "medical",
    params(("settlement" = String, Path)),
    responses((status = 200, body = SettlementItem), (status = "4XX", body = Problem)))]
pub async fn get_settlement(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    Path(settlement): Path<String>,
) -> Result<Json<SettlementItem>, Problem> {
    let institution = caller.principal.participant;
    let found =
        edge.read(move |view| own(settlements::settlement(view, Role::Visited, &settlement)?, &institution)).await?;
    Ok(Json(item(Role::Visited, found)))
}

/// Another institution's settlement is unknown to the caller.
pub fn own(found: Option<Settlement>, institution: &str) -> Result<Settlement, huitong_service_kit::Stop> {
    let own = found.filter(|settlement| settlement.call.institution == institution);
    Ok(own.ok_or_else(|| refusal::SETTLEMENT_UNKNOWN.refuse())?)
}
