//! F1 and F2: what items cost.

use super::{Checker, Rule};
use crate::fhir::document::Document;
use crate::fhir::part::{Part, sum};

pub(super) fn check(document: &Document, checker: &mut Checker<'_>) {
    if let Some(total) = &document.total {
        let items = sum(document.items.iter().map(|item| item.amount(checker.places)));
        checker.sum(Rule::F1, "", items, total);
    }
    document.items.iter().chain(&document.added).for_each(|part| check_net(part, checker));
}

fn check_net(part: &Part, checker: &mut Checker<'_>) {
    if let Some(net) = &part.net {
        match part.product(checker.places) {
            Some(Some(product)) => checker.sum(Rule::F2, "quantity × unitPrice × factor", Some(product), net),
            // A product that long is never an amount, so it is not that net.
            Some(None) => checker.find(Rule::F2, "quantity × unitPrice × factor", "over 38 digits".to_owned(), net),
            None => {}
        }
        if !part.parts.is_empty() {
            let below = sum(part.parts.iter().map(|below| below.amount(checker.places)));
            checker.sum(Rule::F2, "Σ", below, net);
        }
    }
    part.parts.iter().for_each(|below| check_net(below, checker));
}
