//! Participants: the organisations that a node knows.

use huitong_kernel::division::Division;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParticipantKind {
    Hospital,
    Pharmacy,
    Pool,
    /// Of the node.
    Operator,
    /// A metro or bus company, of the visited or of the home side.
    TransitOperator,
    /// Of a jurisdiction (清算中心).
    ClearingCentre,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Participant {
    /// Institutions: `fixmedins_code`, 12 characters. Pools: the division code. Operators and transit operators: a short name.
    pub code: String,
    pub kind: ParticipantKind,
    pub name_zh: String,
    pub name_en: String,
    #[schema(value_type = String)]
    pub division: Division,
    /// Hospitals: `community`, `1`, `2`, `3`, `3top`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    pub active: bool,
}

/// `hosp_lv` as this project names the levels.
pub const LEVELS: [&str; 5] = ["community", "1", "2", "3", "3top"];
const NAME_LENGTH_MAX: usize = 200;

impl Participant {
    /// The first field that is not as it must be.
    pub fn fault(&self) -> Option<&'static str> {
        let institution = matches!(self.kind, ParticipantKind::Hospital | ParticipantKind::Pharmacy);
        let letters = self.code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let length_fits = if institution { self.code.len() == 12 } else { (1..=32).contains(&self.code.len()) };
        let level_fits = match (&self.level, self.kind) {
            (Some(level), ParticipantKind::Hospital) => LEVELS.contains(&level.as_str()),
            (None, ParticipantKind::Hospital) | (Some(_), _) => false,
            (None, _) => true,
        };
        let named = |name: &str| (1..=NAME_LENGTH_MAX).contains(&name.chars().count());
        if !letters || !length_fits {
            Some("code")
        } else if !level_fits {
            Some("level")
        } else if !named(&self.name_zh) {
            Some("name_zh")
        } else if !named(&self.name_en) {
            Some("name_en")
        } else {
            None
        }
    }

    pub fn is_institution(&self) -> bool {
        matches!(self.kind, ParticipantKind::Hospital | ParticipantKind::Pharmacy)
    }
}
