//! A line that was sent in error is taken back alone; the lines beside it stay, and are quoted anew.

use huitong_kernel::money::Fen;
use huitong_medical::command::{Command, Reply};
use huitong_medical::model::lines::SplitLine;
use huitong_medical::query::visits;
use huitong_service_kit::harness::Called;
use uuid::Uuid;

use super::calculation::fen;
use super::country::{Country, HOSPITAL, line};
use super::stays::{care, on};

impl Country {
    fn revoke(&mut self, visit: Uuid, batch: Option<&str>, numbers: &[&str]) -> Called<Reply> {
        let numbers = numbers.iter().map(|number| (*number).to_owned()).collect();
        let command = Command::RevokeChosenLines { visit, batch: batch.map(str::to_owned), numbers };
        self.region.call("310000", HOSPITAL, None, command)
    }

    fn lines(&self, visit: Uuid, batch: &str) -> Vec<(String, Fen)> {
        let lines: Vec<SplitLine> = visits::lines(self.region.view("310000"), visit, batch).expect("readable");
        lines.into_iter().map(|line| (line.number, line.total_fen)).collect()
    }
}

/// Takes ten of a hundred back.
fn returned(number: &str, original: &str) -> huitong_medical::model::lines::Line {
    let mut line = on("2026-11-21", line(number, "F002431", "-10", "20.00", "-200.00"));
    line.original = Some(original.to_owned());
    line
}

/// Three lines of 2 000.00 each in batch 1, and a return of the second.
fn stay() -> (Country, Uuid) {
    let mut country = Country::new();
    let visit = country.admitted("2026-11-20");
    let lines = ["1", "2", "3"].map(|number| care(number, "2026-11-20", 100));
    country.add(visit, "1", lines.to_vec()).reply();
    country.add(visit, "1", vec![returned("4", "2")]).reply();
    (country, visit)
}

#[test]
fn one_line_goes_and_the_offer_that_counted_it_can_no_longer_be_taken() {
    let (mut country, visit) = stay();
    country.discharge(visit, "2026-11-22").reply();
    let quote = country.quoted(visit, "1", false);
    assert_eq!(quote.computation.amounts.lines.total_fen, fen("5800.00"));
    country.revoke(visit, None, &["1"]).reply();
    assert_eq!(country.lines(visit, "1"), [("2".to_owned(), fen("1800.00")), ("3".to_owned(), fen("2000.00"))]);
    assert_eq!(country.settle_quote(visit, &quote, "stay-1").code(), "MED-4013", "it was of other lines");
    let (_, settled) = country.settle_stay(visit, "1", false, "stay-2");
    assert_eq!(settled.total_fen, fen("3800.00"));
    assert_eq!(settled.fund_total_fen, fen("2520.00"), "3 000.00 × 84 %");
    country.check_books(1, 0);
    country.cancel(&settled.settlement).reply();
    country.revoke(visit, Some("1"), &["3"]).reply();
    let (_, again) = country.settle_stay(visit, "1", false, "stay-3");
    assert_eq!(again.total_fen, fen("1800.00"), "what was taken back can be corrected");
}

/// The offer of home is on its way while the line goes: it is not kept for what is left.
#[test]
fn an_offer_that_comes_after_a_line_has_gone_is_not_kept() {
    let (mut country, visit) = stay();
    country.discharge(visit, "2026-11-22").reply();
    let ask = Command::AskQuote { visit, batch: "1".to_owned(), interim: false, account_wanted: false, total: None };
    let asked = country.region.call("310000", HOSPITAL, None, ask);
    country.revoke(visit, None, &["1"]).reply();
    country.region.carry_all();
    let Called::Waiting(waiting) = asked else { panic!("home is asked: {asked:?}") };
    let offered = country.region.told.get(&waiting);
    let Some(Ok(Reply::Quoted(quote))) = offered else { panic!("home offers: {offered:?}") };
    assert_eq!(quote.computation.amounts.lines.total_fen, fen("5800.00"), "of the lines that were sent");
    let batch = visits::visited_batch(country.region.view("310000"), visit, "1").expect("readable").expect("a batch");
    assert!(batch.quote.is_none());
}

#[test]
fn a_return_that_is_revoked_gives_back_and_a_line_goes_only_with_its_returns() {
    let (mut country, visit) = stay();
    assert_eq!(country.revoke(visit, None, &["2"]).code(), "MED-3013");
    assert_eq!(country.revoke(visit, None, &["3", "2"]).code(), "MED-3013", "all of them or none");
    assert_eq!(country.lines(visit, "1").len(), 3, "nothing was changed");
    country.revoke(visit, None, &["4"]).reply();
    assert_eq!(country.lines(visit, "1")[1], ("2".to_owned(), fen("2000.00")), "as if nothing had been returned");
    country.add(visit, "1", vec![returned("4", "2")]).reply();
    country.revoke(visit, None, &["2", "4"]).reply();
    assert_eq!(country.lines(visit, "1").len(), 2);
    country.add(visit, "1", vec![care("2", "2026-11-20", 1)]).reply();
    country.revoke(visit, None, &["1", "2", "3"]).reply();
    let batch = visits::visited_batch(country.region.view("310000"), visit, "1").expect("readable");
    assert!(batch.is_none(), "a batch without lines is none");
}

#[test]
fn a_line_that_is_unknown_settled_of_another_batch_or_another_hospital_is_not_taken_back() {
    let (mut country, visit) = stay();
    country.add(visit, "2", vec![care("5", "2026-11-21", 100)]).reply();
    assert_eq!(country.revoke(visit, None, &["9"]).code(), "MED-3012");
    assert_eq!(country.revoke(visit, Some("2"), &["1"]).code(), "MED-3012", "it is in batch 1");
    assert_eq!(country.revoke(visit, None, &["1", "1"]).code(), "MED-3003");
    assert_eq!(country.revoke(visit, None, &[]).code(), "MED-1002");
    assert_eq!(country.revoke(visit, None, &["1"; 101]).code(), "MED-1011");
    let stranger = Command::RevokeChosenLines { visit, batch: None, numbers: vec!["1".to_owned()] };
    assert_eq!(country.region.call("310000", "H31010100002", None, stranger).code(), "MED-3001");
    country.discharge(visit, "2026-11-22").reply();
    country.settle_stay(visit, "1", true, "interim-1");
    assert_eq!(country.revoke(visit, None, &["5", "1"]).code(), "MED-3007", "the first is settled");
    assert_eq!(country.lines(visit, "2").len(), 1, "so the other stays too");
    country.revoke(visit, None, &["5"]).reply();
    country.check_books(1, 0);
}

/// 2205 and 2302 mean all by 0000.
#[test]
fn a_line_or_batch_that_could_not_be_asked_for_alone_is_not_taken() {
    let (mut country, visit) = stay();
    for number in ["0000", "1\n2", "\u{0}"] {
        assert_eq!(country.add(visit, "1", vec![care(number, "2026-11-21", 1)]).code(), "MED-1012", "{number:?}");
        assert_eq!(country.add(visit, number, vec![care("9", "2026-11-21", 1)]).code(), "MED-1012", "{number:?}");
    }
    assert_eq!(country.lines(visit, "1").len(), 3, "nothing was changed");
}
