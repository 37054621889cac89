//! GET /v1/transit/flows/{table}

use axum::Json;
use axum::extract::State;
use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::http::{Path, Problem, Query};
use serde::{Deserialize, Serialize};

use super::super::{TransitEdge, problem};
use crate::model::flow::{FlowTable, Published};
use crate::model::network::StationId;
use crate::query::flows;
use crate::refusal;

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

/// A station of the map on the day; `null` as in a row.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StationDayItem {
    pub station: StationId,
    pub entries: Option<u64>,
    pub exits: Option<u64>,
    pub boardings: Option<u64>,
    /// What explains the difference: trips with both sides, and trips without the other side.
    pub entries_paired: Option<u64>,
    pub exits_paired: Option<u64>,
    pub entry_only: Option<u64>,
    pub exit_only: Option<u64>,
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

fn wire(published: Published) -> Flow {
    let row = |place: usize, name: &str| {
        let mut counts = published.row(place);
        let total = counts.pop().flatten();
        FlowRow { name: name.to_owned(), counts, total }
    };
    let rows = published.rows.iter().enumerate().map(|(place, name)| row(place, name)).collect();
    let totals = Some(row(published.rows.len(), "total"));
    Flow { rows, totals, columns: published.columns, stations: Vec::new() }
}

/// Station by station; records of stations that are not on the map are not shown.
fn stations(published: &Published) -> Flow {
    let item = |(place, name): (usize, &String)| {
        let figures = published.row(place);
        let figure = |number: usize| figures.get(number).copied().flatten();
        Some(StationDayItem {
            station: name.parse().ok()?,
            entries: figure(0),
            exits: figure(1),
            boardings: figure(2),
            entries_paired: figure(3),
            exits_paired: figure(4),
            entry_only: figure(5),
            exit_only: figure(6),
        })
    };
    let stations = published.rows.iter().enumerate().filter_map(item).collect();
    Flow { columns: Vec::new(), rows: Vec::new(), totals: None, stations }
}

/// A fixed table of a finished day without persons (客流统计), as it was published: what comes later changes nothing in it.
/// Refused when nothing of it may be shown.
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
    let published = edge.read(move |view| Ok(flows::published(view, network, day, table)?)).await?;
    let published = published.filter(|published| !published.is_empty());
    let published = published.ok_or_else(|| problem(&refusal::STATS_SMALL.refuse()))?;
    Ok(Json(if table == FlowTable::StationDays { stations(&published) } else { wire(published) }))
}
