//! GET /v1/medical/totals

use axum::Json;
use axum::extract::State;
use huitong_service_kit::http::Problem;
use serde::{Deserialize, Serialize};

use super::MedicalEdge;
use crate::query::settlements::Role;
use crate::query::totals::{PairOpen, PairTotals, open, pairs};

/// Sums per other jurisdiction, in fen: where the person was treated here, and where the person is insured here.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Totals {
    pub as_visited: Vec<PairTotals>,
    pub as_home: Vec<PairTotals>,
    /// What is paid of it, and what is still owed.
    pub open_as_visited: Vec<PairOpen>,
    pub open_as_home: Vec<PairOpen>,
    /// Debits equal credits, and every account equals the sum of its transfers.
    pub book_adds_up: bool,
}

/// What this node's books say of its dealings with every other.
#[utoipa::path(get, path = "/v1/medical/totals", tag = "medical",
    responses((status = 200, body = Totals), (status = "4XX", body = Problem)))]
pub async fn get_totals(State(edge): State<MedicalEdge>) -> Result<Json<Totals>, Problem> {
    let totals = edge
        .read(|view| {
            Ok(Totals {
                as_visited: pairs(view, Role::Visited)?,
                as_home: pairs(view, Role::Home)?,
                open_as_visited: open(view, Role::Visited)?,
                open_as_home: open(view, Role::Home)?,
                book_adds_up: huitong_ledger::report::adds_up(view)?,
            })
        })
        .await?;
    Ok(Json(totals))
}
