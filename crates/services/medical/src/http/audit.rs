//! GET /v1/medical/audit/settlements and /v1/medical/audit/settlements/{role}/{settlement}/document

use axum::Json;
use axum::extract::State;
use huitong_service_kit::http::{Page, PageQuery, Path, Problem, Query};
use serde::Deserialize;

use super::MedicalEdge;
use super::settlements::{SettlementItem, item};
use super::wire::problem;
use crate::query::documents;
use crate::query::settlements::{self, Role};
use crate::refusal;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// `visited`: treated here; `home`: insured here.
    pub role: Role,
    pub limit: Option<usize>,
    pub after: Option<String>,
}

/// All settlements in which this node plays the role, by number.
#[utoipa::path(get, path = "/v1/medical/audit/settlements", tag = "medical", params(AuditQuery),
    responses((status = 200, body = Page<SettlementItem>), (status = "4XX", body = Problem)))]
pub async fn list_all_settlements(
    State(edge): State<MedicalEdge>,
    Query(query): Query<AuditQuery>,
) -> Result<Json<Page<SettlementItem>>, Problem> {
    let page = PageQuery { limit: query.limit, after: query.after };
    let limit = page.limit().map_err(|refusal| problem(&refusal))?;
    let role = query.role;
    let rows =
        edge.read(move |view| Ok(settlements::list(view, role, None, page.after.as_deref(), limit + 1)?)).await?;
    let items = rows.into_iter().map(|row| item(role, row)).collect();
    Ok(Json(Page::of(items, limit, |item: &SettlementItem| item.settlement.clone())))
}

/// The signed document as both sides hold it: amounts in fen, versions, hashes, steps. Holds the person's number.
#[utoipa::path(get, path = "/v1/medical/audit/settlements/{role}/{settlement}/document", tag = "medical",
    params(("role" = Role, Path), ("settlement" = String, Path)),
    responses((status = 200, body = Object), (status = "4XX", body = Problem)))]
pub async fn get_document(
    State(edge): State<MedicalEdge>,
    Path((role, settlement)): Path<(Role, String)>,
) -> Result<Json<crate::model::document::SettledDocument>, Problem> {
    let document = edge
        .read(move |view| {
            let found = settlements::settlement(view, role, &settlement)?;
            documents::document(view, &found.ok_or_else(|| refusal::SETTLEMENT_UNKNOWN.refuse())?)
        })
        .await?;
    Ok(Json(document))
}
