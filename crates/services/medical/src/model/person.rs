//! The insured person as the calculation sees it: scheme, facts, hospital level, care type.

use huitong_kernel::time::Date;
use serde::{Deserialize, Serialize};

/// 险种 (`insutype`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// 职工 310
    Employee,
    /// 城乡居民 390
    Resident,
}

/// 医院等级 (`hosp_lv`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub enum HospitalLevel {
    #[serde(rename = "community")]
    Community,
    #[serde(rename = "1")]
    One,
    #[serde(rename = "2")]
    Two,
    #[serde(rename = "3")]
    Three,
    #[serde(rename = "3top")]
    ThreeTop,
}

/// 医疗类别 (`med_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub enum CareType {
    #[serde(rename = "11")]
    Outpatient,
    #[serde(rename = "13")]
    Emergency,
    #[serde(rename = "14")]
    ChronicOutpatient,
    #[serde(rename = "21")]
    Inpatient,
    #[serde(rename = "41")]
    Pharmacy,
}

impl Scheme {
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Employee => "employee",
            Scheme::Resident => "resident",
        }
    }

    pub fn parse(name: &str) -> Option<Scheme> {
        [Scheme::Employee, Scheme::Resident].into_iter().find(|scheme| scheme.name() == name)
    }
}

impl HospitalLevel {
    pub const ALL: [HospitalLevel; 5] = [
        HospitalLevel::Community,
        HospitalLevel::One,
        HospitalLevel::Two,
        HospitalLevel::Three,
        HospitalLevel::ThreeTop,
    ];

    pub fn name(self) -> &'static str {
        match self {
            HospitalLevel::Community => "community",
            HospitalLevel::One => "1",
            HospitalLevel::Two => "2",
            HospitalLevel::Three => "3",
            HospitalLevel::ThreeTop => "3top",
        }
    }

    pub fn parse(name: &str) -> Option<HospitalLevel> {
        HospitalLevel::ALL.into_iter().find(|level| level.name() == name)
    }
}

impl CareType {
    pub const ALL: [CareType; 5] = [
        CareType::Outpatient,
        CareType::Emergency,
        CareType::ChronicOutpatient,
        CareType::Inpatient,
        CareType::Pharmacy,
    ];

    pub fn code(self) -> &'static str {
        match self {
            CareType::Outpatient => "11",
            CareType::Emergency => "13",
            CareType::ChronicOutpatient => "14",
            CareType::Inpatient => "21",
            CareType::Pharmacy => "41",
        }
    }
}

/// What the rules for the person class look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonFacts {
    pub birth_date: Date,
    pub retired: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_start_date: Option<Date>,
    pub student: bool,
    /// 签约: contract with a family doctor.
    pub family_doctor: bool,
}

impl PersonFacts {
    /// Completed years of life on `day`.
    pub fn age_on(&self, day: Date) -> i16 {
        let years = day.year() - self.birth_date.year();
        let before_birthday = (day.month(), day.day()) < (self.birth_date.month(), self.birth_date.day());
        years - i16::from(before_birthday)
    }
}

/// First character and a star for each other (foundations F3).
pub fn masked(name: &str) -> String {
    name.chars().enumerate().map(|(index, letter)| if index == 0 { letter } else { '*' }).collect()
}
