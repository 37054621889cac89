//! GET /v1/transit/ages

use axum::Json;
use axum::extract::State;
use huitong_kernel::money::Fen;
use huitong_service_kit::http::{Problem, Query};
use serde::{Deserialize, Serialize};

use super::super::TransitEdge;
use super::wire::period;
use crate::query::ages;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AgeQuery {
    /// A month or a day, for instance 2026-11.
    pub period: String,
}

/// Documents that were booked so many days after the travel.
#[derive(Serialize, utoipa::ToSchema)]
pub struct DocumentAgeItem {
    pub age_days: i64,
    pub documents: u64,
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct OpenItem {
    /// `claim`, `split`, `contest`, `day` or `day_different`
    pub item: &'static str,
    pub count: u64,
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_age_s: Option<i64>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct Ages {
    /// Documents of the period booked two days or more after the travel.
    pub documents: Vec<DocumentAgeItem>,
    /// Everything that waits for somebody now.
    pub open: Vec<OpenItem>,
}

/// The age report (账龄): late documents of a period, and what is open.
#[utoipa::path(get, path = "/v1/transit/ages", tag = "transit", params(AgeQuery),
    responses((status = 200, body = Ages), (status = "4XX", body = Problem)))]
pub async fn get_ages(State(edge): State<TransitEdge>, Query(query): Query<AgeQuery>) -> Result<Json<Ages>, Problem> {
    let period = period(&query.period)?;
    let now = edge.edge.clock.now();
    let (documents, open) =
        edge.read(move |view| Ok((ages::of_documents(view, period)?, ages::open_items(view, now)?))).await?;
    let document = |age: ages::DocumentAge| DocumentAgeItem {
        age_days: age.age_days,
        documents: age.documents,
        amount_fen: age.amount_fen,
    };
    let open_item = |item: ages::OpenItems| OpenItem {
        item: item.item,
        count: item.count,
        amount_fen: item.amount_fen,
        oldest_age_s: item.oldest.map(|age| age.0 / 1_000),
    };
    Ok(Json(Ages {
        documents: documents.into_iter().map(document).collect(),
        open: open.into_iter().map(open_item).collect(),
    }))
}
