//! Trips of riders from other cities: by city and hour, from station to station, by state and age.

use std::collections::HashMap;

use huitong_kernel::division::Division;
use huitong_kernel::time::{Date, DurationMs, Instant, days_since_epoch};

use super::day_trips::DayTrip;
use super::protect::{Counted, Table};
use crate::model::trip::TripState;

const AGES: [&str; 5] = ["0 days", "1 day", "2-3 days", "4-7 days", "8 days and more"];

/// Three tables that count the same trips.
pub struct BetweenCities {
    day: Date,
    hours: Named,
    stations: Named,
    states: Named,
}

/// A table whose rows and columns are found by name; what no name fits falls into the last one.
struct Named {
    table: Table,
    rows: HashMap<String, usize>,
    columns: HashMap<String, usize>,
}

impl Named {
    fn new(table: Table) -> Named {
        let index = |names: &[String]| names.iter().cloned().zip(0..).collect();
        Named { rows: index(&table.rows), columns: index(&table.columns), table }
    }

    fn place(&self, row: &str, column: &str) -> Counted {
        let found = |known: &HashMap<String, usize>, name: &str| known.get(name).copied().unwrap_or(known.len() - 1);
        (found(&self.rows, row), found(&self.columns, column), 1)
    }
}

impl BetweenCities {
    /// Without a trip; rows and columns are the cities and stations that all know, whoever travelled.
    pub fn new(network: Division, day: Date, cities: Vec<String>, stations: Vec<String>) -> BetweenCities {
        let named = |table: &str, rows: Vec<String>, columns: Vec<String>| {
            let table = Table::new(format!("{table}/{network}/{day}"), rows, columns);
            Named::new(table.with_total(format!("between-cities/{network}/{day}")))
        };
        let states = TripState::ALL.map(|state| state.name().to_owned()).to_vec();
        BetweenCities {
            day,
            hours: named("hours", cities, (0..24).map(|hour| format!("{hour:02}")).collect()),
            stations: named("stations", stations.clone(), stations),
            states: named("states", states, AGES.map(str::to_owned).to_vec()),
        }
    }

    /// Counts what a rider travelled on this business day.
    pub fn add_rider(&mut self, trips: &[DayTrip]) {
        let start = Instant::start_of(self.day);
        let began = start..=start + DurationMs::days(2);
        let of_day = |trip: &&DayTrip| trip.travel_day == self.day && began.contains(&trip.began);
        let mut cells = [Vec::new(), Vec::new(), Vec::new()];
        for (trip, city) in trips.iter().filter(of_day).filter_map(|trip| Some((trip, trip.from_city.as_ref()?))) {
            let hour = (trip.began.0 + 28_800_000).div_euclid(3_600_000).rem_euclid(24);
            let station = |station: Option<u32>| station.map_or_else(String::new, |station| station.to_string());
            cells[0].push(self.hours.place(city, &format!("{hour:02}")));
            cells[1].push(self.stations.place(&station(trip.from), &station(trip.to)));
            cells[2].push(self.states.place(&trip.state, age(trip.booking_day, self.day)));
        }
        for (named, cells) in [&mut self.hours, &mut self.stations, &mut self.states].into_iter().zip(&cells) {
            named.table.add_rider(cells);
        }
    }

    /// Hours, stations, states.
    pub fn into_tables(self) -> [Table; 3] {
        [self.hours.table, self.stations.table, self.states.table]
    }
}

fn age(booked: Date, travelled: Date) -> &'static str {
    AGES[match days_since_epoch(booked) - days_since_epoch(travelled) {
        ..=0 => 0,
        1 => 1,
        2..=3 => 2,
        4..=7 => 3,
        _ => 4,
    }]
}
