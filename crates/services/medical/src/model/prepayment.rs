//! Prepayment between provinces (预付金, 3.4 and 13): a quota for the year, how much of it is used, when it will be.
//!
//! Used is what is settled and not cleared yet. Money itself moves in clearing; here is the measure of it.

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, ToSpan, days_since_epoch};
use huitong_service_kit::named;
use serde::{Deserialize, Serialize};

/// Percents of the quota at which both sides' duty officers are told: yellow and red (national 经办规程), and when all of it is used, so
/// that an overdraft is never silent (I15).
pub const BANDS: [u8; 3] = [70, 90, 100];
/// Days that the pace is taken from.
pub const PACE_DAYS: i32 = 28;
/// How far a forecast looks.
const FORECAST_DAYS: i32 = 366;

named! {
    /// How an emergency raise (紧急调增) stands.
    RaiseState {
        Asked = "asked",
        Raised = "raised",
        Declined = "declined",
    }
}

/// The percent of the quota that is used, rounded down; all of it when there is no quota.
pub fn percent(used: Fen, quota: Fen) -> u64 {
    if used <= Fen::ZERO {
        return 0;
    }
    let quota = i128::from(quota.0.max(1));
    u64::try_from(i128::from(used.0) * 100 / quota).unwrap_or(u64::MAX)
}

/// The highest band that is reached: 0, 70, 90, 100.
pub fn band(used: Fen, quota: Fen) -> u8 {
    let percent = percent(used, quota);
    BANDS.iter().rev().copied().find(|band| percent >= u64::from(*band)).unwrap_or(0)
}

/// Two months of the average monthly cleared cost of a year.
pub fn quota_of(cleared_in_year: Fen) -> Fen {
    Fen(cleared_in_year.0.max(0) / 6)
}

/// When the bands, and all of the quota, will be reached at the pace of the last weeks, each weekday by its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    pub yellow_on: Option<Date>,
    pub red_on: Option<Date>,
    pub used_up_on: Option<Date>,
}

/// `booked` are the sums of the last [`PACE_DAYS`] days before `today`.
pub fn forecast(today: Date, used: Fen, quota: Fen, booked: &BTreeMap<Date, Fen>) -> Forecast {
    let weekday = |day: Date| days_since_epoch(day).rem_euclid(7);
    let mut pace = [0_i128; 7];
    for (day, sum) in booked {
        pace[weekday(*day) as usize] += i128::from(sum.0);
    }
    let weeks = i128::from(PACE_DAYS / 7);
    let mut reached = Forecast::default();
    let mut at = i128::from(used.0) * weeks;
    let mut day = today;
    for _ in 0..FORECAST_DAYS {
        let share = |percent: i128| at * 100 >= i128::from(quota.0) * weeks * percent;
        reached.yellow_on = reached.yellow_on.or_else(|| share(70).then_some(day));
        reached.red_on = reached.red_on.or_else(|| share(90).then_some(day));
        reached.used_up_on = reached.used_up_on.or_else(|| share(100).then_some(day));
        let Ok(next) = day.checked_add(1.day()) else { break };
        if reached.used_up_on.is_some() {
            break;
        }
        at += pace[weekday(day) as usize];
        day = next;
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_reached_to_the_fen() {
        let quota = Fen(100_000);
        assert_eq!(
            [69_999, 70_000, 89_999, 90_000, 99_999, 100_000, 200_000].map(|used| band(Fen(used), quota)),
            [0, 70, 70, 90, 90, 100, 100]
        );
        assert_eq!(band(Fen(1), Fen::ZERO), 100, "without a quota nothing may be used");
        assert_eq!(quota_of(Fen(1_200_000)), Fen(200_000), "two months");
    }

    #[test]
    fn a_forecast_follows_the_pace_of_each_weekday() {
        let today: Date = "2026-11-30".parse().expect("a Monday");
        // 100.00 on every Monday of the four weeks before, nothing on other days.
        let booked = (1..=4).map(|week| (today.checked_sub((7 * week).days()).expect("a date"), Fen(10_000))).collect();
        let found = forecast(today, Fen(60_000), Fen(100_000), &booked);
        let on = |text: &str| Some(text.parse().expect("a date"));
        assert_eq!(
            (found.yellow_on, found.red_on, found.used_up_on),
            (on("2026-12-01"), on("2026-12-15"), on("2026-12-22"))
        );
        assert_eq!(forecast(today, Fen::ZERO, Fen(100_000), &BTreeMap::new()), Forecast::default(), "no pace, no day");
    }
}
