//! GET /v1/transit/flows/{table}

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::time::Date;
use huitong_service_kit::http::{Path, Problem, Query};
use huitong_transit_code::make::Sign;
use serde::{Deserialize, Serialize};

use super::super::{TransitEdge, problem};
use crate::model::network::StationId;
use crate::query::flows::{self, Published, Table, station_days};
use crate::refusal;

/// The fixed tables; there are no free queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowTable {
    /// Home city → network by hour.
    Hours,
    /// Station → station, of riders from other cities.
    Stations,
    /// Entries and exits per station.
    StationDays,
    /// Trips by state and age.
    States,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FlowQuery {
    #[param(value_type = String)]
    pub network: Division,
    /// A finished day: at least four days ago.
    #[param(value_type = String, format = Date)]
    pub day: Date,
}

/// A row of a table; `null` is fewer than ten riders, none, or withheld so that totals do not give another cell away.
#[derive(Serialize, utoipa::ToSchema)]
pub struct FlowRow {
    pub name: String,
    pub counts: Vec<Option<u64>>,
    pub total: Option<u64>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct StationDayItem {
    pub station: StationId,
    pub entries: u64,
    pub exits: u64,
    pub boardings: u64,
    /// What explains the difference: trips with both sides, and trips without the other side.
    pub entries_paired: u64,
    pub exits_paired: u64,
    pub entry_only: u64,
    pub exit_only: u64,
}

/// Counts rounded to multiples of five, each on its own: they need not add up.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Flow {
    pub columns: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<FlowRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totals: Option<FlowRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stations: Vec<StationDayItem>,
}

/// The key of the rounding: a secret of this node that never changes, from the key under which it signs gates' tables.
fn rounding_key(edge: &TransitEdge) -> Digest {
    HashFunction::Sha256.hash(&[&edge.tables.sign(b"huitong.transit.statistics-key.1")])
}

fn wire(published: Published) -> Flow {
    let width = published.columns.len() + 1;
    let mut rows = published.grid.chunks(width).zip(published.rows.iter().map(String::as_str).chain(["total"])).map(
        |(cells, name)| FlowRow { name: name.to_owned(), counts: cells[..width - 1].to_vec(), total: cells[width - 1] },
    );
    let body = rows.by_ref().take(published.rows.len()).collect();
    Flow { columns: published.columns.clone(), rows: body, totals: rows.next(), stations: Vec::new() }
}

/// A fixed table of a finished day without persons (客流统计). Refused when nothing of it may be shown.
#[utoipa::path(get, path = "/v1/transit/flows/{table}", tag = "transit", params(("table" = FlowTable, Path), FlowQuery),
    responses((status = 200, body = Flow), (status = "4XX", body = Problem)))]
pub async fn get_flow(
    State(edge): State<TransitEdge>,
    Path(table): Path<FlowTable>,
    Query(query): Query<FlowQuery>,
) -> Result<Json<Flow>, Problem> {
    let FlowQuery { network, day } = query;
    let year_is_ours = (1970..2100).contains(&day.year());
    if !year_is_ours || !flows::is_finished(day, edge.edge.clock.now()) {
        return Err(problem(&refusal::invalid("day")));
    }
    let key = rounding_key(&edge);
    let small = || problem(&refusal::STATS_SMALL.refuse());
    let read: fn(huitong_service_kit::View<'_>, Division, Date) -> Result<Table, huitong_service_kit::StoreError> =
        match table {
            FlowTable::Hours => flows::hours,
            FlowTable::Stations => flows::stations,
            FlowTable::States => flows::states,
            FlowTable::StationDays => {
                let days = edge.read(move |view| Ok(station_days::read(view, network, day)?)).await?;
                let shown = station_days::publish(network, day, &days, &key);
                return if shown.is_empty() { Err(small()) } else { Ok(Json(stations(shown))) };
            }
        };
    let published = edge.read(move |view| Ok(read(view, network, day)?.publish(&key))).await?;
    if published.is_empty() { Err(small()) } else { Ok(Json(wire(published))) }
}

fn stations(shown: std::collections::BTreeMap<StationId, station_days::StationDay>) -> Flow {
    let item = |(station, day): (StationId, station_days::StationDay)| StationDayItem {
        station,
        entries: day.entries,
        exits: day.exits,
        boardings: day.boardings,
        entries_paired: day.entries_paired,
        exits_paired: day.exits_paired,
        entry_only: day.entry_only,
        exit_only: day.exit_only,
    };
    Flow { columns: Vec::new(), rows: Vec::new(), totals: None, stations: shown.into_iter().map(item).collect() }
}
