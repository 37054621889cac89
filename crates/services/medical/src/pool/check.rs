//! What must hold of a computation that a pool has done, before anything of it is written (section 10). It is foreign: a breach is
//! an answer that does not count, not a bug.

use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;

use super::answer::{Computed, SettledByPool, TEXT_CHARACTERS_MAX};
use crate::model::amounts::{Amounts, FundPayment, LineSums};
use crate::model::filing_effect::{ALTERNATIVES_MAX, Alternative};
use crate::model::invariants;

/// Funds of one settlement.
const FUNDS_MAX: usize = 32;
/// Characters of a fund's code.
const FUND_CHARACTERS_MAX: usize = 20;
/// Accumulators that one settlement changes.
const DELTAS_MAX: usize = 200;
/// Characters of an accumulator's key and of a person class.
const KEY_CHARACTERS_MAX: usize = 100;
/// Steps of one explanation.
const STEPS_MAX: usize = 500;

/// What was asked, as far as the answer must agree with it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub sums: LineSums,
    pub care_date: Date,
    pub account_wanted: bool,
    /// The amounts of the offer that is accepted.
    pub quoted: Option<&'a Amounts>,
}

type Checked = Result<(), &'static str>;

fn must(holds: bool, rule: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(rule) }
}

/// A settlement.
pub fn settled(asked: &Asked<'_>, settled: &SettledByPool) -> Checked {
    let reference = settled.reference.chars();
    must(
        (1..=TEXT_CHARACTERS_MAX).contains(&reference.clone().count()) && reference.clone().all(|c| !c.is_control()),
        "the reference is a short text",
    )?;
    computed(asked, &settled.computed)?;
    let amounts = &settled.computed.computation.amounts;
    must(asked.quoted.is_none_or(|quoted| quoted == amounts), "only what was offered is settled")
}

/// A price.
pub fn computed(asked: &Asked<'_>, computed: &Computed) -> Checked {
    let computation = &computed.computation;
    must(computation.amounts.lines == asked.sums, "the sums are those of the lines")?;
    amounts(&computation.amounts)?;
    let amounts = &computation.amounts;
    let current = computation.account_current_fen;
    must(
        !current.is_negative() && current <= amounts.account_fen,
        "I9: the current account pays a part of the account",
    )?;
    let accounts = amounts.account_fen + amounts.mutual_aid_fen;
    must(asked.account_wanted || accounts == Fen::ZERO, "an account pays only where it is wanted")?;
    let year = asked.care_date.year();
    must((year - 1..=year).contains(&computation.insurance_year), "the insurance year is that of the care")?;
    let is_key = |key: &str| !key.is_empty() && key.chars().count() <= KEY_CHARACTERS_MAX;
    // `admissions` counts; whatever else is added is a part of the bill.
    let most = amounts.lines.total_fen.max(Fen(1));
    let is_delta = |(key, delta): (&String, &Fen)| is_key(key) && !delta.is_negative() && *delta <= most;
    must(
        computation.deltas.len() <= DELTAS_MAX && computation.deltas.iter().all(is_delta),
        "I7: what a settlement adds",
    )?;
    must(is_key(&computation.class) && computation.steps.len() <= STEPS_MAX, "class and steps have their limits")?;
    must(
        is_key(&computed.version) && computed.alternatives.len() <= ALTERNATIVES_MAX,
        "version and alternatives, too",
    )?;
    let is_share = |fen: Fen| Fen::ZERO <= fen && fen <= amounts.lines.total_fen;
    let is_other = |other: &Alternative| {
        is_share(other.fund_total_fen) && other.gain_fen == other.fund_total_fen - amounts.fund_total_fen
    };
    must(
        computed.alternatives.iter().all(is_other) && computed.at_home_fen.is_none_or(is_share),
        "alternatives are parts of the bill, and their gain is the difference",
    )
}

/// I2 to I6, and that the funds pay nothing beyond the scope.
fn amounts(amounts: &Amounts) -> Checked {
    let is_fund = |fund: &FundPayment| {
        let is_code = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        (1..=FUND_CHARACTERS_MAX).contains(&fund.fund.len()) && fund.fund.chars().all(is_code)
    };
    let is_once = |fund: &FundPayment| amounts.funds.iter().filter(|other| other.fund == fund.fund).count() == 1;
    must(amounts.funds.len() <= FUNDS_MAX, "the funds have a limit")?;
    must(amounts.funds.iter().all(|fund| is_fund(fund) && is_once(fund)), "each fund stands once, by its code")?;
    invariants::holds(amounts)?;
    must(amounts.fund_total_fen <= amounts.lines.eligible_fen, "funds pay at most what is eligible")?;
    must(amounts.deductible_fen <= amounts.lines.eligible_fen, "the deductible is a part of what is eligible")
}
