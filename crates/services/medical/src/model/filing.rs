//! Filing (备案) and its effect on the ratio (3.2).

use huitong_kernel::decimal::Ratio;
use huitong_kernel::division::Division;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::named;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::exact::{FINE_ONE, FineRatio, fine};
use super::message::Certificate;

/// What was filed, or why no filing is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FilingKind {
    /// 长期居住
    LongStay,
    /// 临时·转诊
    TempReferred,
    /// 急诊抢救: counts as filed
    TempEmergency,
    /// 临时·非急诊未转诊
    TempSelf,
    /// 免备案区域: the pack names the areas
    ExemptArea,
    /// 未备案
    None,
}

impl FilingKind {
    /// Those that can be filed. An emergency counts as filed by the hospital's mark, and can be filed too.
    pub const FILEABLE: [FilingKind; 4] =
        [FilingKind::LongStay, FilingKind::TempReferred, FilingKind::TempEmergency, FilingKind::TempSelf];

    pub fn name(self) -> &'static str {
        match self {
            FilingKind::LongStay => "long_stay",
            FilingKind::TempReferred => "temp_referred",
            FilingKind::TempEmergency => "temp_emergency",
            FilingKind::TempSelf => "temp_self",
            FilingKind::ExemptArea => "exempt_area",
            FilingKind::None => "none",
        }
    }

    pub fn chinese(self) -> &'static str {
        match self {
            FilingKind::LongStay => "长期居住",
            FilingKind::TempReferred => "临时·转诊",
            FilingKind::TempEmergency => "急诊抢救",
            FilingKind::TempSelf => "临时·非急诊未转诊",
            FilingKind::ExemptArea => "免备案区域",
            FilingKind::None => "未备案",
        }
    }

    pub fn parse(name: &str) -> Option<FilingKind> {
        use FilingKind::{ExemptArea, LongStay, None as Not, TempEmergency, TempReferred, TempSelf};
        [LongStay, TempReferred, TempEmergency, TempSelf, ExemptArea, Not].into_iter().find(|kind| kind.name() == name)
    }
}

named! {
    /// How a filing stands. Whether it has expired is a matter of its dates.
    FilingStatus {
        Active = "active",
        Suspended = "suspended",
        Revoked = "revoked",
        /// Another one of the same areas took its place.
        Superseded = "superseded",
    }
}

/// What a filing says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilingWish {
    pub home_area: Division,
    pub certificate: Certificate,
    pub kind: FilingKind,
    /// Divisions of treatment; empty: everywhere.
    pub areas: Vec<Division>,
    pub valid_from: Date,
    /// Inclusive.
    pub valid_to: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral>,
}

/// 转诊 (2501)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Referral {
    /// `reflin_medins_no`: the institution that takes the person.
    pub institution: String,
    /// `diag_code`, `diag_name`
    pub diagnosis_code: String,
    pub diagnosis: String,
    /// `refl_rea`
    pub reason: String,
    /// `refl_date`
    #[schema(value_type = String, format = Date)]
    pub referred_on: Date,
}

/// A filing as home holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilingState {
    pub filing: Uuid,
    pub person: String,
    pub kind: FilingKind,
    pub areas: Vec<Division>,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    pub status: FilingStatus,
    /// The participant that filed it.
    pub filed_by: String,
    pub filed_at: Instant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral>,
}

impl FilingState {
    /// Whether treatment in `area` is what was filed.
    pub fn covers(&self, area: Division) -> bool {
        self.areas.is_empty() || self.areas.iter().any(|filed| filed.contains(area))
    }

    /// Whether the other speaks of all its places and days.
    pub fn lies_within(&self, other: &FilingState) -> bool {
        let ends_within = other.valid_to.is_none_or(|end| self.valid_to.is_some_and(|own| own <= end));
        let places_within =
            other.areas.is_empty() || (!self.areas.is_empty() && self.areas.iter().all(|area| other.covers(*area)));
        other.valid_from <= self.valid_from && ends_within && places_within
    }

    /// Whether it holds on `day`, its status aside.
    pub fn holds_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|end| day <= end)
    }
}

/// How a filing kind changes the ratio. Real documents write both forms, and they differ on the same bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    #[default]
    None,
    /// ratio − x
    Points(Ratio),
    /// ratio × x
    Factor(Ratio),
}

impl Adjustment {
    /// The ratio after the filing, exact, never below zero.
    pub fn apply(self, ratio: Ratio) -> FineRatio {
        match self {
            Adjustment::None => fine(ratio),
            Adjustment::Points(points) => FineRatio((fine(ratio).0 - fine(points).0).max(0)),
            // 10⁻⁴ × 10⁻⁴ = 10⁻⁸
            Adjustment::Factor(factor) => FineRatio(ratio.units() * factor.units()),
        }
    }

    /// How many points of 100 the adjustment takes from `ratio`, in 10⁻⁸, for the comparison with national ceilings.
    pub fn drop_of(self, ratio: Ratio) -> FineRatio {
        FineRatio((fine(ratio).0 - self.apply(ratio).0).clamp(0, FINE_ONE))
    }
}
