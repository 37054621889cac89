//! Clearing periods (账期): calendar months of booking days.

use std::fmt;
use std::str::FromStr;

use huitong_kernel::time::{Date, Instant};

/// A calendar month, written `2026-11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    year: i16,
    month: i8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a period is a month, for instance 2026-11")]
pub struct PeriodError;

impl Period {
    /// The period to which a booking day belongs.
    pub fn of(day: Date) -> Period {
        Period { year: day.year(), month: day.month() }
    }

    pub fn first_day(self) -> Date {
        Date::constant(self.year, self.month, 1)
    }

    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }

    /// The period so many months earlier.
    pub fn before(self, months: usize) -> Period {
        (0..months).fold(self, |period, _| Period::of(period.first_day().yesterday().unwrap_or(period.first_day())))
    }

    pub fn next(self) -> Period {
        match self.month {
            12 => Period { year: self.year + 1, month: 1 },
            month => Period { year: self.year, month: month + 1 },
        }
    }

    /// Midnight after its last day; the business-day cut comes on top.
    pub fn ends(self) -> Instant {
        Instant::start_of(self.next().first_day())
    }
}

impl FromStr for Period {
    type Err = PeriodError;
    fn from_str(text: &str) -> Result<Period, PeriodError> {
        let well_formed = text.len() == 7 && text.as_bytes()[4] == b'-';
        let day: Date = format!("{text}-01").parse().map_err(|_| PeriodError)?;
        // The first and the last years of the calendar have no neighbours.
        if well_formed && (1970..=9998).contains(&day.year()) { Ok(Period::of(day)) } else { Err(PeriodError) }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_calendar_month() {
        let period: Period = "2026-12".parse().expect("a month");
        assert_eq!(period.to_string(), "2026-12");
        assert_eq!(period.last_day(), Date::constant(2026, 12, 31));
        assert_eq!(period.next().to_string(), "2027-01");
        assert_eq!(period.next().before(4).to_string(), "2026-09");
        assert_eq!(period.ends().to_string(), "2026-12-31T16:00:00.000Z");
        for text in ["2026-13", "2026-1", "2026", "2026-11-01", "", "0001-01", "20260-1"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
