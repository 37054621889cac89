//! Entries and exits of a station on a calendar day, and what explains their difference (J11).

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{StoreError, View, params};

use super::protect::{RIDERS_MIN, rounded};
use crate::model::network::StationId;

/// Taps that opened a gate, and where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StationDay {
    pub entries: u64,
    pub exits: u64,
    pub boardings: u64,
    /// Entries and exits of trips with both.
    pub entries_paired: u64,
    pub exits_paired: u64,
    /// Trips without the other side.
    pub entry_only: u64,
    pub exit_only: u64,
    pub riders: u64,
}

impl StationDay {
    /// Taps in no final trip as entry or exit: still open, or a second tap of the same trip.
    pub fn unexplained(&self) -> i64 {
        let trips = self.entries_paired + self.entry_only + self.exits_paired + self.exit_only;
        let taps = self.entries + self.exits;
        i64::try_from(taps).unwrap_or(i64::MAX) - i64::try_from(trips).unwrap_or(i64::MAX)
    }
}

pub fn read(view: View<'_>, network: Division, day: Date) -> Result<BTreeMap<StationId, StationDay>, StoreError> {
    let mut stations: BTreeMap<StationId, StationDay> = BTreeMap::new();
    view.each(
        "SELECT station, entries, exits, boardings FROM station_day WHERE network = ?1 AND day = ?2",
        params![network.as_str(), day.to_string()],
        |row| {
            let (entries, exits, boardings) = (row.get(1)?, row.get(2)?, row.get(3)?);
            stations.insert(row.get(0)?, StationDay { entries, exits, boardings, ..StationDay::default() });
            Ok(())
        },
    )?;
    let (from, to) = (Instant::start_of(day), Instant::start_of(day) + DurationMs::days(1));
    let mut riders: BTreeMap<StationId, BTreeSet<[u8; 22]>> = BTreeMap::new();
    view.each(
        "SELECT kind, began, ended, from_station, to_station, rider FROM trip
         WHERE network = ?1 AND began BETWEEN ?2 AND ?3",
        params![network.as_str(), (from.0 - 86_400_000), to.0],
        |row| {
            let kind: String = row.get(0)?;
            let (began, ended): (i64, Option<i64>) = (row.get(1)?, row.get(2)?);
            let is_today = |at: i64| (from.0..to.0).contains(&at);
            let (origin, target) = (row.get::<_, Option<StationId>>(3)?, row.get::<_, Option<StationId>>(4)?);
            let rider: [u8; 22] = row.get(5)?;
            let mut count = |station: Option<StationId>, counter: fn(&mut StationDay) -> &mut u64| {
                if let Some(station) = station {
                    *counter(stations.entry(station).or_default()) += 1;
                    riders.entry(station).or_default().insert(rider);
                }
            };
            match kind.as_str() {
                "paired" => {
                    count(origin.filter(|_| is_today(began)), |day| &mut day.entries_paired);
                    count(target.filter(|_| ended.is_some_and(is_today)), |day| &mut day.exits_paired);
                }
                "entry_only" => count(origin.filter(|_| is_today(began)), |day| &mut day.entry_only),
                "exit_only" => count(target.filter(|_| is_today(began)), |day| &mut day.exit_only),
                _ => {
                    if let Some(station) = origin.filter(|_| is_today(began)) {
                        riders.entry(station).or_default().insert(rider);
                    }
                }
            }
            Ok(())
        },
    )?;
    for (station, of) in riders {
        stations.entry(station).or_default().riders = of.len() as u64;
    }
    Ok(stations)
}

/// What may be shown of a day: stations with too few riders are left out, and never only one of them; no totals are given.
pub fn publish(
    network: Division,
    day: Date,
    stations: &BTreeMap<StationId, StationDay>,
    key: &Digest,
) -> BTreeMap<StationId, StationDay> {
    let mut shown: Vec<StationId> =
        stations.iter().filter(|(_, day)| day.riders >= RIDERS_MIN).map(|(station, _)| *station).collect();
    if stations.len() == shown.len() + 1 {
        let least = shown.iter().copied().min_by_key(|station| (stations[station].riders, *station));
        shown.retain(|station| Some(*station) != least);
    }
    let round = |station: StationId, name: &str, count: u64| {
        if count < RIDERS_MIN {
            0
        } else {
            rounded(key, &format!("station-days/{network}/{day}/{station}/{name}"), count)
        }
    };
    let published = |station: StationId| {
        let of = stations[&station];
        let shown = StationDay {
            entries: round(station, "entries", of.entries),
            exits: round(station, "exits", of.exits),
            boardings: round(station, "boardings", of.boardings),
            entries_paired: round(station, "entries_paired", of.entries_paired),
            exits_paired: round(station, "exits_paired", of.exits_paired),
            entry_only: round(station, "entry_only", of.entry_only),
            exit_only: round(station, "exit_only", of.exit_only),
            riders: round(station, "riders", of.riders),
        };
        (station, shown)
    };
    shown.into_iter().map(published).collect()
}
