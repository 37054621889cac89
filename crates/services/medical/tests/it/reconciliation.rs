//! Three sides hold the same documents: the hospital, the node of the place of treatment, the node of the insured place.

use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs};
use huitong_medical::command::{Command, ReconcileWish, Reply, SettledReply};
use huitong_medical::event::DayState;
use huitong_medical::model::reconciliation::{Cause, Difference, Proposal, Reconciliation, Row};
use huitong_medical::query::reconciliation::{DayItem, days};
use huitong_medical::query::records;

use super::calculation::fen;
use super::country::{Country, HOSPITAL, division};

fn row(settled: &SettledReply) -> Row {
    Row {
        settlement: settled.settlement.clone(),
        visit: settled.visit.clone(),
        person: settled.person.clone(),
        total_fen: settled.total_fen,
        fund_fen: settled.fund_total_fen,
        account_fen: settled.account_fen,
        is_contra: settled.contra_of.is_some(),
    }
}

impl Country {
    fn today(&self) -> Date {
        self.region.now.business_date()
    }

    fn reconcile(&mut self, rows: Vec<Row>) -> Reconciliation {
        let today = self.today();
        let wish = ReconcileWish { from: today, to: today, home: None, rows, stated: None };
        match self.region.call("310000", HOSPITAL, None, Command::Reconcile(Box::new(wish))).reply() {
            Reply::Reconciled(made) => *made,
            other => panic!("a reconciliation, not {other:?}"),
        }
    }

    fn fix(&mut self, made: &Reconciliation, difference: &Difference) {
        let (reconciliation, settlement) = (made.reconciliation, difference.settlement().to_owned());
        self.region.ask("310000", HOSPITAL, None, Command::FixDifference { reconciliation, settlement }).reply();
    }

    fn days(&self) -> Vec<DayItem> {
        days(self.region.view("310000"), ("", ""), 10).expect("readable")
    }
}

#[test]
fn each_difference_with_a_hospital_has_its_cause_and_one_command_mends_it() {
    let mut country = Country::new();
    let settled: Vec<SettledReply> = (0..3).map(|number| country.settled(&format!("message-{number:04}"))).collect();
    let rows: Vec<Row> = settled.iter().map(row).collect();
    assert_eq!(country.reconcile(rows.clone()).differences, [], "all three sides agree");

    // The hospital lost the first, typed the second, refunded the third by itself, and has one that nobody knows.
    let mut typed = rows[1].clone();
    typed.total_fen = fen("249.10");
    let mut refund = rows[2].clone();
    (refund.settlement, refund.is_contra) = ("R-1".to_owned(), true);
    (refund.total_fen, refund.fund_fen) = (-refund.total_fen, -refund.fund_fen);
    let mut foreign = rows[2].clone();
    (foreign.settlement, foreign.visit) = ("X-1".to_owned(), "S-unknown".to_owned());
    let made = country.reconcile(vec![typed, rows[2].clone(), refund, foreign]);
    let causes: Vec<(Cause, Proposal)> = made.differences.iter().map(|of| (of.cause, of.proposal)).collect();
    assert_eq!(
        causes,
        [
            (Cause::AnswerLost, Proposal::Rebook),
            (Cause::AmountTyped, Proposal::Correct),
            (Cause::RefundMissing, Proposal::TakeBack),
            (Cause::NeverBooked, Proposal::Reverse),
        ]
    );
    for difference in &made.differences {
        country.fix(&made, difference);
    }
    let contra = country.check_books(3, 1);
    assert_eq!(contra.total_fen, fen("498.00"), "the refund is booked on both sides");
    let (reconciliation, settlement) = (made.reconciliation, made.differences[0].settlement().to_owned());
    let again = Command::FixDifference { reconciliation, settlement };
    assert_eq!(country.region.ask("310000", HOSPITAL, None, again).code(), "MED-5009", "it is resolved");
}

#[test]
fn rows_too_large_to_be_added_up_are_refused() {
    let mut country = Country::new();
    let today = country.today();
    for count in [2, 923] {
        let row = |number: usize| Row {
            settlement: format!("X-{number}"),
            visit: "S-unknown".to_owned(),
            person: "P-unknown".to_owned(),
            total_fen: Fen::LIMIT,
            fund_fen: Fen::ZERO,
            account_fen: Fen::ZERO,
            is_contra: false,
        };
        let wish =
            ReconcileWish { from: today, to: today, home: None, rows: (0..count).map(row).collect(), stated: None };
        let called = country.region.call("310000", HOSPITAL, None, Command::Reconcile(Box::new(wish)));
        assert_eq!(called.code(), "MED-1004", "{count} rows");
    }
}

#[test]
fn a_mistyped_visit_makes_two_differences_of_one_document_and_each_is_fixed_by_itself() {
    let mut country = Country::new();
    let mut mistyped = row(&country.settled("message-0001"));
    mistyped.visit = "S-mistyped".to_owned();
    let made = country.reconcile(vec![mistyped]);
    let proposals: Vec<Proposal> = made.differences.iter().map(|of| of.proposal).collect();
    assert_eq!(proposals, [Proposal::Rebook, Proposal::Reverse]);
    for difference in &made.differences {
        country.fix(&made, difference);
    }
    let (reconciliation, settlement) = (made.reconciliation, made.differences[0].settlement().to_owned());
    let again = Command::FixDifference { reconciliation, settlement };
    assert_eq!(country.region.ask("310000", HOSPITAL, None, again).code(), "MED-5009", "both are resolved");
    country.check_books(1, 0);
}

#[test]
fn what_a_hospital_marks_as_refunded_is_taken_back_here_once() {
    let mut country = Country::new();
    let mut marked = row(&country.settled("message-0001"));
    marked.is_contra = true;
    let made = country.reconcile(vec![marked.clone()]);
    let [difference] = made.differences.as_slice() else { panic!("one difference, not {:?}", made.differences) };
    assert_eq!(difference.proposal, Proposal::TakeBack);
    country.fix(&made, difference);
    country.check_books(1, 1);
    let again = country.reconcile(vec![marked]);
    assert!(again.differences.iter().all(|of| of.proposal == Proposal::MarkReversed), "{:?}", again.differences);
}

#[test]
fn what_is_compared_is_of_the_home_area_that_is_asked_for() {
    let mut country = Country::new();
    country.settled("message-0001");
    let today = country.today();
    for (home, documents) in
        [(None, 1), (Some("330000"), 1), (Some("330100"), 1), (Some("330200"), 0), (Some("320000"), 0)]
    {
        let wish = ReconcileWish { from: today, to: today, home: home.map(division), rows: Vec::new(), stated: None };
        match country.region.call("310000", HOSPITAL, None, Command::Reconcile(Box::new(wish))).reply() {
            Reply::Reconciled(made) => assert_eq!(made.platform.documents, documents, "{home:?}"),
            other => panic!("a reconciliation, not {other:?}"),
        }
    }
}

#[test]
fn what_a_hospital_lost_is_rebuilt_from_the_journal() {
    let mut country = Country::new();
    let settled = country.settled("message-0001");
    let today = country.today();
    let records =
        records::list(country.region.view("310000"), HOSPITAL, (today, today), ("", ""), 10).expect("readable");
    let [(_, record)] = records.as_slice() else { panic!("one record") };
    assert_eq!(record.document.settlement, settled.settlement);
    assert_eq!(record.document.message_id, "message-0001");
    assert_eq!(record.lines.len(), 3, "with its lines");
}

#[test]
fn a_day_is_compared_by_both_nodes_when_it_is_over_and_opened_again_by_what_comes_late() {
    let mut country = Country::new();
    let first = country.settled("message-0001");
    assert_eq!(country.days()[0].state, DayState::Open);
    country.region.pass(DurationMs::minutes(24 * 60));
    country.region.carry_all();
    assert_eq!(country.days()[0].state, DayState::Equal, "{:?}", country.days());
    let cancel = Command::Cancel { settlement: first.settlement };
    country.region.ask("310000", HOSPITAL, None, cancel).reply();
    let states: Vec<DayState> = country.days().iter().map(|day| day.state).collect();
    assert_eq!(states, [DayState::Equal, DayState::Open], "the contra is of today");
    country.region.pass(DurationMs::minutes(24 * 60));
    country.region.carry_all();
    assert!(country.days().iter().all(|day| day.state == DayState::Equal), "{:?}", country.days());
    country.check_books(1, 1);
}
