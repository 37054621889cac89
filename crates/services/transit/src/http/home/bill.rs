//! GET /v1/transit/accounts/{account}/bill

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::http::{Caller, Path, Problem, Query, Yuan};
use huitong_service_kit::{Stop, View};
use serde::{Deserialize, Serialize};

use super::super::{TransitEdge, problem};
use super::rides::{Ride, ride};
use super::wire::{DebtWire, visible_account};
use crate::model::rider::AccountToken;
use crate::query::home_trips::{self, HomeAdjust};
use crate::query::{accounts, bill};
use crate::{Transit, refusal};

/// Trips and adjustments that one bill lists; the sums are of all.
const LINES_MAX: usize = 1_000;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct BillQuery {
    /// `2026-11`
    pub month: String,
}

/// One bill for all cities: what was booked in the month, whatever day it was travelled.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Bill {
    #[schema(value_type = String)]
    pub account: AccountToken,
    pub month: String,
    pub cities: Vec<CityWire>,
    /// Of all cities, adjustments included.
    pub charged: Yuan,
    /// What the rider paid in during the month.
    pub paid: Yuan,
    /// Now, whatever month is asked for.
    pub balance: Yuan,
    pub unpaid: Yuan,
    pub debts: Vec<DebtWire>,
    pub trips: Vec<Ride>,
    /// Also of trips of earlier months.
    pub adjustments: Vec<BillAdjustment>,
    /// Whether the lists hold all that the sums count.
    pub complete: bool,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct CityWire {
    #[schema(value_type = String)]
    pub network: Division,
    pub trips: u64,
    /// As charged first.
    pub trips_sum: Yuan,
    pub adjustments: u64,
    pub adjustments_sum: Yuan,
    /// What the home city bears itself (risk rules).
    pub borne_by_home: Yuan,
    /// The sums less what the home city bears.
    pub charged: Yuan,
    /// Trips that home contests: not charged.
    pub disputed: u64,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct BillAdjustment {
    #[schema(value_type = String)]
    pub trip: Digest,
    #[schema(value_type = String)]
    pub network: Division,
    pub number: u32,
    pub change: Yuan,
    pub reason: String,
    #[schema(value_type = String, format = Date)]
    pub booking_day: Date,
}

impl From<HomeAdjust> for BillAdjustment {
    fn from(adjust: HomeAdjust) -> BillAdjustment {
        BillAdjustment {
            trip: adjust.trip,
            network: adjust.network,
            number: adjust.number,
            change: adjust.change_fen.into(),
            reason: adjust.reason,
            booking_day: adjust.booking_day,
        }
    }
}

/// The rider's bill of a calendar month: per city the sums, each trip with its reasons, adjustments and debts.
#[utoipa::path(get, path = "/v1/transit/accounts/{account}/bill", tag = "transit",
    params(("account" = String, Path), BillQuery),
    responses((status = 200, body = Bill), (status = "4XX", body = Problem)))]
pub async fn get_bill(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(account): Path<AccountToken>,
    Query(BillQuery { month }): Query<BillQuery>,
) -> Result<Json<Bill>, Problem> {
    if month.len() != 7 || format!("{month}-01").parse::<Date>().is_err() {
        return Err(problem(&refusal::invalid("month")));
    }
    let transit = edge.transit.clone();
    let read = edge.read(move |view| {
        let known = visible_account(view, &account, &caller.principal)?;
        bill(&transit, view, &known, month)
    });
    Ok(Json(read.await?))
}

fn bill(transit: &Transit, view: View<'_>, account: &accounts::Account, month: String) -> Result<Bill, Stop> {
    let token = account.account;
    let cities = bill::cities(view, &token, &month)?;
    let trips = home_trips::booked_in(view, &token, &month, LINES_MAX + 1)?;
    let adjusts = home_trips::adjusted_in(view, &token, &month, LINES_MAX + 1)?;
    let complete = trips.len() <= LINES_MAX && adjusts.len() <= LINES_MAX;
    let rides = trips.iter().take(LINES_MAX).map(|row| ride(transit, view, row)).collect::<Result<_, _>>()?;
    let charged: Fen = cities.values().map(|sums| sums.charged_fen()).sum();
    let city = |(network, sums): (&Division, &bill::CitySums)| CityWire {
        network: *network,
        trips: sums.trips,
        trips_sum: sums.trips_fen.into(),
        adjustments: sums.adjusts,
        adjustments_sum: sums.adjusts_fen.into(),
        borne_by_home: sums.lost_fen.into(),
        charged: sums.charged_fen().into(),
        disputed: sums.disputed,
    };
    Ok(Bill {
        account: token,
        cities: cities.iter().map(city).collect(),
        charged: charged.into(),
        paid: bill::paid_in(view, &token, &month)?.into(),
        balance: account.balance_fen.into(),
        unpaid: account.unpaid_fen.into(),
        debts: accounts::debts(view, &token)?.into_iter().map(DebtWire::from).collect(),
        trips: rides,
        adjustments: adjusts.into_iter().take(LINES_MAX).map(BillAdjustment::from).collect(),
        complete,
        month,
    })
}
