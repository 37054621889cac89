//! Banks: in full, in part, returned, unknown, twice; prepayments; limits.

use huitong_clearing::command::{Command, Reply};
use huitong_clearing::model::payment::{BankEntry, Match, PaymentState};
use huitong_clearing::model::statement::State;
use huitong_kernel::money::Fen;

use crate::desk::{Desk, JS, SH, ZJ, code, entry};

/// Zhejiang is to pay Shanghai 900 yuan.
fn to_pay() -> (Desk, String) {
    let mut desk = Desk::daily();
    desk.open_accounts();
    desk.owe("transit", ZJ, SH, 90_000);
    desk.pass_days(1);
    let payment = desk.payments(ZJ)[0].payment.payment.clone();
    assert_eq!(desk.payments(SH)[0].payment.payment, payment, "both sides know it by the same name");
    (desk, payment)
}

fn taken(desk: &mut Desk, at: &str, reference: &str, is_credit: bool, fen: i64, end_to_end: &str) -> Match {
    let day = desk.today();
    let result = desk.report(at, vec![entry(reference, is_credit, fen, end_to_end, day)])[0].result;
    desk.quiet();
    result
}

#[test]
fn a_payment_in_two_parts_is_closed_when_both_banks_have_booked_all_of_it() {
    let (mut desk, payment) = to_pay();
    let file = desk.export(ZJ).expect("something to pay");
    assert_eq!((file.payments[0].end_to_end.as_str(), file.payments[0].amount_fen), (payment.as_str(), Fen(90_000)));
    assert!(desk.export(ZJ).is_none(), "once");
    assert_eq!(taken(&mut desk, ZJ, "a", false, 60_000, &payment), Match::Partial);
    assert_eq!(taken(&mut desk, SH, "b", true, 60_000, &payment), Match::Partial);
    assert_eq!(taken(&mut desk, ZJ, "c", false, 30_000, &payment), Match::Full);
    assert_eq!(desk.payments(ZJ)[0].state, PaymentState::Booked, "the payee's bank has not");
    assert_eq!(taken(&mut desk, SH, "d", true, 30_000, &payment), Match::Full);
    for at in [SH, ZJ] {
        assert_eq!(desk.payments(at)[0].state, PaymentState::Closed, "{at}");
    }
    assert_eq!(desk.state(SH, "transit", "2026-11-24", ZJ), State::Closed);
    desk.check();
}

#[test]
fn a_returned_payment_is_instructed_again_under_a_new_reference() {
    let (mut desk, payment) = to_pay();
    desk.export(ZJ).expect("something to pay");
    taken(&mut desk, ZJ, "out", false, 90_000, &payment);
    let back = BankEntry { is_return: true, ..entry("back", true, 90_000, &payment, desk.today()) };
    assert_eq!(desk.report(ZJ, vec![back])[0].result, Match::Returned);
    desk.quiet();
    assert_eq!(desk.payments(ZJ)[0].state, PaymentState::Returned);
    assert_eq!(desk.balance(ZJ, &["bank"]), 0);
    let file = desk.export(ZJ).expect("to be paid again");
    let again = file.payments[0].end_to_end.clone();
    assert_eq!(again, format!("{payment}-2"));
    taken(&mut desk, ZJ, "out2", false, 90_000, &again);
    taken(&mut desk, SH, "in2", true, 90_000, &again);
    assert_eq!(desk.payments(ZJ)[0].state, PaymentState::Closed);
    assert_eq!((desk.balance(ZJ, &["bank"]), desk.balance(SH, &["bank"])), (-90_000, 90_000));
    desk.check();
}

#[test]
fn the_same_report_twice_counts_once_and_another_amount_under_its_reference_is_refused() {
    let (mut desk, payment) = to_pay();
    desk.export(ZJ).expect("something to pay");
    assert_eq!(taken(&mut desk, ZJ, "a", false, 60_000, &payment), Match::Partial);
    assert_eq!(taken(&mut desk, ZJ, "a", false, 60_000, &payment), Match::Partial);
    assert_eq!(desk.balance(ZJ, &["bank"]), -60_000);
    let entries = vec![entry("a", false, 61_000, &payment, desk.today())];
    let report = "other".to_owned();
    assert_eq!(desk.call(ZJ, Command::TakeBankReport { report, entries }).code(), "CLR-6005");
    desk.check();
}

#[test]
fn what_is_of_no_payment_or_too_much_goes_to_suspense_with_an_alarm() {
    let (mut desk, payment) = to_pay();
    assert_eq!(taken(&mut desk, SH, "x", true, 500, "rent of November"), Match::Unknown);
    assert_eq!(taken(&mut desk, SH, "y", true, 90_001, &payment), Match::Excess);
    assert_eq!(taken(&mut desk, SH, "z", true, 7, "ffffffffffffffffffffffffffffffff"), Match::Unknown);
    assert_eq!(desk.balance(SH, &["suspense"]), -90_508);
    assert_eq!(desk.balance(SH, &["bank"]), 90_508);
    assert_eq!(desk.payments(SH)[0].own_fen, Fen::ZERO);
    assert_eq!(desk.alarms(SH).iter().filter(|sentence| sentence.contains("bank entry")).count(), 3);
    desk.check();
}

#[test]
fn an_entry_that_came_before_its_payment_was_known_is_matched_when_it_is_handed_in_again() {
    let mut desk = Desk::daily();
    desk.open_accounts();
    let ahead = Command::Prepay { service: "transit".to_owned(), peer: code(SH), amount: Fen(500) };
    let Reply::Payment { payment, .. } = desk.call(ZJ, ahead).reply() else { panic!("a payment") };
    // The bank is faster than the announcement.
    let day = desk.today();
    let entries = vec![entry("fast", true, 500, &payment, day)];
    assert_eq!(desk.report(SH, entries.clone())[0].result, Match::Unknown);
    assert_eq!(desk.balance(SH, &["suspense"]), -500);
    desk.quiet();
    assert_eq!(desk.report(SH, entries.clone())[0].result, Match::Full);
    assert_eq!((desk.balance(SH, &["suspense"]), desk.balance(SH, &["bank"])), (0, 500));
    assert_eq!(desk.report(SH, entries)[0].result, Match::Full, "once");
    assert_eq!(desk.payments_of(SH, &payment).own_fen, Fen(500));
    desk.quiet();
    desk.check();
}

#[test]
fn nothing_is_taken_from_a_prepayment_that_the_payee_has_not_seen_arrive() {
    let (mut desk, payment) = to_pay();
    let ahead = Command::Prepay { service: "transit".to_owned(), peer: code(SH), amount: Fen(500) };
    let Reply::Payment { payment: prepayment, .. } = desk.call(ZJ, ahead).reply() else { panic!("a payment") };
    desk.quiet();
    assert_eq!(taken(&mut desk, ZJ, "p", false, 500, &prepayment), Match::Full);
    let take = || Command::PayFromPrepayment { payment: payment.clone(), amount: Fen(100) };
    assert_eq!(desk.call(ZJ, take()).code(), "CLR-6003", "on its way between the banks");
    assert_eq!(taken(&mut desk, SH, "p", true, 500, &prepayment), Match::Full);
    desk.call(ZJ, take()).reply();
    desk.quiet();
    assert_eq!(desk.payments_of(SH, &payment).prepaid_fen, Fen(100));
    desk.check();
}

#[test]
fn what_a_payer_has_paid_counts_though_the_end_of_the_batch_comes_later() {
    let mut desk = Desk::daily();
    let payment = huitong_clearing::model::payment::payment_id("transit", "2026-11-24", "region", code(ZJ), code(JS));
    desk.open_accounts();
    desk.owe("transit", ZJ, JS, 700);
    let advice = huitong_clearing::model::message::PaymentAdvice { payment: payment.clone(), booked_fen: Fen(700) };
    desk.forge(ZJ, JS, huitong_clearing::model::message::Message::PaymentAdvice(advice));
    let view = desk.region.view(JS);
    let row = huitong_clearing::query::payments::payment(view, &payment).expect("readable");
    assert_eq!(row, None, "the agent has not ended the batch");
    desk.check();
}

#[test]
fn a_day_can_be_taken_from_what_was_paid_ahead_and_never_more_than_has_arrived() {
    let mut desk = Desk::daily();
    desk.open_accounts();
    let ahead = Command::Prepay { service: "transit".to_owned(), peer: code(SH), amount: Fen(50_000) };
    let Reply::Payment { payment: prepayment, .. } = desk.call(ZJ, ahead).reply() else { panic!("a payment") };
    desk.quiet();
    let ordered = desk.export_only(ZJ, &prepayment);
    desk.owe("transit", ZJ, SH, 90_000);
    desk.pass_days(1);
    let is_clearing = |row: &&huitong_clearing::query::payments::PaymentRow| row.payment.payment != prepayment;
    let payment = desk.payments(ZJ).iter().find(is_clearing).expect("to pay").payment.payment.clone();
    let take = |amount| Command::PayFromPrepayment { payment: payment.clone(), amount: Fen(amount) };
    assert_eq!(desk.call(ZJ, take(40_000)).code(), "CLR-6003", "ordered, not paid");
    taken(&mut desk, ZJ, "p", false, 50_000, &ordered);
    taken(&mut desk, SH, "p", true, 50_000, &ordered);
    assert_eq!(desk.call(ZJ, take(60_000)).code(), "CLR-6003");
    desk.call(ZJ, take(40_000)).reply();
    desk.quiet();
    for at in [SH, ZJ] {
        let row = desk.payments_of(at, &payment);
        assert_eq!((row.own_fen, row.their_fen), (Fen(40_000), Fen(40_000)), "{at}");
    }
    assert_eq!(desk.balance(ZJ, &["prepayment_given", "transit", SH]), 10_000);
    assert_eq!(desk.balance(SH, &["prepayment_received", "transit", ZJ]), -10_000);
    let rest = desk.export_only(ZJ, &payment);
    taken(&mut desk, ZJ, "rest", false, 50_000, &rest);
    taken(&mut desk, SH, "rest", true, 50_000, &rest);
    assert_eq!(desk.payments_of(ZJ, &payment).state, PaymentState::Closed);
    assert_eq!(desk.state(SH, "transit", "2026-11-24", ZJ), State::Closed);
    desk.check();
}

#[test]
fn a_limit_alarms_at_seventy_ninety_and_a_hundred_percent_once_each() {
    let mut desk = Desk::daily();
    let limit = Command::SetLimit { service: "transit".to_owned(), peer: code(ZJ), amount: Some(Fen(1_000)) };
    desk.call(SH, limit).reply();
    for fen in [690, 10, 10, 190, 200] {
        desk.owe("transit", ZJ, SH, fen);
        desk.quiet();
    }
    let told: Vec<String> =
        desk.alarms(SH).into_iter().filter(|sentence| sentence.contains("% of its limit")).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    for (sentence, percent) in told.iter().zip(["70 %", "90 %", "100 %"]) {
        assert!(sentence.contains(percent), "{sentence}");
    }
    desk.check();
}

#[test]
fn nothing_is_paid_to_an_account_that_is_not_known() {
    let mut desk = Desk::daily();
    desk.owe("transit", ZJ, SH, 100);
    desk.pass_days(1);
    assert_eq!(desk.call(ZJ, Command::ExportPayments).code(), "CLR-6004");
}

#[test]
fn an_order_that_the_bank_rejects_goes_out_again() {
    let (mut desk, payment) = to_pay();
    let reject = || Command::RejectPayment { payment: payment.clone() };
    assert_eq!(desk.call(ZJ, reject()).code(), "CLR-6002", "it is in no file yet");
    desk.export(ZJ).expect("something to pay");
    desk.call(ZJ, reject()).reply();
    let again = desk.export(ZJ).expect("to be paid again").payments[0].end_to_end.clone();
    assert_eq!(again, format!("{payment}-2"));
    taken(&mut desk, ZJ, "out", false, 90_000, &again);
    assert_eq!(desk.call(ZJ, reject()).code(), "CLR-6002", "it is paid");
    desk.check();
}

#[test]
fn what_is_left_of_a_rejected_order_goes_out_and_an_entry_of_nothing_is_nothing() {
    let (mut desk, payment) = to_pay();
    desk.export(ZJ).expect("something to pay");
    let nothing = BankEntry { is_return: true, ..entry("zero", true, 0, &payment, desk.today()) };
    assert_eq!(desk.report(ZJ, vec![nothing])[0].result, Match::Ignored);
    assert!(desk.export(ZJ).is_none(), "it was not returned");
    taken(&mut desk, ZJ, "part", false, 40_000, &payment);
    desk.call(ZJ, Command::RejectPayment { payment: payment.clone() }).reply();
    let rest = desk.export(ZJ).expect("the rest").payments[0].clone();
    assert_eq!((rest.end_to_end, rest.amount_fen), (format!("{payment}-2"), Fen(50_000)));
    let entries = vec![entry("huge", true, i64::MAX, "x", desk.today())];
    assert_eq!(desk.call(ZJ, Command::TakeBankReport { report: "r".to_owned(), entries }).code(), "CLR-1003");
    desk.check();
}
