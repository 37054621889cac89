//! The node's own figures against the counts, station by station and day by day, and the difference explained (J2, J11).

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_service_kit::{StoreError, View, params};
use huitong_transit::query::station_days;
use serde::Serialize;

use super::day::Day;

/// A station and day whose figures differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub day: String,
    pub station: u32,
    pub counted_entries: u64,
    pub entries: u64,
    pub counted_exits: u64,
    pub exits: u64,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct DayResult {
    pub day: String,
    pub entries: u64,
    pub exits: u64,
    pub stations: usize,
    /// Stations without any data in the file: unknown, not closed.
    pub unknown_stations: Vec<u32>,
}

/// What the node holds at the end.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Result {
    pub days: Vec<DayResult>,
    pub differences: Vec<Difference>,
    /// Final trips by kind.
    pub trips: BTreeMap<String, u64>,
    /// Single-sided trips by reason.
    pub single_sided: BTreeMap<String, u64>,
    /// Final trips by state.
    pub states: BTreeMap<String, u64>,
    pub charged_fen: i64,
    /// Taps that count and are in no final trip: none, if all is well.
    pub open_taps: u64,
    /// Taps in final trips, by direction.
    pub trip_entries: i64,
    pub trip_exits: i64,
    /// Of them second taps at once, kept with a trip and without effect: neither its entry nor its exit.
    pub extra_entries: i64,
    pub extra_exits: i64,
    /// Σ entries − Σ exits, and the same from single-sided trips.
    pub entries_minus_exits: i64,
    pub explained: i64,
    pub alarms: u64,
}

impl Result {
    pub fn is_good(&self) -> bool {
        self.differences.is_empty()
            && self.open_taps == 0
            && self.entries_minus_exits == self.explained
            && (self.trip_entries, self.trip_exits) == self.told_by_trips()
    }

    /// The entries and exits that trips of the kinds found must have.
    fn told_by_trips(&self) -> (i64, i64) {
        let trips = |kind: &str| self.trips.get(kind).map_or(0, |count| *count as i64);
        let (paired, entry_only, exit_only) = (trips("paired"), trips("entry_only"), trips("exit_only"));
        (paired + entry_only + self.extra_entries, paired + exit_only + self.extra_exits)
    }
}

pub fn reconcile(view: View<'_>, network: Division, days: &[Day]) -> std::result::Result<Result, StoreError> {
    let mut result = Result::default();
    for day in days {
        result.day(view, network, day)?;
    }
    let pairs = |sql: &str| -> std::result::Result<BTreeMap<String, u64>, StoreError> {
        Ok(view.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect())
    };
    let number = |sql: &str| -> std::result::Result<i64, StoreError> {
        Ok(view.one(sql, params![], |row| row.get(0))?.unwrap_or(0))
    };
    result.trips = pairs("SELECT kind, COUNT(*) FROM trip GROUP BY kind")?;
    result.states = pairs("SELECT state, COUNT(*) FROM trip GROUP BY state")?;
    result.single_sided = pairs(
        "SELECT kind || '.' || IFNULL(reason, '-'), COUNT(*) FROM trip
         WHERE kind IN ('entry_only', 'exit_only') GROUP BY 1",
    )?;
    result.charged_fen = number("SELECT IFNULL(SUM(charge_fen), 0) FROM trip")?;
    // States 0 and 1 are those that count; directions 1 and 2 are in and out.
    result.open_taps = number("SELECT COUNT(*) FROM held_tap WHERE state IN (0, 1) AND trip IS NULL")?.unsigned_abs();
    result.trip_entries = number("SELECT COUNT(*) FROM held_tap WHERE trip IS NOT NULL AND direction = 1")?;
    result.trip_exits = number("SELECT COUNT(*) FROM held_tap WHERE trip IS NOT NULL AND direction = 2")?;
    // A trip's own taps are those of its times and stations; the others are counted one by one.
    result.extra_entries = number(
        "SELECT COUNT(*) FROM held_tap AS tap JOIN trip ON trip.trip = tap.trip WHERE direction = 1 AND NOT
             (kind IN ('paired', 'entry_only') AND tap.at = trip.began AND tap.station = trip.from_station)",
    )?;
    result.extra_exits = number(
        "SELECT COUNT(*) FROM held_tap AS tap JOIN trip ON trip.trip = tap.trip WHERE direction = 2 AND NOT
             (kind IN ('paired', 'exit_only') AND tap.at = trip.ended AND tap.station = trip.to_station)",
    )?;
    result.alarms = number("SELECT COUNT(*) FROM alarm")?.unsigned_abs();
    let trips = |kind: &str| result.trips.get(kind).map_or(0, |count| *count as i64);
    let (entry_only, exit_only) = (trips("entry_only"), trips("exit_only"));
    let figure = |read: fn(&DayResult) -> u64| result.days.iter().map(read).sum::<u64>() as i64;
    result.entries_minus_exits = figure(|day| day.entries) - figure(|day| day.exits);
    result.explained = entry_only + result.extra_entries - exit_only - result.extra_exits;
    Ok(result)
}

impl Result {
    fn day(&mut self, view: View<'_>, network: Division, day: &Day) -> std::result::Result<(), StoreError> {
        let mut held: BTreeMap<u32, station_days::StationDay> =
            station_days::of_day(view, network, day.date)?.into_iter().collect();
        let mut told =
            DayResult { day: day.date.to_string(), stations: day.flows.stations.len(), ..DayResult::default() };
        told.unknown_stations = day.unknown.clone();
        for (station, flow) in &day.flows.stations {
            let sum = |counts: &[u32]| counts.iter().map(|count| u64::from(*count)).sum::<u64>();
            let (counted_entries, counted_exits) = (sum(&flow.entries), sum(&flow.exits));
            let station_days::StationDay { entries, exits } = held.remove(station).unwrap_or_default();
            told.entries += entries;
            told.exits += exits;
            if (counted_entries, counted_exits) != (entries, exits) {
                let day = told.day.clone();
                self.differences.push(Difference {
                    day,
                    station: *station,
                    counted_entries,
                    entries,
                    counted_exits,
                    exits,
                });
            }
        }
        // Nothing may be held at a station that the file does not name.
        for (station, station_days::StationDay { entries, exits }) in held {
            let day = told.day.clone();
            self.differences.push(Difference { day, station, counted_entries: 0, entries, counted_exits: 0, exits });
        }
        self.days.push(told);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 paired trips, 3 only in, 1 only out, and two second taps.
    fn good() -> Result {
        let trips = [("paired", 100), ("entry_only", 3), ("exit_only", 1)];
        Result {
            trips: trips.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect(),
            trip_entries: 104,
            trip_exits: 102,
            extra_entries: 1,
            extra_exits: 1,
            entries_minus_exits: 2,
            explained: 2,
            ..Result::default()
        }
    }

    #[test]
    fn lost_and_wrong_trips_do_not_reconcile() {
        assert!(good().is_good());
        let with = |kind: &str, count: u64| {
            let mut result = good();
            result.trips.insert(kind.to_owned(), count);
            result
        };
        assert!(!with("paired", 99).is_good(), "a trip is lost, the difference of entries and exits is not");
        assert!(!with("entry_only", 2).is_good());
        assert!(!Result { extra_entries: 0, ..good() }.is_good());
        assert!(!Result { explained: 3, ..good() }.is_good());
    }
}
