//! Bad input gets a clear, stable refusal and changes nothing.

use huitong_medical::command::{BillWish, Command, Reply};
use huitong_medical::model::filing::FilingKind;
use huitong_medical::model::message::{Message, Wants};
use huitong_medical::model::person::CareType;

use super::calculation::fen;
use super::country::{Country, HOSPITAL, bill, certificate, division, insured, line};

/// Settles a bill with one fault; nothing may be booked.
#[track_caller]
fn check(country: &mut Country, code: &str, fault: impl FnOnce(&mut BillWish)) {
    let mut wish = bill(&format!("faulty-{}", country.region.told.len()));
    fault(&mut wish);
    let command = Command::SettleBill(Box::new(wish));
    assert_eq!(country.region.ask("310000", HOSPITAL, None, command).code(), code);
    country.check_books(0, 0);
}

#[test]
fn each_fault_of_a_bill_has_its_own_code() {
    let mut country = Country::new();
    check(&mut country, "MED-4001", |bill| bill.total = fen("249.01"));
    check(&mut country, "MED-3004", |bill| bill.lines[0].amount = fen("20.01"));
    check(&mut country, "MED-3003", |bill| bill.lines[1].number = "1".to_owned());
    check(&mut country, "MED-3005", |bill| bill.lines[0].quantity = "-1".parse().expect("a quantity"));
    check(&mut country, "MED-3005", |bill| bill.lines[0].quantity = "0".parse().expect("a quantity"));
    check(&mut country, "MED-1004", |bill| bill.lines[0].price = "-20".parse().expect("a price"));
    check(&mut country, "MED-3006", |bill| bill.lines[0].day = "2026-11-23".parse().expect("a date"));
    check(&mut country, "MED-1002", |bill| bill.lines.clear());
    check(&mut country, "MED-1011", |bill| {
        bill.lines = (0..101).map(|number| line(&number.to_string(), "F002431", "1", "20.00", "20.00")).collect();
    });
    check(&mut country, "MED-2003", |bill| bill.visit.home_area = division("440300"));
    check(&mut country, "MED-2009", |bill| bill.visit.home_area = division("310100"));
    check(&mut country, "MED-2001", |bill| bill.visit.certificate.number = "330102199001011234".to_owned());
    check(&mut country, "MED-2004", |bill| bill.visit.home_area = division("330200"));
    check(&mut country, "MED-1012", |bill| bill.visit.care_type = CareType::Inpatient);
}

#[test]
fn without_a_filing_the_home_rules_forbid_direct_settlement_and_an_emergency_counts_as_filed() {
    let mut country = Country::unfiled();
    check(&mut country, "MED-2005", |_| {});
    let mut emergency = bill("emergency-01");
    emergency.visit.emergency = true;
    country.region.ask("310000", HOSPITAL, None, Command::SettleBill(Box::new(emergency))).reply();
    country.file(FilingKind::TempSelf);
    let Reply::Settled(by_themselves) = country.settle("filed-000001").reply() else { panic!("settled") };
    let mut emergency = bill("emergency-02");
    emergency.visit.emergency = true;
    let asked = country.region.ask("310000", HOSPITAL, None, Command::SettleBill(Box::new(emergency)));
    let Reply::Settled(in_emergency) = asked.reply() else { panic!("settled") };
    assert!(in_emergency.cash_fen <= by_themselves.cash_fen, "who filed is not worse off than who did not");
    country.check_books(3, 0);
}

#[test]
fn a_suspended_person_is_not_settled_directly() {
    let mut country = Country::new();
    let mut suspended = insured();
    suspended.suspended_from = Some("2026-11-01".parse().expect("a date"));
    suspended.version = 2;
    country.publish("330000", "330000", Message::Insured(suspended));
    check(&mut country, "MED-2002", |_| {});
}

#[test]
fn the_same_id_with_other_content_is_refused_and_the_first_answer_stays() {
    let mut country = Country::new();
    let first = country.settled("message-0001");
    let mut other = bill("message-0001");
    other.total = fen("1.00");
    let command = Command::SettleBill(Box::new(other));
    let refused = country.region.call_as("310000", HOSPITAL, Some(("message-0001", "other")), command);
    assert_eq!(refused.code(), "API-1003");
    assert_eq!(country.settled("message-0001"), first);
    country.check_books(1, 0);
}

#[test]
fn another_hospital_sees_and_changes_nothing_of_a_visit_or_settlement() {
    let mut country = Country::new();
    let settled = country.settled("message-0001");
    let cancel = Command::Cancel { settlement: settled.settlement };
    assert_eq!(country.region.ask("310000", "H31010100002", None, cancel).code(), "MED-4007");
    let stranger = Command::SettleBill(Box::new(bill("stranger-001")));
    assert_eq!(country.region.ask("310000", "H31010100002", None, stranger).code(), "MED-1010");
    let ask = Command::AskEligibility {
        home_area: division("330100"),
        certificate: certificate(),
        care_type: CareType::Outpatient,
        wants: Wants::default(),
    };
    assert_eq!(country.region.ask("310000", "nobody", None, ask).code(), "MED-1010");
    country.check_books(1, 0);
}
