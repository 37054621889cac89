//! What is asked and told of a person (section 8): benefit check, filings, visits, chronic diseases

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::filing::{FilingKind, FilingStatus, FilingWish};
use super::super::person::{CareType, HospitalLevel, Scheme};

/// How a person shows who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// `mdtrt_cert_type`: 01 e-voucher, 02 identity card, 03 social security card
    pub kind: String,
    /// `mdtrt_cert_no`
    pub number: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EligibilityAsk {
    pub correlation: String,
    pub institution: String,
    pub home_area: Division,
    pub certificate: Certificate,
    pub care_type: CareType,
    pub care_date: Date,
    pub visited_area: Division,
    #[serde(default)]
    pub wants: Wants,
}

/// What is asked for beside the benefit check: no more than that is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wants {
    /// Name, birth date and certificate (1101).
    #[serde(default)]
    pub identity: bool,
    /// What the insurance year has used (5206).
    #[serde(default)]
    pub accumulators: bool,
    /// Registrations for chronic diseases (5301).
    #[serde(default)]
    pub chronic: bool,
}

/// EligibilityAnswer: benefit check with reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eligibility {
    pub person: String,
    /// First character and stars: the cashier compares with the card.
    pub name_masked: String,
    pub pool: Division,
    pub scheme: Scheme,
    pub in_force: bool,
    /// Whether direct settlement is possible now, and with which filing.
    pub direct: bool,
    pub filing: FilingKind,
    pub account_balance_fen: Fen,
    /// Since when the insurance is not in force (`paus_insu_date`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_from: Option<Date>,
    /// Admitted somewhere and not discharged (`inhosp_stas`).
    #[serde(default)]
    pub in_hospital: bool,
    #[serde(default)]
    pub retired: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// Insurance year, and what is used of it, by the names in the pack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accumulators: Option<(i16, Vec<(String, Fen)>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chronic: Vec<ChronicState>,
}

/// Who the person is. Personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub name: String,
    pub birth_date: Date,
    pub certificate: Certificate,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FilingAsk {
    pub correlation: String,
    pub institution: String,
    pub wish: FilingWish,
}

/// A filing has changed that concerns a stay which goes on at visited, or that visited asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilingChanged {
    /// `mdtrt_id` of the stay; absent: visited asked for the filing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    pub filing: Uuid,
    pub kind: FilingKind,
    pub status: FilingStatus,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitFacts {
    /// Visited's own id of the visit.
    pub visit: Uuid,
    pub institution: String,
    /// Division of the institution.
    pub visited_area: Division,
    pub level: HospitalLevel,
    pub home_area: Division,
    pub certificate: Certificate,
    pub scheme: Scheme,
    pub care_type: CareType,
    /// Of a stay: the day of admission.
    pub began_on: Date,
    /// `er_flag` = 1: counts as filed.
    pub emergency: bool,
    /// `opsp_dise_code`: chronic care only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disease: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VisitOpen {
    pub correlation: String,
    pub facts: VisitFacts,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitOpened {
    pub visit: Uuid,
    /// `mdtrt_id`, issued by home so that numbers cannot collide
    pub number: String,
    pub person: String,
    /// For slips and answers; personal data.
    pub name: String,
    pub birth_date: Date,
}

/// What becomes of a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitChanged {
    /// `mdtrt_id`
    pub number: String,
    pub change: VisitChange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitChange {
    /// 出院 (2402)
    Discharged { ended_on: Date },
    /// 出院撤销 (2405)
    Readmitted,
    /// Settled in parts only (中途结算), and nothing is left: no settlement of the discharge will end the stay. Home closes it where it
    /// holds as many settlements of it; otherwise one is being taken back, which opens it again on either side.
    Closed { settlements: u32 },
    /// 挂号撤销, 入院撤销 (2202, 2404)
    Cancelled,
}

/// 慢特病备案 (2503)
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChronicAsk {
    pub correlation: String,
    pub institution: String,
    pub home_area: Division,
    pub certificate: Certificate,
    pub scheme: Scheme,
    pub disease: String,
    pub valid_from: Date,
}

/// A person's registration for a chronic or special disease (5301).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChronicState {
    pub registration: Uuid,
    pub person: String,
    pub disease: String,
    pub valid_from: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
    /// The institution that found the disease; absent: the home clerk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<String>,
}
