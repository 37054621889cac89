//! GET /v1/transit/riders/{rider}/open

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_service_kit::http::{Caller, Path, Problem, Query};
use huitong_service_kit::{Directory, Stop, View};
use serde::{Deserialize, Serialize};

use super::super::TransitEdge;
use super::scope::check_network;
use crate::decide::pricing::NetworkPrices;
use crate::decide::settled::Around;
use crate::model::matching::{Matched, SingleReason};
use crate::model::network::StationId;
use crate::model::rider::Rider;
use crate::model::tap::{Direction, Tap};
use crate::query::taps;
use crate::{Transit, refusal};

/// Taps shown; a rider with more is no rider.
const TAPS_SHOWN: usize = 200;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OpenQuery {
    #[param(value_type = String)]
    pub network: Division,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct OpenTaps {
    pub taps: Vec<OpenTapWire>,
    /// Trips as they match now; later taps may change them until they are final.
    pub trips: Vec<MatchedWire>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct OpenTapWire {
    /// GATE/EPOCH/SEQUENCE
    pub tap: String,
    pub direction: Direction,
    pub station: StationId,
    pub at: String,
    /// In a final trip already, near enough to the open taps to be matched with them.
    pub fixed: bool,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct MatchedWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<String>,
    /// Kept with the trip and without effect.
    pub extra: Vec<String>,
    /// Why one side is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<SingleReason>,
    /// Of a pair, without what depends on the rider's other trips.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub charge_fen: Option<Fen>,
}

/// A rider's taps that are in no final trip yet, and how they match now. The rider is 28 digits of the account and 16
/// hexadecimal digits of the ticket.
#[utoipa::path(get, path = "/v1/transit/riders/{rider}/open", tag = "transit",
    params(("rider" = String, Path), OpenQuery),
    responses((status = 200, body = OpenTaps), (status = "4XX", body = Problem)))]
pub async fn list_open_taps(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(rider): Path<Rider>,
    Query(query): Query<OpenQuery>,
) -> Result<Json<OpenTaps>, Problem> {
    let (transit, directory) = (edge.transit.clone(), edge.directory.clone());
    let read = edge.read(move |view| {
        check_network(view, &caller.principal, query.network)?;
        open_taps(&transit, view, &*directory, query.network, &rider)
    });
    Ok(Json(read.await?))
}

fn open_taps(
    transit: &Transit,
    view: View<'_>,
    directory: &dyn Directory,
    network: Division,
    rider: &Rider,
) -> Result<OpenTaps, Stop> {
    let prices = NetworkPrices::of(transit, view, directory, network)?;
    let prices = prices.ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse().at_field("network"))?;
    let open = taps::open(view, network, rider, TAPS_SHOWN)?;
    let around = Around::read(view, &prices, rider, open)?;
    let shown = around.rides.iter().enumerate().map(|(index, ride)| OpenTapWire {
        tap: ride.tap.key.to_string(),
        direction: ride.tap.direction,
        station: ride.tap.station,
        at: ride.tap.at.to_string(),
        fixed: !around.is_open(index),
    });
    let shown = shown.collect();
    let matched = around.matched(&prices);
    let open = matched.into_iter().filter(|trip| !around.open_of(trip).is_empty());
    let trips = open.map(|trip| wire(trip, around.taps(), &prices)).collect();
    prices.check()?;
    Ok(OpenTaps { taps: shown, trips })
}

fn wire(trip: Matched, taps: &[Tap], prices: &NetworkPrices<'_>) -> MatchedWire {
    let key = |index: usize| taps[index].key.to_string();
    let charge = trip.entry.zip(trip.exit).and_then(|(entry, exit)| prices.charge(&taps[entry], &taps[exit]));
    MatchedWire {
        entry: trip.entry.map(key),
        exit: trip.exit.map(key),
        extra: trip.extra.iter().map(|index| key(*index)).collect(),
        reason: trip.reason,
        charge_fen: charge,
    }
}
