//! Documents that are not what they should be: each gets a finding with its place, or one stable refusal. Nothing is taken silently.

use huitong_medical::fhir::check::Rule;
use huitong_medical::fhir::claim;
use huitong_medical::fhir::node::Node;

use super::fhir::{claim_text, node};
use super::fhir_check::{CLAIM, RECONCILIATION, RESPONSE, checked, refused};

/// A single value, or one of another kind, where an object or a list is due: nothing below it would be seen.
#[test]
fn a_value_of_the_wrong_kind_is_refused_and_not_passed_over() {
    let claim = |item: &str| {
        format!(r#"{{ "resourceType": "Claim", "use": "claim", "item": [{item}], "total": {{ "value": 1 }} }}"#)
    };
    for (item, field) in [
        (r#"{ "net": 1 }"#, "item[0].net"),
        (r#"{ "net": [{ "value": 1 }] }"#, "item[0].net"),
        (r#"{ "net": { "value": 1 }, "quantity": 3 }"#, "item[0].quantity"),
        (r#"{ "net": { "value": 1 }, "detail": { "net": { "value": 1 } } }"#, "item[0].detail"),
        (r#"{ "net": { "value": 1 }, "detail": [[]] }"#, "item[0].detail[0]"),
        ("7", "item[0]"),
        ("null", "item[0]"),
        (r#""1.00""#, "item[0]"),
    ] {
        refused(&claim(item), "MED-1012", Some(field));
    }
    for (item, field) in [
        (r#"{ "net": { "value": "1" } }"#, "item[0].net.value"),
        (r#"{ "net": { "value": true } }"#, "item[0].net.value"),
        (r#"{ "net": { "value": [1] } }"#, "item[0].net.value"),
        (r#"{ "net": { "value": 1 }, "factor": "0.5" }"#, "item[0].factor"),
    ] {
        refused(&claim(item), "MED-1004", Some(field));
    }
    refused(
        &RESPONSE.replace("\"amount\": { \"value\": 76.00 }", "\"amount\": 76.00"),
        "MED-1012",
        Some("total[2].amount"),
    );
    refused(
        &RESPONSE.replace("{ \"coding\": [{ \"code\": \"submitted\" }] }", "\"submitted\""),
        "MED-1012",
        Some("total[0].category"),
    );
    refused(r#"{ "resourceType": "Bundle", "entry": [7] }"#, "MED-1012", Some("entry[0]"));
    for text in [r#"[{ "resourceType": "Claim" }]"#, "null", "1e5", "\"Claim\""] {
        refused(text, "MED-7002", Some("resourceType"));
    }
    let nested = format!(
        r#"{{ "resourceType": "Bundle", "entry": [{{ "resource": {{ "resourceType": "Bundle", "entry": [{{ "resource": {CLAIM} }}] }} }}] }}"#
    );
    refused(&nested, "MED-7002", Some("entry[0].resource"));
    // A Claim to settle is read no less strictly.
    let text = claim_text("claim", "claim-0001", None, None).replace(r##"{ "reference": "#p" }"##, r##""#p""##);
    let refusal =
        claim::read(&node(&text), "2026-11-24".parse().expect("a date")).map(|_| ()).expect_err("no reference");
    assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), ("MED-1012", Some("patient")));
}

/// R4 demands them, and without them it is not known what was paid.
#[test]
fn payments_without_amount_or_type_are_refused() {
    refused(&RESPONSE.replace("\"type\": { \"text\": \"complete\" }, ", ""), "MED-1002", Some("payment.type"));
    refused(&RESPONSE.replace(", \"amount\": { \"value\": 70.00 }", ""), "MED-1002", Some("payment.amount"));
    refused(&RESPONSE.replace("\"payment\": {", "\"payment\": 70, \"x\": {"), "MED-1012", Some("payment"));
    refused(&RECONCILIATION.replace("paymentAmount", "x"), "MED-1002", Some("paymentAmount"));
    let untyped = RECONCILIATION.replace("\"type\": { \"coding\": [{ \"code\": \"advance\" }] }, ", "");
    refused(&untyped, "MED-1002", Some("detail[1].type"));
    // In an ExplanationOfBenefit both may be absent.
    let slip =
        RESPONSE.replace("ClaimResponse", "ExplanationOfBenefit").replace("\"type\": { \"text\": \"complete\" }, ", "");
    assert!(checked(&node(&slip)).checked > 0);
}

/// Adjudications of one category in one part count together (FHIR lets them differ by reason); a total has no such sense.
#[test]
fn a_category_that_comes_twice_counts_together_in_a_part_and_is_found_among_the_totals() {
    let split = RESPONSE.replace(
        r#""amount": { "value": 30.00 } } ] }"#,
        r#""amount": { "value": 10.00 } }, { "category": { "coding": [{ "code": "benefit" }] }, "amount": { "value": 20.00 } } ] }"#,
    );
    assert_eq!(checked(&node(&split)).faults, 0);
    let again = r#"{ "category": { "coding": [{ "code": "benefit" }] }, "amount": { "value": 0.00 } } ],
        "payment""#;
    let twice = RESPONSE.replace("} } ],\n  \"payment\"", &format!("}} }}, {again}"));
    let report = checked(&node(&twice));
    let told: Vec<_> =
        report.findings.iter().map(|found| (found.rule, found.path.as_str(), found.subject.as_str())).collect();
    assert_eq!(told, [(Rule::F4, "total[3].amount.value", "benefit ×2")], "{report:#?}");
}

#[test]
fn exponents_and_long_decimals_are_read_exactly_or_refused() {
    let claim = |net: &str, total: &str| {
        format!(
            r#"{{ "resourceType": "Claim", "use": "claim", "total": {{ "value": {total} }}, "item": [{{ "net": {{ "value": {net} }} }}] }}"#
        )
    };
    for (net, total) in [
        ("1e2", "100.00"),
        ("12500E-2", "125"),
        ("1.000000000000", "1"),
        ("-0.00", "0"),
        ("1e17", "100000000000000000"),
    ] {
        assert_eq!(checked(&node(&claim(net, total))).faults, 0, "{net}");
    }
    for net in ["1e18", "1e-13", "0.0000000000001", "1e99999", "-1e999999999999999999999", "9999999999999999999"] {
        refused(&claim(net, "1"), "MED-1004", Some("item[0].net.value"));
    }
    let long = format!("0.{}1", "0".repeat(5_000));
    refused(&claim(&long, "1"), "MED-1004", Some("item[0].net.value"));
    // Each can be kept; what they make together cannot, so it is no amount.
    let product = r#"{ "resourceType": "Claim", "use": "claim", "item": [{ "quantity": { "value": 999999999999999999.999 },
        "unitPrice": { "value": 999999999999999999.999 }, "net": { "value": 1 } }] }"#;
    assert_eq!(checked(&node(product)).findings[0].rule, Rule::F2);
}

/// Ten thousand items and one fen too much in one of them.
#[test]
fn of_ten_thousand_items_the_wrong_one_is_named() {
    let item = |index: usize| {
        let net = if index == 9_876 { "2.01" } else { "2.00" };
        format!(
            r#"{{ "sequence": {index}, "quantity": {{ "value": 2 }}, "unitPrice": {{ "value": 1 }}, "net": {{ "value": {net} }} }}"#
        )
    };
    let items: Vec<String> = (0..10_000).map(item).collect();
    let text = |items: &str| {
        format!(r#"{{ "resourceType": "Claim", "use": "claim", "item": [{items}], "total": {{ "value": 20000.00 }} }}"#)
    };
    let report = checked(&node(&text(&items.join(","))));
    let paths: Vec<_> = report.findings.iter().map(|found| (found.rule, found.path.as_str())).collect();
    assert_eq!(paths, [(Rule::F1, "total.value"), (Rule::F2, "item[9876].net.value")]);
    refused(&text(&vec!["{}"; 20_001].join(",")), "MED-1011", Some("item"));
}

#[test]
fn bytes_that_two_readers_could_read_differently_are_no_document() {
    let read = |bytes: &[u8]| Node::read(bytes).map(|_| ()).expect_err("refused").code;
    let twice = CLAIM.replace("\"status\": \"active\"", "\"status\": \"active\", \"total\": { \"value\": 0 }");
    assert_eq!(read(twice.as_bytes()), "MED-1001", "a member is named twice");
    let escaped = CLAIM.replace("\"status\": \"active\"", "\"status\": \"active\", \"t\\u006ftal\": { \"value\": 0 }");
    assert_eq!(read(escaped.as_bytes()), "MED-1001", "also where it is written otherwise");
    let gbk = [&CLAIM.as_bytes()[..20], b"\xd6\xd0\xce\xc4", &CLAIM.as_bytes()[20..]].concat();
    assert_eq!(read(&gbk), "MED-1001", "not UTF-8");
    assert_eq!(read(&[b"\xef\xbb\xbf", CLAIM.as_bytes()].concat()), "MED-1001", "a byte order mark");
    let deep = format!("{}{}{}", "{\"contained\":[".repeat(40), CLAIM, "]}".repeat(40));
    assert_eq!(read(deep.as_bytes()), "MED-1001", "too deep");
}
