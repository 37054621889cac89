//! The tables of a pack: deductibles, funds with their bands, caps; each with a cell per person class and hospital level.

use huitong_kernel::decimal::Ratio;
use huitong_kernel::money::Fen;
use huitong_service_kit::toml_data::yuan;
use serde::{Deserialize, Serialize};

use crate::model::amounts::PayField;
use crate::model::person::{CareType, HospitalLevel};

/// Which class and level a cell is for; `*` stands for all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmountCell {
    pub class: String,
    pub level: String,
    #[serde(with = "yuan")]
    pub amount: Fen,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatioCell {
    pub class: String,
    pub level: String,
    pub ratio: Ratio,
}

impl AmountCell {
    pub fn key(&self) -> (&str, &str) {
        (&self.class, &self.level)
    }
}

impl RatioCell {
    pub fn key(&self) -> (&str, &str) {
        (&self.class, &self.level)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deductible {
    /// Part of the accumulator's key, shared by its care types.
    pub id: String,
    pub care_types: Vec<CareType>,
    pub kind: DeductibleKind,
    pub amounts: Vec<AmountCell>,
    /// `per_admission`: what the second, third … admission pays; the last entry repeats.
    #[serde(default)]
    pub repeat_admissions: Vec<RepeatAdmission>,
    /// `per_year_highest_level`: the most in a year.
    #[serde(default, with = "yuan::optional", skip_serializing_if = "Option::is_none")]
    pub year_max: Option<Fen>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeductibleKind {
    PerYear,
    PerVisit,
    PerAdmission,
    PerYearHighestLevel,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum RepeatAdmission {
    Factor(Ratio),
    #[serde(with = "yuan")]
    Amount(Fen),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fund {
    pub id: String,
    /// National `fund_pay_type`, 310101 for the pool.
    pub fund_pay_type: String,
    pub field: PayField,
    pub name_zh: String,
    pub name_en: String,
    pub base: FundBase,
    pub care_types: Vec<CareType>,
    /// Where the bands begin: with each settlement, or with what the year has used already.
    #[serde(default)]
    pub bands_from: BandsFrom,
    pub adjusted_by_filing: bool,
    pub bands: Vec<Band>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FundBase {
    /// Eligible cost after the deductible.
    AfterDeductible,
    /// Cost above a cap that names this fund.
    Spill,
    /// The year's in-scope own cost (serious illness).
    InScopeOwnYear,
    /// The in-scope own cost that is left of this settlement.
    InScopeOwnLeft,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BandsFrom {
    #[default]
    Settlement,
    Year,
}

/// [from, to): which part of the base is paid at which ratio.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    #[serde(with = "yuan")]
    pub from: Fen,
    #[serde(default, with = "yuan::optional", skip_serializing_if = "Option::is_none")]
    pub to: Option<Fen>,
    pub ratios: Vec<RatioCell>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    pub id: String,
    pub care_types: Vec<CareType>,
    /// Funds that share it.
    pub funds: Vec<String>,
    /// Per year.
    pub amounts: Vec<AmountCell>,
    /// The fund that takes the cost above it; absent: the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spill_to: Option<String>,
}

fn fits(class: &str, level: &str, person_class: &str, hospital_level: HospitalLevel) -> bool {
    // A table that stops at level 3 means all level 3 hospitals, the top ones too (5.4: `3top` = 3 unless stated).
    let level_fits =
        level == "*" || level == hospital_level.name() || (level == "3" && hospital_level == HospitalLevel::ThreeTop);
    (class == "*" || class == person_class) && level_fits
}

/// The most specific cell: an exact level before `3` for `3top`, before `*`.
fn best<'a, C>(cells: &'a [C], key: impl Fn(&C) -> (&str, &str), class: &str, level: HospitalLevel) -> Option<&'a C> {
    let rank = |cell: &&C| {
        let (cell_class, cell_level) = key(cell);
        let level_rank = if cell_level == level.name() { 2 } else { i32::from(cell_level != "*") };
        (i32::from(cell_class != "*"), level_rank)
    };
    let fitting = cells.iter().filter(|cell| {
        let (cell_class, cell_level) = key(cell);
        fits(cell_class, cell_level, class, level)
    });
    fitting.max_by_key(rank)
}

impl Deductible {
    pub fn amount(&self, class: &str, level: HospitalLevel) -> Option<Fen> {
        best(&self.amounts, AmountCell::key, class, level).map(|cell| cell.amount)
    }

    pub fn key(&self) -> String {
        ["deductible/", &self.id].concat()
    }
}

impl Band {
    pub fn ratio(&self, class: &str, level: HospitalLevel) -> Option<Ratio> {
        best(&self.ratios, RatioCell::key, class, level).map(|cell| cell.ratio)
    }
}

/// What the accumulator keys of caps begin with.
pub const CAP_KEY: &str = "cap/";

impl Cap {
    pub fn amount(&self, class: &str, level: HospitalLevel) -> Option<Fen> {
        best(&self.amounts, AmountCell::key, class, level).map(|cell| cell.amount)
    }

    pub fn key(&self) -> String {
        [CAP_KEY, &self.id].concat()
    }
}

/// A disease that is treated as outpatient under rules of its own (慢特病, 5301).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChronicDisease {
    /// Part of the accumulator's key.
    pub id: String,
    /// `opsp_dise_code`
    pub codes: Vec<String>,
    pub name_zh: String,
    pub name_en: String,
    /// Instead of the ratios of the pool's bands; empty: as they are.
    #[serde(default)]
    pub ratios: Vec<RatioCell>,
    /// A cap of its own, per year, inside the others.
    #[serde(default)]
    pub cap: Vec<AmountCell>,
}

impl ChronicDisease {
    pub fn ratio(&self, class: &str, level: HospitalLevel) -> Option<Ratio> {
        best(&self.ratios, RatioCell::key, class, level).map(|cell| cell.ratio)
    }

    pub fn cap(&self, class: &str, level: HospitalLevel) -> Option<Fen> {
        best(&self.cap, AmountCell::key, class, level).map(|cell| cell.amount)
    }

    pub fn key(&self) -> String {
        format!("cap/chronic/{}", self.id)
    }
}
