//! GET /v1/transit/accounts/{account}/trips

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::http::{Caller, Page, PageQuery, Path, Problem, Query, Yuan};
use huitong_service_kit::{StoreError, View};
use serde::Serialize;

use super::super::TransitEdge;
use super::super::visited::wire::{cursor, limit};
use super::wire::visible_account;
use crate::Transit;
use crate::model::network::StationId;
use crate::model::rider::AccountToken;
use crate::model::trip::{CompletionKind, TripKind};
use crate::query::dated;
use crate::query::home_trips::{self, HomeAdjust, HomeTrip, Place};

/// A trip as its rider is shown it: what it cost, why, and what that rests on.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Ride {
    #[schema(value_type = String)]
    pub trip: Digest,
    #[schema(value_type = String)]
    pub network: Division,
    pub kind: TripKind,
    /// `charged`, or `disputed`: home contests it, and nothing is charged
    pub state: &'static str,
    pub began: String,
    #[serde(skip)]
    #[schema(ignore)]
    pub place: Instant,
    /// Taps as gates recorded them.
    pub taps: Vec<RideTap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<StationName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<StationName>,
    /// nominal − reductions + overstay = charge
    pub nominal: Yuan,
    pub reductions: Vec<Reduction>,
    pub overstay: Yuan,
    /// In force.
    pub charge: Yuan,
    /// What of it the home city bears itself (risk rules): the rider pays the rest.
    pub borne_by_home: Yuan,
    /// As charged first.
    pub original: Yuan,
    /// An assumption that a completion may replace: `POST /v1/transit/completions`.
    pub provisional: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion: Option<Filled>,
    /// `overstay`, `no_exit`, `free_exit` …
    pub reasons: Vec<String>,
    pub distance_m: u32,
    /// The fare pack and its version.
    pub pack: String,
    #[schema(value_type = String, format = Date)]
    pub travel_day: Date,
    #[schema(value_type = String, format = Date)]
    pub booking_day: Date,
    /// First to last; the last one is in force.
    pub adjustments: Vec<Adjustment>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct RideTap {
    /// `in`, `out` or `boarding`
    pub direction: crate::model::tap::Direction,
    pub station: StationId,
    pub at: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct StationName {
    pub station: StationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_zh: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_en: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct Reduction {
    pub name: String,
    pub minus: Yuan,
}

/// How the missing side was found (补登), offered to the rider for correction.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Filled {
    pub how: CompletionKind,
    pub station: StationId,
    pub evidence: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct Adjustment {
    pub number: u32,
    /// Against what was in force before; less than zero goes back to the rider.
    pub change: Yuan,
    pub reason: String,
    pub evidence: String,
    #[schema(value_type = String, format = Date)]
    pub booking_day: Date,
}

impl From<HomeAdjust> for Adjustment {
    fn from(adjust: HomeAdjust) -> Adjustment {
        Adjustment {
            number: adjust.number,
            change: adjust.change_fen.into(),
            reason: adjust.reason,
            evidence: adjust.evidence,
            booking_day: adjust.booking_day,
        }
    }
}

/// A trip of an account with its reasons.
pub fn ride(transit: &Transit, view: View<'_>, row: &HomeTrip) -> Result<Ride, StoreError> {
    let trip = row.content()?;
    let map = dated::map(transit, view, row.network, trip.pack.network_version)?;
    let name = |station: StationId| {
        let known = map.as_ref().and_then(|map| map.station(station));
        StationName {
            station,
            name_zh: known.map(|known| known.name_zh.clone()),
            name_en: known.map(|known| known.name_en.clone()),
        }
    };
    let reductions = trip.fare.discounts.iter();
    Ok(Ride {
        trip: row.trip,
        network: row.network,
        kind: row.kind,
        state: if row.is_disputed { "disputed" } else { "charged" },
        began: row.began.to_string(),
        place: row.began,
        taps: trip
            .taps
            .iter()
            .map(|tap| RideTap { direction: tap.direction, station: tap.station, at: tap.at.to_string() })
            .collect(),
        from: trip.from.map(name),
        to: trip.to.map(name),
        nominal: trip.fare.nominal_fen.into(),
        reductions: reductions
            .map(|line| Reduction { name: line.name.clone(), minus: line.minus_fen.into() })
            .collect(),
        overstay: trip.fare.overstay_fen.into(),
        charge: row.charge_fen.into(),
        borne_by_home: row.borne_by_home().into(),
        original: row.original_fen.into(),
        provisional: trip.provisional,
        completion: trip.completion.map(|filled| Filled {
            how: filled.how,
            station: filled.station,
            evidence: filled.evidence,
        }),
        reasons: trip.flags,
        distance_m: trip.fare.distance_m,
        pack: format!("{} {}", trip.pack.pack, trip.pack.version),
        travel_day: row.travel_day,
        booking_day: row.booking_day,
        adjustments: home_trips::adjusts_of(view, row.trip)?.into_iter().map(Adjustment::from).collect(),
    })
}

/// All trips of an account in all cities, newest first: under model P those of its tokens too.
#[utoipa::path(get, path = "/v1/transit/accounts/{account}/trips", tag = "transit",
    params(("account" = String, Path), PageQuery),
    responses((status = 200, body = Page<Ride>), (status = "4XX", body = Problem)))]
pub async fn list_rides(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(account): Path<AccountToken>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Ride>>, Problem> {
    let limit = limit(&page)?;
    let after = cursor(page.after.as_deref(), |text| {
        let (began, trip) = text.split_once('/')?;
        Some(Place { began: Instant(began.parse().ok()?), trip: trip.parse().ok()? })
    })?;
    let transit = edge.transit.clone();
    let rides = edge
        .read(move |view| {
            visible_account(view, &account, &caller.principal)?;
            let rows = home_trips::of_account(view, &account, after, limit + 1)?;
            Ok(rows.iter().map(|row| ride(&transit, view, row)).collect::<Result<Vec<_>, _>>()?)
        })
        .await?;
    Ok(Json(Page::of(rides, limit, |ride: &Ride| format!("{}/{}", ride.place.0, ride.trip))))
}
