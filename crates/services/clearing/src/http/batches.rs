//! GET /v1/clearing/batches

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_service_kit::http::yuan::Yuan;
use huitong_service_kit::http::{Page, PageQuery, Problem, Query};
use serde::Serialize;

use super::wire::{limit, parts};
use super::{ClearingEdge, problem};
use crate::event::BatchState;
use crate::model::batch::{Member, Settled};
use crate::query::batches::{self, BatchRow};
use crate::refusal;

#[derive(Serialize, utoipa::ToSchema)]
pub struct OwedItem {
    #[schema(value_type = String)]
    pub debtor: Division,
    #[schema(value_type = String)]
    pub creditor: Division,
    pub amount: Yuan,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct PositionItem {
    #[schema(value_type = String)]
    pub division: Division,
    /// Receives (positive) or pays.
    pub amount: Yuan,
}

/// A batch: who owes whom, what that leaves each, and what is paid.
#[derive(Serialize, utoipa::ToSchema)]
pub struct BatchItem {
    pub service: String,
    pub period: String,
    /// `region`, or the two jurisdictions of a pair.
    pub scope: String,
    pub attempt: u32,
    pub state: BatchState,
    /// `gross`, `bilateral` or `multilateral`
    #[schema(value_type = String)]
    pub payment: huitong_kernel::clearing::Payment,
    /// Everybody who has the same claims computes this: SHA-256 over claims, positions and payments.
    #[schema(value_type = String)]
    pub digest: Digest,
    pub members: Vec<Member>,
    pub settled: Vec<Settled>,
    pub matrix: Vec<OwedItem>,
    /// They sum to zero.
    pub positions: Vec<PositionItem>,
    pub payments: Vec<OwedItem>,
    /// What would be paid gross, in how many payments, and what is paid.
    pub gross: Yuan,
    pub gross_payments: usize,
    pub paid: Yuan,
    /// The agent's message in its feed to this node; absent where this node made the batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_number: Option<u64>,
    pub at: String,
}

impl From<BatchRow> for BatchItem {
    fn from(BatchRow { batch, digest, state, at, number }: BatchRow) -> BatchItem {
        let owed = |((debtor, creditor), amount)| OwedItem { debtor, creditor, amount: Yuan(amount) };
        let paid = |pay: &crate::model::batch::Pay| OwedItem {
            debtor: pay.payer,
            creditor: pay.payee,
            amount: Yuan(pay.amount_fen),
        };
        let position = |(division, amount): &(Division, _)| PositionItem { division: *division, amount: Yuan(*amount) };
        BatchItem {
            matrix: batch.matrix().into_iter().map(owed).collect(),
            positions: batch.positions.iter().map(position).collect(),
            payments: batch.payments.iter().map(paid).collect(),
            gross: Yuan(batch.gross_fen()),
            gross_payments: batch.gross_payments(),
            paid: Yuan(batch.paid_fen()),
            service: batch.service,
            period: batch.period.to_string(),
            scope: batch.scope,
            attempt: batch.attempt,
            state,
            payment: batch.payment,
            digest,
            members: batch.members,
            settled: batch.settled,
            proof_number: (number > 0).then_some(number),
            at: at.to_string(),
        }
    }
}

/// Batches (清算批次) by service, period, scope and attempt.
#[utoipa::path(get, path = "/v1/clearing/batches", tag = "clearing", params(PageQuery),
    responses((status = 200, body = Page<BatchItem>), (status = "4XX", body = Problem)))]
pub async fn list_batches(
    State(edge): State<ClearingEdge>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<BatchItem>>, Problem> {
    let limit = limit(&page)?;
    let [service, period, scope, attempt] = parts(&page)?;
    let attempt: u32 = match attempt.as_str() {
        "" => 0,
        text => text.parse().map_err(|_| problem(&refusal::invalid("after")))?,
    };
    let rows = edge.read(move |view| Ok(batches::list(view, (&service, &period, &scope, attempt), limit + 1)?)).await?;
    let items = rows.into_iter().map(BatchItem::from).collect();
    let cursor = |item: &BatchItem| format!("{}/{}/{}/{}", item.service, item.period, item.scope, item.attempt);
    Ok(Json(Page::of(items, limit, cursor)))
}
