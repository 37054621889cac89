//! What else a hospital says with a Claim: a filing, a discount, the days of a bill, a refund, the next part of a stay.

use huitong_medical::command::{Command, Reply};
use huitong_medical::fhir::claim::{Subject, Wish};
use huitong_medical::fhir::export::{claim_response, explanation_of_benefit, filed};
use huitong_medical::model::filing::FilingKind;
use huitong_medical::query::{documents, visits};

use super::calculation::fen;
use super::country::{Country, HOSPITAL, PERSON, division};
use super::fhir::{adds_up, claim_text, number, total, wish};
use super::lanes::{HOME, VISITED, cut};
use super::settlement::used_up_deductible;
use super::stays::care;

fn bill() -> String {
    claim_text("claim", "claim-0001", None, None)
}

#[track_caller]
fn refused(text: &str, code: &str, field: &str) {
    let refusal = wish(text).map(|_| ()).expect_err("refused");
    assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), (code, Some(field)));
}

/// `use` = preauthorization.
fn filing_text() -> String {
    let information = |category: &str, system: &str, code: &str| {
        format!(
            r#"{{ "sequence": 1, "category": {{ "coding": [{{ "system": "urn:huitong:fhir:information", "code": "{category}" }}] }},
                "code": {{ "coding": [{{ "system": "urn:huitong:fhir:{system}", "code": "{code}" }}] }} }}"#
        )
    };
    let said =
        [information("filing", "filing-kind", "temp_referred"), information("area", "division", "310000")].join(", ");
    claim_text("preauthorization", "claim-0001", None, None)
        .replace("\"supportingInfo\": [", &format!("\"supportingInfo\": [{said}], \"x\": ["))
        .replace("\"patient\"", r#""billablePeriod": { "start": "2026-11-01", "end": "2027-06-30" }, "patient""#)
}

#[test]
fn a_preauthorization_is_a_filing_and_the_next_settlement_is_under_it() {
    let mut country = Country::unfiled();
    let text = filing_text();
    let Ok(Wish::File(filing)) = wish(&text) else { panic!("a filing") };
    assert_eq!((filing.kind, filing.areas.as_slice()), (FilingKind::TempReferred, [division("310000")].as_slice()));
    let asked = country.region.ask(VISITED, HOSPITAL, None, Command::File(filing));
    let Reply::Filed(state) = asked.reply() else { panic!("home holds it") };
    let response = filed(&state, division("330100"), country.region.now);
    adds_up(&response);
    assert_eq!(number(&response, "use"), "preauthorization");
    assert_eq!(number(&response, "preAuthRef"), state.filing.to_string());
    assert_eq!(number(&response, "patient.identifier.value"), PERSON);
    assert_eq!(number(&response, "preAuthPeriod.end"), "2027-06-30");
    let settled = country.settle_claim("claim-0001");
    let document = documents::document(country.region.view(VISITED), &country.settlement(&settled)).expect("signed");
    assert_eq!(document.filing, FilingKind::TempReferred);

    refused(&text.replace("temp_referred", "none"), "MED-1012", "supportingInfo[0].code");
    refused(&text.replace("\"310000\"", "\"Shanghai\""), "MED-1012", "supportingInfo[1].code");
    refused(&text.replace("filing-kind", "other"), "MED-1002", "supportingInfo[0].code");
    refused(&text.replace("\"code\": \"filing\"", "\"code\": \"account\""), "MED-1012", "supportingInfo[0].category");
    refused(&text.replace("2027-06-30", "2026-10-31"), "MED-1005", "billablePeriod.end");
    let cancelled = text.replace("\"active\"", "\"cancelled\"");
    refused(&cancelled, "MED-7002", "use");
}

/// 20.00 less ten of a hundred: the line costs 18.00 apiece, and the slip says so.
#[test]
fn a_factor_is_part_of_the_price_where_that_stays_exact() {
    let discounted = |factor: &str, net: &str, total: &str| {
        bill()
            .replacen("\"unitPrice\"", &format!("\"factor\": {factor}, \"unitPrice\""), 1)
            .replace("\"net\": { \"value\": 20.00", &format!("\"net\": {{ \"value\": {net}"))
            .replace("249.00", total)
    };
    let Ok(Wish::SettleBill { bill, .. }) = wish(&discounted("0.9", "18.00", "247.00")) else { panic!("a bill") };
    assert_eq!((bill.lines[0].price.to_string(), bill.lines[0].amount), ("18".to_owned(), fen("18.00")));
    let mut country = Country::new();
    let settled = country.settle_claim_text("claim-0001", &discounted("0.9", "18.00", "247.00"));
    let slip = country.told(&settled, explanation_of_benefit);
    adds_up(&slip);
    assert_eq!(
        (number(&slip, "item[0].unitPrice.value"), total(&slip, "submitted")),
        ("18".to_owned(), "247.00".to_owned())
    );

    assert!(wish(&discounted("0.123456", "2.47", "231.47")).is_ok(), "2.46912 apiece");
    refused(&discounted("0.1234567", "2.47", "231.47"), "MED-7002", "item[0].factor");
    refused(&discounted("0.9", "20.00", "249.00"), "MED-7001", "item[0].net.value");
    let fine = discounted("0.9999", "20.00", "249.00").replacen(
        "\"value\": 20.00, \"currency\": \"CNY\" }, \"net\"",
        "\"value\": 20.0001, \"currency\": \"CNY\" }, \"net\"",
        1,
    );
    refused(&fine, "MED-7002", "item[0].factor");
}

#[test]
fn fees_lie_within_the_period_of_the_bill_and_each_is_of_one_day() {
    let text =
        bill().replace("\"patient\"", r#""billablePeriod": { "start": "2026-11-23", "end": "2026-11-24" }, "patient""#);
    assert!(wish(&text).is_ok());
    refused(&text.replace("\"end\": \"2026-11-24\"", "\"end\": \"2026-11-23\""), "MED-3006", "item[0].servicedDate");
    // Half past midnight in Shanghai.
    assert!(wish(&text.replace("\"start\": \"2026-11-23\"", "\"start\": \"2026-11-23T16:30:00Z\"")).is_ok());
    refused(&text.replace("\"start\": \"2026-11-23\"", "\"start\": \"2026-11\""), "MED-1005", "billablePeriod.start");
    refused(&text.replace("\"end\": \"2026-11-24\"", "\"end\": \"2026-11-22\""), "MED-1005", "billablePeriod.end");
    let serviced =
        |days: &str| text.replacen("\"servicedDate\": \"2026-11-24\"", &format!("\"servicedPeriod\": {days}"), 1);
    let Ok(Wish::SettleBill { bill, .. }) = wish(&serviced(r#"{ "start": "2026-11-23", "end": "2026-11-23" }"#)) else {
        panic!("a bill")
    };
    assert_eq!(bill.lines[0].day, "2026-11-23".parse().expect("a date"));
    refused(&serviced(r#"{ "start": "2026-11-23", "end": "2026-11-24" }"#), "MED-7002", "item[0].servicedPeriod");
}

#[test]
fn after_the_cut_a_cancelled_claim_is_refused_and_one_that_says_refund_makes_the_contra() {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    let settled = country.settle_claim("claim-0001");
    for node in [HOME, VISITED] {
        cut(&mut country, node, "2026-11");
    }
    country.region.carry_all();
    let related = |relationship: &str| {
        bill().replace("\"active\"", "\"cancelled\"").replace(
            "\"patient\"",
            &format!(
                r#""related": [{{ {relationship} "claim": {{ "identifier": {{ "system": "urn:huitong:fhir:settlement",
                    "value": "{settled}" }} }} }}], "patient""#
            ),
        )
    };
    let Ok(Wish::TakeBack { settlement, refund: false }) = wish(&related("")) else { panic!("a cancel") };
    assert_eq!(country.cancel(&settlement).code(), "MED-4006", "cut: use a refund");
    let kind = r#""relationship": { "coding": [{ "system": "urn:huitong:fhir:take-back", "code": "refund" }] },"#;
    let Ok(Wish::TakeBack { settlement, refund: true }) = wish(&related(kind)) else { panic!("a refund") };
    let refund = country.region.ask(VISITED, HOSPITAL, None, Command::Refund { settlement });
    let Reply::Cancelled(contra) = refund.reply() else { panic!("a contra") };
    let response = country.told(&contra.settlement, claim_response);
    adds_up(&response);
    assert_eq!(
        (number(&response, "status"), total(&response, "submitted")),
        ("cancelled".to_owned(), "-249.00".to_owned())
    );
    country.check_books(4, 1);
}

/// The hospital names the visit only; which part of the stay is next, the node knows.
#[test]
fn a_claim_about_a_stay_may_leave_out_the_batch() {
    let text = r#"{ "resourceType": "Claim", "status": "active", "use": "predetermination",
        "identifier": [{ "system": "urn:huitong:fhir:visit", "value": "S3301002611100000001" }],
        "billablePeriod": { "start": "2026-11-10", "end": "2026-11-15" } }"#;
    let Ok(Wish::Quote { of: Subject::Batch(of), .. }) = wish(text) else { panic!("an offer for a batch") };
    assert_eq!(of.batch, None);
    let mut country = Country::new();
    let visit = country.admitted("2026-11-10");
    let open = |country: &Country| visits::open_batch(country.region.view(VISITED), visit).expect("readable");
    assert_eq!(open(&country), "1");
    country.add(visit, "1", vec![care("1", "2026-11-12", 100)]).reply();
    assert_eq!(open(&country), "1");
    country.settle_stay(visit, "1", true, "stay-1");
    assert_eq!(open(&country), "2", "what was settled is over");
}
