//! GET /v1/transit/statements

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_service_kit::http::{Page, PageQuery, Problem, Query};
use serde::Serialize;

use super::super::TransitEdge;
use super::wire::{limit, parts};
use crate::model::settlement::{PeriodStatement, StatementDifference, UnderContest};
use crate::query::statements::{self, StatementRow};

/// A creditor city's claims of a period from a debtor city.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StatementItem {
    pub statement: PeriodStatement,
    #[schema(value_type = String)]
    pub creditor_node: Division,
    #[schema(value_type = String)]
    pub debtor_node: Division,
    /// `issued`, `confirmed` or `disputed`
    pub state: String,
    /// When this node issued it, or held it.
    pub issued_at: String,
    /// What the debtor has answered: this is not paid now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub under_contest: Option<UnderContest>,
    /// Why it is disputed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<StatementDifference>,
}

impl From<StatementRow> for StatementItem {
    fn from(row: StatementRow) -> StatementItem {
        StatementItem {
            statement: row.statement,
            creditor_node: row.creditor_node,
            debtor_node: row.debtor_node,
            state: row.state,
            issued_at: row.issued_at.to_string(),
            under_contest: row.answered,
            difference: row.difference,
        }
    }
}

/// Statements as issued or received, by period, creditor and debtor.
#[utoipa::path(get, path = "/v1/transit/statements", tag = "transit", params(PageQuery),
    responses((status = 200, body = Page<StatementItem>), (status = "4XX", body = Problem)))]
pub async fn list_statements(
    State(edge): State<TransitEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<StatementItem>>, Problem> {
    let limit = limit(&page)?;
    let [period, creditor, debtor] = parts(page.after.as_deref())?;
    let rows = edge.read(move |view| Ok(statements::list(view, (&period, &creditor, &debtor), limit + 1)?)).await?;
    let items = rows.into_iter().map(StatementItem::from).collect();
    let cursor = |item: &StatementItem| {
        let PeriodStatement { period, creditor, debtor, .. } = &item.statement;
        format!("{period}/{creditor}/{debtor}")
    };
    Ok(Json(Page::of(items, limit, cursor)))
}
