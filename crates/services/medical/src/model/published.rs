//! What registry publishes to medical: the wire form of its feed. Registry owns these shapes; medical keeps its own view
//! of them, because a service never imports another.

use huitong_kernel::division::Division;
use huitong_kernel::time::Date;
use serde::{Deserialize, Serialize};

use super::person::{HospitalLevel, PersonFacts, Scheme};

/// A contracted institution of some jurisdiction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstitutionPublished {
    /// `fixmedins_code`, 12 characters
    pub code: String,
    pub name_zh: String,
    pub name_en: String,
    pub division: Division,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<HospitalLevel>,
    pub active: bool,
    pub version: u64,
}

/// An insured person of a pool of this jurisdiction. Personal data: stays at home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsuredPublished {
    /// `psn_no`
    pub person: String,
    pub pool: Division,
    pub scheme: Scheme,
    pub certificate_type: String,
    pub certificate_number: String,
    pub name: String,
    pub facts: PersonFacts,
    /// `None`: in force. Else the day from which it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_from: Option<Date>,
    pub version: u64,
}
