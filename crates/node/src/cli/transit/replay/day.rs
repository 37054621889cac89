//! A day of counts as passengers at gates.

use std::path::Path;

use anyhow::Context;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_transit::model::import::flows::{Flows, SLOTS};
use huitong_transit::model::network::Network;

use super::gates::Passing;
use super::riders::Riders;

pub const SLOT: DurationMs = DurationMs::minutes(10);

/// A file's day.
pub struct Day {
    pub date: Date,
    /// What is replayed: a fraction of the file, if that was asked for.
    pub flows: Flows,
    /// Stations without any data in the file.
    pub unknown: Vec<u32>,
}

impl Day {
    /// Reads a file `record_2019-01-05.csv`, taking one passenger of so many.
    pub fn read(file: &Path, one_in: u32) -> anyhow::Result<Day> {
        let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let date = name.rsplit('_').next().and_then(|date| date.parse::<Date>().ok());
        let date = date.with_context(|| {
            format!("{}: 文件名须含日期 / the name must tell the day, as in record_2019-01-05.csv", file.display())
        })?;
        let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let Flows { day, stations } = Flows::read(&bytes).with_context(|| file.display().to_string())?;
        anyhow::ensure!(
            day == date.day(),
            "{}: 文件名与内容日期不符 / the name says {date}, the rows say day {day}",
            file.display()
        );
        let unknown = stations.iter().filter(|(_, flow)| flow.is_unknown()).map(|(station, _)| *station).collect();
        let stations = stations.into_iter().map(|(station, flow)| (station, flow.fraction(one_in))).collect();
        Ok(Day { date, flows: Flows { day, stations }, unknown })
    }

    /// Entries and exits of the day, of all stations.
    pub fn passings_counted(&self) -> u64 {
        let counts = self.flows.stations.values().flat_map(|flow| flow.entries.iter().chain(&flow.exits));
        counts.map(|count| u64::from(*count)).sum()
    }

    pub fn slot_begins(&self, slot: usize) -> Instant {
        Instant(Instant::start_of(self.date).0 + SLOT.0 * slot as i64)
    }

    pub fn slots(&self) -> std::ops::Range<usize> {
        0..SLOTS
    }

    /// The passings of a slot in order of time: exactly as many a station and direction as counted.
    pub fn passings(
        &self,
        slot: usize,
        riders: &mut Riders,
        network: &Network,
        random: &mut RandomSource,
    ) -> Vec<Passing> {
        let begin = self.slot_begins(slot);
        let mut passings = Vec::new();
        for (station, flow) in &self.flows.stations {
            for (is_entry, count) in [(true, flow.entries[slot]), (false, flow.exits[slot])] {
                passings.extend((0..count).map(|_| Passing {
                    rider: 0,
                    station: *station,
                    is_entry,
                    at: begin + DurationMs(random.below(SLOT.0.unsigned_abs()) as i64),
                }));
            }
        }
        passings.sort_by_key(|passing| passing.at);
        for passing in &mut passings {
            let (station, at) = (passing.station, passing.at);
            passing.rider =
                if passing.is_entry { riders.enter(station, at) } else { riders.leave(station, at, network) };
        }
        passings
    }
}
