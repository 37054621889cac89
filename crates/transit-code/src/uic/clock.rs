//! Times of this layout: a day of the year and a time of the day, UTC.

use crate::certificate::days_before;

const DAY_S: i64 = 86_400;
/// The end of the year 9999: beyond it no table is in force, and nothing here may overflow.
const LAST_MOMENT: i64 = 253_402_300_799;

/// Unix seconds; `None` for day 366 of a year that has 365.
pub fn moment(year: i64, day: u32, second: u32) -> Option<i64> {
    let (first, next) = (days_before(year, 1), days_before(year + 1, 1));
    let days = first + i64::from(day) - 1;
    (days < next).then(|| days * DAY_S + i64::from(second))
}

/// The day of the year (1 to 366) and the second of the day of a moment between the years 1970 and 9999.
pub fn day_of_year(moment: i64) -> (u32, u32) {
    let moment = moment.clamp(0, LAST_MOMENT);
    let (days, second) = (moment / DAY_S, moment % DAY_S);
    let about = year_about(moment);
    let first = (about - 1..=about + 1).map(|year| days_before(year, 1)).take_while(|first| *first <= days).last();
    // All three numbers are small and not negative: a day lies behind the first one of its year.
    ((days - first.unwrap_or(days)) as u32 + 1, second as u32)
}

/// By the mean year of the calendar: one year off at most.
fn year_about(moment: i64) -> i64 {
    1970 + moment / 31_556_952
}

/// Unix seconds of a day and a second without a year: of the year nearest to `now`. So a code made on New Year's Eve and shown
/// at New Year is a few seconds old, not a year in the future.
pub fn nearest(day: u32, second: u32, now: i64) -> i64 {
    let bounded = now.clamp(0, LAST_MOMENT);
    // A day 366 may be up to eight years away, as around 2100.
    let year = year_about(bounded);
    let years = (year - 9)..=(year + 9);
    let moments = years.filter_map(|year| moment(year, day, second));
    moments.min_by_key(|moment| (moment - bounded).abs()).unwrap_or(i64::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_leap_days() {
        assert_eq!(moment(2026, 1, 0), Some(1_767_225_600));
        assert_eq!(moment(2024, 60, 0), Some(1_709_164_800), "29 February");
        assert_eq!(moment(2024, 366, 86_399), Some(1_735_689_599));
        assert_eq!(moment(2026, 366, 0), None);
    }

    #[test]
    fn a_moment_gives_its_day_and_second_and_these_give_it_back() {
        assert_eq!(day_of_year(1_767_225_600), (1, 0));
        assert_eq!(day_of_year(1_767_225_599), (365, 86_399));
        assert_eq!(day_of_year(1_735_689_599), (366, 86_399));
        for moment in (0..4_102_444_800).step_by(9_999_991) {
            let (day, second) = day_of_year(moment);
            assert_eq!(nearest(day, second, moment), moment);
        }
    }

    #[test]
    fn the_nearest_year_is_taken_across_new_year() {
        let new_year = 1_767_225_600;
        assert_eq!(nearest(365, 86_399, new_year), new_year - 1);
        assert_eq!(nearest(1, 5, new_year - 10), new_year + 5);
        assert_eq!(nearest(1, 0, new_year), new_year);
        // Half a year away: whatever year is taken, the code is far out of its window.
        assert!((nearest(183, 0, new_year) - new_year).abs() > 180 * DAY_S);
        // A day that this year has not: that of the nearest leap year.
        assert_eq!(nearest(366, 0, new_year), 1_735_603_200);
        assert!(nearest(366, 0, i64::MAX) > 0 && nearest(1, 0, i64::MIN) >= 0);
    }
}
