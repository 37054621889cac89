//! Contests: what is contested is not paid, everything else is; then it is, or is given back.

use huitong_clearing::command::{Command, Reply};
use huitong_clearing::model::contest::{ContestState, Reason, Ruling};
use huitong_clearing::model::message::Message;
use huitong_clearing::model::statement::State;
use huitong_clearing::query::contests;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_ledger::clearing::Hold;
use uuid::Uuid;

use crate::desk::{Desk, SH, ZJ};

const MONTH: &str = "2026-11";

/// November is over; Zhejiang owes Shanghai three bills of which the second is contested.
fn november() -> (Desk, Digest, Uuid) {
    let mut desk = Desk::monthly();
    desk.open_accounts();
    desk.owe("medical", ZJ, SH, 10_000);
    let doubtful = desk.owe("medical", ZJ, SH, 2_500);
    desk.owe("medical", ZJ, SH, 400);
    desk.pass_days(7);
    let contest = open(&mut desk, doubtful).reply();
    let Reply::Contested { contest, state: ContestState::Open } = contest else { panic!("{contest:?}") };
    desk.quiet();
    (desk, doubtful, contest)
}

fn open(desk: &mut Desk, document: Digest) -> huitong_service_kit::harness::Called<Reply> {
    let (reason, evidence) = (Reason::Duplicate, "the same bill as of 12 November".to_owned());
    desk.call(ZJ, Command::OpenContest { document, reason, evidence })
}

fn answer(desk: &mut Desk, contest: Uuid, ruling: Ruling, amount: Option<i64>, tribunal: Option<&str>) {
    let command = Command::AnswerContest {
        contest,
        ruling,
        amount: amount.map(Fen),
        explanation: "looked into".to_owned(),
        tribunal: tribunal.map(str::to_owned),
    };
    desk.call(SH, command).reply();
    desk.quiet();
}

fn reply(desk: &mut Desk, contest: Uuid, accepts: bool) {
    desk.call(ZJ, Command::ReplyContest { contest, accepts, explanation: String::new() }).reply();
    desk.quiet();
}

fn state(desk: &Desk, at: &str, contest: Uuid) -> ContestState {
    contests::contest(desk.region.view(at), contest).expect("readable").expect("known").state
}

/// Confirms and pays a month; gives what Shanghai's bank has gained since the start.
fn pay(desk: &mut Desk, month: &str) -> i64 {
    desk.confirm_all("medical", month);
    desk.pay_everything();
    desk.check();
    assert_eq!(desk.state(SH, "medical", month, ZJ), State::Closed);
    assert_eq!(desk.state(ZJ, "medical", month, SH), State::Closed);
    desk.balance(SH, &["bank"])
}

#[test]
fn the_uncontested_part_is_paid_and_an_upheld_claim_with_the_next_month() {
    let (mut desk, _, contest) = november();
    assert_eq!(pay(&mut desk, MONTH), 10_400);
    answer(&mut desk, contest, Ruling::Upheld, None, None);
    reply(&mut desk, contest, true);
    assert_eq!((state(&desk, SH, contest), state(&desk, ZJ, contest)), (ContestState::Upheld, ContestState::Upheld));
    desk.pass_days(31);
    assert_eq!(pay(&mut desk, "2026-12"), 12_900);
    let row = desk.statement(SH, "medical", "2026-12", ZJ);
    assert_eq!(row.their_confirmation.expect("confirmed").released_fen, Fen(2_500));
}

#[test]
fn a_withdrawn_claim_is_paid_and_given_back_so_that_nothing_of_it_remains() {
    let (mut desk, doubtful, contest) = november();
    assert_eq!(pay(&mut desk, MONTH), 10_400);
    answer(&mut desk, contest, Ruling::Withdrawn, None, None);
    assert_eq!(desk.given_back[0].document, doubtful);
    assert_eq!(state(&desk, ZJ, contest), ContestState::Withdrawn);
    desk.pass_days(31);
    assert_eq!(pay(&mut desk, "2026-12"), 10_400, "the bill and its contra");
    let row = contests::contest(desk.region.view(SH), contest).expect("readable").expect("known");
    assert_eq!(row.given_back.as_deref(), Some("done"));
}

#[test]
fn an_adjusted_claim_leaves_what_the_debtor_accepts() {
    let (mut desk, _, contest) = november();
    pay(&mut desk, MONTH);
    answer(&mut desk, contest, Ruling::Adjusted, Some(900), None);
    assert!(desk.given_back.is_empty(), "not before the debtor accepts");
    reply(&mut desk, contest, true);
    desk.pass_days(31);
    assert_eq!(pay(&mut desk, "2026-12"), 10_400 + 900);
}

#[test]
fn what_is_contested_after_the_payment_comes_back_with_the_next_period() {
    let mut desk = Desk::monthly();
    desk.open_accounts();
    let paid = desk.owe("medical", ZJ, SH, 5_000);
    desk.pass_days(7);
    assert_eq!(pay(&mut desk, MONTH), 5_000);
    let Reply::Contested { contest, .. } = open(&mut desk, paid).reply() else { panic!("contested") };
    desk.quiet();
    answer(&mut desk, contest, Ruling::Withdrawn, None, None);
    desk.pass_days(31);
    assert_eq!(pay(&mut desk, "2026-12"), 0);
}

#[test]
fn silence_of_the_creditor_and_a_reply_that_does_not_accept_go_to_the_tribunal() {
    for is_answered in [false, true] {
        let (mut desk, _, contest) = november();
        if is_answered {
            answer(&mut desk, contest, Ruling::Upheld, None, None);
            reply(&mut desk, contest, false);
        } else {
            desk.pass_days(20);
        }
        for at in [SH, ZJ] {
            assert_eq!(state(&desk, at, contest), ContestState::Escalated, "{at}, answered: {is_answered}");
        }
        let without = Command::AnswerContest {
            contest,
            ruling: Ruling::Upheld,
            amount: None,
            explanation: String::new(),
            tribunal: None,
        };
        assert_eq!(desk.call(SH, without).code(), "CLR-4009");
        answer(&mut desk, contest, Ruling::Adjusted, Some(1_000), Some("沪浙仲裁〔2026〕3号"));
        reply(&mut desk, contest, true);
        for at in [SH, ZJ] {
            assert_eq!(state(&desk, at, contest), ContestState::Adjusted, "{at}");
        }
        desk.check();
    }
}

#[test]
fn a_debtor_that_does_not_reply_escalates_too() {
    let (mut desk, _, contest) = november();
    answer(&mut desk, contest, Ruling::Upheld, None, None);
    desk.pass_days(20);
    for at in [SH, ZJ] {
        assert_eq!(state(&desk, at, contest), ContestState::Escalated, "{at}");
    }
    assert!(desk.alarms(SH).iter().any(|sentence| sentence.contains("escalated to the tribunal")));
    desk.check();
}

#[test]
fn a_contest_that_comes_late_but_was_filed_in_time_is_escalated_on_both_sides() {
    let mut desk = Desk::monthly();
    desk.open_accounts();
    let doubtful = desk.owe("medical", ZJ, SH, 2_500);
    desk.pass_days(7);
    desk.down.push(SH);
    let Reply::Contested { contest, .. } = open(&mut desk, doubtful).reply() else { panic!("contested") };
    desk.pass_up(45);
    assert_eq!(state(&desk, ZJ, contest), ContestState::Escalated);
    desk.down.clear();
    desk.quiet();
    for at in [SH, ZJ] {
        assert_eq!(state(&desk, at, contest), ContestState::Escalated, "{at}");
    }
    desk.check();
}

#[test]
fn who_may_not_move_is_told_so() {
    let (mut desk, doubtful, contest) = november();
    let reply_now = Command::ReplyContest { contest, accepts: true, explanation: String::new() };
    assert_eq!(desk.call(ZJ, reply_now).code(), "CLR-4006", "the creditor is next");
    assert_eq!(open(&mut desk, doubtful).code(), "CLR-4005");
    let unknown = desk.document(ZJ, SH, 1).id;
    assert_eq!(open(&mut desk, unknown).code(), "CLR-4001");
    let mut contest_at_creditor = |document| {
        let (reason, evidence) = (Reason::Amount, "x".to_owned());
        desk.call(SH, Command::OpenContest { document, reason, evidence }).code()
    };
    assert_eq!(contest_at_creditor(doubtful), "CLR-4008");
    let empty = Command::OpenContest { document: doubtful, reason: Reason::Amount, evidence: " ".to_owned() };
    assert_eq!(desk.call(ZJ, empty).code(), "CLR-1003");
    let too_much = Command::AnswerContest {
        contest,
        ruling: Ruling::Adjusted,
        amount: Some(Fen(2_500)),
        explanation: String::new(),
        tribunal: None,
    };
    assert_eq!(desk.call(SH, too_much).code(), "CLR-1003");
    answer(&mut desk, contest, Ruling::Withdrawn, None, None);
    let again = Command::ReplyContest { contest, accepts: true, explanation: String::new() };
    assert_eq!(desk.call(ZJ, again).code(), "CLR-4007");
}

#[test]
fn after_the_term_nothing_can_be_contested_and_before_the_match_nothing_either() {
    let mut desk = Desk::monthly();
    let early = desk.owe("medical", ZJ, SH, 700);
    desk.quiet();
    assert_eq!(open(&mut desk, early).code(), "CLR-4002");
    desk.pass_days(7);
    desk.pass_days(31);
    assert_eq!(open(&mut desk, early).code(), "CLR-4003", "22 working days after 1 December are over");
}

#[test]
fn a_document_that_its_service_contests_is_held_until_it_is_not() {
    let mut desk = Desk::daily();
    desk.open_accounts();
    let ride = desk.owe("transit", ZJ, SH, 600);
    desk.owe("transit", ZJ, SH, 300);
    let (contest, document) = (Uuid::from_u128(7), ride);
    desk.tell("transit", ZJ, Message::Hold(Hold { document, contest, is_held: true }));
    desk.pass_days(1);
    desk.pay_everything();
    assert_eq!(desk.balance(SH, &["bank"]), 300);
    desk.tell("transit", ZJ, Message::Hold(Hold { document, contest, is_held: false }));
    desk.pass_days(1);
    desk.pay_everything();
    assert_eq!(desk.balance(SH, &["bank"]), 900);
    desk.check();
}

#[test]
fn a_service_that_cannot_give_back_leaves_an_alarm_and_a_code() {
    let (mut desk, _, contest) = november();
    desk.refuses = Some("MED-4002".to_owned());
    answer(&mut desk, contest, Ruling::Withdrawn, None, None);
    let row = contests::contest(desk.region.view(SH), contest).expect("readable").expect("known");
    assert_eq!(row.given_back.as_deref(), Some("MED-4002"));
    assert!(desk.alarms(SH).iter().any(|sentence| sentence.contains("MED-4002")));
    desk.check();
}

#[test]
fn an_answer_that_crosses_the_escalation_changes_nothing_and_the_tribunal_decides() {
    let (mut desk, _, contest) = november();
    let upheld = Command::AnswerContest {
        contest,
        ruling: Ruling::Upheld,
        amount: None,
        explanation: "sent in the last hour".to_owned(),
        tribunal: None,
    };
    desk.call(SH, upheld).reply();
    // It is on its way when the debtor's term ends.
    desk.region.now = desk.region.now + DurationMs::days(20);
    for _ in 0..10 {
        desk.region.tick(ZJ);
    }
    assert_eq!(
        (state(&desk, SH, contest), state(&desk, ZJ, contest)),
        (ContestState::Answered, ContestState::Escalated)
    );
    desk.quiet();
    assert_eq!(
        (state(&desk, SH, contest), state(&desk, ZJ, contest)),
        (ContestState::Escalated, ContestState::Escalated)
    );
    answer(&mut desk, contest, Ruling::Adjusted, Some(700), Some("沪浙仲裁〔2026〕4号"));
    reply(&mut desk, contest, true);
    assert_eq!(
        (state(&desk, SH, contest), state(&desk, ZJ, contest)),
        (ContestState::Adjusted, ContestState::Adjusted)
    );
    assert_eq!(desk.given_back.len(), 1);
    desk.check();
}

#[test]
fn a_contest_filed_on_the_last_day_is_taken_by_a_creditor_that_was_down() {
    let mut desk = Desk::monthly();
    let bill = desk.owe("medical", ZJ, SH, 700);
    desk.pass_days(7);
    // The statement is of 1 December; 22 working days after it is 31 December.
    desk.pass_days(30);
    assert_eq!(desk.today().to_string(), "2026-12-31");
    desk.down.push(SH);
    let Reply::Contested { contest, .. } = open(&mut desk, bill).reply() else { panic!("contested") };
    desk.pass_up(9);
    desk.down.clear();
    desk.quiet();
    assert_eq!(state(&desk, SH, contest), ContestState::Open);
    desk.check();
}
