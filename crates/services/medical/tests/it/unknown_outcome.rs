//! Unknown is a state, not an error: query, reverse, tombstone; no path leads to two payments.

use huitong_kernel::time::DurationMs;
use huitong_medical::command::{Command, Reply};
use huitong_medical::event::CallState;
use huitong_medical::model::message::CallReference;
use huitong_medical::query::calls;
use huitong_service_kit::harness::Called;

use super::country::{Country, HOSPITAL, bill};

fn state(country: &Country, message_id: &str) -> CallState {
    let call = CallReference { institution: HOSPITAL.to_owned(), message_id: message_id.to_owned() };
    calls::state(country.region.view("310000"), &call).expect("readable").expect("a call")
}

fn send(country: &mut Country, message_id: &str) -> Called<Reply> {
    let command = Command::SettleBill(Box::new(bill(message_id)));
    country.region.call("310000", HOSPITAL, Some(message_id), command)
}

#[test]
fn home_is_silent_for_a_while_and_the_cashier_is_told_in_the_end() {
    let mut country = Country::new();
    assert!(matches!(send(&mut country, "message-0001"), Called::Waiting(_)));
    country.region.pass(DurationMs::seconds(11));
    assert_eq!(state(&country, "message-0001"), CallState::Unknown);
    assert!(matches!(send(&mut country, "message-0001"), Called::Waiting(_)), "still: do not collect yet");
    country.region.carry_all();
    assert_eq!(state(&country, "message-0001"), CallState::Settled);
    assert!(matches!(send(&mut country, "message-0001").reply(), Reply::Settled(_)));
    country.check_books(1, 0);
}

#[test]
fn home_booked_but_its_answer_came_after_the_reversal_was_sent() {
    let mut country = Country::new();
    send(&mut country, "message-0001");
    country.region.carry("310000", "330000");
    country.region.pass(DurationMs::seconds(11));
    country.region.pass(DurationMs::minutes(6));
    assert_eq!(state(&country, "message-0001"), CallState::Reversing);
    country.region.carry_all();
    assert_eq!(state(&country, "message-0001"), CallState::Reversed);
    assert_eq!(send(&mut country, "message-0001").code(), "MED-4005", "nothing is to be collected, for ever");
    country.check_books(1, 1);
}

#[test]
fn a_reversal_that_comes_before_its_original_refuses_it_for_ever() {
    let mut country = Country::new();
    let reverse = Command::Reverse { message_id: "message-0001".to_owned() };
    let reply = country.region.call("310000", HOSPITAL, None, reverse).reply();
    assert!(matches!(reply, Reply::Call { state: CallState::Tombstone, .. }));
    assert_eq!(send(&mut country, "message-0001").code(), "MED-4005");
    country.check_books(0, 0);
}

#[test]
fn the_cashier_takes_back_what_was_settled() {
    let mut country = Country::new();
    country.settled("message-0001");
    let reverse = || Command::Reverse { message_id: "message-0001".to_owned() };
    let reply = country.region.ask("310000", HOSPITAL, None, reverse()).reply();
    assert!(matches!(reply, Reply::Call { state: CallState::Reversed, .. }), "{reply:?}");
    let again = country.region.ask("310000", HOSPITAL, None, reverse()).reply();
    assert!(matches!(again, Reply::Call { state: CallState::Reversed, .. }), "a second reversal changes nothing");
    country.check_books(1, 1);
}

#[test]
fn a_crash_of_either_node_at_any_step_loses_and_doubles_nothing() {
    for step in 0..4 {
        let mut country = Country::new();
        send(&mut country, "message-0001");
        let crash = |country: &mut Country, now: i32, node: &str| {
            if now == step {
                country.region.restart(super::country::division(node));
            }
        };
        crash(&mut country, 0, "310000");
        country.region.carry("310000", "330000");
        crash(&mut country, 1, "330000");
        crash(&mut country, 2, "310000");
        country.region.carry("330000", "310000");
        crash(&mut country, 3, "310000");
        assert!(matches!(send(&mut country, "message-0001").reply(), Reply::Settled(_)), "step {step}");
        country.check_books(1, 0);
    }
}

#[test]
fn a_bill_and_its_reversal_that_arrive_together_are_both_taken() {
    let mut country = Country::new();
    send(&mut country, "message-0001");
    let reverse = Command::Reverse { message_id: "message-0001".to_owned() };
    assert!(matches!(country.region.call("310000", HOSPITAL, None, reverse), Called::Waiting(_)));
    let carried = country.region.carry("310000", "330000");
    assert_eq!(
        carried, 2,
        "one batch, one group: the reversal reads the settlement that the same group has just booked"
    );
    country.region.carry_all();
    assert_eq!(state(&country, "message-0001"), CallState::Reversed);
    country.check_books(1, 1);
}
