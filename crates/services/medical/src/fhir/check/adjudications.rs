//! F3, F4 and F8: what was found of items, and what it comes to.

use super::{Checker, Rule, named};
use crate::fhir::document::{Document, standard};
use crate::fhir::number::Exact;
use crate::fhir::part::{Adjudicated, Part, sum};
use crate::fhir::terms::{BENEFIT, ELIGIBLE};

pub(super) fn check(document: &Document, checker: &mut Checker<'_>) {
    for part in document.items.iter().chain(&document.added) {
        check_part(part, document.cancelled, checker);
    }
    check_benefit(&document.header, document.cancelled, checker);
    check_benefit(&document.totals, document.cancelled, checker);
    for (category, total) in &document.totals {
        let parts = document.items.iter().chain(&document.added).map(|part| part.carried(category));
        let header = document.header.get(category).map(|amount| amount.value);
        checker.sum(Rule::F4, &named(category), sum(parts.chain([header])), total);
    }
    // Two totals of one category: one reader takes the first, another the last, a third adds them.
    for (category, again) in &document.repeated {
        checker.bound(Rule::F4, &format!("{} ×2", named(category)), false, "×1", again);
    }
}

fn check_part(part: &Part, cancelled: bool, checker: &mut Checker<'_>) {
    check_benefit(&part.adjudicated, cancelled, checker);
    if !part.parts.is_empty() {
        for (category, amount) in &part.adjudicated {
            let below = sum(part.parts.iter().map(|below| below.carried(category)));
            checker.sum(Rule::F3, &named(category), below, amount);
        }
    }
    part.parts.iter().for_each(|below| check_part(below, cancelled, checker));
}

/// 0 ≤ benefit ≤ eligible. A cancelled document may be the negative mirror of its original.
fn check_benefit(amounts: &Adjudicated, cancelled: bool, checker: &mut Checker<'_>) {
    let Some(benefit) = amounts.get(&standard(BENEFIT)) else { return };
    let eligible = amounts.get(&standard(ELIGIBLE)).map(|amount| amount.value);
    let mirrored = cancelled && (benefit.value.is_negative() || eligible.is_some_and(Exact::is_negative));
    let (sign_kept, sign) =
        if mirrored { (benefit.value <= Exact::ZERO, "≤ 0") } else { (benefit.value >= Exact::ZERO, "≥ 0") };
    checker.bound(Rule::F8, "", sign_kept, sign, benefit);
    let Some(eligible) = eligible else { return };
    let (kept, order) = if mirrored { (benefit.value >= eligible, "≥") } else { (benefit.value <= eligible, "≤") };
    let bound = format!("{order} {}", checker.shown(eligible));
    checker.bound(Rule::F8, "", kept, &bound, benefit);
}
