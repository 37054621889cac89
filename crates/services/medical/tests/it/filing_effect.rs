//! What a quote, or the refusal of one, says about filings that the person can still make (15.4).

use huitong_kernel::money::Fen;
use huitong_medical::command::{Command, Reply};
use huitong_medical::model::filing::{FilingKind, FilingStatus};
use huitong_medical::model::filing_effect::{Alternative, FileUntil, FilingEffect, FilingTerm};
use huitong_medical::model::message::Quote;
use huitong_medical::query::{persons, visits};
use huitong_service_kit::Refusal;
use huitong_service_kit::harness::Called;
use uuid::Uuid;

use super::calculation::fen;
use super::country::{Country, HOSPITAL, PERSON};
use super::stays::{HANGZHOU, admission, care, date};

/// Kind and what the funds would pay.
fn sums(alternatives: &[Alternative]) -> Vec<(FilingKind, Fen)> {
    alternatives.iter().map(|other| (other.filing, other.fund_total_fen)).collect()
}

fn effect(called: Called<Reply>) -> FilingEffect {
    let Called::Refused(refusal) = called else { panic!("refused") };
    assert_eq!(refusal.code, "MED-2005");
    FilingEffect::carried(&refusal).expect("the refusal says what a filing would change")
}

/// A stay of 2 000.00 from 10 to 20 November.
fn discharged(country: &mut Country) -> Uuid {
    let visit = country.admitted("2026-11-10");
    country.add(visit, "1", vec![care("1", "2026-11-12", 100)]).reply();
    country.discharge(visit, "2026-11-20").reply();
    visit
}

/// Of 2 000.00 at level 3: 800.00 deductible, 84 %, and the factors of the pack.
const OF_THE_STAY: [(FilingKind, Fen); 4] = [
    (FilingKind::LongStay, Fen(100_800)),
    (FilingKind::TempReferred, Fen(90_720)),
    (FilingKind::TempEmergency, Fen(90_720)),
    (FilingKind::TempSelf, Fen(70_560)),
];

#[test]
fn who_has_filed_nothing_is_told_what_each_filing_would_give_and_nothing_is_booked() {
    let mut country = Country::unfiled();
    let visit = discharged(&mut country);
    let told = effect(country.quote(visit, "1", false));
    assert_eq!(told.total_fen, fen("2000.00"), "payable now, by the person");
    assert_eq!(sums(&told.alternatives), OF_THE_STAY);
    assert!(told.alternatives.iter().all(|other| other.gain_fen == other.fund_total_fen), "now the funds pay nothing");
    assert_eq!(told.at_home_fen, Some(fen("1008.00")));
    let until = FileUntil::DischargeSettlement;
    assert_eq!(told.term, FilingTerm { holds_on: date("2026-11-20"), until });
    let kept = visits::visited_batch(country.region.view("310000"), visit, "1").expect("readable").expect("known");
    assert_eq!((kept.state.as_str(), kept.quote), ("open", None), "nothing is held");
    country.check_books(0, 0);
    // Filed on the day of the discharge, back to the admission: what was told is what it comes to.
    country.file(FilingKind::TempReferred);
    let (_, settled) = country.settle_stay(visit, "1", false, "stay-1");
    assert_eq!(settled.fund_total_fen, fen("907.20"));
    country.check_books(1, 0);
}

#[test]
fn a_filing_that_is_suspended_or_has_expired_counts_as_none() {
    let mut country = Country::unfiled();
    country.file(FilingKind::LongStay);
    let visit = discharged(&mut country);
    country.quoted(visit, "1", false);
    let filings = persons::with_status(country.region.view("330000"), PERSON, FilingStatus::Active);
    let filing = filings.expect("readable").remove(0).filing;
    let suspend = Command::MoveFiling { filing, status: FilingStatus::Suspended };
    country.region.call("330000", "pool", None, suspend).reply();
    country.region.carry_all();
    let told = effect(country.quote(visit, "1", false));
    assert_eq!(sums(&told.alternatives), OF_THE_STAY);

    let mut country = Country::unfiled();
    country.file_until(FilingKind::LongStay, "2026-11-19");
    let visit = discharged(&mut country);
    let told = effect(country.quote(visit, "1", false));
    assert_eq!(sums(&told.alternatives), OF_THE_STAY, "it ended the day before the discharge");
    let mut country = Country::unfiled();
    country.file_until(FilingKind::LongStay, "2026-11-20");
    let visit = discharged(&mut country);
    assert_eq!(country.quoted(visit, "1", false).computation.filing, FilingKind::LongStay, "to the day");
}

#[test]
fn a_whole_bill_and_a_commit_without_a_filing_tell_the_same() {
    let mut country = Country::unfiled();
    let told = effect(country.settle("message-0001"));
    assert_eq!((told.total_fen, told.term.until), (fen("249.00"), FileUntil::Settlement));
    assert_eq!(told.term.holds_on, date("2026-11-24"));
    let again = effect(country.settle("message-0001"));
    assert_eq!(again, told, "the same call is told the same");
    country.file(FilingKind::LongStay);
    let visit = discharged(&mut country);
    let quote = country.quoted(visit, "1", false);
    let filings = persons::with_status(country.region.view("330000"), PERSON, FilingStatus::Active);
    let filing = filings.expect("readable").remove(0).filing;
    let revoke = Command::MoveFiling { filing, status: FilingStatus::Revoked };
    country.region.call("330000", "pool", None, revoke).reply();
    country.region.carry_all();
    let told = effect(country.settle_quote(visit, &quote, "stay-1"));
    assert_eq!(sums(&told.alternatives), OF_THE_STAY);
    country.check_books(0, 0);
}

/// Payable now, under each kind, the difference, how and until when, and at home.
fn check_quote(quote: &Quote, filing: FilingKind, now: &str, others: &[(FilingKind, Fen)], term: (&str, FileUntil)) {
    let amounts = &quote.computation.amounts;
    assert_eq!((quote.computation.filing, amounts.fund_total_fen), (filing, fen(now)));
    assert_eq!(sums(&quote.alternatives), others);
    for other in &quote.alternatives {
        assert_eq!(other.gain_fen, other.fund_total_fen - amounts.fund_total_fen);
    }
    assert_eq!(quote.filing_term, Some(FilingTerm { holds_on: date(term.0), until: term.1 }));
    assert!(quote.at_home_fen.is_some());
}

#[test]
fn a_part_of_a_stay_is_filed_for_until_its_own_settlement_and_the_rest_until_the_discharge() {
    let mut country = Country::unfiled();
    country.file(FilingKind::TempSelf);
    let visit = country.admitted("2026-11-10");
    country.add(visit, "1", vec![care("1", "2026-11-12", 100)]).reply();
    let part = country.quoted(visit, "1", true);
    let others = [OF_THE_STAY[0], OF_THE_STAY[1], OF_THE_STAY[2]];
    check_quote(&part, FilingKind::TempSelf, "705.60", &others, ("2026-11-12", FileUntil::Settlement));
    country.settle_quote(visit, &part, "interim-1").reply();
    country.add(visit, "2", vec![care("2", "2026-11-15", 100)]).reply();
    country.discharge(visit, "2026-11-20").reply();
    let rest = country.quoted(visit, "2", false);
    // The deductible is taken: 2 000.00 × 84 % × 0.70, and × 1, 0.9, 0.9.
    let others = [
        (FilingKind::LongStay, fen("1680.00")),
        (FilingKind::TempReferred, fen("1512.00")),
        (FilingKind::TempEmergency, fen("1512.00")),
    ];
    check_quote(&rest, FilingKind::TempSelf, "1176.00", &others, ("2026-11-20", FileUntil::DischargeSettlement));
    country.file(FilingKind::LongStay);
    let Called::Refused(stale) = country.settle_quote(visit, &rest, "stay-2") else { panic!("stale") };
    assert_eq!(stale.code, "MED-4003");
    let renewed = visits::visited_batch(country.region.view("310000"), visit, "2").expect("readable").expect("known");
    let renewed = renewed.quote.expect("the offer as it would be now");
    let others = [others[1], others[2], (FilingKind::TempSelf, fen("1176.00"))];
    check_quote(&renewed, FilingKind::LongStay, "1680.00", &others, ("2026-11-20", FileUntil::DischargeSettlement));
    country.settle_quote(visit, &renewed, "stay-3").reply();
    country.check_books(2, 0);
}

#[test]
fn an_emergency_files_nothing_less_and_an_exempt_area_nothing_at_all() {
    let mut country = Country::unfiled();
    let wish = huitong_medical::command::VisitWish { emergency: true, ..admission("2026-11-10") };
    let opened = country.region.ask("310000", HOSPITAL, None, Command::OpenVisit(wish)).reply();
    let Reply::Visit { visit, .. } = opened else { panic!("a visit") };
    country.add(visit, "1", vec![care("1", "2026-11-12", 100)]).reply();
    country.discharge(visit, "2026-11-20").reply();
    let quote = country.quoted(visit, "1", false);
    let others = [OF_THE_STAY[0], OF_THE_STAY[1]];
    let term = ("2026-11-20", FileUntil::DischargeSettlement);
    check_quote(&quote, FilingKind::TempEmergency, "907.20", &others, term);

    let exempt =
        "[[exempt_areas]]\nareas = [\"310101\"]\nvalid_from = \"2020-01-01\"\ngrade = \"secondary\"\n\n[accounts]";
    let mut country = Country::with_pack(&HANGZHOU.replacen("[accounts]", exempt, 1));
    let visit = discharged(&mut country);
    let quote = country.quoted(visit, "1", false);
    assert_eq!(
        (quote.computation.filing, quote.computation.amounts.fund_total_fen),
        (FilingKind::ExemptArea, fen("1008.00"))
    );
    assert_eq!((quote.alternatives, quote.filing_term), (Vec::new(), None), "nothing needs to be filed");
}

#[test]
fn what_another_jurisdiction_says_beside_its_refusal_is_told_only_if_it_can_be_right() {
    let refusal = |extension: serde_json::Value| {
        FilingEffect::carried(&Refusal {
            code: "MED-2005".to_owned(),
            arguments: Vec::new(),
            field: None,
            extension: Some(Box::new(extension)),
        })
    };
    let text = |fund: i64, gain: i64, count: usize| {
        let other = serde_json::json!({ "filing": "long_stay", "fund_total_fen": fund, "gain_fen": gain });
        serde_json::json!({ "total_fen": 10_000, "alternatives": vec![other; count],
            "term": { "holds_on": "2026-11-24", "until": "settlement" } })
    };
    assert!(refusal(text(6_000, 6_000, 1)).is_some());
    assert_eq!(refusal(text(10_001, 10_001, 1)), None, "more than the bill");
    assert_eq!(refusal(text(-1, -1, 1)), None);
    assert_eq!(refusal(text(i64::MAX, i64::MAX, 1)), None);
    assert_eq!(refusal(text(6_000, 5_000, 1)), None, "the gain is not the difference");
    assert_eq!(refusal(text(6_000, 6_000, 17)), None, "too many");
    assert_eq!(refusal(serde_json::json!({ "answer": "collect" })), None);
}

#[test]
fn the_refusal_of_old_journals_can_be_read_and_one_without_more_is_written_as_before() {
    let old = r#"{"code":"MED-2005"}"#;
    let read: Refusal = serde_json::from_str(old).expect("readable");
    assert_eq!(serde_json::to_string(&read).expect("JSON"), old);
    assert_eq!(FilingEffect::carried(&read), None);
}
