//! What a city sets for its network (transit specification §6.6). All defaults are Huitong rules.

use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_transit_code::state::SKEW_MAX_S;
use serde::{Deserialize, Serialize};

use super::bounds::TRIP_MAX;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// A trip of more is an overstay; an entry without exit waits as long, and the upload wait.
    pub trip_limit_min: u32,
    /// An exit belongs to no entry before this.
    pub pair_limit_min: u32,
    pub upload_wait_h: u32,
    /// How long a matched trip may still be matched otherwise before it is final.
    pub final_wait_min: u32,
    pub reentry_s: u32,
    pub passback_s: u32,
    /// A stay of so long (inclusive) that ends where it began is charged by `same_station_short`, a longer one by
    /// `same_station_fare_fen`.
    pub same_station_min: u32,
    pub same_station_short: SameStationRule,
    /// `None`: the minimum fare.
    pub same_station_fare_fen: Option<Fen>,
    pub overstay_charge_fen: Fen,
    pub exit_only_rule: ExitOnlyRule,
    /// Minutes after midnight (UTC+8) at which a business day begins.
    pub business_day_cut_min: u32,
    pub skew_s: u32,
    pub deny_age_limit_h: u32,
    pub deny_stale: StaleRule,
    /// A hole in a gate's sequence is an alarm when it is older.
    pub hole_grace_min: u32,
    /// Rider completions a calendar month, and how long after the trip.
    pub completions_per_month: u32,
    pub completion_days: u32,
}

/// What an exit without entry costs, when nothing better is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitOnlyRule {
    Minimum,
    Maximum,
}

/// What a rider pays who turns back at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameStationRule {
    Free,
    Minimum,
}

/// What gates do with a deny list over its age limit. With the second, the city carries the risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaleRule {
    Refuse,
    AcceptFlagged,
}

impl Default for Parameters {
    fn default() -> Parameters {
        Parameters {
            trip_limit_min: 240,
            pair_limit_min: 480,
            upload_wait_h: 72,
            final_wait_min: 15,
            reentry_s: 120,
            passback_s: 60,
            same_station_min: 15,
            same_station_short: SameStationRule::Minimum,
            same_station_fare_fen: None,
            overstay_charge_fen: Fen::ZERO,
            exit_only_rule: ExitOnlyRule::Minimum,
            business_day_cut_min: 180,
            skew_s: 30,
            deny_age_limit_h: 24,
            deny_stale: StaleRule::Refuse,
            hole_grace_min: 120,
            completions_per_month: 3,
            completion_days: 56,
        }
    }
}

impl Parameters {
    /// The day a moment belongs to: days begin at the cut.
    pub fn business_day(&self, at: Instant) -> Date {
        Instant(at.0 - DurationMs::minutes(i64::from(self.business_day_cut_min)).0).business_date()
    }

    /// The first moment of a business day.
    pub fn day_begins(&self, day: Date) -> Instant {
        Instant::start_of(day) + DurationMs::minutes(i64::from(self.business_day_cut_min))
    }

    pub fn trip_limit(&self) -> DurationMs {
        DurationMs::minutes(i64::from(self.trip_limit_min))
    }

    pub fn same_station_limit(&self) -> DurationMs {
        DurationMs::minutes(i64::from(self.same_station_min))
    }

    pub fn pair_limit(&self) -> DurationMs {
        DurationMs::minutes(i64::from(self.pair_limit_min))
    }

    pub fn upload_wait(&self) -> DurationMs {
        DurationMs::minutes(60 * i64::from(self.upload_wait_h))
    }

    pub fn final_wait(&self) -> DurationMs {
        DurationMs::minutes(i64::from(self.final_wait_min))
    }

    /// Whether the values make sense together; the first field that does not.
    pub fn fault(&self) -> Option<&'static str> {
        let is_price = |amount| (Fen::ZERO..=TRIP_MAX).contains(&amount);
        let checks = [
            ("trip_limit_min", (1..=1_440).contains(&self.trip_limit_min)),
            ("pair_limit_min", (self.trip_limit_min..=1_440).contains(&self.pair_limit_min)),
            ("upload_wait_h", (1..=720).contains(&self.upload_wait_h)),
            ("final_wait_min", self.final_wait_min <= 1_440),
            ("business_day_cut_min", self.business_day_cut_min < 1_440),
            ("same_station_min", self.same_station_min <= self.trip_limit_min),
            ("skew_s", self.skew_s <= SKEW_MAX_S),
            ("overstay_charge_fen", is_price(self.overstay_charge_fen)),
            ("same_station_fare_fen", self.same_station_fare_fen.is_none_or(is_price)),
        ];
        checks.into_iter().find(|(_, fits)| !fits).map(|(field, _)| field)
    }
}
