//! The rules F1 to F9 (specification 12.5). Nothing is changed; each part that does not add up is named.
//!
//! Amounts are compared to the currency's smallest unit. A sum with no parts at all is *not checkable*, which is no fault.

mod adjudications;
mod items;
mod settlement;
mod totals;

use huitong_service_kit::Refusal;
use serde::Serialize;

use super::document::{Document, Kind};
use super::number::Exact;
use super::part::{Amount, Category};
use super::{FINDINGS_MAX, bundle};
use crate::fhir::node::Node;
use crate::refusal;

/// The sum checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
pub enum Rule {
    F1,
    F2,
    F3,
    F4,
    F5,
    F6,
    F7,
    F8,
    F9,
}

impl Rule {
    pub const ALL: [Rule; 9] =
        [Rule::F1, Rule::F2, Rule::F3, Rule::F4, Rule::F5, Rule::F6, Rule::F7, Rule::F8, Rule::F9];

    pub fn name(self) -> &'static str {
        match self {
            Rule::F1 => "F1",
            Rule::F2 => "F2",
            Rule::F3 => "F3",
            Rule::F4 => "F4",
            Rule::F5 => "F5",
            Rule::F6 => "F6",
            Rule::F7 => "F7",
            Rule::F8 => "F8",
            Rule::F9 => "F9",
        }
    }

    pub fn english(self) -> &'static str {
        match self {
            Rule::F1 => "the claim's total is the sum of its items",
            Rule::F2 => "net is quantity × unit price × factor, and the sum of what is below it",
            Rule::F3 => "an adjudicated amount is the sum of what is below it",
            Rule::F4 => "a total is the sum over items, added items and header",
            Rule::F5 => "the submitted total is the sum of the claim's items",
            Rule::F6 => "the payment is the benefit without the adjustment",
            Rule::F7 => "the paid amount is the sum of the details",
            Rule::F8 => "a benefit is not negative and not above what is eligible",
            Rule::F9 => "the settlement's parts make its sums (I1 to I6)",
        }
    }

    pub fn chinese(self) -> &'static str {
        match self {
            Rule::F1 => "账单总额等于各项之和",
            Rule::F2 => "净额等于数量×单价×系数，并等于下级之和",
            Rule::F3 => "核定金额等于下级之和",
            Rule::F4 => "合计等于各项、附加项与单据级之和",
            Rule::F5 => "申报总额等于账单各项之和",
            Rule::F6 => "支付额等于基金支付减调整额",
            Rule::F7 => "付款额等于各明细之和",
            Rule::F8 => "基金支付不为负，且不超过符合政策范围金额",
            Rule::F9 => "结算各组成部分与合计相符（I1至I6）",
        }
    }
}

/// A part that does not add up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Finding {
    pub rule: Rule,
    /// Where the found value stands, for instance `item[1].net.value`.
    pub path: String,
    /// The category, fund or invariant that is meant, where the rule has several.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// What it should be: an amount, or a bound such as `≤ 12.00`.
    pub expected: String,
    pub found: String,
}

impl Finding {
    pub fn english(&self) -> String {
        let Finding { path, expected, found, .. } = self;
        format!("{}{}: expected {expected}, found {found} at {path}", self.rule.english(), self.meant())
    }

    pub fn chinese(&self) -> String {
        let Finding { path, expected, found, .. } = self;
        format!("{}{}：应为{expected}，报文为{found}，位置{path}", self.rule.chinese(), self.meant())
    }

    fn meant(&self) -> String {
        if self.subject.is_empty() { String::new() } else { format!(" [{}]", self.subject) }
    }
}

/// What came out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Report {
    pub documents: usize,
    /// Comparisons that were made.
    pub checked: usize,
    /// Sums without any part: no fault, and nothing said about them.
    pub not_checkable: usize,
    /// All of them, also those that are not told.
    pub faults: usize,
    /// In the order of the documents, at most 1 000.
    pub findings: Vec<Finding>,
}

impl Report {
    /// MED-7001 naming the rules that are broken, at the first place.
    pub fn refusal(&self) -> Option<Refusal> {
        let first = self.findings.first()?;
        let mut rules: Vec<&str> = self.findings.iter().map(|finding| finding.rule.name()).collect();
        rules.sort_unstable();
        rules.dedup();
        Some(refusal::IMPORT_SUMS_WRONG.with("F", rules.join(", ")).at_field(&first.path))
    }
}

/// Checks a file: a document, or a Bundle of documents.
///
/// # Errors
/// As [`bundle::documents`].
pub fn check(node: &Node) -> Result<Report, Refusal> {
    let documents = bundle::documents(node)?;
    Ok(check_documents(&documents, &documents))
}

/// Checks documents; Claims that they answer are looked for among `at_hand`.
pub fn check_documents(documents: &[Document], at_hand: &[Document]) -> Report {
    let mut report = Report::default();
    for document in documents {
        report.documents += 1;
        let mut checker = Checker { places: document.currency.places(), report: &mut report };
        match document.kind {
            Kind::Claim => items::check(document, &mut checker),
            Kind::ClaimResponse | Kind::ExplanationOfBenefit => {
                items::check(document, &mut checker);
                adjudications::check(document, &mut checker);
                totals::check(document, at_hand, &mut checker);
                settlement::check(document, &mut checker);
            }
            Kind::PaymentReconciliation => totals::check_reconciliation(document, &mut checker),
        }
    }
    report
}

struct Checker<'r> {
    /// Decimals of the currency's smallest unit.
    places: u32,
    report: &'r mut Report,
}

impl Checker<'_> {
    /// The found amount must be this sum; a sum without parts is not checkable.
    fn sum(&mut self, rule: Rule, subject: &str, expected: Option<Exact>, found: &Amount) {
        let Some(expected) = expected else {
            self.report.not_checkable += 1;
            return;
        };
        self.report.checked += 1;
        if expected.rounded(self.places) != found.value.rounded(self.places) {
            self.find(rule, subject, expected.shown(self.places), found);
        }
    }

    /// The found amount must lie within a bound.
    fn bound(&mut self, rule: Rule, subject: &str, is_kept: bool, bound: &str, found: &Amount) {
        self.report.checked += 1;
        if !is_kept {
            self.find(rule, subject, bound.to_owned(), found);
        }
    }

    fn find(&mut self, rule: Rule, subject: &str, expected: String, found: &Amount) {
        self.report.faults += 1;
        if self.report.findings.len() < FINDINGS_MAX {
            let (path, subject) = (found.path.clone(), subject.to_owned());
            self.report.findings.push(Finding { rule, path, subject, expected, found: found.value.shown(self.places) });
        }
    }

    fn shown(&self, amount: Exact) -> String {
        amount.shown(self.places)
    }
}

/// A category as findings name it: the code, with the last part of its system where that is not FHIR's.
fn named((system, code): &Category) -> String {
    match system.strip_prefix("urn:huitong:fhir:") {
        Some(system) => format!("{system} {code}"),
        None => code.clone(),
    }
}
