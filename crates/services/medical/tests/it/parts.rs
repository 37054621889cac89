//! Stays that are settled in parts (中途结算): closed with the last part, on both sides alike.

use huitong_medical::command::Command;
use huitong_medical::model::filing::FilingKind;
use huitong_medical::query::settlements::{self, Role};
use huitong_medical::query::visits;
use uuid::Uuid;

use super::country::{Country, HOSPITAL};
use super::stays::{both, care, date};

impl Country {
    fn drop_lines(&mut self, visit: Uuid, batch: &str) {
        let revoke = Command::RevokeLines { visit, batch: batch.to_owned() };
        self.region.call("310000", HOSPITAL, None, revoke).reply();
        self.region.carry_all();
    }
}

/// What a hospital does where it settles every week: at the discharge nothing is left to settle.
#[test]
fn a_stay_that_is_settled_wholly_in_parts_is_closed_at_the_discharge() {
    let mut country = Country::new();
    let visit = country.admitted("2026-11-10");
    country.add(visit, "1", vec![care("1", "2026-11-10", 20)]).reply();
    country.settle_stay(visit, "1", true, "interim-1");
    country.add(visit, "2", vec![care("2", "2026-11-20", 100)]).reply();
    let (_, last) = country.settle_stay(visit, "2", true, "interim-2");
    assert_eq!(country.state(visit), both("open"), "the person lies in hospital still");
    country.discharge(visit, "2026-11-22").reply();
    assert_eq!(country.state(visit), both("closed"));
    assert_eq!(country.try_file(FilingKind::TempReferred).code(), "MED-2007", "discharged and settled");
    country.check_books(2, 0);

    country.cancel(&last.settlement).reply();
    assert_eq!(country.state(visit), both("discharged"), "the last part is open again");
    let (_, again) = country.settle_stay(visit, "2", false, "stay-3");
    assert_eq!(again.fund_total_fen, last.fund_total_fen, "the same, as the settlement of the discharge");
    assert_eq!(country.state(visit), both("closed"));
    assert_eq!(country.take_back_discharge(visit).code(), "MED-3011", "the discharge is settled");
    country.check_books(3, 1);
}

#[test]
fn a_discharged_stay_is_closed_with_its_last_part_or_when_the_lines_that_are_left_are_dropped() {
    let mut country = Country::new();
    let visit = country.admitted("2026-11-10");
    country.add(visit, "1", vec![care("1", "2026-11-10", 60)]).reply();
    country.add(visit, "2", vec![care("2", "2026-11-11", 10)]).reply();
    country.discharge(visit, "2026-11-12").reply();
    let (_, first) = country.settle_stay(visit, "1", true, "interim-1");
    assert_eq!(country.state(visit), both("discharged"), "batch 2 is not settled");
    let (_, second) = country.settle_stay(visit, "2", true, "interim-2");
    assert_eq!(country.state(visit), both("closed"));
    country.cancel(&second.settlement).reply();
    assert_eq!(country.state(visit), both("discharged"));
    country.drop_lines(visit, "2");
    assert_eq!(country.state(visit), both("closed"), "nothing else is left");
    country.cancel(&first.settlement).reply();
    country.drop_lines(visit, "1");
    assert_eq!(country.state(visit), both("discharged"), "nothing of it is settled: its bill is still to come");
    country.check_books(2, 2);
}

#[test]
fn what_comes_after_the_last_part_opens_the_stay_again() {
    let mut country = Country::new();
    let visit = country.admitted("2026-11-10");
    country.add(visit, "1", vec![care("1", "2026-11-10", 60)]).reply();
    country.settle_stay(visit, "1", true, "interim-1");
    country.discharge(visit, "2026-11-12").reply();
    assert_eq!(country.state(visit), both("closed"));
    // The bill of the last day was forgotten.
    assert_eq!(country.add(visit, "2", vec![care("2", "2026-11-13", 10)]).code(), "MED-3006", "after the discharge");
    assert_eq!(country.state(visit), both("closed"), "what is refused opens nothing");
    country.add(visit, "2", vec![care("2", "2026-11-12", 10)]).reply();
    country.region.carry_all();
    assert_eq!(country.state(visit), both("discharged"));
    country.drop_lines(visit, "2");
    assert_eq!(country.state(visit), both("closed"));
    // The person did not leave.
    country.take_back_discharge(visit).reply();
    assert_eq!(country.state(visit), both("open"));
    country.add(visit, "2", vec![care("2", "2026-11-14", 10)]).reply();
    country.discharge(visit, "2026-11-14").reply();
    let (quote, _) = country.settle_stay(visit, "2", false, "stay-2");
    assert_eq!(quote.care_date, date("2026-11-14"));
    assert_eq!(country.state(visit), both("closed"));
    country.check_books(2, 0);
}

/// The discharge crosses the answer to a cancellation: visited closes what home has just opened again.
#[test]
fn a_discharge_while_the_last_part_is_being_taken_back_ends_alike_on_both_sides() {
    let mut country = Country::new();
    let visit = country.admitted("2026-11-10");
    country.add(visit, "1", vec![care("1", "2026-11-10", 60)]).reply();
    let (_, settled) = country.settle_stay(visit, "1", true, "interim-1");
    country.region.call("310000", HOSPITAL, None, Command::Cancel { settlement: settled.settlement });
    country.discharge(visit, "2026-11-12").reply();
    assert_eq!(country.state(visit), both("discharged"));
    country.settle_stay(visit, "1", true, "interim-2");
    assert_eq!(country.state(visit), both("closed"));
    country.check_books(2, 1);
}

/// The cashier gave up waiting; the settlement comes, its reversal is under way, and the stay waits for what becomes of it.
#[test]
fn a_last_part_that_is_reversed_leaves_the_stay_discharged() {
    let mut country = Country::new();
    let visit = country.admitted("2026-11-10");
    country.add(visit, "1", vec![care("1", "2026-11-10", 60)]).reply();
    country.discharge(visit, "2026-11-12").reply();
    country.settle_stay(visit, "1", true, "interim-1");
    assert_eq!(country.state(visit), both("closed"));
    let reverse = Command::Reverse { message_id: "interim-1".to_owned() };
    country.region.ask("310000", HOSPITAL, None, reverse).reply();
    assert_eq!(country.state(visit), both("discharged"));
    let quote = country.quoted(visit, "1", true);
    let command = Command::Settle {
        visit,
        batch: "1".to_owned(),
        quote: quote.quote,
        message_id: "interim-2".to_owned(),
        total: quote.computation.amounts.lines.total_fen,
        sums: None,
    };
    country.region.call("310000", HOSPITAL, Some("interim-2"), command);
    let reverse = Command::Reverse { message_id: "interim-2".to_owned() };
    country.region.ask("310000", HOSPITAL, None, reverse).reply();
    assert_eq!(country.state(visit), both("discharged"), "never closed in between");
    country.settle_stay(visit, "1", false, "stay-3");
    assert_eq!(country.state(visit), both("closed"));
    country.check_books(3, 2);
}

/// Of other hospitals this one knows nothing; home does not judge where a person lies.
#[test]
fn a_discharge_is_not_taken_back_while_the_person_lies_in_the_same_hospital_again() {
    let mut country = Country::new();
    let first = country.admitted("2026-11-10");
    country.add(first, "1", vec![care("1", "2026-11-10", 20)]).reply();
    country.settle_stay(first, "1", true, "interim-1");
    country.discharge(first, "2026-11-12").reply();
    let second = country.admitted("2026-11-14");
    assert_eq!(country.take_back_discharge(first).code(), "MED-3002");
    assert_eq!((country.state(first), country.state(second)), (both("closed"), both("open")));
}

#[test]
fn lines_that_come_after_a_batch_was_emptied_get_a_number_that_is_free() {
    let mut country = Country::new();
    let visit = country.admitted("2026-11-10");
    country.add(visit, "1", vec![care("1", "2026-11-10", 20)]).reply();
    let (_, first) = country.settle_stay(visit, "1", true, "interim-1");
    country.add(visit, "2", vec![care("2", "2026-11-11", 20)]).reply();
    country.settle_stay(visit, "2", true, "interim-2");
    let next = |country: &Country| visits::open_batch(country.region.view("310000"), visit).expect("readable");
    assert_eq!(next(&country), "3");
    let (_, last) = {
        let last = settlements::last_of_visit(country.region.view("310000"), Role::Visited, &first.visit);
        (first.clone(), last.expect("readable").expect("there is one"))
    };
    country.cancel(&last).reply();
    country.cancel(&first.settlement).reply();
    country.drop_lines(visit, "1");
    country.settle_stay(visit, "2", true, "interim-3");
    assert_eq!(next(&country), "1", "2 is settled");
}
