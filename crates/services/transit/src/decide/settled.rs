//! A rider's final trips around taps that came later: matching sees both, as if all had come in time.

use huitong_kernel::time::Instant;
use huitong_service_kit::{StoreError, View};

use super::pricing::NetworkPrices;
use crate::model::matching::{self, Fixed, Matched};
use crate::model::rider::Rider;
use crate::model::tap::{Direction, Ride, Tap, TapKey};
use crate::model::trip::TripState;
use crate::query::taps;
use crate::query::trips::{self, TripRow};

/// Final trips looked at together.
const TRIPS_MAX: usize = 1_000;

/// A rider's open taps with the final trips that may concern them.
#[derive(Default)]
pub struct Around {
    /// The open ones, then those of final trips.
    pub rides: Vec<Ride>,
    taps: Vec<Tap>,
    pub trips: Vec<TripRow>,
    /// Of each tap the final trip, as its place in `trips`.
    owners: Vec<Option<usize>>,
    fixed: Vec<Fixed>,
    /// The trip of each fixed one.
    fixed_trips: Vec<usize>,
}

/// What a match means for taps and final trips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// All its taps are open: a trip of its own.
    New,
    /// No open tap is in it.
    Nothing,
    /// Its open taps are kept with a final trip, without effect.
    Extra { trip: usize },
    /// A final trip gets its other side.
    Completed { trip: usize, tap: usize },
    /// An entry without exit and an exit without entry prove to be one trip.
    Merged { entry: usize, exit: usize },
    /// A final trip's tap and another contradict each other.
    Mismatch { trip: usize },
}

impl Around {
    pub fn read(
        view: View<'_>,
        prices: &NetworkPrices<'_>,
        rider: &Rider,
        open: Vec<Ride>,
    ) -> Result<Around, StoreError> {
        let mut around = Around { owners: vec![None; open.len()], rides: open, ..Around::default() };
        let times = || around.rides.iter().map(|ride| ride.tap.at);
        let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(around) };
        let reach = prices.parameters().pair_limit().0 + i64::from(prices.parameters().reentry_s) * 1_000;
        let (from, to) = (Instant(first.0 - reach), Instant(last.0 + reach));
        for (row, [entry, exit]) in trips::with_taps(view, prices.network, rider, from, to, TRIPS_MAX)? {
            around.add(view, row, entry, exit)?;
        }
        around.taps = around.rides.iter().map(|ride| ride.tap.clone()).collect();
        Ok(around)
    }

    fn add(
        &mut self,
        view: View<'_>,
        row: TripRow,
        entry: Option<TapKey>,
        exit: Option<TapKey>,
    ) -> Result<(), StoreError> {
        let read = |key: Option<TapKey>| key.map(|key| taps::in_trip(view, &key, row.trip)).transpose();
        let (entry, exit) = (read(entry)?.flatten(), read(exit)?.flatten());
        let is_boarding = entry.as_ref().is_some_and(|ride| ride.tap.direction == Direction::Boarding);
        if is_boarding || (entry.is_none() && exit.is_none()) {
            // One tap was the whole trip; or it was merged with another that has its taps now.
            return Ok(());
        }
        let is_fixed =
            !row.kind.is_single_sided() || row.state == TripState::Cancelled || trips::is_decided(view, &row)?;
        let owner = self.trips.len();
        self.trips.push(row);
        let mut place = |ride: Option<Ride>| {
            ride.map(|ride| {
                self.rides.push(ride);
                self.owners.push(Some(owner));
                self.rides.len() - 1
            })
        };
        let fixed = Fixed { entry: place(entry), exit: place(exit) };
        if is_fixed {
            self.fixed.push(fixed);
            self.fixed_trips.push(owner);
        }
        Ok(())
    }

    pub fn taps(&self) -> &[Tap] {
        &self.taps
    }

    pub fn is_open(&self, tap: usize) -> bool {
        self.owners[tap].is_none()
    }

    /// The tap that a single-sided final trip has.
    pub fn tap_of(&self, trip: usize) -> Option<&Ride> {
        self.owners.iter().position(|owner| *owner == Some(trip)).map(|tap| &self.rides[tap])
    }

    pub fn matched(&self, prices: &NetworkPrices<'_>) -> Vec<Matched> {
        matching::matched(&self.taps, &self.fixed, prices.parameters(), prices)
    }

    /// Its taps that are in no final trip.
    pub fn open_of(&self, matched: &Matched) -> Vec<usize> {
        taps_of(matched).filter(|tap| self.is_open(*tap)).collect()
    }

    pub fn meaning(&self, matched: &Matched) -> Meaning {
        let is_untouched = self.open_of(matched).is_empty();
        if let Some(fixed) = matched.fixed {
            let trip = self.fixed_trips[fixed];
            return if is_untouched { Meaning::Nothing } else { Meaning::Extra { trip } };
        }
        let owner = |direction: Direction| {
            let mut taps = taps_of(matched).filter(|tap| self.taps[*tap].direction == direction);
            taps.find_map(|tap| self.owners[tap])
        };
        let alone = |trip: usize, other: Option<usize>| match other {
            Some(tap) => Meaning::Completed { trip, tap },
            None if !is_untouched => Meaning::Extra { trip },
            None if matched.reason == Some(matching::SingleReason::FareMismatch) => Meaning::Mismatch { trip },
            None => Meaning::Nothing,
        };
        match (owner(Direction::In), owner(Direction::Out)) {
            (None, None) => Meaning::New,
            (Some(trip), None) => alone(trip, matched.exit),
            (None, Some(trip)) => alone(trip, matched.entry),
            (Some(entry), Some(exit)) => Meaning::Merged { entry, exit },
        }
    }
}

/// All taps of a match, its entry first.
pub fn taps_of(matched: &Matched) -> impl Iterator<Item = usize> + '_ {
    matched.entry.iter().chain(&matched.exit).chain(&matched.extra).copied()
}
