//! Entries and exits of a station on a calendar day, and what explains their difference (J11).
//!
//! One table of entries and one of exits: each tap is of a trip with both sides, of one without the other side, or of none as
//! entry or exit (a second tap of the same trip, or one that is still open). Who made a tap is known by its trip.

use std::collections::{BTreeMap, HashMap};

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{StoreError, View, params};

use super::day_trips::DayTrip;
use super::protect::{Counted, Table, withheld_together};
use crate::model::flow::Published;
use crate::model::network::StationId;

/// The figures of a station as they are published.
pub const FIGURES: [&str; 7] =
    ["entries", "exits", "boardings", "entries_paired", "exits_paired", "entry_only", "exit_only"];

const PAIRED: usize = 0;
const SINGLE: usize = 1;
const OTHER_TAPS: usize = 2;

/// The tables of a day; their rows are the stations.
#[derive(Clone, Debug)]
pub struct StationDays {
    pub entries: Table,
    pub exits: Table,
    pub boardings: Table,
}

/// Taps by station: entries, exits, boardings.
type Taps = BTreeMap<StationId, [u64; 3]>;

/// The tables of a day while its trips are counted.
pub struct Counting {
    network: Division,
    day: Date,
    tables: StationDays,
    rows: HashMap<StationId, usize>,
    /// Those that trips explain.
    in_trips: Taps,
}

impl Counting {
    /// The names are those of the map's stations, and a last one for all others.
    pub fn new(network: Division, day: Date, names: Vec<String>) -> Counting {
        let columns = || ["paired", "single", "other"].map(str::to_owned).to_vec();
        let table = |figure: &str| Table::new(format!("{figure}/{network}/{day}"), names.clone(), columns());
        let tables = StationDays { entries: table("entries"), exits: table("exits"), boardings: table("boardings") };
        let rows = names.iter().zip(0..).filter_map(|(name, row)| Some((name.parse().ok()?, row))).collect();
        Counting { network, day, tables, rows, in_trips: Taps::new() }
    }

    fn row_of(&self, station: StationId) -> usize {
        self.rows.get(&station).copied().unwrap_or(self.tables.entries.rows.len() - 1)
    }

    /// Counts what a rider did on this calendar day.
    pub fn add_rider(&mut self, trips: &[DayTrip]) {
        let start = Instant::start_of(self.day);
        let today = start..start + DurationMs::days(1);
        let mut done: [Vec<Counted>; 3] = Default::default();
        for trip in trips {
            let origin = trip.from.filter(|_| today.contains(&trip.began));
            let target = trip.to.filter(|_| trip.ended.is_some_and(|ended| today.contains(&ended)));
            let sides = match trip.kind.as_str() {
                "paired" => [(origin, 0, PAIRED), (target, 1, PAIRED)],
                "entry_only" => [(origin, 0, SINGLE), (None, 1, SINGLE)],
                "exit_only" => [(None, 0, SINGLE), (target, 1, SINGLE)],
                _ => [(origin, 2, PAIRED), (None, 2, PAIRED)],
            };
            for (station, side, column) in sides {
                if let Some(station) = station {
                    done[side].push((self.row_of(station), column, 1));
                    self.in_trips.entry(station).or_default()[side] += 1;
                }
            }
        }
        for (table, done) in self.tables.all().into_iter().zip(&done) {
            table.add_rider(done);
        }
    }

    /// With the day's taps that are in no trip as entry or exit.
    pub fn with_taps(mut self, view: View<'_>) -> Result<StationDays, StoreError> {
        let mut taps = Taps::new();
        view.each(
            "SELECT station, entries, exits, boardings FROM station_day WHERE network = ?1 AND day = ?2",
            params![self.network.as_str(), self.day.to_string()],
            |row| {
                taps.insert(row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?]);
                Ok(())
            },
        )?;
        for (station, counts) in taps {
            let known = self.in_trips.get(&station).copied().unwrap_or_default();
            let row = self.row_of(station);
            for (number, table) in self.tables.all().into_iter().enumerate() {
                table.add_unknown(row, OTHER_TAPS, counts[number].saturating_sub(known[number]));
            }
        }
        Ok(self.tables)
    }
}

impl StationDays {
    fn all(&mut self) -> [&mut Table; 3] {
        [&mut self.entries, &mut self.exits, &mut self.boardings]
    }

    /// What may be shown: each figure by its own riders, and with every withheld one others, so that neither the sum of a
    /// station nor that of the network gives it away. Over the whole network as many trips begin as end.
    pub fn publish(&self, key: &Digest) -> Published {
        let StationDays { entries, exits, boardings } = self;
        let stations = entries.rows.len();
        let begun = entries.place(stations, PAIRED);
        let together = withheld_together(&[(entries, begun), (exits, begun)]);
        let alone = boardings.withheld();
        let total = entries.columns.len();
        let figures = [
            (entries, &together[0], total),
            (exits, &together[1], total),
            (boardings, &alone, total),
            (entries, &together[0], PAIRED),
            (exits, &together[1], PAIRED),
            (entries, &together[0], SINGLE),
            (exits, &together[1], SINGLE),
        ];
        let mut cells = Vec::new();
        for row in 0..stations {
            for (number, (table, withheld, column)) in figures.iter().enumerate() {
                let figure = table.figure(table.place(row, *column), withheld, key);
                cells.extend(figure.map(|figure| (row, number, figure)));
            }
        }
        Published { rows: entries.rows.clone(), columns: FIGURES.map(str::to_owned).to_vec(), cells }
    }
}
