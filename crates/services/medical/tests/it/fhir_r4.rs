//! What R4 demands of the resources that we write and of the Claim that we show: elements that must be there, and codes of bound value
//! sets. Three validators found nothing else to say about them; this table holds what they look at.

use huitong_kernel::clearing::Period;
use huitong_medical::command::Reply;
use huitong_medical::fhir::export::{
    Refused, by_fund, capability_statement, claim_response, explanation_of_benefit, filed, operation_outcome,
    payment_reconciliation, queued,
};
use huitong_medical::fhir::node::Node;
use huitong_medical::model::filing::FilingKind;

use super::country::{Country, HOSPITAL, division};
use super::fhir::{claim_text, node, number};
use super::settlement::used_up_deductible;

/// Elements of cardinality 1..1 and 1..*, by path.
const MANDATORY: &[(&str, &[&str])] = &[
    ("Bundle", &["type"]),
    ("CapabilityStatement", &["status", "date", "kind", "fhirVersion", "format"]),
    ("CapabilityStatement.software", &["name"]),
    ("CapabilityStatement.rest", &["mode"]),
    ("CapabilityStatement.rest.resource", &["type"]),
    ("CapabilityStatement.rest.resource.interaction", &["code"]),
    ("Claim", &["status", "type", "use", "patient", "created", "provider", "priority", "insurance"]),
    ("Claim.insurance", &["sequence", "focal", "coverage"]),
    ("Claim.supportingInfo", &["sequence", "category"]),
    ("Claim.item", &["sequence", "productOrService"]),
    ("Coverage", &["status", "beneficiary", "payor"]),
    ("ClaimResponse", &["status", "type", "use", "patient", "created", "insurer", "outcome"]),
    ("ClaimResponse.item", &["itemSequence", "adjudication"]),
    ("ClaimResponse.item.adjudication", &["category"]),
    ("ClaimResponse.total", &["category", "amount"]),
    ("ClaimResponse.payment", &["type", "amount"]),
    ("ClaimResponse.processNote", &["text"]),
    (
        "ExplanationOfBenefit",
        &["status", "type", "use", "patient", "created", "insurer", "provider", "outcome", "insurance"],
    ),
    ("ExplanationOfBenefit.insurance", &["focal", "coverage"]),
    ("ExplanationOfBenefit.item", &["sequence", "productOrService"]),
    ("ExplanationOfBenefit.item.adjudication", &["category"]),
    ("ExplanationOfBenefit.total", &["category", "amount"]),
    ("OperationOutcome", &["issue"]),
    ("OperationOutcome.issue", &["severity", "code"]),
    ("PaymentReconciliation", &["status", "created", "paymentDate", "paymentAmount"]),
    ("PaymentReconciliation.detail", &["type"]),
];

/// Codes by the last step of their path (required bindings), or by their system.
const CODES: &[(&str, &[&str])] = &[
    ("status", &["active", "cancelled", "draft", "entered-in-error"]),
    ("use", &["claim", "preauthorization", "predetermination"]),
    ("outcome", &["queued", "complete", "error", "partial"]),
    (
        "http://terminology.hl7.org/CodeSystem/claim-type",
        &["institutional", "oral", "pharmacy", "professional", "vision"],
    ),
    (
        "http://terminology.hl7.org/CodeSystem/adjudication",
        &["submitted", "copay", "eligible", "deductible", "unallocdeduct", "eligpercent", "tax", "benefit"],
    ),
    ("http://terminology.hl7.org/CodeSystem/ex-paymenttype", &["complete", "partial"]),
    ("http://terminology.hl7.org/CodeSystem/payment-type", &["payment", "adjustment", "advance"]),
    ("http://terminology.hl7.org/CodeSystem/processpriority", &["stat", "normal", "deferred"]),
];

fn is_known(name: &str, code: &str) {
    if let Some((_, codes)) = CODES.iter().find(|(known, _)| *known == name) {
        assert!(codes.contains(&code), "{code} is none of {name}");
    }
}

/// Walks a resource; one within another begins a path of its own.
fn walk(path: &str, node: &Node) {
    match node {
        Node::Object(members) => {
            assert!(!members.is_empty(), "{path} is empty");
            let text = |name: &str| match node.get(name) {
                Some(Node::Text(text)) => Some(text.as_str()),
                _ => None,
            };
            let path = text("resourceType").unwrap_or(path);
            let mandatory = MANDATORY.iter().filter(|(known, _)| *known == path).flat_map(|(_, names)| *names);
            mandatory.for_each(|name| assert!(node.get(name).is_some(), "{path}.{name} is missing"));
            if let (Some(system), Some(code)) = (text("system"), text("code")) {
                is_known(system, code);
            }
            for (name, member) in members {
                if let Node::Text(text) = member {
                    is_known(name, text);
                }
                walk(&format!("{path}.{name}"), member);
            }
        }
        Node::Array(values) => {
            assert!(!values.is_empty(), "{path} is an empty list");
            values.iter().for_each(|value| walk(path, value));
        }
        Node::Text(text) => assert!(!text.trim().is_empty(), "{path} is an empty text"),
        Node::Null => panic!("{path} is null"),
        Node::Number(_) | Node::Boolean(_) => {}
    }
}

/// R4 forbids what is empty: who writes `[]`, `{}`, `""` or null says nothing.
#[test]
fn every_kind_of_document_has_what_r4_demands() {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    let settled = country.settle_claim("claim-0001");
    let Reply::Cancelled(contra) = country.cancel(&settled).reply() else { panic!("a contra") };
    for number in [settled.as_str(), contra.settlement.as_str()] {
        for write in [claim_response, explanation_of_benefit, by_fund] {
            walk("", &country.told(number, write));
        }
    }
    let period: Period = "2026-11".parse().expect("a period");
    walk("", &country.payments("2026-11"));
    walk("", &payment_reconciliation(division("310000"), HOSPITAL, period, country.region.now, &[]));
    walk("", &queued("claim-0001", HOSPITAL, country.region.now));
    walk("", &capability_statement());
    let mut country = Country::unfiled();
    let Reply::Filed(filing) = country.try_file(FilingKind::LongStay).reply() else { panic!("filed") };
    walk("", &filed(&filing, division("330100"), country.region.now));
}

/// R4's issue types.
const ISSUES: [&str; 11] = [
    "business-rule",
    "conflict",
    "exception",
    "forbidden",
    "invalid",
    "login",
    "not-found",
    "not-supported",
    "throttled",
    "too-long",
    "transient",
];

#[test]
fn every_refusal_is_an_outcome_of_r4_and_only_paths_are_told_as_paths() {
    let refused = |status, field| {
        let refused =
            Refused { status, code: "MED-7001", english: "not", chinese: "不", field, answer: Some("do_not_collect") };
        let outcome = operation_outcome(&refused);
        walk("", &outcome);
        outcome
    };
    for status in 400..600 {
        let code = number(&refused(status, None), "issue[0].code");
        assert!(ISSUES.contains(&code.as_str()), "{status} {code}");
    }
    let outcome = refused(422, Some("item[10].net.value"));
    assert_eq!(number(&outcome, "issue[0].expression[0]"), "item[10].net.value");
    assert_eq!(number(&outcome, "issue[0].details.coding[0].code"), "MED-7001");
    for field in ["Content-Type", "identifier[urn:huitong:fhir:batch]", "", "item[]x"] {
        let Some(Node::Array(issues)) = refused(400, Some(field)).get("issue").cloned() else { panic!("issues") };
        assert_eq!(issues[0].get("expression"), None, "{field}");
    }
}

/// The Claim of the walk-through, and that of these stories.
#[test]
fn the_claim_that_is_shown_is_one_of_r4() {
    let document = include_str!("../../../../../docs/services/medical-fhir.md");
    let start = document.find("       {\n").expect("the document shows a Claim");
    let end = start + document[start..].find("\n\n").expect("the Claim ends");
    walk("", &node(&document[start..end]));
    walk("", &node(&claim_text("claim", "claim-0001", None, None)));
}
