//! The trips that touch a day, read once for all of its tables.

use huitong_kernel::division::Division;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{Row, SqlError, StoreError, View, params};

use super::super::Text;
use crate::model::network::StationId;

/// A trip as the tables count it.
pub struct DayTrip {
    /// Of which city the rider is; `None`: of the network's own.
    pub from_city: Option<String>,
    pub kind: String,
    pub state: String,
    pub travel_day: Date,
    pub booking_day: Date,
    pub began: Instant,
    pub ended: Option<Instant>,
    pub from: Option<StationId>,
    pub to: Option<StationId>,
}

impl DayTrip {
    fn read(row: &Row<'_>) -> Result<DayTrip, SqlError> {
        Ok(DayTrip {
            from_city: row.get(1)?,
            kind: row.get(2)?,
            state: row.get(3)?,
            travel_day: row.get::<_, Text<Date>>(4)?.0,
            booking_day: row.get::<_, Text<Date>>(5)?.0,
            began: Instant(row.get(6)?),
            ended: row.get::<_, Option<i64>>(7)?.map(Instant),
            from: row.get(8)?,
            to: row.get(9)?,
        })
    }
}

/// Gives the trips of each rider in turn: of those that began from a day before to a day after, which is where trips of the
/// calendar day and of the business day, by any cut, can have begun.
pub fn of_each_rider(
    view: View<'_>,
    network: Division,
    day: Date,
    mut take: impl FnMut(&[DayTrip]),
) -> Result<(), StoreError> {
    let start = Instant::start_of(day);
    let (first, last) = (Instant(start.0 - DurationMs::days(1).0), start + DurationMs::days(2));
    let mut rider: Option<[u8; 22]> = None;
    let mut trips = Vec::new();
    view.each(
        "SELECT rider, NULLIF(home, network), kind, state, travel_day, booking_day, began, ended, from_station, to_station
         FROM trip WHERE network = ?1 AND began BETWEEN ?2 AND ?3 ORDER BY rider",
        params![network.as_str(), first.0, last.0],
        |row| {
            let of = row.get(0)?;
            if rider != Some(of) {
                take(&trips);
                trips.clear();
                rider = Some(of);
            }
            trips.push(DayTrip::read(row)?);
            Ok(())
        },
    )?;
    take(&trips);
    Ok(())
}
