//! Fixed tables of finished days (transit specification §14): from city to city by hour, from station to station, trips by state
//! and age, entries and exits with what explains their difference. No account, no ticket, no single trip leaves.
//!
//! The tables of a day are computed once, when it is finished, and recorded as they are shown. What comes later is in no table:
//! of two answers about one day nobody learns what lies between them.

mod between_cities;
mod day_trips;
mod protect;
pub mod station_days;

use std::collections::BTreeSet;

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{StoreError, View, params};

pub use protect::{Cell, Counted, RIDERS_MIN, Table, rounded, withheld_together};

use self::between_cities::BetweenCities;
use self::station_days::StationDays;
use super::{Text, dated, json};
use crate::Transit;
use crate::model::flow::{FlowTable, Published};

/// A day is finished when forgotten exits of it have been waited for: 72 hours of upload wait, 4 of the longest trip, and the cut.
pub const FINISHED_AFTER: DurationMs = DurationMs::days(4);
/// The row or column of what the map or the key set does not name: a missing side, a closed station, a city that left.
pub const OTHER: &str = "other";

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
    let Day { between_cities: [hours, stations, states], figures } = count(transit, view, network, day)?;
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

/// The counts of a day, which are never shown as they are.
pub struct Day {
    /// Hours, stations, states.
    pub between_cities: [Table; 3],
    pub figures: StationDays,
}

/// Counts a day; its trips are read once.
pub fn count(transit: &Transit, view: View<'_>, network: Division, day: Date) -> Result<Day, StoreError> {
    let stations = station_names(transit, view, network)?;
    let mut between_cities = BetweenCities::new(network, day, cities(view)?, stations.clone());
    let mut figures = station_days::Counting::new(network, day, stations);
    day_trips::of_each_rider(view, network, day, |trips| {
        between_cities.add_rider(trips);
        figures.add_rider(trips);
    })?;
    Ok(Day { between_cities: between_cities.into_tables(), figures: figures.with_taps(view)? })
}

/// Cities whose riders have codes, by the newest key set. What is in it is known to all; who travelled is not.
fn cities(view: View<'_>) -> Result<Vec<String>, StoreError> {
    let issuers = dated::key_set(view)?.map(|set| set.issuers).unwrap_or_default();
    let cities: BTreeSet<String> = issuers.iter().map(|issuer| issuer.city.to_string()).collect();
    Ok(cities.into_iter().chain([OTHER.to_owned()]).collect())
}

/// Stations of the newest map.
fn station_names(transit: &Transit, view: View<'_>, network: Division) -> Result<Vec<String>, StoreError> {
    let map = dated::current_map(transit, view, network)?;
    let mut stations: Vec<u32> = map.iter().flat_map(|map| map.map.stations.iter().map(|station| station.id)).collect();
    stations.sort_unstable();
    Ok(stations.iter().map(u32::to_string).chain([OTHER.to_owned()]).collect())
}
