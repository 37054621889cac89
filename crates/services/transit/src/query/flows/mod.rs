//! Fixed tables of finished days (transit specification §14): from city to city by hour, from station to station, trips by state
//! and age, entries and exits with what explains their difference. No account, no ticket, no single trip leaves.
//!
//! The tables of a day are computed once, when it is finished, and recorded as they are shown. What comes later is in no table:
//! of two answers about one day nobody learns what lies between them.

mod protect;
pub mod station_days;

use std::collections::{BTreeSet, HashMap};

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::{Date, DurationMs, Instant, days_since_epoch};
use huitong_service_kit::{Row, StoreError, View, params};

pub use protect::{Cell, Counted, RIDERS_MIN, Table, rounded, withheld_together};

use super::{Text, dated, json};
use crate::Transit;
use crate::model::flow::{FlowTable, Published};
use crate::model::trip::TripState;

/// A day is finished when forgotten exits of it have been waited for: 72 hours of upload wait, 4 of the longest trip, and the cut.
pub const FINISHED_AFTER: DurationMs = DurationMs::days(4);
/// The row or column of what the map or the key set does not name: a missing side, a closed station, a city that left.
pub const OTHER: &str = "other";
const AGES: [&str; 5] = ["0 days", "1 day", "2-3 days", "4-7 days", "8 days and more"];

/// When the tables of a day are published, if its first record came at `first`: four days after its end, or after that record
/// where it came later still.
pub fn published_at(day: Date, first: Instant) -> Instant {
    (Instant::start_of(day) + DurationMs::days(1)).max(first) + FINISHED_AFTER
}

pub fn is_finished(day: Date, now: Instant) -> bool {
    now >= Instant::start_of(day) + DurationMs::days(1) + FINISHED_AFTER
}

/// The day that is due longest: one at a time, as all its trips are read.
pub fn due(view: View<'_>, now: Instant) -> Result<Option<(Division, Date)>, StoreError> {
    view.one(
        "SELECT network, day FROM open_flow_day WHERE due_at <= ?1 ORDER BY due_at, network, day LIMIT 1",
        params![now.0],
        |row| Ok((row.get::<_, Text<Division>>(0)?.0, row.get::<_, Text<Date>>(1)?.0)),
    )
}

/// A table as it was published; `None` where the day had no traffic, or is not published yet.
pub fn published(
    view: View<'_>,
    network: Division,
    day: Date,
    table: FlowTable,
) -> Result<Option<Published>, StoreError> {
    let text = view.one(
        "SELECT text FROM published_flow WHERE network = ?1 AND day = ?2 AND flow = ?3",
        params![network.as_str(), day.to_string(), table.name()],
        |row| row.get::<_, String>(0),
    )?;
    text.map(|text| json(&text)).transpose()
}

/// All tables of a day as they may be shown, rounded under a key that is drawn for the day.
pub fn publish(
    transit: &Transit,
    view: View<'_>,
    network: Division,
    day: Date,
    key: &Digest,
) -> Result<Vec<(FlowTable, Published)>, StoreError> {
    let [hours, stations, states] = between_cities(transit, view, network, day)?;
    let station_names = station_names(transit, view, network)?;
    let figures = station_days::read(view, network, day, station_names)?;
    // The three count the same trips.
    let withheld = withheld_together(&[&hours, &stations, &states].map(|table| (table, table.total())));
    let shown = |table: &Table, place: usize| table.shown(&withheld[place], key);
    Ok(vec![
        (FlowTable::Hours, shown(&hours, 0)),
        (FlowTable::Stations, shown(&stations, 1)),
        (FlowTable::StationDays, figures.publish(key)),
        (FlowTable::States, shown(&states, 2)),
    ])
}

/// Trips of riders from other cities: by city and hour, from station to station, by state and age.
pub fn between_cities(
    transit: &Transit,
    view: View<'_>,
    network: Division,
    day: Date,
) -> Result<[Table; 3], StoreError> {
    let names = Names { cities: cities(view)?, stations: station_names(transit, view, network)? };
    let of = |table: FlowTable| -> Result<Table, StoreError> {
        let (rows, columns, select, place) = match table {
            FlowTable::Hours => (names.cities.clone(), hours_of_day(), HOURS, pair as Placing),
            FlowTable::Stations => (names.stations.clone(), names.stations.clone(), STATIONS, pair as Placing),
            _ => (state_names(), AGES.map(str::to_owned).to_vec(), STATES, state_and_age as Placing),
        };
        let table = Table::new(format!("{}/{network}/{day}", table.name()), rows, columns);
        filled(view, table.with_total(format!("between-cities/{network}/{day}")), select, network, day, place)
    };
    Ok([of(FlowTable::Hours)?, of(FlowTable::Stations)?, of(FlowTable::States)?])
}

struct Names {
    cities: Vec<String>,
    stations: Vec<String>,
}

/// Cities whose riders have codes, by the newest key set. What is in it is known to all; who travelled is not.
fn cities(view: View<'_>) -> Result<Vec<String>, StoreError> {
    let issuers = dated::key_set(view)?.map(|set| set.issuers).unwrap_or_default();
    let cities: BTreeSet<String> = issuers.iter().map(|issuer| issuer.city.to_string()).collect();
    Ok(cities.into_iter().chain([OTHER.to_owned()]).collect())
}

/// Stations of the newest map.
pub fn station_names(transit: &Transit, view: View<'_>, network: Division) -> Result<Vec<String>, StoreError> {
    let map = dated::current_map(transit, view, network)?;
    let mut stations: Vec<u32> = map.iter().flat_map(|map| map.map.stations.iter().map(|station| station.id)).collect();
    stations.sort_unstable();
    Ok(stations.iter().map(u32::to_string).chain([OTHER.to_owned()]).collect())
}

fn hours_of_day() -> Vec<String> {
    (0..24).map(|hour| format!("{hour:02}")).collect()
}

fn state_names() -> Vec<String> {
    TripState::ALL.map(|state| state.name().to_owned()).to_vec()
}

/// A rider's row and column.
type Placing = fn(&Row<'_>, Date) -> Result<(String, String), StoreError>;

const HOURS: &str = "home, printf('%02d', (began + 28800000) / 3600000 % 24)";
const STATIONS: &str = "IFNULL(CAST(from_station AS TEXT), ''), IFNULL(CAST(to_station AS TEXT), '')";
const STATES: &str = "state, booking_day";

fn pair(row: &Row<'_>, _: Date) -> Result<(String, String), StoreError> {
    Ok((row.get(1)?, row.get(2)?))
}

fn state_and_age(row: &Row<'_>, day: Date) -> Result<(String, String), StoreError> {
    let booked = row.get::<_, Text<Date>>(2)?.0;
    let age = match days_since_epoch(booked) - days_since_epoch(day) {
        ..=0 => 0,
        1 => 1,
        2..=3 => 2,
        4..=7 => 3,
        _ => 4,
    };
    Ok((row.get(1)?, AGES[age].to_owned()))
}

/// Counts trips rider by rider. What no name fits falls into the last row or column.
fn filled(
    view: View<'_>,
    mut table: Table,
    select: &str,
    network: Division,
    day: Date,
    place: Placing,
) -> Result<Table, StoreError> {
    let index = |names: &[String]| -> HashMap<String, usize> { names.iter().cloned().zip(0..).collect() };
    let (rows, columns) = (index(&table.rows), index(&table.columns));
    // Where trips of a business day of travel can have begun, by any cut.
    let start = Instant::start_of(day);
    let sql = format!(
        "SELECT rider, {select} FROM trip WHERE network = ?1 AND travel_day = ?2 AND began BETWEEN ?3 AND ?4
             AND home <> network ORDER BY rider"
    );
    let mut rider: Option<[u8; 22]> = None;
    let mut cells: Vec<Counted> = Vec::new();
    view.each(&sql, params![network.as_str(), day.to_string(), start.0, (start + DurationMs::days(2)).0], |row| {
        let of = row.get::<_, [u8; 22]>(0)?;
        if rider != Some(of) {
            table.add_rider(&cells);
            cells.clear();
            rider = Some(of);
        }
        let (of_row, of_column) = place(row, day)?;
        let found = |known: &HashMap<String, usize>, name: &String| known.get(name).copied().unwrap_or(known.len() - 1);
        cells.push((found(&rows, &of_row), found(&columns, &of_column), 1));
        Ok(())
    })?;
    table.add_rider(&cells);
    Ok(table)
}
