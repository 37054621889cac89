//! A rider's bill of a month: one for all cities. What was booked in the month, whatever day it was travelled, so that the bill
//! of a month that is over changes only where a contest of one of its trips is decided.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_service_kit::{StoreError, View, params};

use super::Text;
use crate::model::rider::AccountToken;

/// What a city charged in the month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CitySums {
    pub trips: u64,
    /// As charged first.
    pub trips_fen: Fen,
    pub adjusts: u64,
    /// What adjustments changed, signed; also of trips of earlier months.
    pub adjusts_fen: Fen,
    /// What of both home bears itself (risk rules): the rider is not charged with it.
    pub lost_fen: Fen,
    /// Trips that home contests: not charged.
    pub disputed: u64,
}

impl CitySums {
    pub fn charged_fen(&self) -> Fen {
        self.trips_fen + self.adjusts_fen - self.lost_fen
    }
}

/// Sums by city.
pub fn cities(view: View<'_>, account: &AccountToken, month: &str) -> Result<BTreeMap<Division, CitySums>, StoreError> {
    let (first, last) = days(month);
    let mut cities: BTreeMap<Division, CitySums> = BTreeMap::new();
    let trips = view.all(
        "SELECT network, state = 'disputed', COUNT(*), SUM(original_fen), SUM(lost_fen) FROM home_trip
         WHERE account = ?1 AND booking_day BETWEEN ?2 AND ?3 GROUP BY network, state = 'disputed'",
        params![account.0, first, last],
        |row| {
            let sums = (row.get::<_, u64>(2)?, Fen(row.get(3)?), Fen(row.get(4)?));
            Ok((row.get::<_, Text<Division>>(0)?.0, row.get::<_, bool>(1)?, sums))
        },
    )?;
    for (network, is_disputed, (count, sum, lost)) in trips {
        let city = cities.entry(network).or_default();
        if is_disputed {
            city.disputed += count;
        } else {
            (city.trips, city.trips_fen) = (city.trips + count, city.trips_fen + sum);
            city.lost_fen += lost;
        }
    }
    let adjusts = view.all(
        "SELECT network, COUNT(*), SUM(change_fen), SUM(lost_fen) FROM home_adjust
         WHERE account = ?1 AND booking_day BETWEEN ?2 AND ?3 AND is_booked = 1 GROUP BY network",
        params![account.0, first, last],
        |row| Ok((row.get::<_, Text<Division>>(0)?.0, row.get::<_, u64>(1)?, Fen(row.get(2)?), Fen(row.get(3)?))),
    )?;
    for (network, count, sum, lost) in adjusts {
        let city = cities.entry(network).or_default();
        (city.adjusts, city.adjusts_fen) = (count, sum);
        city.lost_fen += lost;
    }
    Ok(cities)
}

/// What the rider paid in during the month.
pub fn paid_in(view: View<'_>, account: &AccountToken, month: &str) -> Result<Fen, StoreError> {
    let (first, last) = days(month);
    let sum = view.one(
        "SELECT SUM(amount_fen) FROM payment WHERE account = ?1 AND day BETWEEN ?2 AND ?3",
        params![account.0, first, last],
        |row| row.get::<_, Option<i64>>(0),
    )?;
    Ok(Fen(sum.flatten().unwrap_or(0)))
}

fn days(month: &str) -> (String, String) {
    (format!("{month}-01"), format!("{month}-31"))
}
