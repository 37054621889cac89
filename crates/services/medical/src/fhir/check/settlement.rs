//! F9: a document that carries a settlement of ours (setlinfo) obeys I1 to I6, as far as it carries the parts.

use super::{Checker, Rule};
use crate::fhir::document::{Document, standard};
use crate::fhir::number::Exact;
use crate::fhir::part::{Adjudicated, Amount, Part, sum};
use crate::fhir::terms::{
    ACCOUNT, BENEFIT, CASH, COPAY, DEDUCTIBLE, ELIGIBLE, FUND, HOSPITAL, MUTUAL_AID, OVER, OWN, PERSON, PRE, SHARE,
    SUBMITTED,
};

/// The amounts of one part or of the totals, by our names.
struct Shares<'d>(&'d Adjudicated);

impl<'d> Shares<'d> {
    fn own(&self, code: &str) -> Option<&'d Amount> {
        self.0.get(&(SHARE.to_owned(), code.to_owned()))
    }

    fn fhir(&self, code: &str) -> Option<&'d Amount> {
        self.0.get(&standard(code))
    }

    /// The sum, where all are there.
    fn sum(&self, parts: &[Option<&Amount>]) -> Option<Exact> {
        parts.iter().map(|part| part.map(|part| part.value)).sum()
    }
}

pub(super) fn check(document: &Document, checker: &mut Checker<'_>) {
    let is_ours = |amounts: &Adjudicated| amounts.keys().any(|(system, _)| system == SHARE || system == FUND);
    if !is_ours(&document.totals) && !document.items.iter().any(|item| is_ours(&item.adjudicated)) {
        return;
    }
    document.items.iter().for_each(|item| check_item(item, checker));
    let totals = Shares(&document.totals);
    check_split("I2", &totals, checker);
    check_persons_share(&totals, checker);
    if let Some(benefit) = totals.fhir(BENEFIT) {
        let funds = document.totals.iter().filter(|((system, _), _)| system == FUND);
        let funds = sum(funds.map(|(_, amount)| Some(amount.value)));
        // Funds that pay nothing are not named.
        let none = (benefit.value == Exact::ZERO).then_some(Exact::ZERO);
        checker.sum(Rule::F9, "I4", funds.or(none), benefit);
    }
    check_signs(&document.totals, document.cancelled, checker);
}

fn check_item(item: &Part, checker: &mut Checker<'_>) {
    check_split("I1", &Shares(&item.adjudicated), checker);
    item.parts.iter().for_each(|below| check_item(below, checker));
}

/// I1, I2: own, over, pre and eligible make what was submitted.
fn check_split(invariant: &str, shares: &Shares<'_>, checker: &mut Checker<'_>) {
    let parts = [shares.own(OWN), shares.own(OVER), shares.own(PRE), shares.fhir(ELIGIBLE)];
    if let Some(submitted) = shares.fhir(SUBMITTED) {
        checker.sum(Rule::F9, invariant, shares.sum(&parts), submitted);
    }
}

/// I3, I5, and the co-payment, which is what deductible and benefit leave of the eligible amount.
fn check_persons_share(totals: &Shares<'_>, checker: &mut Checker<'_>) {
    let or_none = |code: &str| totals.own(code).map_or(Exact::ZERO, |amount| amount.value);
    if let Some(submitted) = totals.fhir(SUBMITTED) {
        let parts = totals.sum(&[totals.fhir(BENEFIT), totals.own(PERSON)]);
        checker.sum(Rule::F9, "I3", parts.map(|parts| parts + or_none(HOSPITAL)), submitted);
    }
    if let Some(person) = totals.own(PERSON) {
        let parts = totals.sum(&[totals.own(ACCOUNT), totals.own(CASH)]);
        checker.sum(Rule::F9, "I5", parts.map(|parts| parts + or_none(MUTUAL_AID)), person);
    }
    if let Some(copay) = totals.fhir(COPAY) {
        let taken = totals.sum(&[totals.fhir(DEDUCTIBLE), totals.fhir(BENEFIT)]);
        let left = totals.fhir(ELIGIBLE).and_then(|eligible| Some(eligible.value - taken?));
        checker.sum(Rule::F9, "copay", left, copay);
    }
}

/// I6: nothing is negative, and nothing is positive in the mirror. The co-payment alone may be: a fund may pay of the deductible.
fn check_signs(totals: &Adjudicated, cancelled: bool, checker: &mut Checker<'_>) {
    let mut leading = [SUBMITTED, ELIGIBLE, BENEFIT].into_iter().filter_map(|code| totals.get(&standard(code)));
    let mirrored = cancelled && leading.any(|amount| amount.value.is_negative());
    let copay = standard(COPAY);
    for (category, amount) in totals.iter().filter(|(category, _)| **category != copay) {
        let (kept, bound) =
            if mirrored { (amount.value <= Exact::ZERO, "≤ 0") } else { (amount.value >= Exact::ZERO, "≥ 0") };
        checker.bound(Rule::F9, &format!("I6 {}", super::named(category)), kept, bound, amount);
    }
}
