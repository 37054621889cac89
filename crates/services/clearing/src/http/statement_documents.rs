//! GET /v1/clearing/statements/{service}/{period}/{peer}/documents

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_service_kit::http::yuan::Yuan;
use huitong_service_kit::http::{Page, PageQuery, Path, Problem, Query};
use serde::Serialize;

use super::wire::{limit, parts};
use super::{ClearingEdge, problem, statements};
use crate::model::statement::NUMBER_MAX;
use crate::query::items::{self, Item};
use crate::query::lanes;
use crate::refusal;

/// A document that moves money between two jurisdictions.
#[derive(Serialize, utoipa::ToSchema)]
pub struct DocumentItem {
    #[schema(value_type = String)]
    pub document: Digest,
    /// The service's number for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    pub kind: String,
    #[schema(value_type = String)]
    pub creditor: Division,
    #[schema(value_type = String)]
    pub debtor: Division,
    /// Of care or travel.
    pub day: String,
    pub amount: Yuan,
    /// The document that this one changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub of: Option<Digest>,
    /// The feed, and the number of the message in it, that made the document final on both sides: `huitong prove` takes both.
    pub feed: String,
    pub number: u64,
    pub line: u32,
}

impl From<Item> for DocumentItem {
    fn from(item: Item) -> DocumentItem {
        DocumentItem {
            feed: format!("{}/{service}>{}/{service}", item.sender, item.receiver, service = item.service),
            document: item.id,
            name: item.name,
            kind: item.kind,
            creditor: item.creditor,
            debtor: item.debtor,
            day: item.day.to_string(),
            amount: Yuan(item.amount_fen),
            of: item.of,
            number: item.number,
            line: item.line,
        }
    }
}

/// The documents of a statement, lane by lane in the order of the feeds: those of the lower sender first.
#[utoipa::path(get, path = "/v1/clearing/statements/{service}/{period}/{peer}/documents", tag = "clearing",
    params(("service" = String, Path), ("period" = String, Path), ("peer" = String, Path), PageQuery),
    responses((status = 200, body = Page<DocumentItem>), (status = "4XX", body = Problem)))]
pub async fn list_statement_documents(
    State(edge): State<ClearingEdge>,
    Path(key): Path<(String, String, String)>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<DocumentItem>>, Problem> {
    let limit = limit(&page)?;
    let [lane, number, line] = parts(&page)?;
    let malformed = || problem(&refusal::invalid("after"));
    let after: (usize, u64, i64) = if lane.is_empty() {
        (0, 0, -1)
    } else {
        let numbers = (lane.parse(), number.parse(), line.parse());
        let (Ok(lane), Ok(number), Ok(line)) = numbers else { return Err(malformed()) };
        if number > NUMBER_MAX {
            return Err(malformed());
        }
        (lane, number, line)
    };
    let (row, _) = statements::read(&edge, key).await?;
    let rows = edge
        .read(move |view| {
            let mut rows: Vec<(usize, Item)> = Vec::new();
            for (index, sum) in row.own.lanes.iter().enumerate().skip(after.0) {
                let receiver = if sum.sender == row.own.author { row.peer } else { row.own.author };
                let Some(lane) = lanes::lane(view, &row.service, sum.sender, receiver)? else { continue };
                let from = if index == after.0 && after.1 > 0 { (after.1, after.2) } else { (sum.after, i64::MAX) };
                let wanted = limit + 1 - rows.len();
                let page = items::page(view, lane.lane, from, sum.up_to, wanted)?;
                rows.extend(page.into_iter().map(|item| (index, item)));
                if rows.len() > limit {
                    break;
                }
            }
            Ok(rows)
        })
        .await?;
    let cursors: Vec<String> =
        rows.iter().map(|(lane, item)| format!("{lane}/{}/{}", item.number, item.line)).collect();
    let items: Vec<DocumentItem> = rows.into_iter().map(|(_, item)| item.into()).collect();
    let next = (items.len() > limit).then(|| cursors[limit - 1].clone());
    let mut page = Page::of(items, limit, |_: &DocumentItem| String::new());
    page.next = next;
    Ok(Json(page))
}
