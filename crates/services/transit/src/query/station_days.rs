//! Entries and exits per station and day (J11).

use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use huitong_service_kit::{StoreError, View, params};

use crate::model::network::StationId;

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
