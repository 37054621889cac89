//! F5, F6 and F7: what was submitted, what is paid, and what a payment consists of.

use super::{Checker, Rule};
use crate::fhir::document::{Document, Kind};
use crate::fhir::number::Exact;
use crate::fhir::part::sum;
use crate::fhir::terms::{BENEFIT, SUBMITTED};

pub(super) fn check(document: &Document, at_hand: &[Document], checker: &mut Checker<'_>) {
    check_submitted(document, at_hand, checker);
    if let Some(payment) = &document.payment {
        let adjustment = document.payment_adjustment.as_ref().map_or(Exact::ZERO, |amount| amount.value);
        let benefit = document.total_of(BENEFIT).map(|benefit| benefit.value - adjustment);
        checker.sum(Rule::F6, "", benefit, payment);
    }
}

/// An ExplanationOfBenefit carries the items itself; a ClaimResponse answers a Claim, which may be at hand.
fn check_submitted(document: &Document, at_hand: &[Document], checker: &mut Checker<'_>) {
    let Some(submitted) = document.total_of(SUBMITTED) else { return };
    let claim = match document.kind {
        Kind::ExplanationOfBenefit => Some(document),
        _ => at_hand.iter().find(|claim| claim.kind == Kind::Claim && document.request.meet(&claim.names)),
    };
    let Some(claim) = claim else {
        checker.report.not_checkable += 1;
        return;
    };
    let items = sum(claim.items.iter().map(|item| item.amount(claim.currency.places())));
    match items {
        // One is told in another currency than the other: no amount is the same.
        Some(items) if claim.currency.code() != document.currency.code() => {
            let expected = format!("{} {}", claim.currency.code(), items.shown(claim.currency.places()));
            checker.find(Rule::F5, document.currency.code(), expected, submitted);
        }
        items => checker.sum(Rule::F5, "", items, submitted),
    }
}

pub(super) fn check_reconciliation(document: &Document, checker: &mut Checker<'_>) {
    if let Some(amount) = &document.payment_amount {
        let details = sum(document.details.iter().map(|detail| Some(detail.value)));
        checker.sum(Rule::F7, "", details, amount);
    }
}
