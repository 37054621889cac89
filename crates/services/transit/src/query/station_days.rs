//! Entries and exits per station and day (J11).

use huitong_kernel::division::Division;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{StoreError, View, params};

use crate::model::network::StationId;
use crate::model::tap::{Direction, TapState};

/// Records of older days are counted when they come.
const FIGURES_AGE: DurationMs = DurationMs::days(366);
const FIGURES_AHEAD: DurationMs = DurationMs::days(1);

/// When a record counts in its station's figures: its time, or when it came if that is not to be believed. A gate's broken
/// clock may say any number, and not all of them are days.
pub fn counted_at(at: Instant, arrived: Instant) -> Instant {
    let believable = (-FIGURES_AHEAD.0..=FIGURES_AGE.0).contains(&(arrived - at).0);
    if believable { at } else { arrived }
}

/// The figures that are kept of a station and day, in the order of their columns.
pub const FIGURES: [&str; 6] = ["entries", "exits", "boardings", "refused", "impossible", "passbacks"];

/// Which of the figures a record counts in.
pub fn figure_of(state: TapState, direction: Direction) -> usize {
    match (state, direction) {
        (TapState::Refused, _) => 3,
        (TapState::Impossible, _) => 4,
        (TapState::Passback, _) => 5,
        (_, Direction::In) => 0,
        (_, Direction::Out) => 1,
        (_, Direction::Boarding) => 2,
    }
}

/// What counted at a station on a calendar day (UTC+8). A ride past midnight begins on one day and ends on the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StationDay {
    pub entries: u64,
    pub exits: u64,
}

/// All stations where something was recorded on the day.
pub fn of_day(view: View<'_>, network: Division, day: Date) -> Result<Vec<(StationId, StationDay)>, StoreError> {
    view.all(
        "SELECT station, entries, exits FROM station_day WHERE network = ?1 AND day = ?2 ORDER BY station",
        params![network.as_str(), day.to_string()],
        |row| Ok((row.get(0)?, StationDay { entries: row.get(1)?, exits: row.get(2)? })),
    )
}
