//! A hospital that speaks FHIR: Claims in; ClaimResponses, slips and payments out, and every document of ours adds up.

use huitong_kernel::clearing::Period;
use huitong_medical::command::{BillWish, Command, Reply};
use huitong_medical::fhir::check::{Report, check};
use huitong_medical::fhir::claim::{self, Subject, VisitName, Wish};
use huitong_medical::fhir::export::{
    Adjudicated, Payment, by_fund, claim_response, explanation_of_benefit, payment_reconciliation, queued,
};
use huitong_medical::fhir::node::Node;
use huitong_medical::query::settlements::{self, Role, Settlement};
use huitong_medical::query::{documents, visits};
use huitong_service_kit::Refusal;

use super::calculation::fen;
use super::country::{CARD, Country, HOSPITAL, PERSON, division};
use super::settlement::used_up_deductible;
use super::stays::care;

const TODAY: &str = "2026-11-24";

/// The bill of the country's stories as a Claim: consultation 20.00, CT 200.00, vitamins 29.00. With the visit's number it is of a
/// batch that is there already.
pub fn claim_text(usage: &str, message_id: &str, visit: Option<&str>, quote: Option<&str>) -> String {
    let item = |sequence: u32, code: &str, price: &str| {
        format!(
            r#"{{ "sequence": {sequence}, "productOrService": {{ "coding": [{{ "system": "urn:huitong:fhir:item-code", "code": "{code}" }}] }},
                "servicedDate": "{TODAY}", "quantity": {{ "value": 1 }},
                "unitPrice": {{ "value": {price}, "currency": "CNY" }}, "net": {{ "value": {price}, "currency": "CNY" }} }}"#
        )
    };
    let items = [item(1, "F002431", "20.00"), item(2, "F003331", "200.00"), item(3, "X001631", "29.00")].join(", ");
    let named =
        |system: &str, value: &str| format!(r#"{{ "system": "urn:huitong:fhir:{system}", "value": "{value}" }}"#);
    let mut identifiers = vec![named("message", message_id), named("batch", "1")];
    identifiers.extend(visit.map(|visit| named("visit", visit)));
    let quote = quote.map(|quote| format!(r#", "preAuthRef": ["{quote}"]"#)).unwrap_or_default();
    format!(
        r##"{{ "resourceType": "Claim", "status": "active", "use": "{usage}",
            "type": {{ "coding": [{{ "system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": "professional" }}] }},
            "created": "{TODAY}", "provider": {{ "display": "hospital" }}, "priority": {{ "coding": [{{ "code": "normal" }}] }},
            "identifier": [{identifiers}],
            "subType": {{ "coding": [{{ "system": "urn:huitong:fhir:care-type", "code": "11" }}] }},
            "contained": [
              {{ "resourceType": "Patient", "id": "p", "identifier": [{{ "value": "{CARD}",
                 "type": {{ "coding": [{{ "system": "urn:huitong:fhir:certificate-type", "code": "02" }}] }} }}] }},
              {{ "resourceType": "Coverage", "id": "c", "status": "active", "beneficiary": {{ "reference": "#p" }},
                 "type": {{ "coding": [{{ "system": "urn:huitong:fhir:scheme", "code": "310" }}] }},
                 "payor": [{{ "identifier": {{ "system": "urn:huitong:fhir:division", "value": "330100" }} }}] }} ],
            "patient": {{ "reference": "#p" }},
            "insurance": [{{ "sequence": 1, "focal": true, "coverage": {{ "reference": "#c" }}{quote} }}],
            "supportingInfo": [{{ "sequence": 1, "valueBoolean": true,
               "category": {{ "coding": [{{ "system": "urn:huitong:fhir:information", "code": "account" }}] }} }}],
            "item": [{items}], "total": {{ "value": 249.00, "currency": "CNY" }} }}"##,
        identifiers = identifiers.join(", "),
    )
}

pub fn node(text: &str) -> Node {
    Node::read(text.as_bytes()).expect("the story's document is JSON")
}

pub fn wish(text: &str) -> Result<Wish, Refusal> {
    claim::read(&node(text), TODAY.parse().expect("a date")).map(|claim| claim.wish)
}

/// A document of ours, written and read again: every sum of it is right.
#[track_caller]
pub fn adds_up(document: &Node) -> Report {
    let written = serde_json::to_vec(document).expect("JSON");
    let report = check(&Node::read(&written).expect("JSON")).expect("a document of ours is R4");
    assert_eq!(report.findings, [], "{}", String::from_utf8_lossy(&written));
    report
}

/// The number at a path, as it is written.
#[track_caller]
pub fn number(document: &Node, path: &str) -> String {
    match document.clone().at_mut(path) {
        Some(Node::Number(digits) | Node::Text(digits)) => digits.clone(),
        other => panic!("{path} is {other:?}"),
    }
}

/// The total of a code.
pub fn total(document: &Node, code: &str) -> String {
    let Some(Node::Array(totals)) = document.get("total") else { panic!("totals") };
    let has_code = |total: &&Node| number(total, "category.coding[0].code") == code;
    number(totals.iter().find(has_code).expect(code), "amount.value")
}

impl Country {
    pub fn settle_claim(&mut self, message_id: &str) -> String {
        self.settle_claim_text(message_id, &claim_text("claim", message_id, None, None))
    }

    pub fn settle_claim_text(&mut self, message_id: &str, text: &str) -> String {
        let Ok(Wish::SettleBill { bill, account_wanted, total }) = wish(text) else { panic!("a bill to settle") };
        let message_id = message_id.to_owned();
        let (visit, batch, lines) = (bill.visit, bill.batch, bill.lines);
        let wish = BillWish { message_id: message_id.clone(), visit, batch, account_wanted, total, lines };
        let command = Command::SettleBill(Box::new(wish));
        match self.region.ask("310000", HOSPITAL, Some(&message_id), command).reply() {
            Reply::Settled(settled) => settled.settlement,
            other => panic!("settled, not {other:?}"),
        }
    }

    pub fn settlement(&self, number: &str) -> Settlement {
        let found = settlements::settlement(self.region.view("310000"), Role::Visited, number);
        found.expect("readable").expect("booked")
    }

    /// What is told of a settlement.
    pub fn told(&self, number: &str, write: fn(&Adjudicated<'_>) -> Node) -> Node {
        let (view, settlement) = (self.region.view("310000"), self.settlement(number));
        let document = documents::document(view, &settlement).expect("signed");
        let lines = documents::lines(view, &settlement).expect("sent");
        write(&Adjudicated::settled(&document, &lines))
    }

    pub fn payments(&self, period: &str) -> Node {
        let period: Period = period.parse().expect("a period");
        let found = settlements::of_period(self.region.view("310000"), HOSPITAL, period, 100).expect("readable");
        let payments: Vec<Payment> = found.into_iter().map(Payment::from).collect();
        payment_reconciliation(division("310000"), HOSPITAL, period, self.region.now, &payments)
    }
}

#[test]
fn a_claim_is_settled_and_its_answer_slip_and_payments_by_fund_add_up() {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    let settled = country.settle_claim("claim-0001");
    let response = country.told(&settled, claim_response);
    adds_up(&response);
    let booked = country.settlement(&settled);
    assert!(booked.fund_total_fen > fen("100.00"), "the pool pays");
    assert_eq!(total(&response, "submitted"), "249.00");
    assert_eq!(total(&response, "benefit"), booked.fund_total_fen.yuan());
    assert_eq!(total(&response, "310101"), booked.fund_total_fen.yuan(), "all of it from the pool");
    assert_eq!(total(&response, "cash"), booked.cash_fen.yuan());
    assert_eq!(total(&response, "own"), "29.00", "vitamins are of class 丙");
    assert_eq!(number(&response, "payment.amount.value"), booked.fund_total_fen.yuan());
    assert_eq!(number(&response, "item[2].itemSequence"), "3");
    let slip = country.told(&settled, explanation_of_benefit);
    let report = adds_up(&slip);
    assert!(report.checked > 30, "lines, totals and settlement: {report:?}");
    assert_eq!(number(&slip, "item[1].net.value"), "200.00");
    assert!(number(&slip, "processNote[0].text").contains("eligible"), "the steps are the notes");
    assert!(adds_up(&country.told(&settled, by_fund)).documents > 0);
    // The hospital puts its Claim beside the answer: what was submitted is what it claimed (F5).
    let both = format!(
        r#"{{ "resourceType": "Bundle", "entry": [{{ "resource": {} }}, {{ "resource": {} }}] }}"#,
        claim_text("claim", "claim-0001", None, None),
        serde_json::to_string(&response).expect("JSON"),
    );
    let (alone, together) = (adds_up(&response), adds_up(&node(&both)));
    assert!(together.not_checkable < alone.not_checkable, "F5 is checked when the Claim is at hand");
    country.check_books(4, 0);
}

#[test]
fn an_offer_for_a_claim_books_nothing_and_the_claim_that_names_it_settles_as_offered() {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    let Ok(Wish::Quote { of: Subject::Bill(bill), account_wanted, total: sent, interim }) =
        wish(&claim_text("predetermination", "claim-0001", None, None))
    else {
        panic!("an offer for a whole bill")
    };
    let opened = country.region.ask("310000", HOSPITAL, None, Command::OpenVisit(bill.visit)).reply();
    let Reply::Visit { visit, number: visit_number, .. } = opened else { panic!("a visit") };
    let batch = bill.batch;
    let add = Command::AddLines { visit, batch: batch.clone(), replaces: true, lines: bill.lines };
    country.region.call("310000", HOSPITAL, None, add).reply();
    let ask = Command::AskQuote { visit, batch: batch.clone(), interim, account_wanted, total: sent };
    let Reply::Quoted(quote) = country.region.ask("310000", HOSPITAL, None, ask).reply() else { panic!("a quote") };
    let view = country.region.view("310000");
    let known = visits::visited_visit(view, visit).expect("readable").expect("open");
    let lines = visits::lines(view, visit, &batch).expect("readable");
    let offer = claim_response(&Adjudicated::quoted(&quote, &known.facts, PERSON, &lines, country.region.now));
    adds_up(&offer);
    assert_eq!(number(&offer, "use"), "predetermination");
    country.check_books(3, 0);

    let accepted = number(&offer, "preAuthRef");
    let text = claim_text("claim", "claim-0002", Some(&visit_number), Some(&accepted));
    let Ok(Wish::SettleBatch { batch: of, quote, total: sent }) = wish(&text) else { panic!("a batch") };
    assert_eq!((of.visit, of.batch.as_deref(), of.lines.len()), (VisitName::Number(visit_number), Some("1"), 3));
    let message_id = "claim-0002".to_owned();
    let settle = Command::Settle { visit, batch, quote, message_id, total: sent, sums: None };
    let Reply::Settled(settled) = country.region.ask("310000", HOSPITAL, Some("claim-0002"), settle).reply() else {
        panic!("settled")
    };
    let response = country.told(&settled.settlement, claim_response);
    adds_up(&response);
    for code in ["submitted", "benefit", "cash", "own"] {
        assert_eq!(total(&response, code), total(&offer, code), "{code} as offered");
    }
    country.check_books(4, 0);
}

#[test]
fn a_cancelled_claim_takes_the_settlement_back_and_the_payments_of_the_period_say_so() {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    let settled = country.settle_claim("claim-0001");
    let before = country.payments("2026-11");
    adds_up(&before);
    let cancelled = format!(
        r#"{{ "resourceType": "Claim", "status": "cancelled", "use": "claim", "related": [{{ "claim": {{
            "identifier": {{ "system": "urn:huitong:fhir:settlement", "value": "{settled}" }} }} }}] }}"#
    );
    let Ok(Wish::TakeBack { settlement, refund }) = wish(&cancelled) else { panic!("to be taken back") };
    assert_eq!((settlement.as_str(), refund), (settled.as_str(), false));
    let refunded = cancelled.replace(
        r#""related": [{"#,
        r#""related": [{ "relationship": { "coding": [{ "system": "urn:huitong:fhir:take-back", "code": "refund" }] },"#,
    );
    assert!(matches!(wish(&refunded), Ok(Wish::TakeBack { refund: true, .. })));
    let taken = country.region.ask("310000", HOSPITAL, None, Command::Cancel { settlement }).reply();
    let Reply::Cancelled(contra) = taken else { panic!("a contra") };
    let response = country.told(&contra.settlement, claim_response);
    adds_up(&response);
    assert_eq!(
        (number(&response, "status").as_str(), total(&response, "submitted").as_str()),
        ("cancelled", "-249.00")
    );
    let slip = country.told(&contra.settlement, explanation_of_benefit);
    adds_up(&slip);
    assert_eq!(number(&slip, "item[1].net.value"), "-200.00", "the contra mirrors the lines");
    assert_eq!(number(&slip, "related[0].reference.value"), settled);
    adds_up(&country.told(&contra.settlement, by_fund));
    let after = country.payments("2026-11-24");
    assert!(adds_up(&after).checked > 0);
    let Some(Node::Array(details)) = after.get("detail") else { panic!("details") };
    assert_eq!(details.len(), 5);
    let kinds: Vec<String> = details.iter().map(|detail| number(detail, "type.coding[0].code")).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "adjustment").count(), 1);
    let amount = |document: &Node| fen(&number(document, "paymentAmount.value"));
    let paid = country.settlement(&settled).fund_total_fen;
    assert_eq!(amount(&before) - amount(&after), paid, "the settlement and its contra cancel out");
    let totals = country.check_books(4, 1);
    assert_eq!(amount(&after), totals.fund_total_fen, "what the books owe is what the hospital is told");
    assert_eq!(country.payments("2026-10").get("detail"), None, "nothing in another month");
}

#[test]
fn a_claim_that_does_not_add_up_becomes_nothing_and_names_the_rule() {
    let text = claim_text("claim", "claim-0001", None, None);
    let refused = |text: String| wish(&text).map(|_| ()).expect_err("refused");
    let refusal = refused(text.replace(r#""total": { "value": 249.00"#, r#""total": { "value": 249.01"#));
    assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), ("MED-7001", Some("total.value")));
    assert_eq!(refusal.arguments, [("F".to_owned(), "F1".to_owned())]);
    let refusal = refused(text.replace(r#""net": { "value": 20.00"#, r#""net": { "value": 21.00"#));
    assert_eq!(refusal.arguments, [("F".to_owned(), "F1, F2".to_owned())], "the total does not fit either");
    for (from, to, code, field) in [
        ("\"claim\"", "\"preauthorization\"", "MED-1012", "supportingInfo[0].category"),
        ("\"active\"", "\"cancelled\"", "MED-1002", "related"),
        ("\"code\": \"11\"", "\"code\": \"21\"", "MED-1002", "identifier[urn:huitong:fhir:visit]"),
        ("\"CNY\"", "\"USD\"", "MED-7002", "total.currency"),
        ("\"active\"", "\"draft\"", "MED-1012", "status"),
        ("\"310\"", "\"999\"", "MED-1012", "contained[1].type"),
        ("\"330100\"", "\"33010x\"", "MED-1012", "contained[1].payor[0].identifier.value"),
        ("\"#p\"", "\"#q\"", "MED-1002", "patient.reference"),
        ("\"code\": \"02\"", "\"code\": \"99\"", "MED-1012", "contained[0].identifier[0].type"),
        ("\"2026-11-24\"", "\"2026-02-31\"", "MED-1005", "item[0].servicedDate"),
        ("\"sequence\": 2,", "\"sequence\": 2.5,", "MED-1004", "item[1].sequence"),
        ("urn:huitong:fhir:batch", "urn:other", "MED-1002", "identifier[urn:huitong:fhir:batch]"),
        ("\"servicedDate\"", "\"detail\": [], \"servicedDate\"", "MED-7002", "item[0].detail"),
    ] {
        let refusal = refused(text.replace(from, to));
        assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), (code, Some(field)), "{from} → {to}");
    }
    // The sums are right, the numbers are not those of a fee line.
    let fine = text.replace("\"value\": 20.00, ", "\"value\": 20.001, ").replace("249.00", "249.001");
    assert_eq!(refused(fine).code, "MED-1004");
}

/// A stay: its lines came day by day, so Claims only name the visit and the batch.
#[test]
fn claims_of_a_stay_name_the_visit_and_what_is_told_of_it_adds_up() {
    let text = r#"{ "resourceType": "Claim", "status": "active", "use": "predetermination",
        "identifier": [ { "system": "urn:huitong:fhir:visit", "value": "S3301002611100000001" },
                        { "system": "urn:huitong:fhir:batch", "value": "1" } ],
        "supportingInfo": [
            { "category": { "coding": [{ "system": "urn:huitong:fhir:information", "code": "interim" }] }, "valueBoolean": true },
            { "category": { "coding": [{ "system": "urn:other", "code": "anything" }] } } ] }"#;
    let Ok(Wish::Quote { of: Subject::Batch(of), interim, account_wanted, total: None }) = wish(text) else {
        panic!("an offer for a batch")
    };
    assert_eq!(of.visit, VisitName::Number("S3301002611100000001".to_owned()));
    assert_eq!((of.lines.len(), interim, account_wanted), (0, true, false));
    let offerless =
        text.replace("predetermination", "claim").replace("\"supportingInfo\"", "\"total\": { \"value\": 1 }, \"x\"");
    let refusal = wish(&offerless).map(|_| ()).expect_err("a batch is settled as it was offered");
    assert_eq!(refusal.field.as_deref(), Some("insurance[0].preAuthRef"));

    let mut country = Country::new();
    let visit = country.admitted("2026-11-10");
    country.add(visit, "1", vec![care("a", "2026-11-12", 100), care("b", "2026-11-13", 7)]).reply();
    country.discharge(visit, "2026-11-20").reply();
    let (_, settled) = country.settle_stay(visit, "1", false, "stay-1");
    let slip = country.told(&settled.settlement, explanation_of_benefit);
    adds_up(&slip);
    assert_eq!(number(&slip, "type.coding[0].code"), "institutional");
    assert_eq!(number(&slip, "item[1].sequence"), "2", "the lines' own numbers are no sequences");
    adds_up(&country.told(&settled.settlement, claim_response));
}

#[test]
fn an_answer_that_is_still_to_come_says_not_to_collect() {
    let country = Country::new();
    let waiting = queued("claim-0001", HOSPITAL, country.region.now);
    adds_up(&waiting);
    assert_eq!(number(&waiting, "outcome"), "queued");
    assert!(number(&waiting, "disposition").contains("do not collect"));
}
