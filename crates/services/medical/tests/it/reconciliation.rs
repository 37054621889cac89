//! Three sides hold the same documents: the hospital, the node of the place of treatment, the node of the insured place.

use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs, ToSpan};
use huitong_medical::command::{Command, ReconcileWish, Reply, SettledReply};
use huitong_medical::event::DayState;
use huitong_medical::model::message::{Cancel, Message};
use huitong_medical::model::reconciliation::{
    Cause, DayCause, DayClass, DayProposal, Difference, DifferenceState, Proposal, Reconciliation, Row,
};
use huitong_medical::query::reconciliation::{Day, days, differences};
use huitong_medical::query::settlements::{Role, Settlement, list};
use huitong_service_kit::harness::Called;

use super::calculation::fen;
use super::country::{Country, HOSPITAL, division};
use super::lanes::{HOME, VISITED, bytes, cut, lane, paid, refused, say};
use super::pool_stage::Delegated;
use super::settlement::{quoted, used_up_deductible};

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
        self.compared(wish)
    }

    fn compared(&mut self, wish: ReconcileWish) -> Reconciliation {
        match self.region.call("310000", HOSPITAL, None, Command::Reconcile(Box::new(wish))).reply() {
            Reply::Reconciled(made) => *made,
            other => panic!("a reconciliation, not {other:?}"),
        }
    }

    fn fix(&mut self, made: &Reconciliation, number: usize) -> Called<Reply> {
        let fix = Command::FixDifference { reconciliation: made.reconciliation, number };
        self.region.ask("310000", HOSPITAL, None, fix)
    }

    /// Of each difference, as it stands now.
    fn states(&self, made: &Reconciliation) -> Vec<DifferenceState> {
        let found = differences(self.region.view("310000"), made.reconciliation).expect("readable");
        found.iter().map(Difference::state).collect()
    }

    fn compare(&mut self, day: &str) -> Called<Reply> {
        let compare = Command::CompareDay { home: division(HOME), day: day.parse().expect("a date") };
        let called = self.region.call(VISITED, "pool", None, compare);
        self.region.carry_all();
        called
    }

    fn days(&self) -> Vec<Day> {
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
            (Cause::NeverBooked, Proposal::Remove),
        ]
    );
    for number in 1..=4 {
        country.fix(&made, number).reply();
    }
    use DifferenceState::{Confirmed, Resolved};
    assert_eq!(
        country.states(&made),
        [Confirmed, Confirmed, Resolved, Confirmed],
        "what is the hospital's it says itself"
    );
    let contra = country.check_books(3, 1);
    assert_eq!(contra.total_fen, fen("498.00"), "the refund is booked on both sides");
    country.fix(&made, 3).reply();
    assert_eq!(country.fix(&made, 5).code(), "MED-5009", "there is none");
}

/// A settlement that the hospital has refunded by itself, and the comparison that finds it.
fn refunded(country: &mut Country) -> (Vec<Row>, Reconciliation) {
    let settled = row(&country.settled("message-0001"));
    let refund = Row { settlement: "R-1".to_owned(), is_contra: true, ..settled.clone() };
    let rows = vec![refund, settled];
    let made = country.reconcile(rows.clone());
    let [difference] = made.differences.as_slice() else { panic!("one difference, not {:?}", made.differences) };
    assert_eq!((difference.cause, difference.proposal), (Cause::RefundMissing, Proposal::TakeBack));
    (rows, made)
}

#[test]
fn a_refund_is_resolved_when_its_contra_is_booked_here_and_no_sooner() {
    let mut country = Country::new();
    let (mut rows, made) = refunded(&mut country);
    let fix = || Command::FixDifference { reconciliation: made.reconciliation, number: 1 };
    assert!(matches!(country.region.call("310000", HOSPITAL, None, fix()), Called::Waiting(_)));
    assert_eq!(country.states(&made), [DifferenceState::Asked]);
    // Home has booked, and its answer is on its way; the hospital has given up waiting, and asks again, also by a new comparison.
    country.region.carry("310000", "330000");
    assert!(matches!(country.region.call("310000", HOSPITAL, None, fix()), Called::Waiting(_)));
    let again = country.reconcile(rows.clone());
    let fix_again = Command::FixDifference { reconciliation: again.reconciliation, number: 1 };
    assert!(matches!(country.region.call("310000", HOSPITAL, None, fix_again), Called::Waiting(_)));
    country.region.restart(division("310000"));
    assert_eq!(country.states(&made), [DifferenceState::Asked]);
    country.region.carry_all();
    for made in [&made, &again] {
        assert_eq!(country.states(made), [DifferenceState::Resolved]);
    }
    country.check_books(1, 1);
    // The hospital's own refund takes the number of the contra.
    let found = differences(country.region.view("310000"), made.reconciliation).expect("readable");
    rows[0].settlement = found[0].contra.clone().expect("the contra is named");
    assert_eq!(country.reconcile(rows).differences, []);
}

#[test]
fn what_was_taken_back_by_another_way_in_the_meantime_is_resolved_without_a_second_contra() {
    let mut country = Country::new();
    let (_, made) = refunded(&mut country);
    let original = made.differences[0].to_take_back().expect("a settlement").to_owned();
    country.cancel(&original).reply();
    country.fix(&made, 1).reply();
    assert_eq!(country.states(&made), [DifferenceState::Resolved]);
    country.check_books(1, 1);
}

#[test]
fn a_refund_that_the_pool_refuses_is_open_again_until_the_pool_agrees() {
    let mut stage = Delegated::new();
    let settled = row(&stage.settled("message-0001"));
    let refund = Row { settlement: "R-1".to_owned(), is_contra: true, ..settled.clone() };
    let made = stage.country.reconcile(vec![settled, refund]);
    let fix = || Command::FixDifference { reconciliation: made.reconciliation, number: 1 };
    assert!(matches!(stage.country.region.call("310000", HOSPITAL, None, fix()), Called::Waiting(_)));
    stage.country.region.carry_all();
    stage.refuse_in_words_of_its_own();
    stage.country.region.carry_all();
    let found = differences(stage.country.region.view("310000"), made.reconciliation).expect("readable");
    let code = found[0].refusal.as_ref().map(|refusal| refusal.code.as_str());
    assert_eq!((found[0].state(), code), (DifferenceState::Open, Some("MED-4019")));
    stage.check_books(1, 0);
    stage.ask(None, fix()).reply();
    assert_eq!(stage.country.states(&made), [DifferenceState::Resolved]);
    stage.check_books(1, 1);
    assert_eq!(stage.core.contras, 1);
}

#[test]
fn what_home_refuses_is_open_again_with_the_reason_and_a_call_that_has_settled_is_not_reversed() {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    let settled: Vec<Row> = {
        let known = list(country.region.view("310000"), Role::Visited, None, None, 10).expect("readable");
        known.iter().map(known_row).collect()
    };
    let (visit, quote) = quoted(&mut country, false);
    let settle = Command::Settle {
        visit,
        batch: "1".to_owned(),
        quote: quote.quote,
        message_id: "message-0009".to_owned(),
        total: fen("249.00"),
        sums: None,
    };
    assert!(matches!(country.region.call("310000", HOSPITAL, Some("message-0009"), settle), Called::Waiting(_)));
    country.region.carry("310000", "330000");
    // The hospital has booked by itself what it was not told, and the month is paid before anybody looks.
    let typed = Row { settlement: "X-1".to_owned(), visit: quote.number.clone(), ..settled[0].clone() };
    let made = country.reconcile(settled.into_iter().chain([typed]).collect());
    let [difference] = made.differences.as_slice() else { panic!("one difference, not {:?}", made.differences) };
    assert_eq!(difference.to_reverse(), Some("message-0009"));
    cut(&mut country, HOME, "2026-11");
    paid(&mut country, HOME, "2026-11", &[("310101", 1)]);
    assert_eq!(country.fix(&made, 1).code(), "MED-4006", "it is paid: home does not reverse it");
    let found = differences(country.region.view("310000"), made.reconciliation).expect("readable");
    let refused = found[0].refusal.as_ref().map(|refusal| refusal.code.as_str());
    assert_eq!((found[0].state(), refused), (DifferenceState::Open, Some("MED-4006")));
    assert_eq!(country.fix(&made, 1).code(), "MED-5015", "it stands here too now: compare again");
    country.check_books(4, 0);
}

fn known_row(known: &Settlement) -> Row {
    Row {
        settlement: known.settlement.clone(),
        visit: known.visit.clone(),
        person: known.person.clone(),
        total_fen: known.total_fen,
        fund_fen: known.fund_total_fen,
        account_fen: known.account_fen,
        is_contra: known.contra_of.is_some(),
    }
}

#[test]
fn a_document_that_the_hospital_has_on_the_day_before_is_matched_in_both_comparisons() {
    let mut country = Country::new();
    let settled = row(&country.settled("message-0001"));
    let yesterday = country.today().checked_sub(1.day()).expect("a date");
    let wish = ReconcileWish { from: yesterday, to: yesterday, home: None, rows: vec![settled], stated: None };
    let made = country.compared(wish);
    let told = |made: &Reconciliation| made.differences.iter().map(|of| (of.cause, of.state())).collect::<Vec<_>>();
    assert_eq!(told(&made), [(Cause::OtherDay, DifferenceState::Resolved)]);
    assert_eq!(told(&country.reconcile(Vec::new())), [(Cause::OtherDay, DifferenceState::Resolved)]);
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
fn a_mistyped_visit_is_one_difference_of_one_document() {
    let mut country = Country::new();
    let mut mistyped = row(&country.settled("message-0001"));
    mistyped.visit = "S-mistyped".to_owned();
    let made = country.reconcile(vec![mistyped]);
    let told: Vec<_> = made.differences.iter().map(|of| (of.class.code(), of.cause, of.proposal)).collect();
    assert_eq!(told, [("000103", Cause::NumberTyped, Proposal::Correct)]);
}

#[test]
fn what_a_hospital_marks_as_refunded_is_taken_back_here_once() {
    let mut country = Country::new();
    let mut marked = row(&country.settled("message-0001"));
    marked.is_contra = true;
    let made = country.reconcile(vec![marked.clone()]);
    let [difference] = made.differences.as_slice() else { panic!("one difference, not {:?}", made.differences) };
    assert_eq!(difference.proposal, Proposal::TakeBack);
    country.fix(&made, 1).reply();
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

#[test]
fn a_contra_that_home_booked_and_visited_refused_is_named_with_its_cause_on_both_nodes_days() {
    let mut country = Country::new();
    let settled = country.settled("message-0001");
    // Home's books hold a contra that nobody here has asked for: as if a clerk there had meddled.
    let ask = Cancel {
        correlation: "asked by nobody".to_owned(),
        settlement: settled.settlement.clone(),
        institution: HOSPITAL.to_owned(),
        refund: true,
    };
    say(&mut country, (VISITED, "medical"), HOME, Message::Cancel(ask));
    let from_home = lane();
    country.region.carry(HOME, VISITED);
    assert_eq!(refused(&country, VISITED), ["MED-8001"]);
    country.region.pass(DurationMs::minutes(25 * 60));
    country.region.carry_all();
    // The forged question has taken the number of this day's totals in home's feed: the clerk asks again.
    assert_eq!(country.days()[0].state, DayState::Told);
    country.compare("2026-11-24").reply();
    let [day] = &country.days()[..] else { panic!("one day, not {:?}", country.days()) };
    let [difference] = &day.differing[..] else { panic!("one document, not {:?}", day.differing) };
    assert_eq!(
        (day.state, difference.class, difference.cause),
        (DayState::Differs, DayClass::HomeMore, DayCause::AnswerRefused)
    );
    assert_eq!((difference.proposal, difference.code.as_deref()), (DayProposal::ShowProof, Some("MED-8001")));
    let at_home = difference.home.as_ref().expect("home holds it");
    assert_eq!(at_home.total_fen, -settled.total_fen);
    assert!(bytes(&country, VISITED, &from_home, at_home.number).is_some(), "the signed message is here, to be shown");
}

#[test]
fn a_day_is_compared_again_when_the_clerk_asks_and_what_was_on_its_way_has_come() {
    let mut country = Country::new();
    country.settled("message-0001");
    assert_eq!(country.compare("2026-11-24").code(), "MED-5009", "it is not over");
    country.region.pass(DurationMs::minutes(24 * 60));
    country.region.carry_all();
    country.compare("2026-11-24").reply();
    assert_eq!(country.days()[0].state, DayState::Equal);
    assert_eq!(country.compare("2026-11-01").code(), "MED-5009", "nothing was settled on that day");
}

#[test]
fn a_day_that_is_compared_twice_at_once_names_each_document_once_and_what_is_equal_alarms_nobody() {
    let mut country = Country::new();
    country.settled("message-0001");
    country.region.pass(DurationMs::minutes(24 * 60));
    // Neither answer has come when the clerk asks again.
    for _ in 0..2 {
        let again = Command::CompareDay { home: division(HOME), day: "2026-11-24".parse().expect("a date") };
        country.region.call(VISITED, "pool", None, again).reply();
    }
    country.region.carry_all();
    assert_eq!(country.days()[0].state, DayState::Equal);
    assert!(refused(&country, VISITED).is_empty(), "the second answer is no surprise");
}
