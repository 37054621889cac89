//! Time: UTC milliseconds in entries, Asia/Shanghai business dates where the law counts days.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

pub use jiff::civil::Date;
pub use jiff::{Span, ToSpan};

/// UTC+8 all year since 1991, so that the business date needs no time-zone data.
const SHANGHAI_OFFSET_MS: i64 = 8 * 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// An instant, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub i64);

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DurationMs(pub i64);

impl DurationMs {
    pub const fn seconds(count: i64) -> DurationMs {
        DurationMs(count * 1_000)
    }
    pub const fn minutes(count: i64) -> DurationMs {
        DurationMs(count * 60_000)
    }
    pub const fn days(count: i64) -> DurationMs {
        DurationMs(count * DAY_MS)
    }
}

impl Instant {
    /// The Asia/Shanghai date on which this instant falls.
    pub fn business_date(self) -> Date {
        let days = (self.0 + SHANGHAI_OFFSET_MS).div_euclid(DAY_MS);
        epoch_day(days)
    }

    /// 00:00 Asia/Shanghai of `date`.
    pub fn start_of(date: Date) -> Instant {
        Instant(days_since_epoch(date) * DAY_MS - SHANGHAI_OFFSET_MS)
    }
}

fn epoch_day(days: i64) -> Date {
    let days = i32::try_from(days).expect("an instant lies within a few thousand years of 1970");
    Date::constant(1970, 1, 1)
        .checked_add(jiff::Span::new().days(days))
        .expect("an instant lies within the civil calendar")
}

/// Days from 1970-01-01 to `date`.
pub fn days_since_epoch(date: Date) -> i64 {
    i64::from(Date::constant(1970, 1, 1).until(date).expect("both are civil dates").get_days())
}

impl Instant {
    /// Reads RFC 3339 with an offset, for instance `2026-11-24T10:00:00+08:00`.
    pub fn parse(text: &str) -> Option<Instant> {
        let timestamp: jiff::Timestamp = text.parse().ok()?;
        Some(Instant(timestamp.as_millisecond()))
    }
}

impl Instant {
    /// `yyyy-MM-dd HH:mm:ss` in Shanghai, as national interfaces write it.
    pub fn shanghai(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0.saturating_add(SHANGHAI_OFFSET_MS)) {
            Ok(timestamp) => format!("{timestamp:.0}").trim_end_matches('Z').replace('T', " "),
            Err(_) => format!("{} ms", self.0),
        }
    }
}

impl Add<DurationMs> for Instant {
    type Output = Instant;
    fn add(self, length: DurationMs) -> Instant {
        Instant(self.0.saturating_add(length.0))
    }
}

impl Sub for Instant {
    type Output = DurationMs;
    fn sub(self, earlier: Instant) -> DurationMs {
        DurationMs(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 with milliseconds, UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(timestamp) => write!(f, "{timestamp:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_day_in_shanghai_starts_at_sixteen_hours_utc() {
        let midnight = Instant::start_of(date(2026, 1, 1));
        assert_eq!(midnight.to_string(), "2025-12-31T16:00:00.000Z");
        assert_eq!(midnight.business_date(), date(2026, 1, 1));
        assert_eq!(Instant(midnight.0 - 1).business_date(), date(2025, 12, 31));
    }
}
