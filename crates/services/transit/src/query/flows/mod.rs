//! Fixed tables of finished days (transit specification §14): from city to city by hour, from station to station, trips by state
//! and age, entries and exits with what explains their difference. No account, no ticket, no single trip leaves.

mod protect;
pub mod station_days;

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::time::{Date, DurationMs, Instant, days_since_epoch};
use huitong_service_kit::{Row, StoreError, View, params};

pub use protect::{Cell, Published, RIDERS_MIN, Table, rounded};

use super::Text;

/// A day is finished when forgotten exits of it have been waited for: 72 hours of upload wait, 4 of the longest trip, and the cut.
pub const FINISHED_AFTER: DurationMs = DurationMs::days(4);

pub fn is_finished(day: Date, now: Instant) -> bool {
    now >= Instant::start_of(day) + DurationMs::days(1) + FINISHED_AFTER
}

/// Where trips of a business day of travel can have begun, by any cut.
fn span(day: Date) -> (i64, i64) {
    let start = Instant::start_of(day);
    (start.0, (start + DurationMs::days(2)).0)
}

/// A rider's row and column; the rows of a rider come together.
type Place = (String, String);

/// Builds a table from rows (rider, row, column, count) that are ordered by rider.
fn table(
    view: View<'_>,
    name: String,
    sql: &str,
    network: Division,
    day: Date,
    place: impl Fn(&Row<'_>) -> Result<Place, StoreError>,
) -> Result<Table, StoreError> {
    let (from, to) = span(day);
    let day = day.to_string();
    let (mut rows, mut columns): (BTreeMap<String, usize>, BTreeMap<String, usize>) =
        (BTreeMap::new(), BTreeMap::new());
    view.each(sql, params![network.as_str(), day, from, to], |row| {
        let (of_row, of_column) = place(row)?;
        rows.insert(of_row, 0);
        columns.insert(of_column, 0);
        Ok(())
    })?;
    rows.values_mut().enumerate().for_each(|(number, value)| *value = number);
    columns.values_mut().enumerate().for_each(|(number, value)| *value = number);
    let mut table = Table::new(name, rows.keys().cloned().collect(), columns.keys().cloned().collect());
    let mut rider: Option<[u8; 22]> = None;
    let mut cells: Vec<(usize, usize, u64)> = Vec::new();
    view.each(sql, params![network.as_str(), day, from, to], |row| {
        let of = row.get::<_, [u8; 22]>(0)?;
        if rider != Some(of) {
            table.add_rider(&cells);
            cells.clear();
            rider = Some(of);
        }
        let (of_row, of_column) = place(row)?;
        cells.push((rows[&of_row], columns[&of_column], row.get(3)?));
        Ok(())
    })?;
    table.add_rider(&cells);
    Ok(table)
}

fn pair(row: &Row<'_>) -> Result<Place, StoreError> {
    Ok((row.get::<_, String>(1)?, row.get::<_, String>(2)?))
}

/// Home city → network by hour of beginning (UTC+8).
pub fn hours(view: View<'_>, network: Division, day: Date) -> Result<Table, StoreError> {
    let sql = "SELECT rider, home, printf('%02d', (began + 28800000) / 3600000 % 24) AS hour, COUNT(*) FROM trip
         WHERE network = ?1 AND travel_day = ?2 AND began BETWEEN ?3 AND ?4 AND state <> 'cancelled'
         GROUP BY rider, home, hour ORDER BY rider";
    table(view, format!("hours/{network}/{day}"), sql, network, day, pair)
}

/// Station → station, of riders from other cities.
pub fn stations(view: View<'_>, network: Division, day: Date) -> Result<Table, StoreError> {
    let sql = "SELECT rider, printf('%010d', from_station) AS origin, printf('%010d', to_station) AS target, COUNT(*) FROM trip
         WHERE network = ?1 AND travel_day = ?2 AND began BETWEEN ?3 AND ?4 AND state <> 'cancelled' AND home <> network
             AND from_station IS NOT NULL AND to_station IS NOT NULL
         GROUP BY rider, origin, target ORDER BY rider";
    let place = |row: &Row<'_>| {
        let (from, to) = pair(row)?;
        let number = |text: String| text.trim_start_matches('0').to_owned();
        Ok((number(from), number(to)))
    };
    table(view, format!("stations/{network}/{day}"), sql, network, day, place)
}

/// Trips by state, and by the days between travel and booking.
pub fn states(view: View<'_>, network: Division, day: Date) -> Result<Table, StoreError> {
    let sql = "SELECT rider, state, booking_day, COUNT(*) FROM trip
         WHERE network = ?1 AND travel_day = ?2 AND began BETWEEN ?3 AND ?4 GROUP BY rider, state, booking_day ORDER BY rider";
    let place = |row: &Row<'_>| {
        let booked = row.get::<_, Text<Date>>(2)?.0;
        let age = match days_since_epoch(booked) - days_since_epoch(day) {
            ..=0 => "0 days",
            1 => "1 day",
            2..=3 => "2-3 days",
            4..=7 => "4-7 days",
            _ => "8 days and more",
        };
        Ok((row.get::<_, String>(1)?, age.to_owned()))
    };
    table(view, format!("states/{network}/{day}"), sql, network, day, place)
}
