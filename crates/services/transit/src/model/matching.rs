//! Matching taps to trips (transit specification §6.3): a pure function of a rider's taps in one network, whatever the order in
//! which they arrived.

use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use serde::{Deserialize, Serialize};

use super::parameters::Parameters;
use super::tap::{Direction, Tap};

/// What matching asks of fares and maps.
pub trait Prices {
    /// Nominal fare and charge of a pair by the pack in force at entry; `None` if it prices no such pair.
    fn pair(&self, entry: &Tap, exit: &Tap) -> Option<(Fen, Fen)>;
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

/// Matches all taps; every tap ends in exactly one trip (J2).
///
/// `fixed` are places of taps that are in final trips already: they only end what was open before them.
pub fn matched(taps: &[Tap], fixed: &[usize], parameters: &Parameters, prices: &dyn Prices) -> Vec<Matched> {
    let mut matching = Matching { taps, fixed, parameters, prices, trips: Vec::new(), open: None, last_exit: None };
    let order = in_order(taps);
    let mut at = 0;
    while at < order.len() {
        // An exit just before an entry, closer than the clocks can tell, belongs behind it when nothing else is open.
        let swap =
            matching.open.is_none() && at + 1 < order.len() && is_swapped(&taps[order[at]], &taps[order[at + 1]]);
        if swap {
            matching.take(order[at + 1]);
            matching.take(order[at]);
            at += 2;
        } else {
            matching.take(order[at]);
            at += 1;
        }
    }
    matching.end()
}

/// Inside one gate by sequence, between gates by effective time: a gate's times never run backwards.
fn in_order(taps: &[Tap]) -> Vec<usize> {
    let mut by_gate: Vec<usize> = (0..taps.len()).collect();
    by_gate.sort_by(|one, other| taps[*one].key.cmp(&taps[*other].key));
    let mut times: Vec<(Instant, usize)> = Vec::with_capacity(taps.len());
    let mut before: Option<(usize, Instant)> = None;
    for index in by_gate {
        let tap = &taps[index];
        let floor = before.filter(|(last, _)| {
            let last = &taps[*last].key;
            last.gate == tap.key.gate && last.epoch == tap.key.epoch
        });
        let at = floor.map_or(tap.at, |(_, at)| at.max(tap.at));
        before = Some((index, at));
        times.push((at, index));
    }
    // Equal times keep the order of the gates' sequence numbers; entries go first between gates.
    times.sort_by(|(at, one), (other_at, other)| {
        let (one, other) = (&taps[*one], &taps[*other]);
        let same_gate = one.key.gate == other.key.gate && one.key.epoch == other.key.epoch;
        at.cmp(other_at)
            .then_with(|| if same_gate { std::cmp::Ordering::Equal } else { one.direction.cmp(&other.direction) })
            .then_with(|| one.key.cmp(&other.key))
    });
    times.into_iter().map(|(_, index)| index).collect()
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
    fixed: &'m [usize],
    parameters: &'m Parameters,
    prices: &'m dyn Prices,
    trips: Vec<Matched>,
    /// The trip that waits for its exit.
    open: Option<usize>,
    /// The trip that was closed last.
    last_exit: Option<usize>,
}

impl Matching<'_> {
    fn take(&mut self, index: usize) {
        if self.fixed.contains(&index) {
            if let (Direction::In, Some(open)) = (self.taps[index].direction, self.open.take()) {
                self.trips[open].reason = Some(SingleReason::NextEntry);
            }
            return;
        }
        match self.taps[index].direction {
            Direction::In => self.enter(index),
            Direction::Out => self.leave(index),
            Direction::Boarding => {
                self.push(Matched { entry: Some(index), exit: None, extra: Vec::new(), reason: None })
            }
        }
    }

    fn enter(&mut self, index: usize) {
        if let Some(open) = self.open {
            let entry = &self.taps[self.trips[open].entry.expect("an open trip has its entry")];
            let again = &self.taps[index];
            let since = again.at - entry.at;
            if again.station == entry.station && since <= DurationMs::seconds(i64::from(self.parameters.reentry_s)) {
                self.trips[open].extra.push(index);
                return;
            }
            self.trips[open].reason = Some(SingleReason::NextEntry);
        }
        self.open = Some(self.trips.len());
        self.push(Matched { entry: Some(index), exit: None, extra: Vec::new(), reason: Some(SingleReason::NoExit) });
    }

    fn leave(&mut self, index: usize) {
        let exit = &self.taps[index];
        let Some(open) = self.open else {
            if !self.is_second_exit(index) {
                self.single_exit(index, SingleReason::NoEntry);
            }
            return;
        };
        let entry = &self.taps[self.trips[open].entry.expect("an open trip has its entry")];
        match fits(entry, exit, self.parameters, self.prices) {
            Ok(()) => {
                self.trips[open].exit = Some(index);
                self.trips[open].reason = None;
                self.last_exit = self.open.take();
            }
            Err(SingleReason::FareMismatch) => {
                self.trips[open].reason = Some(SingleReason::FareMismatch);
                self.open = None;
                self.single_exit(index, SingleReason::FareMismatch);
            }
            Err(reason) => self.single_exit(index, reason),
        }
    }

    /// The same station again at once: a rider who came back to the gate, not a second trip.
    fn is_second_exit(&mut self, index: usize) -> bool {
        let Some(last) = self.last_exit else { return false };
        let before = &self.taps[self.trips[last].exit.expect("a closed trip has its exit")];
        let exit = &self.taps[index];
        let again = exit.station == before.station
            && exit.at - before.at <= DurationMs::seconds(i64::from(self.parameters.reentry_s));
        if again {
            self.trips[last].extra.push(index);
        }
        again
    }

    fn single_exit(&mut self, index: usize, reason: SingleReason) {
        self.push(Matched { entry: None, exit: Some(index), extra: Vec::new(), reason: Some(reason) });
    }

    fn push(&mut self, trip: Matched) {
        self.trips.push(trip);
    }

    fn end(self) -> Vec<Matched> {
        debug_assert_eq!(
            self.trips
                .iter()
                .map(|trip| { usize::from(trip.entry.is_some()) + usize::from(trip.exit.is_some()) + trip.extra.len() })
                .sum::<usize>(),
            self.taps.len() - self.fixed.len(),
            "every tap is in exactly one trip"
        );
        self.trips
    }
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
    let (nominal, charge) = prices.pair(entry, exit).ok_or(SingleReason::NoFare)?;
    match exit.shown_fen {
        Some(shown) if shown != nominal && shown != charge => Err(SingleReason::FareMismatch),
        _ => Ok(()),
    }
}
