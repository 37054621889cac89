//! What a filing would change of a bill, as quotes and the refusal MED-2005 tell it.

use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::Refusal;
use huitong_service_kit::http::{Problem, Yuan};
use serde::{Deserialize, Serialize};

use crate::model::filing::FilingKind;
use crate::model::filing_effect::{Alternative, FileUntil, FilingEffect, FilingTerm};
use crate::refusal;

/// Its name in a problem document.
pub const MEMBER: &str = "if_filed";

/// What the funds would pay under a filing that the person can still make.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AlternativeWire {
    pub filing: FilingKind,
    pub fund_total: Yuan,
    pub person_total: Yuan,
    /// More than the funds pay now.
    pub gain: Yuan,
}

impl AlternativeWire {
    pub fn all(total: Fen, alternatives: &[Alternative]) -> Vec<AlternativeWire> {
        let wire = |other: &Alternative| AlternativeWire {
            filing: other.filing,
            fund_total: other.fund_total_fen.into(),
            person_total: (total - other.fund_total_fen).into(),
            gain: other.gain_fen.into(),
        };
        alternatives.iter().map(wire).collect()
    }
}

/// How and until when to file, so that it counts for this bill: `POST /v1/medical/filings`, at home or from the hospital; a referral also
/// by 2501.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FilingTermWire {
    /// The day on which the filing must hold: it may begin before, and be made after.
    #[schema(value_type = String, format = Date)]
    pub holds_on: Date,
    /// `settlement`: of this bill; `discharge_settlement`: of the stay
    pub until: FileUntil,
    pub text: String,
    pub text_zh: String,
}

impl From<FilingTerm> for FilingTermWire {
    fn from(term: FilingTerm) -> FilingTermWire {
        FilingTermWire { holds_on: term.holds_on, until: term.until, text: term.english(), text_zh: term.chinese() }
    }
}

/// Home settles nothing directly without a filing: what would be payable with one.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IfFiled {
    /// Payable now: all of it, by the person.
    pub self_paid: Yuan,
    pub alternatives: Vec<AlternativeWire>,
    /// What the funds would pay of the same bill at home (估算): an estimate, home's catalogue may differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fund_total_at_home: Option<Yuan>,
    pub how_to_file: FilingTermWire,
}

/// The problem document of MED-2005: not filed, and home forbids direct settlement.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NotFiledProblem {
    #[serde(flatten)]
    pub problem: Problem,
    pub if_filed: IfFiled,
}

impl From<FilingEffect> for IfFiled {
    fn from(effect: FilingEffect) -> IfFiled {
        IfFiled {
            self_paid: effect.total_fen.into(),
            alternatives: AlternativeWire::all(effect.total_fen, &effect.alternatives),
            fund_total_at_home: effect.at_home_fen.map(Yuan),
            how_to_file: effect.term.into(),
        }
    }
}

/// The member of the problem document that a refusal asks for.
pub fn member(refusal: &Refusal) -> Option<(&'static str, serde_json::Value)> {
    if refusal.code != refusal::NOT_FILED.code {
        return None;
    }
    let told = IfFiled::from(FilingEffect::carried(refusal)?);
    Some((MEMBER, serde_json::to_value(told).ok()?))
}

/// The sums in one sentence, for where there is room for no more (`err_msg`).
pub fn in_short(problem: &Problem) -> Option<String> {
    let told = IfFiled::deserialize(problem.extension.get(MEMBER)?).ok()?;
    let share = |other: &AlternativeWire| format!("{}{}元", other.filing.chinese(), other.person_total.0);
    let shares: Vec<String> = told.alternatives.iter().map(share).collect();
    let shares =
        if shares.is_empty() { String::new() } else { format!("；备案后个人负担：{}", shares.join("、")) };
    Some(format!("全额自费{}元{shares}；{}", told.self_paid.0, told.how_to_file.text_zh))
}
