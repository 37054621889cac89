//! Time windows of fares: days and hours, decided by the entry or the exit.

use huitong_kernel::time::{Date, Instant};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeWindow {
    pub basis: TimeBasis,
    pub days: DayClass,
    /// Minutes after midnight, UTC+8, inclusive.
    pub from_min: u32,
    /// Exclusive; before `from_min` it is a window over midnight.
    pub to_min: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeBasis {
    Entry,
    Exit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayClass {
    All,
    /// Monday to Friday. Make-up days and holidays are dated data of their own: they are not known here.
    Weekdays,
    Weekends,
}

const DAY_MINUTES: i64 = 1_440;

impl TimeWindow {
    pub fn holds(&self, entry: Instant, exit: Instant) -> bool {
        let at = match self.basis {
            TimeBasis::Entry => entry,
            TimeBasis::Exit => exit,
        };
        let day = at.business_date();
        let minute = (at.0 - Instant::start_of(day).0) / 60_000;
        let (from, to) = (i64::from(self.from_min), i64::from(self.to_min));
        let in_hours = if from <= to { (from..to).contains(&minute) } else { minute >= from || minute < to };
        in_hours && self.days.holds(day)
    }

    pub fn is_well_formed(&self) -> bool {
        i64::from(self.from_min) < DAY_MINUTES && i64::from(self.to_min) <= DAY_MINUTES && self.from_min != self.to_min
    }
}

impl DayClass {
    pub fn holds(self, day: Date) -> bool {
        let is_weekend = huitong_kernel::time::days_since_epoch(day).rem_euclid(7) % 7 == 2
            || huitong_kernel::time::days_since_epoch(day).rem_euclid(7) == 3;
        match self {
            DayClass::All => true,
            DayClass::Weekdays => !is_weekend,
            DayClass::Weekends => is_weekend,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saturdays_and_sundays_are_weekends() {
        for (day, weekend) in [("2026-11-21", true), ("2026-11-22", true), ("2026-11-23", false), ("2026-11-20", false)] {
            let day = day.parse().expect("a date");
            assert_eq!((DayClass::Weekends.holds(day), DayClass::Weekdays.holds(day)), (weekend, !weekend), "{day}");
        }
    }
}
