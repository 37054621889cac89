//! Matching taps to trips (transit specification §6.3): a pure function of a rider's taps in one network, whatever the order in
//! which they arrived.

use std::collections::HashMap;

use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use serde::{Deserialize, Serialize};

use super::parameters::Parameters;
use super::tap::{Direction, Tap};

/// What matching asks of fares and maps.
pub trait Prices {
    /// Whether the pack in force at entry explains what the exit's gate showed as the fare of the pair (nothing shown is
    /// explained); `None` if it prices no such pair.
    fn explains(&self, entry: &Tap, exit: &Tap, shown: Option<Fen>) -> Option<bool>;
    /// No ride between the two stations takes less.
    fn min_travel(&self, entry: &Tap, exit: &Tap) -> DurationMs;
}

/// Taps of one trip, as places in the list that was matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    pub entry: Option<usize>,
    pub exit: Option<usize>,
    /// Kept with the trip and without effect: a second entry or exit at once.
    pub extra: Vec<usize>,
    /// Why one side is missing.
    pub reason: Option<SingleReason>,
    /// The final trip that this is, as its place in the list that was given.
    pub fixed: Option<usize>,
}

/// A final trip that keeps the taps it has: it ends what was open before it, and gets taps without effect at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    pub entry: Option<usize>,
    pub exit: Option<usize>,
}

/// Why a tap found no partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SingleReason {
    /// No exit came, or none that fits.
    NoExit,
    /// Another entry came first.
    NextEntry,
    /// No entry came before it.
    NoEntry,
    /// Longer than any trip, or over the end of the business day.
    TooLong,
    /// Quicker than any train.
    TooQuick,
    /// The exit's code was made before the entry's.
    CodeOlder,
    /// No fare for the pair.
    NoFare,
    /// What the gate showed is not the fare of the pair: to a clerk.
    FareMismatch,
}

impl SingleReason {
    pub fn name(self) -> &'static str {
        match self {
            SingleReason::NoExit => "no_exit",
            SingleReason::NextEntry => "next_entry",
            SingleReason::NoEntry => "no_entry",
            SingleReason::TooLong => "too_long",
            SingleReason::TooQuick => "too_quick",
            SingleReason::CodeOlder => "code_older",
            SingleReason::NoFare => "no_fare",
            SingleReason::FareMismatch => "fare_mismatch",
        }
    }
}

/// Entries looked at again for one exit: the nearest ones that no exit closed.
const PASSED_MAX: usize = 20;

/// Matches all taps; every tap ends in exactly one trip (J2).
///
/// Taps of final trips stand among the others: those of `fixed` ones stay as they are, those of other final trips are matched
/// like any, so that a late tap finds the trip that it would have found in time.
pub fn matched(taps: &[Tap], fixed: &[Fixed], parameters: &Parameters, prices: &dyn Prices) -> Vec<Matched> {
    let mut of_fixed = HashMap::new();
    for (number, trip) in fixed.iter().enumerate() {
        of_fixed.extend(trip.entry.iter().chain(&trip.exit).map(|index| (*index, number)));
    }
    let (trips, passed) = (Vec::new(), Vec::new());
    Matching { taps, fixed, of_fixed, parameters, prices, trips, open: None, passed, last_exit: None }.all()
}

/// Inside one gate by sequence, between gates by effective time: a gate's times never run backwards. At one moment entries go
/// first, but never ahead of what their own gate noted before them.
pub fn in_order(taps: &[Tap]) -> Vec<usize> {
    let mut by_gate: Vec<usize> = (0..taps.len()).collect();
    by_gate.sort_by(|one, other| taps[*one].key.cmp(&taps[*other].key));
    let mut places: Vec<(Instant, Direction, usize)> = Vec::with_capacity(taps.len());
    for index in by_gate {
        let tap = &taps[index];
        let before = places.last().filter(|(_, _, last)| {
            let last = &taps[*last].key;
            last.gate == tap.key.gate && last.epoch == tap.key.epoch
        });
        let (at, side) = match before {
            Some((at, side, _)) if *at >= tap.at => (*at, tap.direction.max(*side)),
            _ => (tap.at, tap.direction),
        };
        places.push((at, side, index));
    }
    places.sort_by(|(at, side, one), (other_at, other_side, other)| {
        (at, side, &taps[*one].key).cmp(&(other_at, other_side, &taps[*other].key))
    });
    places.into_iter().map(|(_, _, index)| index).collect()
}

fn is_swapped(one: &Tap, next: &Tap) -> bool {
    one.direction == Direction::Out
        && next.direction == Direction::In
        && one.key.gate != next.key.gate
        && one.station != next.station
        && (next.at - one.at).0 <= one.uncertainty.0 + next.uncertainty.0
}

struct Matching<'m> {
    taps: &'m [Tap],
    fixed: &'m [Fixed],
    /// The fixed trip of a tap.
    of_fixed: HashMap<usize, usize>,
    parameters: &'m Parameters,
    prices: &'m dyn Prices,
    trips: Vec<Matched>,
    /// The trip that waits for its exit.
    open: Option<usize>,
    /// Trips whose exit did not come before another entry, oldest first. What lies before a pair is none of them: a rider makes one
    /// trip at a time (J8).
    passed: Vec<usize>,
    /// The trip of the exit that came last.
    last_exit: Option<usize>,
}

impl Matching<'_> {
    fn all(mut self) -> Vec<Matched> {
        let order = in_order(self.taps);
        let mut at = 0;
        while at < order.len() {
            // An exit just before an entry, closer than the clocks can tell, belongs behind it when nothing else is open.
            let swap = self.open.is_none()
                && at + 1 < order.len()
                && is_swapped(&self.taps[order[at]], &self.taps[order[at + 1]]);
            if swap {
                self.take(order[at + 1]);
                self.take(order[at]);
                at += 2;
            } else {
                self.take(order[at]);
                at += 1;
            }
        }
        self.end()
    }

    fn take(&mut self, index: usize) {
        let direction = self.taps[index].direction;
        match (self.of_fixed.get(&index).copied(), direction) {
            (Some(fixed), Direction::Out) => self.leave_fixed(fixed, index),
            (Some(fixed), _) => self.enter_fixed(fixed, index),
            (None, Direction::In) => self.enter(index),
            (None, Direction::Out) => self.leave(index),
            (None, Direction::Boarding) => {
                self.push(Some(index), None, None);
            }
        }
    }

    fn enter(&mut self, index: usize) {
        if let Some(open) = self.open {
            let entry = self.trips[open].entry.expect("an open trip has its entry");
            if self.is_again(entry, index) {
                self.trips[open].extra.push(index);
                return;
            }
            self.end_open();
        }
        self.open = Some(self.push(Some(index), None, Some(SingleReason::NoExit)));
    }

    fn leave(&mut self, index: usize) {
        let Some(open) = self.open else { return self.leave_passed(index, SingleReason::NoEntry) };
        let fits = self.fits(open, index);
        if let Some(fixed) = self.trips[open].fixed {
            return self.leave_in_fixed(open, fixed, index, fits);
        }
        match fits {
            Ok(()) => self.close(open, index),
            Err(SingleReason::FareMismatch) => {
                self.trips[open].reason = Some(SingleReason::FareMismatch);
                self.open = None;
                self.single_exit(index, SingleReason::FareMismatch);
            }
            Err(SingleReason::NoFare) => {
                if !self.is_second_exit(index) {
                    self.single_exit(index, SingleReason::NoFare);
                }
            }
            Err(reason) => self.leave_passed(index, reason),
        }
    }

    /// An exit that does not close what is open: one made again at once, or that of the nearest earlier entry which it closes
    /// by all rules (specification §6.4). What is open stays open: an exit that cannot be its own was made before it.
    fn leave_passed(&mut self, index: usize, reason: SingleReason) {
        if self.is_second_exit(index) {
            return;
        }
        match self.nearest_passed(index) {
            // What was decided on without its exit keeps it, without effect.
            Some(trip) if self.trips[trip].fixed.is_some() => {
                self.trips[trip].extra.push(index);
                self.ends_before(trip);
            }
            Some(trip) => self.close(trip, index),
            None => self.single_exit(index, reason),
        }
    }

    /// The nearest entry that the exit closes. One that only has no fare with it is not passed over: the exit may be its own. Nor is
    /// that of a final trip whose exit is still to come, if this one closes it too.
    fn nearest_passed(&self, exit: usize) -> Option<usize> {
        for trip in self.passed.iter().rev().copied() {
            match self.fits(trip, exit) {
                Ok(()) => return Some(trip).filter(|trip| !self.has_exit(*trip)),
                Err(SingleReason::NoFare) => return None,
                Err(_) => {}
            }
        }
        None
    }

    /// Whether it is a final trip that has an exit.
    fn has_exit(&self, trip: usize) -> bool {
        self.trips[trip].fixed.is_some_and(|fixed| self.fixed[fixed].exit.is_some())
    }

    /// Whether the exit closes the trip's entry.
    fn fits(&self, trip: usize, exit: usize) -> Result<(), SingleReason> {
        let entry = self.trips[trip].entry.expect("a trip without exit has its entry");
        fits(&self.taps[entry], &self.taps[exit], self.parameters, self.prices)
    }

    fn close(&mut self, trip: usize, exit: usize) {
        self.trips[trip].exit = Some(exit);
        self.trips[trip].reason = None;
        self.open = self.open.filter(|open| *open != trip);
        self.last_exit = Some(trip);
        self.ends_before(trip);
    }

    /// A trip has ended: entries before its own are closed by no later exit.
    fn ends_before(&mut self, trip: usize) {
        self.passed.retain(|passed| *passed > trip);
    }

    /// The entry of a final trip.
    fn enter_fixed(&mut self, fixed: usize, index: usize) {
        let trip = self.fixed_trip(fixed);
        self.trips[trip].entry = Some(index);
        if self.taps[index].direction == Direction::Boarding {
            return;
        }
        if let Some(open) = self.open.filter(|open| *open != trip) {
            let entry = self.trips[open].entry.expect("an open trip has its entry");
            if self.trips[open].fixed.is_none() && self.is_again(entry, index) {
                self.absorb(open, trip);
            } else {
                self.end_open();
            }
        }
        self.open = Some(trip);
    }

    /// The exit of a final trip.
    fn leave_fixed(&mut self, fixed: usize, index: usize) {
        let trip = self.fixed_trip(fixed);
        self.trips[trip].exit = Some(index);
        if self.fixed[fixed].entry.is_some() {
            self.open = self.open.filter(|open| *open != trip);
            self.ends_before(trip);
        } else {
            self.enter_decided(trip, index);
        }
        if let Some(last) = self.last_exit {
            let Matched { entry, exit, fixed, .. } = &self.trips[last];
            let is_alone = entry.is_none() && fixed.is_none();
            let is_its = |exit| self.trips[trip].entry.is_none() || is_possible(self.fits(trip, exit));
            if is_alone && exit.is_some_and(|exit| self.is_again(exit, index) && is_its(exit)) {
                self.absorb(last, trip);
            }
        }
        self.last_exit = Some(trip);
    }

    /// An exit that was decided on without its entry: where the entry came since it changes nothing.
    fn enter_decided(&mut self, trip: usize, exit: usize) {
        let open = self.open.filter(|open| self.trips[*open].fixed.is_none());
        let open = open.filter(|open| is_possible(self.fits(*open, exit)));
        let is_unpriced = self.open.is_some_and(|open| self.fits(open, exit) == Err(SingleReason::NoFare));
        let passed = || if is_unpriced { None } else { self.nearest_passed(exit) };
        let Some(from) = open.or_else(passed) else { return };
        if self.trips[from].fixed.is_some() {
            return;
        }
        self.absorb(from, trip);
        self.open = self.open.filter(|open| *open != from);
        self.passed.retain(|passed| *passed > from);
    }

    /// An exit while a final trip is open: of one that was decided on without exit it may be the exit, and changes nothing.
    fn leave_in_fixed(&mut self, open: usize, fixed: usize, index: usize, fits: Result<(), SingleReason>) {
        if self.fixed[fixed].exit.is_none() && is_possible(fits) {
            self.trips[open].extra.push(index);
            self.open = None;
            self.ends_before(open);
        } else if is_possible(fits) || fits == Err(SingleReason::NoFare) {
            // It could be the exit of a trip that has another.
            if !self.is_second_exit(index) {
                self.single_exit(index, SingleReason::NoEntry);
            }
        } else {
            self.leave_passed(index, SingleReason::NoEntry);
        }
    }

    /// The same station again at once: a rider who came back to the gate, not a second trip.
    fn is_second_exit(&mut self, index: usize) -> bool {
        let Some(last) = self.last_exit else { return false };
        let before = self.trips[last].exit.expect("the trip of an exit has it");
        let again = self.is_again(before, index);
        if again {
            self.trips[last].extra.push(index);
        }
        again
    }

    fn is_again(&self, before: usize, index: usize) -> bool {
        let (before, tap) = (&self.taps[before], &self.taps[index]);
        tap.station == before.station && tap.at - before.at <= DurationMs::seconds(i64::from(self.parameters.reentry_s))
    }

    /// Another entry came: what was open stays without exit.
    fn end_open(&mut self) {
        let Some(open) = self.open.take() else { return };
        if self.trips[open].exit.is_some() {
            return;
        }
        if self.trips[open].fixed.is_none() {
            self.trips[open].reason = Some(SingleReason::NextEntry);
        }
        self.passed.push(open);
        if self.passed.len() > PASSED_MAX {
            self.passed.remove(0);
        }
    }

    fn single_exit(&mut self, index: usize, reason: SingleReason) {
        self.last_exit = Some(self.push(None, Some(index), Some(reason)));
    }

    fn push(&mut self, entry: Option<usize>, exit: Option<usize>, reason: Option<SingleReason>) -> usize {
        self.trips.push(Matched { entry, exit, extra: Vec::new(), reason, fixed: None });
        self.trips.len() - 1
    }

    /// The place of a final trip.
    fn fixed_trip(&mut self, fixed: usize) -> usize {
        if let Some(known) = self.trips.iter().position(|trip| trip.fixed == Some(fixed)) {
            return known;
        }
        let place = self.push(None, None, None);
        self.trips[place].fixed = Some(fixed);
        place
    }

    /// All taps of one trip are kept with another.
    fn absorb(&mut self, from: usize, into: usize) {
        let trip = &mut self.trips[from];
        let mut taps: Vec<usize> = trip.entry.take().into_iter().chain(trip.exit.take()).collect();
        taps.append(&mut trip.extra);
        self.trips[into].extra.append(&mut taps);
    }

    fn end(mut self) -> Vec<Matched> {
        self.trips.retain(|trip| trip.entry.is_some() || trip.exit.is_some());
        debug_assert_eq!(
            self.trips
                .iter()
                .map(|trip| usize::from(trip.entry.is_some()) + usize::from(trip.exit.is_some()) + trip.extra.len())
                .sum::<usize>(),
            self.taps.len(),
            "every tap is in exactly one trip"
        );
        self.trips
    }
}

/// Whether the two can be one trip, whatever the gate showed.
fn is_possible(fits: Result<(), SingleReason>) -> bool {
    matches!(fits, Ok(()) | Err(SingleReason::FareMismatch))
}

/// Whether an exit closes an entry: rules (a) to (e), in this order.
pub fn fits(entry: &Tap, exit: &Tap, parameters: &Parameters, prices: &dyn Prices) -> Result<(), SingleReason> {
    let duration = exit.at - entry.at;
    let uncertainty = DurationMs(entry.uncertainty.0 + exit.uncertainty.0);
    let same_day = parameters.business_day(entry.at) == parameters.business_day(exit.at);
    if duration > parameters.pair_limit() || !same_day {
        return Err(SingleReason::TooLong);
    }
    if duration.0 < prices.min_travel(entry, exit).0 - uncertainty.0 {
        return Err(SingleReason::TooQuick);
    }
    if exit.generated < entry.generated {
        return Err(SingleReason::CodeOlder);
    }
    let is_explained = prices.explains(entry, exit, exit.shown_fen).ok_or(SingleReason::NoFare)?;
    if is_explained { Ok(()) } else { Err(SingleReason::FareMismatch) }
}
