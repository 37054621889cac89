//! Fare packs (票价表): dated data, never code. The version in force at entry prices the trip, for ever.

pub mod charge;
pub mod coverage;
pub mod price;
pub mod reduce;
pub mod ride;
pub mod sequence;
pub mod validate;
pub mod window;

use std::collections::BTreeMap;

use huitong_kernel::decimal::Ratio;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use serde::{Deserialize, Serialize};

use super::network::{LineId, StationId};
use window::TimeWindow;

/// How far data can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Published by the operator or in the standard.
    Official,
    /// From field programs, project data or the press.
    Secondary,
    /// Said to be so, no document seen: prices test trips only, unless the operator overrides in writing.
    Unconfirmed,
}

/// A version of a network's fares, as published (`FarePackPublish`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    pub pack: String,
    pub version: u32,
    pub network: Division,
    /// The version of the station map whose metres count.
    pub network_version: u32,
    /// Business days, inclusive.
    pub valid_from: Date,
    /// Exclusive; `None`: until the next version begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
    pub grade: Grade,
    pub source: String,
    /// The operator's written decision to charge by an unconfirmed pack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_decision: Option<String>,
    pub route: Route,
    pub groups: Vec<Group>,
    #[serde(default)]
    pub discounts: Vec<Discount>,
    #[serde(default)]
    pub rebates: Vec<Rebate>,
    #[serde(default)]
    pub caps: Vec<Cap>,
    /// Account types (field 8) by the class that discounts speak of; others are `standard`.
    #[serde(default)]
    pub account_classes: BTreeMap<String, Vec<u8>>,
    /// Fares may fall with the distance.
    #[serde(default)]
    pub allow_falling: bool,
    /// What the pack must compute; checked when it is loaded.
    pub examples: Vec<Example>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    ShortestDistance,
}

/// What a fare is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// One price.
    Single,
    /// Metres of the shortest path.
    Distance,
    /// Sections ridden.
    Station,
    /// Zones touched.
    Zone,
    /// A price per pair of stations, both ways unless the reverse is listed.
    Manual,
}

/// A part of the fares, and where it applies. The more specific of two wins ([`Group::rank`]); a path through several is cut
/// at the border, and the parts are added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub name: String,
    pub basis: Basis,
    #[serde(default)]
    pub lines: Vec<LineId>,
    #[serde(default)]
    pub starting_stations: Vec<StationId>,
    #[serde(default)]
    pub ending_stations: Vec<StationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_time: Option<TimeWindow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derive_from: Option<Derivation>,
    /// Basis `single`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fare_fen: Option<Fen>,
    #[serde(default)]
    pub bands: Vec<Band>,
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Basis `distance`: metres given free at every limit.
    #[serde(default)]
    pub grace_m: u32,
    /// Basis `manual`.
    #[serde(default)]
    pub pairs: Vec<Pair>,
}

/// Another group (that derives from none) times a factor, rounded half up to the fen. The basis is that group's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Derivation {
    pub name: String,
    pub portion: Ratio,
}

/// A fare up to a limit (inclusive): metres, or sections, or zones, by the basis. The last rule of a ladder (band or step)
/// has no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    #[serde(rename = "upto_m", alias = "upto", default, skip_serializing_if = "Option::is_none")]
    pub upto: Option<u32>,
    pub fare_fen: Fen,
}

/// Above the bands: so much more for every step begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// `None`: without end; only the last.
    #[serde(rename = "upto_m", alias = "upto", default, skip_serializing_if = "Option::is_none")]
    pub upto: Option<u32>,
    #[serde(rename = "step_m", alias = "step")]
    pub step: u32,
    pub add_fen: Fen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    pub from: StationId,
    pub to: StationId,
    pub fare_fen: Fen,
}

/// Less for some riders, times or stations. Applied in the listed order, each to what the one before has left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discount {
    pub name: String,
    /// Of what is left: `0.2000` takes a fifth away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portion: Option<Ratio>,
    /// Of the portion, to 1 fen.
    #[serde(default, skip_serializing_if = "Rounding::is_half_up")]
    pub rounding: Rounding,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minus_fen: Option<Fen>,
    /// Empty: all classes.
    #[serde(default)]
    pub classes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_time: Option<TimeWindow>,
    #[serde(default)]
    pub starting_stations: Vec<StationId>,
    #[serde(default)]
    pub ending_stations: Vec<StationId>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    #[default]
    HalfUp,
    Down,
    Up,
}

impl Rounding {
    fn is_half_up(&self) -> bool {
        *self == Rounding::HalfUp
    }
}

/// A transfer rebate (换乘优惠): less when the rider's last trip before this one ended, in that network, not long ago.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rebate {
    pub name: String,
    /// The network that was left before: another city's metro, or a bus.
    pub from_network: Division,
    /// From that exit to this entry, inclusive.
    pub within_min: u32,
    pub minus_fen: Fen,
}

/// A cap (封顶): a rider pays no more for the trips of this network that begin in a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    pub name: String,
    pub window: CapWindow,
    /// Minutes after midnight (UTC+8) at which the window's days begin: 270 is a day from 04:30 to 04:29. `None`: the
    /// network's business day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_min: Option<u32>,
    pub max_fen: Fen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapWindow {
    Day,
    /// A calendar month of such days.
    Month,
}

/// A fare that the pack must give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The group that prices it, in force or not; without it, the groups that need no time window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// By length alone: of the named group, or of the one without conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metres: Option<u32>,
    /// Or between two stations; where one tap is the trip, twice the stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<StationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<StationId>,
    pub fare_fen: Fen,
}

impl Pack {
    /// The class of an account type.
    pub fn class(&self, account_type: u8) -> &str {
        let found = self.account_classes.iter().find(|(_, types)| types.contains(&account_type));
        found.map_or("standard", |(class, _)| class.as_str())
    }

    /// The names of all that can make a fare less.
    pub fn reductions(&self) -> impl Iterator<Item = &str> {
        let discounts = self.discounts.iter().map(|discount| discount.name.as_str());
        let rebates = self.rebates.iter().map(|rebate| rebate.name.as_str());
        discounts.chain(rebates).chain(self.caps.iter().map(|cap| cap.name.as_str()))
    }

    /// Whether real money may be charged by it.
    pub fn may_charge(&self) -> bool {
        self.grade != Grade::Unconfirmed || self.override_decision.is_some()
    }
}
