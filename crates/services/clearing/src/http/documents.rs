//! GET /v1/clearing/documents/{document}

use axum::Json;
use axum::extract::State;
use huitong_kernel::hash::Digest;
use huitong_service_kit::http::yuan::Yuan;
use huitong_service_kit::http::{Path, Problem};
use serde::Serialize;

use super::contests::DocumentContest;
use super::statement_documents::DocumentItem;
use super::statements::StatementItem;
use super::{ClearingEdge, problem};
use crate::query::items::{self, Item};
use crate::query::{contests, lanes, statements};
use crate::refusal;

/// Where a figure comes from: a document, its statement, its contests, what changed it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct DocumentDetail {
    #[serde(flatten)]
    pub document: DocumentItem,
    pub parts: Vec<PartItem>,
    /// Absent while its period is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<StatementItem>,
    /// A contest holds it back.
    pub is_held: bool,
    pub contests: Vec<DocumentContest>,
    /// Documents that change it.
    pub changes: Vec<DocumentItem>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct PartItem {
    pub part: String,
    pub amount: Yuan,
}

/// Documents that change one at most.
const CHANGES_MAX: usize = 100;

/// A document, down to the message of the feed that proves it.
#[utoipa::path(get, path = "/v1/clearing/documents/{document}", tag = "clearing",
    params(("document" = String, Path, description = "its hash, 64 hexadecimal digits")),
    responses((status = 200, body = DocumentDetail), (status = "4XX", body = Problem)))]
pub async fn get_document(
    State(edge): State<ClearingEdge>,
    Path(document): Path<String>,
) -> Result<Json<DocumentDetail>, Problem> {
    let id: Digest = document.try_into().map_err(|_| problem(&refusal::invalid("document")))?;
    let now = edge.edge.clock.now();
    let own = edge.edge.stream.home().jurisdiction;
    let found = edge
        .read(move |view| {
            let Some(item) = items::of_id(view, id)? else { return Ok(None) };
            let peer = if item.sender == own { item.receiver } else { item.sender };
            let period = lanes::period_of(view, item.lane, item.number)?;
            let statement = match period {
                Some(period) => statements::statement(view, &item.service, period, peer)?,
                None => None,
            };
            let contested = contests::of_document(view, id)?;
            let with_steps = |row: contests::ContestRow| {
                let steps = contests::steps(view, row.contest.contest)?;
                Ok(DocumentContest::of(row, steps, now))
            };
            let contests =
                contested.into_iter().map(with_steps).collect::<Result<Vec<_>, huitong_service_kit::Stop>>()?;
            let changes = items::changes(view, item.lane, id, item.number, CHANGES_MAX)?;
            let is_held = contests::is_held(view, id)?;
            Ok(Some((item, statement, contests, changes, is_held)))
        })
        .await?;
    let found = found.ok_or_else(|| problem(&refusal::DOCUMENT_UNKNOWN.refuse()))?;
    let (item, statement, contests, changes, is_held): (Item, _, _, _, _) = found;
    let parts = item.parts.iter().map(|(part, amount)| PartItem { part: part.clone(), amount: Yuan(*amount) });
    Ok(Json(DocumentDetail {
        parts: parts.collect(),
        document: item.into(),
        statement: statement.as_ref().map(StatementItem::of),
        is_held,
        contests,
        changes: changes.into_iter().map(DocumentItem::from).collect(),
    }))
}
