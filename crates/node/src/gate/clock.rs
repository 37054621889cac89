//! The gate's clock, with what it believes about its own error.
//!
//! A gate that nobody told the time does not know whether its clock is right, and refuses (TRN-CLOCK, transit specification
//! §5.3). What a node said is kept over a restart, and counts the less the longer ago it was.

use huitong_service_kit::http::Clock;
use serde::{Deserialize, Serialize};

use super::moment::Moment;
use crate::clock::SystemClock;

/// Milliseconds in which a clock may go wrong by one more: 100 parts in a million, twice what the crystals of common boards
/// are sold with (Huitong rule). After three and a half days alone the error is over 30 s.
const MS_PER_MS_WRONG: u64 = 10_000;

/// How far the gate trusts its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockTrust {
    /// The uncertainty of the estimate; without one, not at all.
    Estimate,
    /// The word of a person or a script: at most so many seconds off.
    Seconds(i64),
    Unknown,
}

/// What the gate last knew of its clock; kept as `clock.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// Gate time − true time.
    pub drift_ms: i32,
    /// When it was made.
    pub uncertainty_ms: u32,
    /// By the gate's clock, Unix milliseconds.
    pub made_at_ms: i64,
}

impl Estimate {
    /// It grows with the time since. A clock that went back was set, or had no battery: it is off by that much more.
    fn uncertainty_at(&self, gate_time_ms: i64) -> u32 {
        let away_ms = gate_time_ms.abs_diff(self.made_at_ms);
        let set_back_ms = if gate_time_ms < self.made_at_ms { away_ms } else { 0 };
        let grown_ms = (away_ms / MS_PER_MS_WRONG).saturating_add(set_back_ms);
        self.uncertainty_ms.saturating_add(u32::try_from(grown_ms).unwrap_or(u32::MAX))
    }
}

/// Follows the system's clock, or stands where a script has put it.
pub struct GateClock {
    system: SystemClock,
    set_ms: Option<i64>,
    estimate: Option<Estimate>,
    /// Further from the node's time than a record can say: not trusted, whatever the rest.
    is_far_off: bool,
    pub trust: ClockTrust,
}

/// One reading: what a tap record says of time.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// By the gate's clock.
    pub gate_time_ms: i64,
    /// Gate time − true time.
    pub drift_ms: i32,
    pub uncertainty_ms: u32,
    /// `None`: nobody knows.
    pub error_s: Option<i64>,
}

impl Reading {
    /// The corrected time, Unix seconds.
    pub fn now(&self) -> i64 {
        corrected_s(self.gate_time_ms, self.drift_ms)
    }
}

/// Unix seconds.
pub fn corrected_s(gate_time_ms: i64, drift_ms: i32) -> i64 {
    gate_time_ms.saturating_sub(i64::from(drift_ms)).div_euclid(1_000)
}

impl GateClock {
    /// With what the gate knew when it last ran.
    pub fn new(estimate: Option<Estimate>) -> GateClock {
        GateClock {
            system: SystemClock { offset_ms: 0 },
            set_ms: None,
            estimate,
            is_far_off: false,
            trust: ClockTrust::Estimate,
        }
    }

    pub fn time_ms(&self) -> i64 {
        self.set_ms.unwrap_or_else(|| self.system.now().0)
    }

    pub fn read(&self) -> Reading {
        let gate_time_ms = self.time_ms();
        let uncertainty_ms = self.estimate.map(|estimate| estimate.uncertainty_at(gate_time_ms));
        let error_s = match self.trust {
            _ if self.is_far_off => None,
            ClockTrust::Estimate => uncertainty_ms.map(|uncertainty| i64::from(uncertainty.div_ceil(1_000))),
            ClockTrust::Seconds(seconds) => Some(seconds),
            ClockTrust::Unknown => None,
        };
        let drift_ms = self.estimate.map_or(0, |estimate| estimate.drift_ms);
        let said_ms = error_s.unwrap_or(0).saturating_mul(1_000).max(0);
        let uncertainty_ms = uncertainty_ms.unwrap_or(u32::try_from(said_ms).unwrap_or(u32::MAX));
        Reading { gate_time_ms, drift_ms, uncertainty_ms, error_s }
    }

    pub fn last_estimate(&self) -> Option<Estimate> {
        self.estimate
    }

    /// From now on the clock stands.
    pub fn set(&mut self, moment: Moment) {
        self.set_ms = Some(moment.0);
        self.is_far_off = false;
    }

    /// Moves the clock; nobody waits.
    pub fn pass(&mut self, seconds: i64) {
        let length_ms = seconds.saturating_mul(1_000);
        match &mut self.set_ms {
            Some(time_ms) => *time_ms = time_ms.saturating_add(length_ms),
            None => self.system.offset_ms = self.system.offset_ms.saturating_add(length_ms),
        }
    }

    pub fn estimate(&mut self, drift_ms: i32, uncertainty_ms: u32) {
        self.estimate = Some(Estimate { drift_ms, uncertainty_ms, made_at_ms: self.time_ms() });
        self.is_far_off = false;
    }

    /// A node said its time while the gate's clock read `gate_time_ms` before the question, `elapsed_ms` passing until the
    /// answer. A clock further off than a record can say (24 days) is not trusted.
    pub fn hear(&mut self, gate_time_ms: i64, elapsed_ms: i64, node_time_ms: i64) {
        let middle_ms = gate_time_ms.saturating_add(elapsed_ms / 2);
        match i32::try_from(middle_ms.saturating_sub(node_time_ms)) {
            Ok(drift_ms) => self.estimate(drift_ms, u32::try_from(elapsed_ms / 2 + 1).unwrap_or(u32::MAX)),
            Err(_) => (self.estimate, self.is_far_off) = (None, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_S: i64 = 86_400;

    #[test]
    fn a_node_s_time_corrects_a_clock_that_is_off() {
        let mut clock = GateClock::new(None);
        clock.set(Moment(1_767_225_690_000));
        assert_eq!(clock.read().error_s, None, "nobody told it the time");
        clock.hear(clock.time_ms(), 40, 1_767_225_600_000);
        let reading = clock.read();
        assert_eq!((reading.drift_ms, reading.uncertainty_ms, reading.error_s), (90_020, 21, Some(1)));
        assert_eq!(reading.now(), 1_767_225_599);
        clock.hear(clock.time_ms(), 40, 0);
        assert_eq!((clock.read().error_s, clock.last_estimate()), (None, None), "56 years off");
    }

    #[test]
    fn what_a_node_said_counts_less_every_day_and_nothing_after_the_clock_was_set_back() {
        let mut clock = GateClock::new(None);
        clock.set(Moment(1_767_225_600_000));
        clock.estimate(90_000, 20);
        // The program starts again.
        let mut clock = GateClock::new(clock.last_estimate());
        clock.set(Moment(1_767_225_600_000));
        clock.pass(3 * DAY_S);
        let reading = clock.read();
        assert_eq!((reading.drift_ms, reading.uncertainty_ms, reading.error_s), (90_000, 25_940, Some(26)));
        clock.pass(DAY_S);
        assert_eq!(clock.read().error_s, Some(35), "more than the 30 s that a gate may be off");
        clock.set(Moment(1_767_225_560_000));
        assert_eq!(clock.read().error_s, Some(41), "40 s before it was told the time");
        clock.set(Moment(0));
        assert!(clock.read().error_s.is_some_and(|error_s| error_s > DAY_S), "a clock without battery");
        clock.trust = ClockTrust::Seconds(5);
        assert_eq!(clock.read().error_s, Some(5));
    }
}
