//! The settlement: steps 1 to 8 of 4.2, done by home under its policy pack.

mod accounts;
mod deductible;
mod funds;

use huitong_kernel::decimal::Ratio;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::Refusal;
use serde::{Deserialize, Serialize};

use super::accumulators::{Accumulators, Deltas};
use super::amounts::{Amounts, FundPayment, LineSums};
use super::exact::FineRatio;
use super::explain::{Path, Rule, Step, Steps};
use super::filing::{Adjustment, FilingKind};
use super::invariants;
use super::person::{CareType, HospitalLevel, PersonFacts};
use super::policy::{ChronicDisease, Pack};
use crate::refusal;

/// The accumulator of the year's in-scope own cost.
pub const IN_SCOPE_OWN: &str = "in_scope_own";
/// The accumulator that counts admissions (a number, not an amount).
pub const ADMISSIONS: &str = "admissions";

/// Everything the calculation looks at, beside the pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub facts: PersonFacts,
    pub care_type: CareType,
    pub level: HospitalLevel,
    /// The day that selects class, version and year.
    pub care_date: Date,
    /// Division of the hospital, for exempt areas.
    pub visited_area: Division,
    /// The filing in force; `None` when there is none.
    pub filing: FilingKind,
    pub sums: LineSums,
    pub accounts: AccountBalances,
    /// `acct_used_flag`
    pub account_wanted: bool,
    pub accumulators: Accumulators,
    /// `opsp_dise_code` of chronic care.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disease: Option<String>,
    #[serde(default, skip_serializing_if = "StaySoFar::is_none")]
    pub stay: StaySoFar,
}

/// What earlier settlements of the same visit have taken (中途结算).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaySoFar {
    /// Settlements that stand.
    pub settlements: u32,
    pub deductible_fen: Fen,
    /// The admission of the insurance year as which the first of them counted the stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admission: Option<u32>,
}

impl StaySoFar {
    fn is_none(&self) -> bool {
        *self == StaySoFar::default()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountBalances {
    /// 当年账户
    pub current_fen: Fen,
    /// 历年账户
    pub history_fen: Fen,
    /// 共济账户
    pub mutual_aid_fen: Fen,
}

/// The result: amounts, what they add to the accumulators, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computation {
    pub class: String,
    pub insurance_year: i16,
    /// The filing kind that took effect.
    pub filing: FilingKind,
    pub amounts: Amounts,
    /// Of `account_fen`, what came from the current year's account.
    pub account_current_fen: Fen,
    /// `pool_prop_selfpay`: the ratio of the first band of the pool, for information.
    pub pool_ratio: Option<Ratio>,
    pub deltas: Deltas,
    /// The admission of the year as which this settlement counts, where the deductible asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admission: Option<u32>,
    pub steps: Vec<Step>,
}

/// The working state of one computation.
struct Working<'a> {
    pack: &'a Pack,
    case: &'a Case,
    class: &'a str,
    filing: FilingKind,
    /// What the filing does to the ratios.
    adjust: Adjustment,
    chronic: Option<&'a ChronicDisease>,
    deltas: Deltas,
    admission: Option<u32>,
    steps: Steps,
    funds: Vec<FundPayment>,
}

/// Under which filing a case is looked at.
#[derive(Clone, Copy)]
enum Basis {
    Filed(FilingKind),
    /// As if the person had stayed at home.
    AtHome,
}

/// The filing that takes effect, and what it does to the ratios.
struct Terms {
    filing: FilingKind,
    adjust: Adjustment,
}

/// Computes a settlement. The same inputs always give the same result, bit for bit (I16).
pub fn compute(pack: &Pack, case: &Case) -> Result<Computation, Refusal> {
    compute_on(Basis::Filed(case.filing), pack, case, Steps::explained())
}

/// The same without its explanation, for masses of settlements that nobody books.
pub fn compute_unexplained(pack: &Pack, case: &Case) -> Result<Computation, Refusal> {
    compute_on(Basis::Filed(case.filing), pack, case, Steps::unexplained())
}

fn compute_on(basis: Basis, pack: &Pack, case: &Case, steps: Steps) -> Result<Computation, Refusal> {
    let day = case.care_date;
    if !pack.in_force(day) {
        return Err(refusal::NO_POLICY.with("area", pack.area));
    }
    let class = pack.class_of(&case.facts, day).ok_or_else(|| missing_cell("?", case))?;
    let Terms { filing, adjust } = terms(basis, pack, case)?;
    let mut working = Working {
        pack,
        case,
        class: &class.id,
        filing,
        adjust,
        chronic: chronic_rules(pack, case)?,
        deltas: Deltas::new(),
        admission: case.stay.admission,
        steps,
        funds: Vec::new(),
    };
    working.explain_lines();

    let eligible = case.sums.eligible_fen;
    let account_first = working.account_first(eligible);
    let deductible = working.deductible(eligible - account_first)?;
    let base = eligible - account_first - deductible;
    let pool_ratio = working.pay_base(base)?;
    working.pay_own_cost(eligible, account_first)?;

    let fund_total: Fen = working.funds.iter().map(|fund| fund.paid_fen).sum();
    let person_total = case.sums.total_fen - fund_total;
    working.steps.add(
        Rule::Totals,
        Path::Of(""),
        &[("total", case.sums.total_fen.0), ("funds", fund_total.0)],
        person_total,
    );
    let paid = working.accounts(account_first, eligible - fund_total, person_total);
    let amounts = Amounts {
        lines: case.sums,
        deductible_fen: deductible,
        funds: working.funds,
        fund_total_fen: fund_total,
        person_total_fen: person_total,
        account_fen: paid.current + paid.history,
        mutual_aid_fen: paid.mutual_aid,
        cash_fen: person_total - paid.current - paid.history - paid.mutual_aid,
        hospital_share_fen: Fen::ZERO,
    };
    working.steps.add(Rule::Cash, Path::Of("accounts"), &[("person_total", person_total.0)], amounts.cash_fen);
    let computation = Computation {
        class: working.class.to_owned(),
        insurance_year: pack.insurance_year(day),
        filing,
        amounts,
        account_current_fen: paid.current,
        pool_ratio,
        deltas: working.deltas,
        admission: working.admission,
        steps: working.steps.into_vec(),
    };
    invariants::check(pack, case, &computation);
    Ok(computation)
}

fn missing_cell(class: &str, case: &Case) -> Refusal {
    refusal::CELL_MISSING.with("class", class).with("level", case.level.name()).with("care", case.care_type.code())
}

/// Chronic care is paid for diseases that the pack names.
fn chronic_rules<'p>(pack: &'p Pack, case: &Case) -> Result<Option<&'p ChronicDisease>, Refusal> {
    if case.care_type != CareType::ChronicOutpatient {
        return Ok(None);
    }
    let disease = case.disease.as_deref().ok_or_else(|| refusal::FIELD_MISSING.with("field", "disease"))?;
    let rules = pack.chronic(disease).ok_or_else(|| refusal::DISEASE_NOT_COVERED.with("disease", disease))?;
    Ok(Some(rules))
}

/// An exempt area needs no filing; otherwise the pack says whether and how this kind settles directly.
fn terms(basis: Basis, pack: &Pack, case: &Case) -> Result<Terms, Refusal> {
    let visited = match basis {
        Basis::Filed(_) => case.visited_area,
        Basis::AtHome => pack.area,
    };
    if pack.is_exempt(visited, case.care_date) {
        let filing = FilingKind::ExemptArea;
        let adjust = pack.filings.get(&filing).map_or(Adjustment::None, |rule| rule.adjust);
        return Ok(Terms { filing, adjust });
    }
    let Basis::Filed(filing) = basis else {
        return Ok(Terms { filing: FilingKind::LongStay, adjust: Adjustment::None });
    };
    match pack.filings.get(&filing) {
        Some(rule) if rule.direct => Ok(Terms { filing, adjust: rule.adjust }),
        _ => Err(refusal::NOT_FILED.refuse()),
    }
}

impl Working<'_> {
    fn explain_lines(&mut self) {
        let sums = &self.case.sums;
        let inputs =
            [("total", sums.total_fen.0), ("own", sums.own_fen.0), ("over", sums.over_fen.0), ("pre", sums.pre_fen.0)];
        self.steps.add(Rule::Eligible, Path::Of(""), &inputs, sums.eligible_fen);
        self.steps.add_choice(Rule::Class, Path::Of("person_classes"), || self.class.to_owned().into());
        self.steps.add_choice(Rule::Filing, Path::Of("filings"), || self.filing.name().into());
        if let Some(chronic) = self.chronic {
            self.steps.add_choice(Rule::Chronic, Path::In("chronic", &chronic.id), || chronic.id.clone().into());
        }
    }
}

/// What the funds would pay of the same case under another filing: what the quote tells the person (15.4). `None` where the pack
/// forbids it.
pub fn fund_total_under(pack: &Pack, case: &Case, filing: FilingKind) -> Option<Fen> {
    estimate(Basis::Filed(filing), pack, case)
}

/// What the funds would pay of the same bill at a hospital of the same level at home. An estimate: home's catalogue may differ.
pub fn fund_total_at_home(pack: &Pack, case: &Case) -> Option<Fen> {
    estimate(Basis::AtHome, pack, case)
}

fn estimate(basis: Basis, pack: &Pack, case: &Case) -> Option<Fen> {
    let computation = compute_on(basis, pack, case, Steps::unexplained());
    computation.ok().map(|computation| computation.amounts.fund_total_fen)
}

/// The adjusted ratio in 10⁻⁸, for documents.
pub fn adjusted_ratio(pack: &Pack, filing: FilingKind, ratio: Ratio) -> FineRatio {
    pack.filings.get(&filing).map_or(super::exact::fine(ratio), |rule| rule.adjust.apply(ratio))
}
