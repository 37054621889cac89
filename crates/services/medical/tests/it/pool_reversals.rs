//! What the pool may have settled, or has, is taken back: before its answer, after it, and by two wishes at once.

use huitong_medical::command::{Command, Reply};
use huitong_medical::event::CallState;
use huitong_medical::pool::ask::Step;
use huitong_medical::query::settlements::{self, Role};
use huitong_service_kit::harness::Called;

use super::country::HOSPITAL;
use super::notary::{receipted, token, zhejiang};
use super::pool_stage::{Delegated, VISITED};
use super::pools::{amounts, state};

fn reverse(message_id: &str) -> Command {
    Command::Reverse { message_id: message_id.to_owned() }
}

#[test]
fn a_reversal_that_comes_before_the_answer_keeps_the_pool_from_booking() {
    for has_booked in [false, true] {
        let mut stage = Delegated::new();
        stage.send("message-0001");
        let post = stage.due().remove(0);
        let early = has_booked.then(|| stage.core.answer(&post.body));
        assert!(matches!(
            stage.country.region.call(VISITED, HOSPITAL, None, reverse("message-0001")),
            Called::Waiting(_)
        ));
        stage.country.region.carry_all();
        assert_eq!(stage.step(), [Step::Reverse]);
        if let Some(answer) = early {
            assert!(!stage.give(&post, answer), "the reversal decides now");
        }
        stage.work();
        assert_eq!(state(&stage, "message-0001"), CallState::Tombstone, "nothing was ever booked between the nodes");
        assert!(stage.is_tombstoned("message-0001"));
        assert_eq!(stage.core.contras, u64::from(has_booked));
        let late = stage.core.answer(&post.body);
        assert!(!stage.give(&post, late));
        assert_eq!(stage.send("message-0001").code(), "MED-4005");
        stage.check_books(0, 0);
    }
}

#[test]
fn a_reversal_without_an_original_never_troubles_the_pool() {
    let mut stage = Delegated::new();
    let reply = stage.country.region.call(VISITED, HOSPITAL, None, reverse("message-0001")).reply();
    assert!(matches!(reply, Reply::Call { state: CallState::Tombstone, .. }));
    assert_eq!(stage.send("message-0001").code(), "MED-4005");
    assert!(stage.due().is_empty());
    stage.check_books(0, 0);
}

#[test]
fn what_was_settled_is_taken_back_there_and_here() {
    let mut stage = Delegated::new();
    let first = stage.settled("message-0001");
    let second = stage.settled("message-0002");
    let cancel = Command::Cancel { settlement: second.settlement.clone() };
    let Reply::Cancelled(contra) = stage.ask(None, cancel).reply() else { panic!("cancelled") };
    assert_eq!(contra.cash_fen, -second.cash_fen);
    let cancel = Command::Cancel { settlement: second.settlement.clone() };
    assert_eq!(stage.ask(None, cancel).code(), "MED-4008");
    let reply = stage.ask(None, reverse("message-0001")).reply();
    assert!(matches!(reply, Reply::Call { state: CallState::Reversed, .. }), "{reply:?}");
    stage.check_books(2, 2);
    receipted(&mut stage.country, &zhejiang());
    let all = settlements::list(stage.country.region.view(VISITED), Role::Visited, None, None, 100).expect("readable");
    for known in all {
        assert!(token(&stage.country, &known.settlement).is_ok(), "{} has a receipt", known.settlement);
    }
    assert_eq!((stage.core.booked, stage.core.contras), (2, 2));
    assert_eq!(amounts(&stage.settled("message-0003")), amounts(&first), "the year stands where it stood before");
}

#[test]
fn a_cancellation_and_a_reversal_at_once_take_back_once() {
    let mut stage = Delegated::new();
    let settled = stage.settled("message-0001");
    let cancel = Command::Cancel { settlement: settled.settlement };
    stage.country.region.call(VISITED, HOSPITAL, None, cancel);
    stage.country.region.call(VISITED, HOSPITAL, None, reverse("message-0001"));
    stage.work();
    stage.check_books(1, 1);
    assert_eq!(stage.core.contras, 1);
    assert_eq!(state(&stage, "message-0001"), CallState::Reversed);
}

#[test]
fn the_pool_refuses_to_take_back_and_the_settlement_stands() {
    let mut stage = Delegated::new();
    let settled = stage.settled("message-0001");
    let cancel = Command::Cancel { settlement: settled.settlement };
    let Called::Waiting(correlation) = stage.country.region.call(VISITED, HOSPITAL, None, cancel) else { panic!() };
    stage.country.region.carry_all();
    stage.refuse_in_words_of_its_own();
    stage.work();
    let told = stage.country.region.told[&correlation].as_ref().expect_err("refused");
    assert_eq!(told.code, "MED-4019");
    stage.check_books(1, 0);
}
