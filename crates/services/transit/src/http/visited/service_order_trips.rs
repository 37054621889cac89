//! GET /v1/transit/service-orders/{order}/trips

use axum::Json;
use axum::extract::State;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_service_kit::http::{Caller, Page, PageQuery, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::TransitEdge;
use super::scope::check_network;
use super::service_orders::{OrderItem, item};
use super::trips::TripItem;
use super::wire::{cursor, limit};
use crate::query::orders::{self, TouchedTrip};
use crate::refusal;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OrderTripsQuery {
    pub limit: Option<usize>,
    pub after: Option<String>,
}

/// What an order did to trips: one document, a page of it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct OrderTrips {
    pub order: OrderItem,
    /// All trips that it touched, on whatever page.
    pub trips: u64,
    /// What it changed of their cost altogether.
    #[schema(value_type = i64)]
    pub change_fen: Fen,
    /// Final trips wait to be made free: the list grows.
    pub waits: bool,
    pub items: Vec<OrderTripItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct OrderTripItem {
    /// `adjusted`: made free when it was final; `cancelled`: never charged; `closed`: a free exit ended it.
    pub effect: String,
    /// The document of an adjusted one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjust: Option<Uuid>,
    /// What the order changed: of an adjusted trip against what was in force, of a cancelled one against what it would have cost. 0 where
    /// a free exit ended it: nobody recorded where the rider left, so that nothing tells what it would have cost.
    #[schema(value_type = i64)]
    pub change_fen: Fen,
    /// As it is now.
    pub trip: TripItem,
}

/// The trips that an order touched, in the order of their ids: for a gate fault (设备故障) the one document that lists them.
#[utoipa::path(get, path = "/v1/transit/service-orders/{order}/trips", tag = "transit",
    params(("order" = String, Path), OrderTripsQuery),
    responses((status = 200, body = OrderTrips), (status = "4XX", body = Problem)))]
pub async fn list_order_trips(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(order): Path<Uuid>,
    Query(query): Query<OrderTripsQuery>,
) -> Result<Json<OrderTrips>, Problem> {
    let page = PageQuery { limit: query.limit, after: query.after };
    let limit = limit(&page)?;
    let after = cursor(page.after.as_deref(), |text| text.parse::<Digest>().ok())?;
    let read = edge.read(move |view| {
        let known = orders::order(view, order)?.ok_or_else(|| refusal::ORDER_UNKNOWN.refuse().at_field("order"))?;
        check_network(view, &caller.principal, known.network)?;
        let ((trips, change_fen), rows) = (orders::sums(view, order)?, orders::touched(view, order, after, limit + 1)?);
        let page = Page::of(rows, limit, |row: &TouchedTrip| row.trip.trip.to_string());
        let waits = orders::pending(view, order)?.is_some();
        let items = page.items.into_iter().map(trip).collect();
        Ok(OrderTrips { order: item(known), trips, change_fen, waits, items, next: page.next })
    });
    Ok(Json(read.await?))
}

fn trip(touched: TouchedTrip) -> OrderTripItem {
    let TouchedTrip { trip, effect, adjust, change_fen } = touched;
    OrderTripItem { effect, adjust, change_fen, trip: TripItem::from(&trip) }
}
