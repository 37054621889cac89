//! GET /v1/transit/taps

use axum::Json;
use axum::extract::State;
use huitong_kernel::hash::Digest;
use huitong_service_kit::http::{Caller, Page, PageQuery, Problem, Query};
use serde::{Deserialize, Serialize};

use super::super::TransitEdge;
use super::scope::check_operator;
use super::wire::{cursor, limit, masked};
use crate::model::network::StationId;
use crate::model::tap::{Direction, TapState};
use crate::query::gates;
use crate::query::taps::{self, TapRow};
use crate::refusal;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TapQuery {
    pub gate: String,
    pub epoch: u32,
    pub limit: Option<usize>,
    pub after: Option<String>,
}

/// A record as lists show it; the rider is masked.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TapItem {
    /// GATE/EPOCH/SEQUENCE
    pub tap: String,
    pub sequence: u64,
    pub state: TapState,
    /// Why it was refused or quarantined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub station: StationId,
    pub direction: Option<Direction>,
    /// Without the gate's drift.
    pub at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rider_masked: Option<String>,
    /// Once it is final.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub trip: Option<Digest>,
    /// SM3 of the record.
    #[schema(value_type = String)]
    pub hash: Digest,
    /// Of one that a clerk took out of quarantine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseItem>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct ReleaseItem {
    pub clerk: String,
    pub reason: String,
    pub at: String,
}

impl From<TapRow> for TapItem {
    fn from(row: TapRow) -> TapItem {
        TapItem {
            tap: row.key.to_string(),
            sequence: row.key.sequence,
            state: row.state,
            reason: row.reason,
            station: row.station,
            direction: row.direction,
            at: row.at.to_string(),
            rider_masked: row.rider.as_ref().map(masked),
            trip: row.trip,
            hash: row.hash,
            release: row.release.map(|release| ReleaseItem {
                clerk: release.clerk,
                reason: release.why,
                at: release.at.to_string(),
            }),
        }
    }
}

/// The records of a gate's epoch, in order, with what the node made of each.
#[utoipa::path(get, path = "/v1/transit/taps", tag = "transit", params(TapQuery),
    responses((status = 200, body = Page<TapItem>), (status = "4XX", body = Problem)))]
pub async fn list_taps(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Query(query): Query<TapQuery>,
) -> Result<Json<Page<TapItem>>, Problem> {
    let page = PageQuery { limit: query.limit, after: query.after };
    let limit = limit(&page)?;
    let after = cursor(page.after.as_deref(), |text| text.parse().ok().filter(|number| *number < 1 << 62))?;
    let rows = edge
        .read(move |view| {
            let gate = gates::gate(view, &query.gate)?;
            let gate = gate.ok_or_else(|| refusal::GATE_UNKNOWN.refuse().at_field("gate"))?;
            check_operator(&caller.principal, &gate.operator)?;
            Ok(taps::list(view, &query.gate, query.epoch, after.unwrap_or(0), limit + 1)?)
        })
        .await?;
    let items = rows.into_iter().map(TapItem::from).collect();
    Ok(Json(Page::of(items, limit, |item: &TapItem| item.sequence.to_string())))
}
