//! The gate's clock, with what it believes about its own error.

use huitong_service_kit::http::Clock;

use super::moment::Moment;
use crate::clock::SystemClock;

/// How far the gate trusts its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockTrust {
    /// The uncertainty of the drift estimate.
    Estimate,
    /// A script's word: at most so many seconds off.
    Seconds(i64),
    Unknown,
}

/// Follows the system's clock, or stands where a script has put it.
pub struct GateClock {
    system: SystemClock,
    set_ms: Option<i64>,
    drift_ms: i32,
    uncertainty_ms: u32,
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

impl Default for GateClock {
    fn default() -> GateClock {
        GateClock::new()
    }
}

impl GateClock {
    /// Without drift, trusted until somebody says otherwise.
    pub fn new() -> GateClock {
        GateClock {
            system: SystemClock { offset_ms: 0 },
            set_ms: None,
            drift_ms: 0,
            uncertainty_ms: 0,
            is_far_off: false,
            trust: ClockTrust::Estimate,
        }
    }

    pub fn time_ms(&self) -> i64 {
        self.set_ms.unwrap_or_else(|| self.system.now().0)
    }

    pub fn read(&self) -> Reading {
        let error_s = match self.trust {
            _ if self.is_far_off => None,
            ClockTrust::Estimate => Some(i64::from(self.uncertainty_ms.div_ceil(1_000))),
            ClockTrust::Seconds(seconds) => Some(seconds),
            ClockTrust::Unknown => None,
        };
        let (drift_ms, uncertainty_ms) = (self.drift_ms, self.uncertainty_ms);
        Reading { gate_time_ms: self.time_ms(), drift_ms, uncertainty_ms, error_s }
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
        (self.drift_ms, self.uncertainty_ms) = (drift_ms, uncertainty_ms);
    }

    /// A node said its time while the gate's clock read `gate_time_ms` before the question, `elapsed_ms` passing until the
    /// answer. A clock further off than a record can say (24 days) is not trusted.
    pub fn hear(&mut self, gate_time_ms: i64, elapsed_ms: i64, node_time_ms: i64) {
        let middle_ms = gate_time_ms.saturating_add(elapsed_ms / 2);
        let drift_ms = i32::try_from(middle_ms.saturating_sub(node_time_ms)).ok();
        self.is_far_off = drift_ms.is_none();
        if let Some(drift_ms) = drift_ms {
            self.estimate(drift_ms, u32::try_from(elapsed_ms / 2 + 1).unwrap_or(u32::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_s_time_corrects_a_clock_that_is_off() {
        let mut clock = GateClock::new();
        clock.set(Moment(1_767_225_690_000));
        clock.hear(clock.time_ms(), 40, 1_767_225_600_000);
        let reading = clock.read();
        assert_eq!((reading.drift_ms, reading.uncertainty_ms, reading.error_s), (90_020, 21, Some(1)));
        assert_eq!(reading.now(), 1_767_225_599);
        clock.hear(clock.time_ms(), 40, 0);
        assert_eq!(clock.read().error_s, None, "56 years off");
    }
}
