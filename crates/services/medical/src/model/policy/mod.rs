//! Policy packs (政策包, section 5): dated data, one file per pool, scheme and version. A published version is never edited.

use std::collections::BTreeMap;

use huitong_kernel::decimal::Ratio;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::toml_data::yuan;
use serde::{Deserialize, Serialize};

use super::filing::{Adjustment, FilingKind};
use super::person::{CareType, HospitalLevel, PersonFacts, Scheme};

mod dates;
pub mod examples;
mod reading;
mod tables;
pub mod validate;

pub use dates::{DateRule, MidstayChange, MonthDay, StayAcrossYear};
pub use tables::{
    AmountCell, Band, BandsFrom, CAP_KEY, Cap, ChronicDisease, Deductible, DeductibleKind, Fund, FundBase, RatioCell,
    RepeatAdmission,
};

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
    /// The version that it corrects or follows: from `valid_from` on this one holds instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
    /// Why a time between this version and the next is left open on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_after: Option<String>,
    /// First day of the insurance year, `MM-DD`.
    pub year_start: MonthDay,
    #[serde(default)]
    pub date_rule: DateRule,
    #[serde(default)]
    pub stay_across_year: StayAcrossYear,
    #[serde(default)]
    pub midstay_change: MidstayChange,
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
    /// Diseases treated as outpatient under rules of their own (慢特病).
    #[serde(default)]
    pub chronic: Vec<ChronicDisease>,
    pub filings: BTreeMap<FilingKind, FilingRule>,
    #[serde(default)]
    pub exempt_areas: Vec<ExemptArea>,
    pub accounts: AccountRules,
    /// Warnings of the validation that the publisher has read, by name.
    #[serde(default)]
    pub acknowledged: Vec<String>,
    /// Inversions that the source really says, each with its reason.
    #[serde(default)]
    pub waivers: Vec<Waiver>,
    pub examples: Vec<examples::Example>,
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
    pub dated: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotes: Vec<SourceQuote>,
}

/// A sentence of a source, and what it says of a cell; where the cell says otherwise, the validation warns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceQuote {
    pub text: String,
    /// As the validation names it: `deductibles.ID`, `funds.ID.bands[0]`, `caps.ID`.
    pub table: String,
    pub class: String,
    pub level: HospitalLevel,
    pub value: CellValue,
}

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellValue {
    Ratio(Ratio),
    #[serde(with = "yuan")]
    Amount(Fen),
}

impl SourceQuote {
    /// What the pack itself says there; `None` where it says nothing.
    pub fn cell(&self, pack: &Pack) -> Option<CellValue> {
        let (class, level) = (self.class.as_str(), self.level);
        let (kind, id) = self.table.split_once('.')?;
        let amount = match kind {
            "deductibles" => pack.deductibles.iter().find(|table| table.id == id)?.amount(class, level),
            "caps" => pack.caps.iter().find(|cap| cap.id == id)?.amount(class, level),
            "funds" => {
                let (id, band) = id.strip_suffix(']')?.split_once(".bands[")?;
                let fund = pack.funds.iter().find(|fund| fund.id == id)?;
                return fund.bands.get(band.parse::<usize>().ok()?)?.ratio(class, level).map(CellValue::Ratio);
            }
            _ => None,
        };
        amount.map(CellValue::Amount)
    }
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
    /// For which care the current year's account goes before everything, where the order begins with it; empty: for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub current_first: Vec<CareType>,
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

/// An inversion that is no typing error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// As the validation names it, for instance `deductible_falls:inpatient`.
    pub inversion: String,
    pub reason: String,
}

/// What the personal account may pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountScope {
    /// The own part inside the scope.
    InScope,
    All,
}

impl Pack {
    /// The first class whose conditions hold at the care date.
    pub fn class_of(&self, facts: &PersonFacts, day: Date) -> Option<&PersonClass> {
        self.person_classes.iter().find(|class| class.holds(facts, day))
    }

    pub fn in_force(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|end| day < end)
    }

    pub fn deductible(&self, care_type: CareType) -> Option<&Deductible> {
        self.deductibles.iter().find(|deductible| deductible.care_types.contains(&care_type))
    }

    pub fn funds_of(&self, care_type: CareType, base: FundBase) -> impl Iterator<Item = &Fund> {
        self.funds.iter().filter(move |fund| fund.base == base && fund.care_types.contains(&care_type))
    }

    /// The rules of a disease that is treated as outpatient.
    pub fn chronic(&self, disease: &str) -> Option<&ChronicDisease> {
        self.chronic.iter().find(|chronic| chronic.codes.iter().any(|code| code == disease))
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
