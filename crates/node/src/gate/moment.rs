//! A time on the command line or in a script: RFC 3339, or Unix seconds.

use std::str::FromStr;

use huitong_kernel::time::Instant;
use huitong_service_kit::http::Clock;

use crate::clock::SystemClock;

/// Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub i64);

impl FromStr for Moment {
    type Err = String;
    fn from_str(text: &str) -> Result<Moment, String> {
        let seconds = text.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000));
        seconds
            .or_else(|| Instant::parse(text).map(|instant| instant.0))
            .map(Moment)
            .ok_or_else(|| format!("{text} is no time: write 2026-01-01T08:00:00+08:00, or Unix seconds"))
    }
}

impl Moment {
    /// By this machine's clock.
    pub fn now() -> Moment {
        Moment(SystemClock { offset_ms: 0 }.now().0)
    }

    /// Unix seconds.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Unix seconds in the four bytes of a code.
    pub fn code_seconds(self) -> anyhow::Result<u32> {
        u32::try_from(self.seconds()).map_err(|_| anyhow::anyhow!("a code's time lies between 1970 and 2106"))
    }
}

/// Unix seconds with the same as RFC 3339, for people.
pub fn told(seconds: i64) -> String {
    format!("{seconds} ({})", Instant(seconds.saturating_mul(1_000)))
}
