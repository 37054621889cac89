//! Documents of others: whatever does not add up is named, with its place, what it should be and what was found.

use huitong_medical::fhir::check::{Finding, Report, Rule, check};
use huitong_medical::fhir::claim;
use huitong_medical::fhir::node::Node;
use proptest::prelude::*;

use super::fhir::claim_text;

/// A Claim of another program: an item of three details, one of which has two sub-details, and a plain item.
pub const CLAIM: &str = r#"{
  "resourceType": "Claim", "id": "c1", "status": "active", "use": "claim",
  "item": [
    { "sequence": 1, "net": { "value": 120.50, "currency": "CNY" }, "detail": [
        { "sequence": 1, "quantity": { "value": 2 }, "unitPrice": { "value": 10.00 }, "net": { "value": 20.00 } },
        { "sequence": 2, "quantity": { "value": 3 }, "unitPrice": { "value": 0.1667 } },
        { "sequence": 3, "net": { "value": 1.0e2 }, "subDetail": [
            { "sequence": 1, "net": { "value": 60 } }, { "sequence": 2, "net": { "value": 40.00 } } ] } ] },
    { "sequence": 2, "quantity": { "value": 1.5 }, "unitPrice": { "value": 20.10 }, "factor": 0.9, "net": { "value": 27.14 } }
  ],
  "total": { "value": 147.64, "currency": "CNY" }
}"#;

/// What an insurer answered to it.
pub const RESPONSE: &str = r#"{
  "resourceType": "ClaimResponse", "id": "r1", "status": "active", "use": "claim", "outcome": "complete",
  "request": { "reference": "Claim/c1" },
  "item": [
    { "itemSequence": 1,
      "adjudication": [
        { "category": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/adjudication", "code": "eligible" }] },
          "amount": { "value": 100.00, "currency": "CNY" } },
        { "category": { "coding": [{ "code": "benefit" }] }, "amount": { "value": 70.00 } } ],
      "detail": [
        { "detailSequence": 1, "adjudication": [
            { "category": { "coding": [{ "code": "benefit" }] }, "amount": { "value": 30.00 } } ] },
        { "detailSequence": 3,
          "adjudication": [ { "category": { "coding": [{ "code": "benefit" }] }, "amount": { "value": 40.00 } } ],
          "subDetail": [ { "subDetailSequence": 1, "adjudication": [
            { "category": { "coding": [{ "code": "benefit" }] }, "amount": { "value": 40.00 } } ] } ] } ] }
  ],
  "addItem": [ { "adjudication": [
    { "category": { "coding": [{ "code": "benefit" }] }, "amount": { "value": 5.00 } } ] } ],
  "adjudication": [ { "category": { "coding": [{ "code": "benefit" }] }, "amount": { "value": 1.00 } } ],
  "total": [
    { "category": { "coding": [{ "code": "submitted" }] }, "amount": { "value": 147.64 } },
    { "category": { "coding": [{ "code": "eligible" }] }, "amount": { "value": 100.00 } },
    { "category": { "coding": [{ "code": "benefit" }] }, "amount": { "value": 76.00 } } ],
  "payment": { "type": { "text": "complete" }, "adjustment": { "value": 6.00 }, "amount": { "value": 70.00 } }
}"#;

pub const RECONCILIATION: &str = r#"{
  "resourceType": "PaymentReconciliation", "status": "active", "paymentAmount": { "value": 90.00, "currency": "CNY" },
  "detail": [
    { "type": { "coding": [{ "code": "payment" }] }, "amount": { "value": 100.00 } },
    { "type": { "coding": [{ "code": "advance" }] }, "amount": { "value": 15.00 } },
    { "type": { "coding": [{ "code": "adjustment" }] }, "amount": { "value": -25.00 } } ]
}"#;

/// A settlement as another node of ours exports it, without its lines.
const SETTLEMENT: &str = r#"{
  "resourceType": "ExplanationOfBenefit", "status": "active", "use": "claim",
  "total": [
    { "category": { "coding": [{ "code": "submitted" }] }, "amount": { "value": 350.00, "currency": "CNY" } },
    { "category": { "coding": [{ "system": "urn:huitong:fhir:share", "code": "own" }] }, "amount": { "value": 50.00 } },
    { "category": { "coding": [{ "system": "urn:huitong:fhir:share", "code": "over" }] }, "amount": { "value": 0.00 } },
    { "category": { "coding": [{ "system": "urn:huitong:fhir:share", "code": "pre" }] }, "amount": { "value": 20.00 } },
    { "category": { "coding": [{ "code": "eligible" }] }, "amount": { "value": 280.00 } },
    { "category": { "coding": [{ "code": "deductible" }] }, "amount": { "value": 100.00 } },
    { "category": { "coding": [{ "code": "benefit" }] }, "amount": { "value": 90.00 } },
    { "category": { "coding": [{ "code": "copay" }] }, "amount": { "value": 90.00 } },
    { "category": { "coding": [{ "system": "urn:huitong:fhir:share", "code": "person" }] }, "amount": { "value": 260.00 } },
    { "category": { "coding": [{ "system": "urn:huitong:fhir:share", "code": "account" }] }, "amount": { "value": 60.00 } },
    { "category": { "coding": [{ "system": "urn:huitong:fhir:share", "code": "cash" }] }, "amount": { "value": 200.00 } },
    { "category": { "coding": [{ "system": "urn:huitong:fhir:fund", "code": "310101" }] }, "amount": { "value": 90.00 } } ]
}"#;

fn node(text: &str) -> Node {
    Node::read(text.as_bytes()).expect("the story's document is JSON")
}

fn bundle() -> Node {
    node(&format!(
        r#"{{ "resourceType": "Bundle", "type": "collection", "entry": [
            {{ "resource": {CLAIM} }}, {{ "resource": {RESPONSE} }}, {{ "resource": {{ "resourceType": "Patient" }} }} ] }}"#
    ))
}

pub fn checked(node: &Node) -> Report {
    check(node).unwrap_or_else(|refusal| panic!("refused with {} at {:?}", refusal.code, refusal.field))
}

/// One altered number: the rule names the place, what was expected, and what was found.
#[track_caller]
fn altered(document: &Node, at: &str, number: &str, rule: Rule, path: &str, expected: &str, found: &str) {
    let mut document = document.clone();
    *document.at_mut(at).unwrap_or_else(|| panic!("nothing at {at}")) = Node::Number(number.to_owned());
    let report = checked(&document);
    let is_told = |finding: &Finding| {
        (finding.rule, finding.path.as_str(), finding.expected.as_str(), finding.found.as_str())
            == (rule, path, expected, found)
    };
    assert!(report.findings.iter().any(is_told), "{rule:?} at {path} is missing among {:#?}", report.findings);
    assert_eq!(report.faults, report.findings.len());
    let refusal = report.refusal().expect("it can become nothing");
    assert_eq!(refusal.code, "MED-7001");
    let rules = &refusal.arguments.iter().find(|(place, _)| place == "F").expect("the rule is named").1;
    assert!(rules.split(", ").any(|named| named == rule.name()), "{rules} names {rule:?}");
}

#[test]
fn documents_that_add_up_have_no_findings_and_sums_without_parts_are_no_fault() {
    let report = checked(&bundle());
    assert_eq!((report.documents, report.findings.as_slice()), (2, [].as_slice()));
    assert!(report.checked > 15, "{report:?}");
    for text in [RECONCILIATION, SETTLEMENT] {
        let report = checked(&node(text));
        assert_eq!(report.findings, [], "{report:?}");
    }
    assert!(checked(&node(SETTLEMENT)).not_checkable > 5, "no items: nothing carries the categories of the totals");
    let alone = checked(&node(RESPONSE));
    assert_eq!((alone.findings.len(), alone.not_checkable), (0, 3), "the Claim is not at hand, two sums have no parts");
    let empty = r#"{ "resourceType": "Claim", "use": "claim", "status": "active", "total": { "value": 5.00 } }"#;
    let empty = checked(&node(empty));
    assert_eq!((empty.checked, empty.not_checkable, empty.faults), (0, 1, 0));
}

#[test]
fn f1_and_f2_find_items_that_do_not_add_up() {
    let claim = node(CLAIM);
    altered(&claim, "total.value", "147.65", Rule::F1, "total.value", "147.64", "147.65");
    altered(&claim, "item[1].net.value", "27.13", Rule::F2, "item[1].net.value", "27.14", "27.13");
    altered(&claim, "item[1].factor", "1", Rule::F2, "item[1].net.value", "30.15", "27.14");
    altered(&claim, "item[0].net.value", "120.51", Rule::F2, "item[0].net.value", "120.50", "120.51");
    let detail = "item[0].detail[2].net.value";
    altered(&claim, "item[0].detail[2].subDetail[1].net.value", "39.99", Rule::F2, detail, "99.99", "100.00");
    altered(
        &claim,
        "item[0].detail[0].quantity.value",
        "-2",
        Rule::F2,
        "item[0].detail[0].net.value",
        "-20.00",
        "20.00",
    );
    let long = "999999999999.999999999999";
    let mut claim = claim;
    *claim.at_mut("item[1].quantity.value").expect("a quantity") = Node::Number(long.to_owned());
    *claim.at_mut("item[1].factor").expect("a factor") = Node::Number(long.to_owned());
    altered(&claim, "item[1].unitPrice.value", long, Rule::F2, "item[1].net.value", "over 38 digits", "27.14");
}

#[test]
fn f3_f4_and_f8_find_adjudications_that_do_not_add_up() {
    let response = node(RESPONSE);
    let benefit = "item[0].adjudication[1].amount.value";
    altered(&response, benefit, "70.01", Rule::F3, benefit, "70.00", "70.01");
    let detail = "item[0].detail[1].adjudication[0].amount.value";
    let below = "item[0].detail[1].subDetail[0].adjudication[0].amount.value";
    altered(&response, below, "41.00", Rule::F3, detail, "41.00", "40.00");
    altered(&response, "total[2].amount.value", "75.00", Rule::F4, "total[2].amount.value", "76.00", "75.00");
    altered(&response, "total[1].amount.value", "100.01", Rule::F4, "total[1].amount.value", "100.00", "100.01");
    altered(
        &response,
        "addItem[0].adjudication[0].amount.value",
        "4",
        Rule::F4,
        "total[2].amount.value",
        "75.00",
        "76.00",
    );
    altered(&response, "adjudication[0].amount.value", "0", Rule::F4, "total[2].amount.value", "75.00", "76.00");
    altered(&response, benefit, "100.01", Rule::F8, benefit, "≤ 100.00", "100.01");
    altered(&response, benefit, "-1", Rule::F8, benefit, "≥ 0", "-1.00");
    altered(&response, below, "-0.01", Rule::F8, below, "≥ 0", "-0.01");
}

#[test]
fn f5_f6_and_f7_find_what_was_submitted_and_what_is_paid() {
    let bundle = bundle();
    let submitted = "entry[1].resource.total[0].amount.value";
    altered(&bundle, submitted, "147.00", Rule::F5, submitted, "147.64", "147.00");
    altered(&bundle, "entry[0].resource.item[1].net.value", "30.00", Rule::F5, submitted, "150.50", "147.64");
    let response = node(RESPONSE);
    altered(&response, "payment.amount.value", "76.00", Rule::F6, "payment.amount.value", "70.00", "76.00");
    altered(&response, "payment.adjustment.value", "-6", Rule::F6, "payment.amount.value", "82.00", "70.00");
    let reconciliation = node(RECONCILIATION);
    altered(&reconciliation, "paymentAmount.value", "140", Rule::F7, "paymentAmount.value", "90.00", "140.00");
    altered(&reconciliation, "detail[2].amount.value", "25.00", Rule::F7, "paymentAmount.value", "140.00", "90.00");
}

/// The Claim that an answer contains is at hand; that of the same id elsewhere is another.
#[test]
fn a_contained_claim_is_the_one_that_is_answered() {
    let claim = CLAIM.replacen("\"id\": \"c1\"", "\"id\": \"inner\"", 1);
    let answer = RESPONSE
        .replace("\"Claim/c1\" }", &format!("\"#inner\" }}, \"contained\": [{claim}]"))
        .replace("{ \"value\": 147.64 } }", "{ \"value\": 147.00 } }");
    let bundle = format!(
        r#"{{ "resourceType": "Bundle", "entry": [ {{ "resource": {} }}, {{ "resource": {answer} }} ] }}"#,
        CLAIM.replacen("\"id\": \"c1\"", "\"id\": \"inner\"", 1).replace("\"factor\": 0.9", "\"factor\": 0.8")
    );
    let findings = checked(&node(&bundle)).findings;
    let submitted: Vec<&Finding> = findings.iter().filter(|finding| finding.rule == Rule::F5).collect();
    assert_eq!(submitted.len(), 1, "{findings:#?}");
    assert_eq!((submitted[0].expected.as_str(), submitted[0].found.as_str()), ("147.64", "147.00"));
}

#[test]
fn f9_finds_settlements_whose_parts_do_not_make_their_sums() {
    let settlement = node(SETTLEMENT);
    let total = |index: usize| format!("total[{index}].amount.value");
    let check = |alter: usize, number: &str, at: usize, expected: &str, found: &str, invariant: &str| {
        altered(&settlement, &total(alter), number, Rule::F9, &total(at), expected, found);
        let mut document = settlement.clone();
        *document.at_mut(&total(alter)).expect("there") = Node::Number(number.to_owned());
        let subjects: Vec<String> = checked(&document).findings.into_iter().map(|finding| finding.subject).collect();
        assert!(subjects.iter().any(|subject| subject.starts_with(invariant)), "{invariant} among {subjects:?}");
    };
    check(1, "49.99", 0, "349.99", "350.00", "I2");
    check(8, "259.99", 0, "349.99", "350.00", "I3");
    check(11, "89.00", 6, "89.00", "90.00", "I4");
    check(10, "199.00", 8, "259.00", "260.00", "I5");
    check(9, "-60.00", 9, "≥ 0", "-60.00", "I6 share account");
    check(7, "89.99", 7, "90.00", "89.99", "copay");
}

/// Of a document that cannot be read as R4 in one currency nothing is said but why.
#[track_caller]
pub fn refused(text: &str, code: &str, field: Option<&str>) {
    let refusal = match Node::read(text.as_bytes()).and_then(|node| check(&node)) {
        Err(refusal) => refusal,
        Ok(report) => panic!("{code} was expected, not {report:?}"),
    };
    assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), (code, field), "{text}");
}

#[test]
fn other_types_versions_and_currencies_and_malformed_numbers_are_refused() {
    refused("{", "MED-1001", None);
    refused("{}", "MED-7002", Some("resourceType"));
    refused(r#"{ "resourceType": "Invoice" }"#, "MED-7002", Some("resourceType"));
    refused(r#"{ "resourceType": "Bundle", "entry": [] }"#, "MED-7002", Some("entry"));
    // STU3 says `complete`, R5 knows no `paymentAmount`.
    refused(r#"{ "resourceType": "Claim", "use": "complete" }"#, "MED-7002", Some("use"));
    refused(r#"{ "resourceType": "PaymentReconciliation", "amount": {} }"#, "MED-7002", Some("amount"));
    let dollars = CLAIM
        .replace(r#""total": { "value": 147.64, "currency": "CNY" }"#, r#""total": { "value": 1, "currency": "USD" }"#);
    refused(&dollars, "MED-7002", Some("total.currency"));
    refused(&CLAIM.replace("147.64", "\"147.64\""), "MED-1004", Some("total.value"));
    refused(&CLAIM.replace("147.64", "1e99"), "MED-1004", Some("total.value"));
    refused(&CLAIM.replace("147.64", "1.0000000000001"), "MED-1004", Some("total.value"));
    refused(&CLAIM.replace(r#""item": ["#, r#""item": 7, "x": ["#), "MED-1012", Some("item"));
}

#[test]
fn amounts_are_compared_to_the_smallest_unit_of_their_currency() {
    let claim = |currency: &str, total: &str| {
        format!(
            r#"{{ "resourceType": "Claim", "use": "claim", "total": {{ "value": {total}, "currency": "{currency}" }},
                "item": [{{ "quantity": {{ "value": 3 }}, "unitPrice": {{ "value": 33.3333 }} }}] }}"#
        )
    };
    for (currency, total) in [("CNY", "100.00"), ("JPY", "100"), ("KWD", "100.000"), ("CNY", "99.999")] {
        assert_eq!(checked(&node(&claim(currency, total))).faults, 0, "{currency} {total}");
    }
    for (currency, total) in [("CNY", "99.99"), ("JPY", "99.4"), ("KWD", "99.999")] {
        assert_eq!(checked(&node(&claim(currency, total))).faults, 1, "{currency} {total}");
    }
}

/// 0.1 + 0.2 is 0.3, and a cent in a quadrillion is seen: no floating point is anywhere.
#[test]
fn numbers_are_exact() {
    let claim = |a: &str, b: &str, total: &str| {
        node(&format!(
            r#"{{ "resourceType": "Claim", "use": "claim", "total": {{ "value": {total} }},
                "item": [{{ "net": {{ "value": {a} }} }}, {{ "net": {{ "value": {b} }} }}] }}"#
        ))
    };
    assert_eq!(checked(&claim("0.1", "0.2", "0.3")).faults, 0);
    assert_eq!(checked(&claim("9999999999999999.99", "0.01", "10000000000000000.00")).faults, 0);
    assert_eq!(checked(&claim("9999999999999999.99", "0.01", "10000000000000000.01")).faults, 1);
}

#[test]
fn a_finding_is_told_in_both_languages_with_place_expected_and_found() {
    let mut claim = node(CLAIM);
    *claim.at_mut("total.value").expect("there") = Node::Number("147.65".to_owned());
    let report = checked(&claim);
    for text in [report.findings[0].english(), report.findings[0].chinese()] {
        for part in ["total.value", "147.64", "147.65"] {
            assert!(text.contains(part), "{text}");
        }
    }
    assert!(report.findings[0].chinese().contains("账单总额"));
}

proptest! {
    #[test]
    fn foreign_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Node::read(&bytes).and_then(|node| check(&node));
    }

    #[test]
    fn damaged_documents_are_answered(
        which in 0..5_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let whole = bundle();
        let whole = serde_json::to_string(&whole).expect("JSON");
        let full = claim_text("claim", "claim-0001", None, None);
        let text = [whole, RECONCILIATION.to_owned(), SETTLEMENT.to_owned(), CLAIM.to_owned(), full];
        let mut bytes = text[which].clone().into_bytes();
        for (place, new) in damage {
            let place = place.index(bytes.len());
            bytes[place] = new;
        }
        if let Ok(node) = Node::read(&bytes) {
            let _ = check(&node);
            let _ = claim::read(&node, "2026-11-24".parse().expect("a date"));
        }
    }

    /// Whatever number stands at a place of a sum: nothing panics, and what is found is told.
    #[test]
    fn any_number_at_any_place_is_answered(
        place in prop::sample::select(vec!["total.value", "item[0].net.value", "item[1].quantity.value",
            "item[1].unitPrice.value", "item[1].factor", "item[0].detail[1].unitPrice.value"]),
        number in "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,14})?([eE][+-]?[0-9]{1,3})?",
    ) {
        let mut claim = node(CLAIM);
        *claim.at_mut(place).expect("there") = Node::Number(number);
        if let Ok(report) = check(&claim) {
            prop_assert_eq!(report.faults, report.findings.len());
        }
    }
}
