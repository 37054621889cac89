//! What registry publishes. Medical keeps its own view of these shapes, because a service never imports another; the names
//! and fields here are the contract.

use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "name", content = "body")]
pub enum Message {
    /// To medical of every jurisdiction.
    #[serde(rename = "registry.institution.v1")]
    Institution(Institution),
    /// To medical of the own jurisdiction only: personal data.
    #[serde(rename = "registry.insured.v1")]
    Insured(Insured),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Institution {
    pub code: String,
    pub name_zh: String,
    pub name_en: String,
    pub division: Division,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    pub active: bool,
    pub version: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insured {
    /// `psn_no`
    pub person: String,
    pub pool: Division,
    /// `employee` or `resident`
    pub scheme: String,
    pub certificate_type: String,
    pub certificate_number: String,
    pub name: String,
    pub facts: Facts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_from: Option<Date>,
    pub version: u64,
}

/// What the person classes of the policy packs look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    #[schema(value_type = String, format = Date)]
    pub birth_date: Date,
    pub retired: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub work_start_date: Option<Date>,
    pub student: bool,
    /// 签约: contract with a family doctor.
    pub family_doctor: bool,
}
