//! GET /v1/clearing/statements and one of them

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_service_kit::http::yuan::Yuan;
use huitong_service_kit::http::{Page, PageQuery, Path, Problem, Query};
use serde::Serialize;

use super::wire::{division, limit, parts, period};
use super::{ClearingEdge, problem};
use crate::model::statement::{Confirmation, Difference, DifferenceClass, LaneSum, Place, State as StatementState};
use crate::query::statements::{self, StatementRow};
use crate::refusal;

/// A statement towards another jurisdiction.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StatementItem {
    pub service: String,
    pub period: String,
    #[schema(value_type = String)]
    pub peer: Division,
    pub state: StatementState,
    pub documents: u64,
    /// What this jurisdiction owes by all documents, and what the other owes.
    pub owed: Yuan,
    pub claimed: Yuan,
    /// What each has confirmed: without what is contested or differs, with what was decided since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payable: Option<Yuan>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receivable: Option<Yuan>,
    /// Period of the batch that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    pub stated_at: String,
}

impl StatementItem {
    pub fn of(row: &StatementRow) -> StatementItem {
        StatementItem {
            service: row.service.clone(),
            period: row.period.to_string(),
            peer: row.peer,
            state: row.state,
            documents: row.own.documents(),
            owed: Yuan(row.own.owed_by(row.own.author)),
            claimed: Yuan(row.own.owed_by(row.peer)),
            payable: row.own_confirmation.as_ref().map(|_| Yuan(row.payable())),
            receivable: row.their_confirmation.as_ref().map(|_| Yuan(row.receivable())),
            batch: row.batch.clone(),
            stated_at: row.stated_at.to_string(),
        }
    }
}

/// Statements (清算表) by service, period and other jurisdiction.
#[utoipa::path(get, path = "/v1/clearing/statements", tag = "clearing", params(PageQuery),
    responses((status = 200, body = Page<StatementItem>), (status = "4XX", body = Problem)))]
pub async fn list_statements(
    State(edge): State<ClearingEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<StatementItem>>, Problem> {
    let limit = limit(&page)?;
    let [service, period, peer] = parts(&page)?;
    let rows = edge.read(move |view| Ok(statements::list(view, (&service, &period, &peer), limit + 1)?)).await?;
    let items = rows.iter().map(StatementItem::of).collect();
    let cursor = |item: &StatementItem| format!("{}/{}/{}", item.service, item.period, item.peer);
    Ok(Json(Page::of(items, limit, cursor)))
}

/// What was cleared between two divisions.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ShareItem {
    #[schema(value_type = String)]
    pub creditor: Division,
    #[schema(value_type = String)]
    pub debtor: Division,
    /// Fund or other account of the service; absent where there is one only.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub part: String,
    pub amount: Yuan,
}

/// Where a document lies: `sender` of the lane, number of the message, line in it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PlaceItem {
    #[schema(value_type = String)]
    pub sender: Division,
    pub number: u64,
    pub line: u32,
}

impl From<&Place> for PlaceItem {
    fn from(Place(sender, number, line): &Place) -> PlaceItem {
        PlaceItem { sender: *sender, number: *number, line: *line }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct ConfirmationItem {
    pub payable: Yuan,
    pub held: Vec<PlaceItem>,
    pub held_amount: Yuan,
    pub released: Vec<PlaceItem>,
    pub released_amount: Yuan,
}

impl From<&Confirmation> for ConfirmationItem {
    fn from(confirmation: &Confirmation) -> ConfirmationItem {
        ConfirmationItem {
            payable: Yuan(confirmation.payable_fen),
            held: confirmation.held.iter().map(PlaceItem::from).collect(),
            held_amount: Yuan(confirmation.held_fen),
            released: confirmation.released.iter().map(PlaceItem::from).collect(),
            released_amount: Yuan(confirmation.released_fen),
        }
    }
}

/// A document that the two sides do not hold alike.
#[derive(Serialize, utoipa::ToSchema)]
pub struct DocumentDifference {
    pub place: PlaceItem,
    pub class: DifferenceClass,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_amount: Option<Yuan>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receiver_amount: Option<Yuan>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct StatementDetail {
    #[serde(flatten)]
    pub statement: StatementItem,
    pub lanes: Vec<LaneSum>,
    pub shares: Vec<ShareItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_confirmation: Option<ConfirmationItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub their_confirmation: Option<ConfirmationItem>,
    pub differences: Vec<DocumentDifference>,
}

fn detail(row: &StatementRow, differences: Vec<(Division, Difference)>) -> StatementDetail {
    let share = |share: &huitong_ledger::clearing::Share| ShareItem {
        creditor: share.creditor,
        debtor: share.debtor,
        part: share.part.clone(),
        amount: Yuan(share.amount_fen),
    };
    let difference = |(sender, of): (Division, Difference)| DocumentDifference {
        place: PlaceItem { sender, number: of.number, line: of.line },
        class: of.class,
        sender_amount: of.sender_fen.map(Yuan),
        receiver_amount: of.receiver_fen.map(Yuan),
    };
    StatementDetail {
        statement: StatementItem::of(row),
        lanes: row.own.lanes.to_vec(),
        shares: row.shares.own.iter().chain(&row.shares.theirs).map(share).collect(),
        own_confirmation: row.own_confirmation.as_ref().map(ConfirmationItem::from),
        their_confirmation: row.their_confirmation.as_ref().map(ConfirmationItem::from),
        differences: differences.into_iter().map(difference).collect(),
    }
}

/// A statement with its lanes, its sums by division, what is held back, and what differs.
#[utoipa::path(get, path = "/v1/clearing/statements/{service}/{period}/{peer}", tag = "clearing",
    params(("service" = String, Path), ("period" = String, Path), ("peer" = String, Path)),
    responses((status = 200, body = StatementDetail), (status = "4XX", body = Problem)))]
pub async fn get_statement(
    State(edge): State<ClearingEdge>,
    Path(key): Path<(String, String, String)>,
) -> Result<Json<StatementDetail>, Problem> {
    let (row, differences) = read(&edge, key).await?;
    Ok(Json(detail(&row, differences)))
}

/// The statement of a path, with its differences.
pub async fn read(
    edge: &ClearingEdge,
    (service, period_text, peer): (String, String, String),
) -> Result<(StatementRow, Vec<(Division, Difference)>), Problem> {
    let (period, peer) = (period(&period_text)?, division(&peer, "peer")?);
    let found = edge
        .read(move |view| {
            let row = statements::statement(view, &service, period, peer)?;
            let differences = statements::differences(view, &service, period, peer)?;
            Ok(row.map(|row| (row, differences)))
        })
        .await?;
    found.ok_or_else(|| problem(&refusal::STATEMENT_UNKNOWN.refuse()))
}
