//! GET /v1/transit/fares

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::http::{Problem, Query};
use huitong_service_kit::{Directory, Stop, View};
use serde::{Deserialize, Serialize};

use super::super::TransitEdge;
use super::wire::moment;
use crate::decide::pricing::NetworkPrices;
use crate::model::fare::Grade;
use crate::model::fare::ride::Ride;
use crate::model::network::{LineId, Mode, Network, StationId};
use crate::{Transit, refusal};

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FareQuery {
    /// The city's code.
    #[param(value_type = String)]
    pub network: Division,
    pub from: StationId,
    /// Where one tap is the whole trip, the stop boarded at, or nothing.
    pub to: Option<StationId>,
    /// Where one tap is the whole trip: the line boarded.
    pub line: Option<LineId>,
    /// Entry (RFC 3339); now when absent.
    pub at: Option<String>,
    /// Field 8 of the code; 0 when absent.
    pub account_type: Option<u8>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct FareWire {
    #[schema(value_type = String)]
    pub network: Division,
    pub from: StationId,
    pub from_zh: String,
    pub to: StationId,
    pub to_zh: String,
    /// Entry.
    pub at: String,
    pub pack: String,
    pub version: u32,
    pub network_version: u32,
    pub grade: Grade,
    pub source: String,
    /// Whether real money may be charged by this pack.
    pub may_charge: bool,
    /// Of the shortest path.
    pub distance_m: u32,
    #[schema(value_type = i64)]
    pub nominal_fen: Fen,
    /// Each with its reason.
    pub discounts: Vec<DiscountWire>,
    /// nominal − discounts
    #[schema(value_type = i64)]
    pub charge_fen: Fen,
    /// The highest single fare of the network: what a code's limit must cover at entry.
    #[schema(value_type = i64)]
    pub max_fare_fen: Fen,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct DiscountWire {
    pub name: String,
    #[schema(value_type = i64)]
    pub minus_fen: Fen,
}

/// What a ride costs and why, by the pack in force at entry; without what depends on the rider's other trips. The exit is
/// taken as early as the distance allows.
#[utoipa::path(get, path = "/v1/transit/fares", tag = "transit", params(FareQuery),
    responses((status = 200, body = FareWire), (status = "4XX", body = Problem)))]
pub async fn get_fare(
    State(edge): State<TransitEdge>,
    Query(query): Query<FareQuery>,
) -> Result<Json<FareWire>, Problem> {
    let entry = match &query.at {
        Some(at) => moment("at", at)?,
        None => edge.edge.clock.now(),
    };
    let (transit, directory) = (edge.transit.clone(), edge.directory.clone());
    Ok(Json(edge.read(move |view| price(&transit, view, &*directory, &query, entry)).await?))
}

fn price(
    transit: &Transit,
    view: View<'_>,
    directory: &dyn Directory,
    query: &FareQuery,
    entry: Instant,
) -> Result<FareWire, Stop> {
    let prices = NetworkPrices::of(transit, view, directory, query.network)?;
    let prices = prices.ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse().at_field("network"))?;
    let tariff = prices.tariff(entry)?.ok_or_else(|| refusal::FARE_NONE.refuse().at_field("at"))?;
    let map = &tariff.map;
    let to = match (query.to, map.map.mode) {
        (Some(to), _) => to,
        (None, Mode::SingleTap) => query.from,
        (None, Mode::Gated) => return Err(refusal::FIELD_MISSING.with("field", "to").at_field("to").into()),
    };
    let (from_zh, to_zh) = (name(map, query.from, "from")?, name(map, to, "to")?);
    let exit = entry + map.min_travel(query.from, to);
    let ride =
        Ride { from: query.from, to, line: query.line, entry, exit, account_type: query.account_type.unwrap_or(0) };
    let fare = tariff.fare(&ride, &[]).ok_or_else(|| refusal::FARE_NONE.refuse())?;
    let discount =
        |line: crate::model::fare::ride::DiscountLine| DiscountWire { name: line.name, minus_fen: line.minus_fen };
    Ok(FareWire {
        network: query.network,
        from: query.from,
        from_zh,
        to,
        to_zh,
        at: entry.to_string(),
        pack: tariff.pack.pack.clone(),
        version: tariff.pack.version,
        network_version: tariff.pack.network_version,
        grade: tariff.pack.grade,
        source: tariff.pack.source.clone(),
        may_charge: tariff.pack.may_charge(),
        distance_m: fare.distance_m,
        nominal_fen: fare.nominal_fen,
        discounts: fare.discounts.into_iter().map(discount).collect(),
        charge_fen: fare.charge_fen,
        max_fare_fen: tariff.max_fare,
    })
}

fn name(map: &Network, station: StationId, field: &str) -> Result<String, Stop> {
    let unknown = || refusal::STATION_UNKNOWN.with("station", station).at_field(field);
    Ok(map.station(station).ok_or_else(unknown)?.name_zh.clone())
}
