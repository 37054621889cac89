//! Working days (foundations F5): Monday to Friday, changed by the notices of the State Council and by local overlays.

use std::collections::BTreeSet;

use jiff::civil::Weekday;
use serde::{Deserialize, Serialize};

use crate::division::Division;
use crate::time::{Date, Instant};

/// One notice: weekdays off and weekend days worked of one year. A later notice of the same year and division replaces
/// the earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarNotice {
    /// `None`: the whole country. Else an overlay of that division.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub division: Option<Division>,
    pub year: i16,
    /// When the notice was published.
    pub known_from: Instant,
    pub days_off: Vec<Date>,
    pub days_worked: Vec<Date>,
    /// Document and how far it can be trusted.
    pub source: String,
}

/// The effective calendar of a jurisdiction, as known at an instant.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    years: BTreeSet<i16>,
    days_off: BTreeSet<Date>,
    days_worked: BTreeSet<Date>,
}

impl Calendar {
    /// The calendar of `division` as known at `known_at`.
    pub fn effective(notices: &[CalendarNotice], division: Division, known_at: Instant) -> Calendar {
        let mut calendar = Calendar::default();
        for overlay in [false, true] {
            let mut layer: Vec<&CalendarNotice> = notices
                .iter()
                .filter(|notice| notice.known_from <= known_at && notice.division.is_some() == overlay)
                .filter(|notice| notice.division.is_none_or(|area| area.contains(division)))
                .collect();
            layer.sort_by_key(|notice| notice.known_from);
            for (index, notice) in layer.iter().enumerate() {
                let replaced = layer[index + 1..].iter().any(|later| later.year == notice.year);
                if !replaced {
                    calendar.take(notice);
                }
            }
        }
        calendar
    }

    /// The notice's days stand against whatever was said of them before.
    fn take(&mut self, notice: &CalendarNotice) {
        if notice.division.is_none() {
            self.years.insert(notice.year);
        }
        for day in &notice.days_off {
            self.days_worked.remove(day);
            self.days_off.insert(*day);
        }
        for day in &notice.days_worked {
            self.days_off.remove(day);
            self.days_worked.insert(*day);
        }
    }

    pub fn is_working_day(&self, day: Date) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        self.days_worked.contains(&day) || (!weekend && !self.days_off.contains(&day))
    }

    /// Whether a year without notice lies between the two days: then the result is provisional.
    pub fn is_provisional(&self, from: Date, to: Date) -> bool {
        (from.year()..=to.year()).any(|year| !self.years.contains(&year))
    }

    /// The `count`-th working day after `day`; `day` itself for 0. The first day is not counted (民法典 art. 201).
    pub fn add_working_days(&self, day: Date, count: u32) -> Date {
        let mut current = day;
        for _ in 0..count {
            current = self.next_working_day(tomorrow(current));
        }
        current
    }

    /// Working days in (`from`, `to`].
    pub fn working_days_between(&self, from: Date, to: Date) -> u32 {
        let mut count = 0;
        let mut current = from;
        while current < to {
            current = tomorrow(current);
            count += u32::from(self.is_working_day(current));
        }
        count
    }

    /// `day` if it is a working day, else the next one (民法典 art. 203).
    pub fn next_working_day(&self, day: Date) -> Date {
        let mut current = day;
        while !self.is_working_day(current) {
            current = tomorrow(current);
        }
        current
    }
}

fn tomorrow(day: Date) -> Date {
    day.tomorrow().expect("legal terms end long before the last civil date")
}

/// The same day `months` later, or the last day of that month (民法典 art. 202).
pub fn add_months(day: Date, months: i32) -> Date {
    day.checked_add(jiff::Span::new().months(months)).expect("legal terms end long before the last civil date")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn days(text: &str, year: i16) -> Vec<Date> {
        let one = |text: &str| {
            let (month, day) = text.split_once('-').expect("MM-DD");
            date(year, month.parse().expect("MM"), day.parse().expect("DD"))
        };
        let range = |part: &str| {
            let (from, to) = part.split_once("..").unwrap_or((part, part));
            let (mut day, to, mut all) = (one(from), one(to), Vec::new());
            while day <= to {
                all.push(day);
                day = tomorrow(day);
            }
            all
        };
        text.split_whitespace().flat_map(range).collect()
    }

    fn notice(division: Option<&str>, known_from: Date, year: i16, off: &str, worked: &str) -> CalendarNotice {
        CalendarNotice {
            division: division.map(|code| code.parse().expect("a code")),
            year,
            known_from: Instant::start_of(known_from),
            days_off: days(off, year),
            days_worked: days(worked, year),
            source: "test".to_owned(),
        }
    }

    /// State Council notices for 2018 and 2019 (both), and the overlay of Shanghai for the import fair of 2018.
    fn notices() -> Vec<CalendarNotice> {
        let off_2018 = "01-01 02-15..02-16 02-19..02-21 04-05..04-06 04-30..05-01 06-18 09-24 10-01..10-05 12-31";
        let worked_2018 = "02-11 02-24 04-08 04-28 09-29..09-30 12-29";
        let off_2019 = "01-01 02-04..02-08 04-05 05-01 06-07 09-13 10-01..10-04 10-07";
        let off_2019_second = "01-01 02-04..02-08 04-05 05-01..05-03 06-07 09-13 10-01..10-04 10-07";
        vec![
            notice(None, date(2017, 11, 30), 2018, off_2018, worked_2018),
            notice(None, date(2018, 12, 6), 2019, off_2019, "02-02..02-03 09-29 10-12"),
            notice(None, date(2019, 3, 22), 2019, off_2019_second, "02-02..02-03 04-28 05-05 09-29 10-12"),
            notice(Some("310000"), date(2018, 10, 1), 2018, "11-05..11-06", "11-03 11-11"),
        ]
    }

    fn calendar(division: &str, known_at: Date) -> Calendar {
        let division = division.parse().expect("a code");
        Calendar::effective(&notices(), division, Instant::start_of(known_at))
    }

    #[test]
    fn the_worked_examples_of_the_foundations() {
        let national = calendar("330100", date(2020, 1, 1));
        let check =
            |from: Date, count, due: Date| assert_eq!(national.add_working_days(from, count), due, "{from}+{count}");
        check(date(2019, 9, 27), 5, date(2019, 10, 10));
        check(date(2019, 9, 27), 20, date(2019, 10, 30));
        check(date(2019, 1, 30), 5, date(2019, 2, 11));
        check(date(2018, 12, 28), 3, date(2019, 1, 3));
        check(date(2019, 6, 3), 5, date(2019, 6, 11));
        check(date(2018, 11, 1), 3, date(2018, 11, 6));
        check(date(2018, 11, 1), 10, date(2018, 11, 15));
        check(date(2019, 4, 26), 4, date(2019, 5, 5));
        check(date(2019, 4, 26), 5, date(2019, 5, 6));
    }

    #[test]
    fn a_second_notice_counts_from_the_day_it_is_known() {
        let before = calendar("330100", date(2019, 3, 1));
        assert_eq!(before.add_working_days(date(2019, 4, 26), 4), date(2019, 5, 3));
        assert_eq!(before.add_working_days(date(2019, 4, 26), 5), date(2019, 5, 6));
    }

    #[test]
    fn an_overlay_counts_in_its_own_city_only() {
        let shanghai = calendar("310100", date(2020, 1, 1));
        assert_eq!(shanghai.add_working_days(date(2018, 11, 1), 3), date(2018, 11, 7));
        assert_eq!(shanghai.add_working_days(date(2018, 11, 1), 10), date(2018, 11, 15));
    }

    #[test]
    fn counting_forth_and_back_agrees_and_years_without_notice_are_provisional() {
        let national = calendar("330100", date(2020, 1, 1));
        for count in 0..60 {
            let due = national.add_working_days(date(2019, 1, 7), count);
            assert_eq!(national.working_days_between(date(2019, 1, 7), due), count);
        }
        assert!(!national.is_provisional(date(2018, 12, 1), date(2019, 2, 1)));
        assert!(national.is_provisional(date(2019, 12, 1), date(2020, 2, 1)));
    }

    #[test]
    fn months_end_on_the_last_day_where_the_day_is_missing() {
        assert_eq!(add_months(date(2025, 11, 30), 3), date(2026, 2, 28));
        assert_eq!(add_months(date(2024, 8, 31), 6), date(2025, 2, 28));
        assert_eq!(add_months(date(2023, 8, 31), 6), date(2024, 2, 29));
    }
}
