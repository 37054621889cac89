//! Filing (备案) and its effect on the ratio (3.2).

use huitong_kernel::decimal::Ratio;
use serde::{Deserialize, Serialize};

use super::exact::{FINE_ONE, FineRatio, fine};

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
    /// Those a person can still make before the settlement.
    pub const POSSIBLE: [FilingKind; 3] = [FilingKind::LongStay, FilingKind::TempReferred, FilingKind::TempSelf];

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

    pub fn parse(name: &str) -> Option<FilingKind> {
        use FilingKind::{ExemptArea, LongStay, None as Not, TempEmergency, TempReferred, TempSelf};
        [LongStay, TempReferred, TempEmergency, TempSelf, ExemptArea, Not].into_iter().find(|kind| kind.name() == name)
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
