//! Three sides hold the same documents: the hospital, the node of the place of treatment, the node of the insured place.

use huitong_kernel::time::{Date, DurationMs};
use huitong_medical::command::{Command, ReconcileWish, Reply, SettledReply};
use huitong_medical::event::DayState;
use huitong_medical::model::reconciliation::{Cause, Difference, Proposal, Reconciliation, Row};
use huitong_medical::query::reconciliation::{DayItem, days};
use huitong_medical::query::records;

use super::calculation::fen;
use super::country::{Country, HOSPITAL};

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
