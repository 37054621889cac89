//! GET /v1/transit/trips

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::http::{Caller, Page, PageQuery, Problem, Query};
use serde::{Deserialize, Serialize};

use super::super::TransitEdge;
use super::scope::check_network;
use super::wire::{cursor, limit, masked};
use crate::model::network::StationId;
use crate::model::trip::{TripKind, TripState};
use crate::query::trips::{self, TripRow};

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TripQuery {
    #[param(value_type = String)]
    pub network: Division,
    /// Business day of travel.
    #[param(value_type = String, format = Date)]
    pub day: Date,
    pub state: Option<TripState>,
    pub limit: Option<usize>,
    pub after: Option<String>,
}

/// A final trip as lists show it; the rider is masked.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TripItem {
    #[schema(value_type = String)]
    pub trip: Digest,
    #[schema(value_type = String)]
    pub network: Division,
    pub rider_masked: String,
    /// The city that pays.
    #[schema(value_type = String)]
    pub home: Division,
    pub kind: TripKind,
    pub state: TripState,
    /// Of single-sided, cancelled, disputed and written-off trips.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub began: String,
    #[serde(skip)]
    #[schema(ignore)]
    pub began_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<StationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<StationId>,
    /// As it was claimed first.
    #[schema(value_type = i64)]
    pub original_fen: Fen,
    /// In force, adjustments included.
    #[schema(value_type = i64)]
    pub charge_fen: Fen,
    pub provisional: bool,
    pub adjustments: u32,
    #[schema(value_type = String, format = Date)]
    pub travel_day: Date,
    #[schema(value_type = String, format = Date)]
    pub booking_day: Date,
}

impl From<&TripRow> for TripItem {
    fn from(row: &TripRow) -> TripItem {
        TripItem {
            trip: row.trip,
            network: row.network,
            rider_masked: masked(&row.rider),
            home: row.home,
            kind: row.kind,
            state: row.state,
            reason: row.reason.clone(),
            began: row.began.to_string(),
            began_at: row.began,
            from: row.from,
            to: row.to,
            original_fen: row.original_fen,
            charge_fen: row.charge_fen,
            provisional: row.provisional,
            adjustments: row.adjusts,
            travel_day: row.travel_day,
            booking_day: row.booking_day,
        }
    }
}

/// The final trips of a day in a network, by beginning.
#[utoipa::path(get, path = "/v1/transit/trips", tag = "transit", params(TripQuery),
    responses((status = 200, body = Page<TripItem>), (status = "4XX", body = Problem)))]
pub async fn list_trips(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Query(query): Query<TripQuery>,
) -> Result<Json<Page<TripItem>>, Problem> {
    let page = PageQuery { limit: query.limit, after: query.after };
    let limit = limit(&page)?;
    let after = cursor(page.after.as_deref(), |text| {
        let (began, trip) = text.split_once('/')?;
        Some((Instant(began.parse().ok()?), trip.parse::<Digest>().ok()?))
    })?;
    let rows = edge
        .read(move |view| {
            check_network(view, &caller.principal, query.network)?;
            Ok(trips::of_day(view, query.network, query.day, query.state, after, limit + 1)?)
        })
        .await?;
    let items = rows.iter().map(TripItem::from).collect();
    Ok(Json(Page::of(items, limit, |item: &TripItem| format!("{}/{}", item.began_at.0, item.trip))))
}
