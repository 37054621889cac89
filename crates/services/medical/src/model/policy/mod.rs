//! Policy packs (政策包, section 5): dated data, one file per pool, scheme and version. A published version is never edited.

use std::collections::BTreeMap;

use huitong_kernel::decimal::Ratio;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use serde::{Deserialize, Serialize};

use super::amounts::PayField;
use super::filing::{Adjustment, FilingKind};
use super::person::{CareType, HospitalLevel, PersonFacts, Scheme};
use huitong_service_kit::toml_data::yuan;

pub mod examples;
pub mod validate;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// Pool: the city.
    pub area: Division,
    pub scheme: Scheme,
    pub version: String,
    pub valid_from: Date,
    /// Exclusive; absent while no successor is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
    /// Why a time between this version and the next is left open on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_after: Option<String>,
    /// First day of the insurance year, `MM-DD`.
    pub year_start: MonthDay,
    /// The lowest trust grade of its values.
    pub grade: Grade,
    pub sources: Vec<Source>,
    /// Ordered: the first class whose conditions hold is the person's.
    pub person_classes: Vec<PersonClass>,
    pub levels: Vec<HospitalLevel>,
    pub deductibles: Vec<Deductible>,
    /// In the order in which they pay.
    pub funds: Vec<Fund>,
    #[serde(default)]
    pub caps: Vec<Cap>,
    pub filings: BTreeMap<FilingKind, FilingRule>,
    #[serde(default)]
    pub exempt_areas: Vec<ExemptArea>,
    pub accounts: AccountRules,
    /// Warnings of the validation that the publisher has read, by name.
    #[serde(default)]
    pub acknowledged: Vec<String>,
    pub examples: Vec<examples::Example>,
}

/// A day of every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MonthDay {
    pub month: i8,
    pub day: i8,
}

/// How far a value can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    Unconfirmed,
    Secondary,
    Confirmed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    pub grade: Grade,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// All conditions given must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonClass {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_doctor: Option<bool>,
    /// Completed years at the care date, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_from: Option<i16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_to: Option<i16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born_until: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_started_before: Option<Date>,
}

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

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilingRule {
    /// Whether direct settlement is allowed.
    pub direct: bool,
    pub adjust: Adjustment,
}

/// No filing is needed for treatment in these divisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExemptArea {
    pub areas: Vec<Division>,
    pub valid_from: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
    pub grade: Grade,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountRules {
    pub order: Vec<AccountStep>,
    pub pays: AccountScope,
    pub mutual_aid_inside_account: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStep {
    /// 当年账户
    AccountCurrent,
    Deductible,
    Pool,
    /// 历年账户
    AccountHistory,
    MutualAid,
    Cash,
}

/// What the personal account may pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountScope {
    /// The own part inside the scope.
    InScope,
    All,
}

impl TryFrom<String> for MonthDay {
    type Error = String;
    fn try_from(text: String) -> Result<MonthDay, String> {
        let wrong = || format!("{text:?} is no day of the year written MM-DD");
        let (month, day) = text.split_once('-').ok_or_else(wrong)?;
        let (month, day) = (month.parse().map_err(|_| wrong())?, day.parse().map_err(|_| wrong())?);
        Date::new(2001, month, day).map_err(|_| wrong())?;
        Ok(MonthDay { month, day })
    }
}

impl From<MonthDay> for String {
    fn from(day: MonthDay) -> String {
        format!("{:02}-{:02}", day.month, day.day)
    }
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

impl Pack {
    /// The first class whose conditions hold at the care date.
    pub fn class_of(&self, facts: &PersonFacts, day: Date) -> Option<&PersonClass> {
        self.person_classes.iter().find(|class| class.holds(facts, day))
    }

    pub fn in_force(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|end| day < end)
    }

    /// The insurance year that `day` falls into: the calendar year in which it starts.
    pub fn insurance_year(&self, day: Date) -> i16 {
        let before_start = (day.month(), day.day()) < (self.year_start.month, self.year_start.day);
        day.year() - i16::from(before_start)
    }

    pub fn deductible(&self, care_type: CareType) -> Option<&Deductible> {
        self.deductibles.iter().find(|deductible| deductible.care_types.contains(&care_type))
    }

    pub fn funds_of(&self, care_type: CareType, base: FundBase) -> impl Iterator<Item = &Fund> {
        self.funds.iter().filter(move |fund| fund.base == base && fund.care_types.contains(&care_type))
    }

    /// Whether treatment in `area` needs no filing on `day`.
    pub fn is_exempt(&self, area: Division, day: Date) -> bool {
        self.exempt_areas.iter().any(|exempt| {
            exempt.valid_from <= day
                && exempt.valid_to.is_none_or(|end| day < end)
                && exempt.areas.iter().any(|exempted| exempted.contains(area))
        })
    }
}

impl PersonClass {
    fn holds(&self, facts: &PersonFacts, day: Date) -> bool {
        let age = facts.age_on(day);
        self.retired.is_none_or(|retired| retired == facts.retired)
            && self.student.is_none_or(|student| student == facts.student)
            && self.family_doctor.is_none_or(|contract| contract == facts.family_doctor)
            && self.age_from.is_none_or(|from| from <= age)
            && self.age_to.is_none_or(|to| age <= to)
            && self.born_until.is_none_or(|until| facts.birth_date <= until)
            && self.work_started_before.is_none_or(|before| facts.work_start_date.is_some_and(|start| start < before))
    }
}

impl Deductible {
    pub fn amount(&self, class: &str, level: HospitalLevel) -> Option<Fen> {
        best(&self.amounts, |cell| (&cell.class, &cell.level), class, level).map(|cell| cell.amount)
    }

    pub fn key(&self) -> String {
        format!("deductible/{}", self.id)
    }
}

impl Band {
    pub fn ratio(&self, class: &str, level: HospitalLevel) -> Option<Ratio> {
        best(&self.ratios, |cell| (&cell.class, &cell.level), class, level).map(|cell| cell.ratio)
    }
}

impl Cap {
    pub fn amount(&self, class: &str, level: HospitalLevel) -> Option<Fen> {
        best(&self.amounts, |cell| (&cell.class, &cell.level), class, level).map(|cell| cell.amount)
    }

    pub fn key(&self) -> String {
        format!("cap/{}", self.id)
    }
}
