//! GET /v1/transit/positions

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_ledger::positions::Payment;
use huitong_service_kit::http::{Problem, Query};
use serde::{Deserialize, Serialize};

use super::super::TransitEdge;
use super::wire::period;
use crate::query::positions;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PositionQuery {
    /// For instance 2026-11.
    pub period: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct PairItem {
    #[schema(value_type = String)]
    pub creditor: Division,
    #[schema(value_type = String)]
    pub debtor: Division,
    #[schema(value_type = i64)]
    pub claimed_fen: Fen,
    #[schema(value_type = i64)]
    pub payable_fen: Fen,
    /// `issued`, `confirmed` or `disputed`
    pub state: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct NodePosition {
    #[schema(value_type = String)]
    pub node: Division,
    /// Positive: receives. Negative: pays.
    #[schema(value_type = i64)]
    pub net_fen: Fen,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct PaymentItem {
    #[schema(value_type = String)]
    pub payer: Division,
    #[schema(value_type = String)]
    pub payee: Division,
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
}

impl From<Payment> for PaymentItem {
    fn from(payment: Payment) -> PaymentItem {
        PaymentItem { payer: payment.payer, payee: payment.payee, amount_fen: payment.amount }
    }
}

/// What a period makes cities and nodes pay, by the statements that this node knows: its own pairs.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Positions {
    pub pairs: Vec<PairItem>,
    /// They sum to zero.
    pub positions: Vec<NodePosition>,
    pub gross: Vec<PaymentItem>,
    pub net: Vec<PaymentItem>,
}

/// Positions of a period, gross and net: both ways to pay give the same balances.
#[utoipa::path(get, path = "/v1/transit/positions", tag = "transit", params(PositionQuery),
    responses((status = 200, body = Positions), (status = "4XX", body = Problem)))]
pub async fn get_positions(
    State(edge): State<TransitEdge>,
    Query(query): Query<PositionQuery>,
) -> Result<Json<Positions>, Problem> {
    let period = period(&query.period)?;
    let pairs = edge.read(move |view| Ok(positions::pairs(view, period)?)).await?;
    let payments = positions::payments(&positions::gross(&pairs));
    let items = pairs.into_iter().map(|pair| PairItem {
        creditor: pair.row.statement.creditor,
        debtor: pair.row.statement.debtor,
        claimed_fen: pair.row.statement.claimed_fen,
        payable_fen: pair.payable_fen,
        state: pair.row.state,
    });
    Ok(Json(Positions {
        pairs: items.collect(),
        positions: payments.positions.into_iter().map(|(node, net_fen)| NodePosition { node, net_fen }).collect(),
        gross: payments.gross.into_iter().map(PaymentItem::from).collect(),
        net: payments.net.into_iter().map(PaymentItem::from).collect(),
    }))
}
