//! Entries and exits of a station on a calendar day, and what explains their difference (J11).
//!
//! One table of entries and one of exits: each tap is of a trip with both sides, of one without the other side, or of none as
//! entry or exit (a second tap of the same trip, or one that is still open). Who made a tap is known by its trip.

use std::collections::{BTreeMap, HashMap};

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{StoreError, View, params};

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

/// Taps of one direction that counted, by station.
type Taps = BTreeMap<StationId, [u64; 3]>;

/// Counts a day. The names are those of the map's stations, and a last one for all others.
pub fn read(view: View<'_>, network: Division, day: Date, names: Vec<String>) -> Result<StationDays, StoreError> {
    let columns = || ["paired", "single", "other"].map(str::to_owned).to_vec();
    let table = |figure: &str| Table::new(format!("{figure}/{network}/{day}"), names.clone(), columns());
    let mut days = StationDays { entries: table("entries"), exits: table("exits"), boardings: table("boardings") };
    let index: HashMap<StationId, usize> =
        names.iter().zip(0..).filter_map(|(name, row)| Some((name.parse().ok()?, row))).collect();
    let row_of = |station: StationId| index.get(&station).copied().unwrap_or(names.len() - 1);
    let in_trips = days.add_trips(view, network, day, row_of)?;
    let mut taps: Taps = Taps::new();
    view.each(
        "SELECT station, entries, exits, boardings FROM station_day WHERE network = ?1 AND day = ?2",
        params![network.as_str(), day.to_string()],
        |row| {
            taps.insert(row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?]);
            Ok(())
        },
    )?;
    for (station, counts) in taps {
        let known = in_trips.get(&station).copied().unwrap_or_default();
        for (number, table) in [&mut days.entries, &mut days.exits, &mut days.boardings].into_iter().enumerate() {
            table.add_unknown(row_of(station), OTHER_TAPS, counts[number].saturating_sub(known[number]));
        }
    }
    Ok(days)
}

/// What a rider did on the day: of entries, exits and boardings.
type Done = [Vec<Counted>; 3];

impl StationDays {
    /// Counts trips rider by rider; gives the taps that they explain.
    fn add_trips(
        &mut self,
        view: View<'_>,
        network: Division,
        day: Date,
        row_of: impl Fn(StationId) -> usize,
    ) -> Result<Taps, StoreError> {
        let (from, to) = (Instant::start_of(day), Instant::start_of(day) + DurationMs::days(1));
        let is_today = |at: i64| (from.0..to.0).contains(&at);
        let (mut rider, mut done, mut taps): (Option<[u8; 22]>, Done, Taps) = (None, Done::default(), Taps::new());
        view.each(
            "SELECT rider, kind, began, ended, from_station, to_station FROM trip
             WHERE network = ?1 AND began BETWEEN ?2 AND ?3 ORDER BY rider",
            params![network.as_str(), from.0 - 86_400_000, to.0],
            |row| {
                let of = row.get::<_, [u8; 22]>(0)?;
                if rider != Some(of) {
                    self.add_rider(&done);
                    done = Done::default();
                    rider = Some(of);
                }
                let kind: String = row.get(1)?;
                let (began, ended): (i64, Option<i64>) = (row.get(2)?, row.get(3)?);
                let origin = row.get::<_, Option<StationId>>(4)?.filter(|_| is_today(began));
                let target = row.get::<_, Option<StationId>>(5)?.filter(|_| ended.is_some_and(is_today));
                let sides = match kind.as_str() {
                    "paired" => [(origin, 0, PAIRED), (target, 1, PAIRED)],
                    "entry_only" => [(origin, 0, SINGLE), (None, 1, SINGLE)],
                    "exit_only" => [(None, 0, SINGLE), (target, 1, SINGLE)],
                    _ => [(origin, 2, PAIRED), (None, 2, PAIRED)],
                };
                for (station, side, column) in sides {
                    if let Some(station) = station {
                        done[side].push((row_of(station), column, 1));
                        taps.entry(station).or_default()[side] += 1;
                    }
                }
                Ok(())
            },
        )?;
        self.add_rider(&done);
        Ok(taps)
    }

    fn add_rider(&mut self, done: &Done) {
        self.entries.add_rider(&done[0]);
        self.exits.add_rider(&done[1]);
        self.boardings.add_rider(&done[2]);
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
