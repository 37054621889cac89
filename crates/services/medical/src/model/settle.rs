//! The settlement: steps 1 to 8 of 4.2, done by home under its policy pack.

use huitong_kernel::decimal::Ratio;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::Refusal;
use serde::{Deserialize, Serialize};

use super::accumulators::{Accumulators, Deltas};
use super::amounts::{Amounts, FundPayment, LineSums};
use super::bands::{BandPart, Paid, cut, exact_sum, pay};
use super::exact::{FineRatio, round_to_fen, share};
use super::explain::{Rule, Step, Steps};
use super::filing::FilingKind;
use super::invariants;
use super::person::{CareType, HospitalLevel, PersonFacts};
use super::policy::{
    AccountScope, AccountStep, BandsFrom, Deductible, DeductibleKind, Fund, FundBase, Pack, RepeatAdmission,
};
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
    pub steps: Vec<Step>,
}

/// The working state of one computation.
struct Working<'a> {
    pack: &'a Pack,
    case: &'a Case,
    class: String,
    filing: FilingKind,
    deltas: Deltas,
    steps: Steps,
    funds: Vec<FundPayment>,
}

/// Computes a settlement. The same inputs always give the same result, bit for bit (I16).
pub fn compute(pack: &Pack, case: &Case) -> Result<Computation, Refusal> {
    let day = case.care_date;
    if !pack.in_force(day) {
        return Err(refusal::NO_POLICY.with("area", pack.area));
    }
    let class = pack.class_of(&case.facts, day);
    let class = class.ok_or_else(|| missing_cell("?", case))?.id.clone();
    let filing = effective_filing(pack, case)?;
    let mut working =
        Working { pack, case, class, filing, deltas: Deltas::new(), steps: Steps::default(), funds: Vec::new() };
    working.explain_lines();

    let eligible = case.sums.eligible_fen;
    let account_first = working.account_first(eligible);
    let deductible = working.deductible(eligible - account_first)?;
    let base = eligible - account_first - deductible;
    let pool_ratio = working.pay_base(base)?;
    working.pay_own_cost(eligible)?;

    let fund_total: Fen = working.funds.iter().map(|fund| fund.paid_fen).sum();
    let person_total = case.sums.total_fen - fund_total;
    working.steps.add(Rule::Totals, "", &[("total", case.sums.total_fen.0), ("funds", fund_total.0)], person_total);
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
    working.steps.add(Rule::Cash, "accounts", &[("person_total", person_total.0)], amounts.cash_fen);
    let computation = Computation {
        class: working.class,
        insurance_year: pack.insurance_year(day),
        filing,
        amounts,
        account_current_fen: paid.current,
        pool_ratio,
        deltas: working.deltas,
        steps: working.steps.into_vec(),
    };
    invariants::check(pack, case, &computation);
    Ok(computation)
}

fn missing_cell(class: &str, case: &Case) -> Refusal {
    refusal::CELL_MISSING.with("class", class).with("level", case.level.name()).with("care", case.care_type.code())
}

/// An exempt area needs no filing; otherwise the pack says whether and how this kind settles directly.
fn effective_filing(pack: &Pack, case: &Case) -> Result<FilingKind, Refusal> {
    if pack.is_exempt(case.visited_area, case.care_date) {
        return Ok(FilingKind::ExemptArea);
    }
    match pack.filings.get(&case.filing) {
        Some(rule) if rule.direct => Ok(case.filing),
        _ => Err(refusal::NOT_FILED.refuse()),
    }
}

struct PaidByPerson {
    current: Fen,
    history: Fen,
    mutual_aid: Fen,
}

impl Working<'_> {
    fn explain_lines(&mut self) {
        let sums = &self.case.sums;
        let inputs =
            [("total", sums.total_fen.0), ("own", sums.own_fen.0), ("over", sums.over_fen.0), ("pre", sums.pre_fen.0)];
        self.steps.add(Rule::Eligible, "", &inputs, sums.eligible_fen);
        self.steps.add_text(Rule::Class, "person_classes", &self.class);
        self.steps.add_text(Rule::Filing, "filings", self.filing.name());
    }

    /// Step 2: where the pack begins with the current year's account, it pays before everything else.
    fn account_first(&mut self, eligible: Fen) -> Fen {
        if self.pack.accounts.order.first() != Some(&AccountStep::AccountCurrent) {
            return Fen::ZERO;
        }
        let first = eligible.min(self.case.accounts.current_fen);
        self.steps.add(Rule::AccountFirst, "accounts.order", &[("balance", self.case.accounts.current_fen.0)], first);
        first
    }

    /// Step 3.
    fn deductible(&mut self, cost: Fen) -> Result<Fen, Refusal> {
        let pack = self.pack;
        let Some(rule) = pack.deductible(self.case.care_type) else { return Ok(Fen::ZERO) };
        let amount = rule.amount(&self.class, self.case.level).ok_or_else(|| missing_cell(&self.class, self.case))?;
        let key = rule.key();
        let taken_before = self.case.accumulators.get(&key);
        let left = self.deductible_left(rule, amount, taken_before);
        let taken = left.min(cost);
        if taken > Fen::ZERO {
            self.deltas.insert(key, taken);
        }
        let inputs = [("amount", amount.0), ("taken_before", taken_before.0), ("left", left.0), ("cost", cost.0)];
        self.steps.add(Rule::Deductible, &format!("deductibles.{}", rule.id), &inputs, taken);
        Ok(taken)
    }

    fn deductible_left(&mut self, rule: &Deductible, amount: Fen, taken: Fen) -> Fen {
        let left = match rule.kind {
            DeductibleKind::PerYear => amount - taken,
            // Interim settlements of a visit come with inpatient care; an outpatient visit has one settlement.
            DeductibleKind::PerVisit => amount,
            DeductibleKind::PerYearHighestLevel => rule.year_max.map_or(amount, |max| amount.min(max)) - taken,
            DeductibleKind::PerAdmission => {
                let earlier = self.case.accumulators.get(ADMISSIONS).0;
                self.deltas.insert(ADMISSIONS.to_owned(), Fen(1));
                let repeat = usize::try_from(earlier - 1)
                    .ok()
                    .and_then(|index| rule.repeat_admissions.get(index).or_else(|| rule.repeat_admissions.last()));
                match repeat {
                    None => amount,
                    Some(RepeatAdmission::Factor(factor)) => share(amount, *factor),
                    Some(RepeatAdmission::Amount(fixed)) => *fixed,
                }
            }
        };
        left.max(Fen::ZERO)
    }

    /// Steps 4 and 5: the pool, then the funds that take what spills over its caps.
    fn pay_base(&mut self, base: Fen) -> Result<Option<Ratio>, Refusal> {
        let (pack, care_type) = (self.pack, self.case.care_type);
        let mut ratio = None;
        let mut spills: Vec<(String, Fen)> = Vec::new();
        for fund in pack.funds_of(care_type, FundBase::AfterDeductible) {
            ratio = fund.bands.first().and_then(|band| band.ratio(&self.class, self.case.level));
            spills.extend(self.pay_fund(fund, base)?);
        }
        // A spill may spill again; validation has excluded loops, so this ends.
        while let Some((id, cost)) = spills.pop() {
            if let Some(fund) = pack.funds_of(care_type, FundBase::Spill).find(|fund| fund.id == id) {
                spills.extend(self.pay_fund(fund, cost)?);
            }
        }
        Ok(ratio)
    }

    /// Pays one fund; gives the fund and the cost that spill over its cap.
    fn pay_fund(&mut self, fund: &Fund, cost: Fen) -> Result<Option<(String, Fen)>, Refusal> {
        let base_key = format!("base/{}", fund.id);
        let start = match fund.bands_from {
            BandsFrom::Settlement => Fen::ZERO,
            BandsFrom::Year => self.case.accumulators.get(&base_key),
        };
        if fund.bands_from == BandsFrom::Year && cost > Fen::ZERO {
            self.deltas.insert(base_key, cost);
        }
        let parts = self.parts(fund, start, cost)?;
        let (room, spill_to) = self.room(fund)?;
        let Paid { paid, spill } = pay(&parts, room);
        self.record_payment(fund, cost, room, paid, &parts);
        Ok(spill_to.filter(|_| spill > Fen::ZERO).map(|fund| (fund, spill)))
    }

    fn parts(&self, fund: &Fund, start: Fen, amount: Fen) -> Result<Vec<BandPart>, Refusal> {
        let adjust = match self.pack.filings.get(&self.filing) {
            Some(rule) if fund.adjusted_by_filing => rule.adjust,
            _ => Default::default(),
        };
        let mut bands = Vec::with_capacity(fund.bands.len());
        for band in &fund.bands {
            let ratio = band.ratio(&self.class, self.case.level);
            let ratio = ratio.ok_or_else(|| missing_cell(&self.class, self.case))?;
            bands.push((band.from, band.to, adjust.apply(ratio)));
        }
        Ok(cut(bands.into_iter(), start, amount))
    }

    /// The room below the tightest cap that binds, and where cost above it goes; a tie goes to the cap named first.
    fn room(&self, fund: &Fund) -> Result<(Option<Fen>, Option<String>), Refusal> {
        let mut tightest: (Option<Fen>, Option<String>) = (None, None);
        let binding =
            |cap: &&super::policy::Cap| cap.care_types.contains(&self.case.care_type) && cap.funds.contains(&fund.id);
        for cap in self.pack.caps.iter().filter(binding) {
            let amount =
                cap.amount(&self.class, self.case.level).ok_or_else(|| missing_cell(&self.class, self.case))?;
            let used =
                self.case.accumulators.get(&cap.key()) + self.deltas.get(&cap.key()).copied().unwrap_or_default();
            let room = (amount - used).max(Fen::ZERO);
            if tightest.0.is_none_or(|known| room < known) {
                tightest = (Some(room), cap.spill_to.clone());
            }
        }
        Ok(tightest)
    }

    fn record_payment(&mut self, fund: &Fund, cost: Fen, room: Option<Fen>, paid: Fen, parts: &[BandPart]) {
        for cap in self.pack.caps.iter().filter(|cap| cap.funds.contains(&fund.id)) {
            if cap.care_types.contains(&self.case.care_type) && paid > Fen::ZERO {
                *self.deltas.entry(cap.key()).or_default() += paid;
            }
        }
        for (index, band) in parts.iter().enumerate().filter(|(_, band)| band.part > Fen::ZERO) {
            let shown = shown_share(parts, index);
            let inputs = [("part", band.part.0), ("ratio_e8", band.ratio.0)];
            self.steps.add(Rule::Band, &format!("funds.{}.bands[{index}]", fund.id), &inputs, shown);
        }
        let inputs = [("cost", cost.0), ("room", room.map_or(-1, |room| room.0))];
        self.steps.add(Rule::Fund, &format!("funds.{}", fund.id), &inputs, paid);
        if paid > Fen::ZERO || fund.base == FundBase::AfterDeductible {
            self.funds.push(FundPayment {
                fund: fund.fund_pay_type.clone(),
                field: fund.field,
                in_scope_fen: cost,
                room_before_fen: room,
                paid_fen: paid,
            });
        }
    }

    /// Step 6: serious illness on the year's in-scope own cost, then supplements on what is left of this settlement.
    fn pay_own_cost(&mut self, eligible: Fen) -> Result<(), Refusal> {
        let (pack, care_type) = (self.pack, self.case.care_type);
        let own_before = self.case.accumulators.get(IN_SCOPE_OWN);
        let paid_so_far: Fen = self.funds.iter().map(|fund| fund.paid_fen).sum();
        let own_now = eligible - paid_so_far;
        if own_now > Fen::ZERO {
            self.deltas.insert(IN_SCOPE_OWN.to_owned(), own_now);
        }
        for fund in pack.funds_of(care_type, FundBase::InScopeOwnYear) {
            let parts = |end| self.parts(fund, Fen::ZERO, end);
            let (after, before) = (parts(own_before + own_now)?, parts(own_before)?);
            let gain = round_to_fen(exact_sum(&after) - exact_sum(&before));
            let (room, _) = self.room(fund)?;
            let paid = gain.min(own_now).min(room.unwrap_or(gain)).max(Fen::ZERO);
            self.record_payment(fund, own_now, room, paid, &[]);
        }
        for fund in pack.funds_of(care_type, FundBase::InScopeOwnLeft) {
            let paid_so_far: Fen = self.funds.iter().map(|fund| fund.paid_fen).sum();
            self.pay_fund(fund, eligible - paid_so_far)?;
        }
        Ok(())
    }

    /// Step 8: the accounts in the pack's order, cash for the rest.
    fn accounts(&mut self, first: Fen, own_in_scope: Fen, person_total: Fen) -> PaidByPerson {
        let balances = self.case.accounts;
        let mut paid = PaidByPerson { current: first, history: Fen::ZERO, mutual_aid: Fen::ZERO };
        if !self.case.account_wanted {
            return paid;
        }
        let payable = match self.pack.accounts.pays {
            AccountScope::InScope => own_in_scope.min(person_total),
            AccountScope::All => person_total,
        };
        let mut left = (payable - first).max(Fen::ZERO);
        let mut take = |balance: Fen| {
            let part = left.min(balance).max(Fen::ZERO);
            left -= part;
            part
        };
        for step in &self.pack.accounts.order {
            match step {
                AccountStep::AccountCurrent => paid.current += take(balances.current_fen - paid.current),
                AccountStep::AccountHistory => paid.history += take(balances.history_fen - paid.history),
                AccountStep::MutualAid => paid.mutual_aid += take(balances.mutual_aid_fen - paid.mutual_aid),
                AccountStep::Deductible | AccountStep::Pool | AccountStep::Cash => {}
            }
        }
        let inputs = [("payable", payable.0), ("current", paid.current.0), ("history", paid.history.0)];
        let account = paid.current + paid.history;
        self.steps.add(Rule::Account, "accounts.order", &inputs, account);
        if paid.mutual_aid > Fen::ZERO {
            self.steps.add(Rule::MutualAid, "accounts.order", &[("payable", payable.0)], paid.mutual_aid);
        }
        paid
    }
}

/// Band k is shown as round2(C[k]) − round2(C[k−1]), so that the bands add up to the total (4.1).
fn shown_share(parts: &[BandPart], index: usize) -> Fen {
    round_to_fen(exact_sum(&parts[..=index])) - round_to_fen(exact_sum(&parts[..index]))
}

/// The same case under another filing: what the quote tells the person (15.4). `None` where the pack forbids it.
pub fn fund_total_under(pack: &Pack, case: &Case, filing: FilingKind) -> Option<Fen> {
    let other = Case { filing, ..case.clone() };
    compute(pack, &other).ok().map(|computation| computation.amounts.fund_total_fen)
}

/// The adjusted ratio in 10⁻⁸, for documents.
pub fn adjusted_ratio(pack: &Pack, filing: FilingKind, ratio: Ratio) -> FineRatio {
    pack.filings.get(&filing).map_or(super::exact::fine(ratio), |rule| rule.adjust.apply(ratio))
}
