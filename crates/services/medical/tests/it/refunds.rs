//! Taken back before its period is cut a settlement is cancelled, afterwards refunded, and a call that is paid is not reversed.

use huitong_medical::command::{Command, Reply};
use huitong_medical::event::CallState;

use super::country::{Country, HOSPITAL};
use super::lanes::{HOME, VISITED, cut, paid};
use super::settlement::used_up_deductible;

#[test]
fn after_the_cut_a_settlement_is_refunded_and_belongs_to_the_next_period() {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    let settled = country.settled("message-0001");
    for node in [HOME, VISITED] {
        cut(&mut country, node, "2026-11");
    }
    country.region.carry_all();
    assert_eq!(country.cancel(&settled.settlement).code(), "MED-4006", "cut: use a refund");
    let refund = Command::Refund { settlement: settled.settlement.clone() };
    let Reply::Cancelled(contra) = country.region.ask(VISITED, HOSPITAL, None, refund).reply() else {
        panic!("a contra")
    };
    assert_eq!(contra.contra_of.as_deref(), Some(settled.settlement.as_str()), "with a pointer to the original");
    assert_eq!(contra.fund_total_fen, -settled.fund_total_fen);
    let refund = Command::Refund { settlement: settled.settlement };
    assert_eq!(country.region.ask(VISITED, HOSPITAL, None, refund).code(), "MED-4008");
    country.check_books(4, 1);
}

#[test]
fn a_call_is_reversed_until_it_is_paid_and_refused_afterwards() {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    let settled = country.settled("message-0001");
    let early = country.settled("message-0002");
    for node in [HOME, VISITED] {
        cut(&mut country, node, "2026-11");
    }
    let reverse = |message_id: &str| Command::Reverse { message_id: message_id.to_owned() };
    let ended = country.region.ask(VISITED, HOSPITAL, None, reverse("message-0002")).reply();
    assert!(matches!(ended, Reply::Call { state: CallState::Reversed, .. }), "cut, and not paid: {ended:?}");
    let amount = settled.fund_total_fen.0;
    for node in [HOME, VISITED] {
        paid(&mut country, node, "2026-11", &[("310101", amount)]);
    }
    assert_eq!(country.region.ask(VISITED, HOSPITAL, None, reverse("message-0001")).code(), "MED-4006");
    assert_eq!(country.settled("message-0001"), settled, "what was settled stands, and is told as ever");
    assert!(early.fund_total_fen.0 > 0);
    country.check_books(5, 1);
}
