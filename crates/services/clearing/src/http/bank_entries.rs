//! GET /v1/clearing/bank-entries

use axum::Json;
use axum::extract::State;
use huitong_service_kit::http::yuan::Yuan;
use huitong_service_kit::http::{Page, PageQuery, Problem, Query};
use serde::Serialize;

use super::wire::limit;
use super::{ClearingEdge, problem};
use crate::model::payment::Match;
use crate::query::payments::{self, EntryRow};
use crate::refusal;

/// An entry of a bank's report, and what it was matched to.
#[derive(Serialize, utoipa::ToSchema)]
pub struct BankEntryItem {
    pub reference: String,
    pub is_credit: bool,
    pub amount: Yuan,
    pub booked_on: String,
    pub end_to_end: String,
    pub result: Match,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<String>,
    pub text: String,
    pub report: String,
}

impl From<EntryRow> for BankEntryItem {
    fn from(row: EntryRow) -> BankEntryItem {
        BankEntryItem {
            reference: row.reference,
            is_credit: row.is_credit,
            amount: Yuan(row.amount_fen),
            booked_on: row.booked_on.to_string(),
            end_to_end: row.end_to_end,
            result: row.result,
            payment: row.payment,
            text: row.text,
            report: row.report,
        }
    }
}

/// Entries of bank reports by reference: `unknown` and `excess` ones wait for a clerk.
#[utoipa::path(get, path = "/v1/clearing/bank-entries", tag = "clearing", params(PageQuery),
    responses((status = 200, body = Page<BankEntryItem>), (status = "4XX", body = Problem)))]
pub async fn list_bank_entries(
    State(edge): State<ClearingEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<BankEntryItem>>, Problem> {
    let limit = limit(&page)?;
    // References may hold slashes: the direction stands first.
    let (side, reference) = match page.after.as_deref().map(|after| after.split_once('/')) {
        None => (String::new(), String::new()),
        Some(Some((side, reference))) => (side.to_owned(), reference.to_owned()),
        Some(None) => return Err(problem(&refusal::invalid("after"))),
    };
    let is_credit = side == "credit";
    let rows = edge.read(move |view| Ok(payments::entries(view, (&reference, is_credit), limit + 1)?)).await?;
    let items = rows.into_iter().map(BankEntryItem::from).collect();
    let cursor =
        |item: &BankEntryItem| format!("{}/{}", if item.is_credit { "credit" } else { "debit" }, item.reference);
    Ok(Json(Page::of(items, limit, cursor)))
}
