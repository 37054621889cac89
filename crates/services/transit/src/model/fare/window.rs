//! Time windows of fares: days and hours, decided by the entry or the exit.

use huitong_kernel::calendar::Calendar;
use huitong_kernel::time::{Date, Instant};
use serde::{Deserialize, Serialize};

/// Hours of some days. A window over midnight belongs to the day on which it began.
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

/// Working days (工作日) are those of the calendar that the caller hands in: the notices of the State Council with the local
/// overlay, as known at the entry. With the empty calendar they are Monday to Friday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayClass {
    All,
    WorkingDays,
    DaysOff,
}

pub const DAY_MINUTES: u32 = 1_440;

/// The civil day (UTC+8) and the minute of it.
pub fn day_and_minute(at: Instant) -> (Date, u32) {
    let day = at.business_date();
    let minute = (at - Instant::start_of(day)).0 / 60_000;
    (day, u32::try_from(minute).expect("a moment lies within its own day"))
}

impl TimeWindow {
    pub fn holds(&self, entry: Instant, exit: Instant, calendar: &Calendar) -> bool {
        let (day, minute) = day_and_minute(match self.basis {
            TimeBasis::Entry => entry,
            TimeBasis::Exit => exit,
        });
        let is_working_day = |day: Date| calendar.is_working_day(day);
        let yesterday = day.yesterday().expect("rides are not taken on the first civil day");
        self.holds_at(minute, &|| is_working_day(day), &|| is_working_day(yesterday))
    }

    /// The same for a minute of a day of which is asked, only when it matters, whether it and the day before are worked.
    pub fn holds_at(&self, minute: u32, today: &dyn Fn() -> bool, yesterday: &dyn Fn() -> bool) -> bool {
        if self.from_min < self.to_min {
            return (self.from_min..self.to_min).contains(&minute) && self.days.holds(today);
        }
        (minute >= self.from_min && self.days.holds(today)) || (minute < self.to_min && self.days.holds(yesterday))
    }

    pub fn is_well_formed(&self) -> bool {
        self.from_min < DAY_MINUTES && self.to_min <= DAY_MINUTES && self.from_min != self.to_min
    }
}

impl DayClass {
    fn holds(self, is_working_day: &dyn Fn() -> bool) -> bool {
        match self {
            DayClass::All => true,
            DayClass::WorkingDays => is_working_day(),
            DayClass::DaysOff => !is_working_day(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(days: DayClass, from_min: u32, to_min: u32) -> TimeWindow {
        TimeWindow { basis: TimeBasis::Entry, days, from_min, to_min }
    }

    #[track_caller]
    fn check(window: &TimeWindow, at: &str, holds: bool) {
        let at = Instant::parse(at).expect("a moment");
        assert_eq!(window.holds(at, at, &Calendar::default()), holds, "{at}");
    }

    #[test]
    fn the_first_minute_is_inside_and_the_last_is_not() {
        let morning = window(DayClass::WorkingDays, 0, 420);
        check(&morning, "2026-11-20T06:59:59+08:00", true);
        check(&morning, "2026-11-20T07:00:00+08:00", false);
        check(&morning, "2026-11-20T00:00:00+08:00", true);
        check(&morning, "2026-11-21T06:00:00+08:00", false);
        check(&window(DayClass::DaysOff, 0, 420), "2026-11-21T06:00:00+08:00", true);
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_on_which_it_began() {
        let night = window(DayClass::WorkingDays, 22 * 60, 5 * 60);
        check(&night, "2026-11-20T22:00:00+08:00", true);
        check(&night, "2026-11-21T04:59:00+08:00", true);
        check(&night, "2026-11-21T22:00:00+08:00", false);
        check(&night, "2026-11-23T04:59:00+08:00", false);
        check(&night, "2026-11-23T05:00:00+08:00", false);
    }
}
