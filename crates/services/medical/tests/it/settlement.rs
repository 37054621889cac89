//! A person of Hangzhou is treated in Shanghai and pays only the own share.

use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_medical::command::{AccountBucket, Command, Reply};
use huitong_medical::model::filing::FilingKind;
use huitong_medical::model::message::Quote;
use huitong_medical::query::persons;
use huitong_medical::query::settlements::{Role, settlement};

use super::calculation::fen;
use super::country::{Country, HOSPITAL, PERSON, lines, owed, visit};

pub fn used_up_deductible(country: &mut Country) {
    // Three bills use up the 600.00 of the year: 219.00, 209.00 … in scope each.
    for number in 0..3 {
        country.settled(&format!("before-{number}-{}", country.region.now.0));
    }
}

#[test]
fn the_cashier_collects_the_own_share_and_both_books_hold_the_same_document() {
    let mut country = Country::new();
    let first = country.settled("message-0001");
    assert_eq!(first.total_fen, fen("249.00"));
    assert_eq!(first.fund_total_fen, Fen::ZERO, "the deductible of 600.00 is not used up yet");
    assert_eq!(first.cash_fen, fen("249.00"));
    used_up_deductible(&mut country);
    let later = country.settled("message-0002");
    assert!(later.fund_total_fen > fen("100.00"), "now the pool pays: {later:?}");
    assert_eq!(later.total_fen, later.fund_total_fen + later.cash_fen);
    let totals = country.check_books(5, 0);
    assert_eq!(owed(&totals), totals.fund_total_fen, "what is owed is what the funds pay");
    let hash = |node: &str, role| {
        let known = settlement(country.region.view(node), role, &later.settlement).expect("readable");
        known.expect("booked").document
    };
    assert_eq!(hash("310000", Role::Visited), hash("330000", Role::Home), "the same bytes on both sides");
}

#[test]
fn clicking_again_gives_the_same_answer_and_books_nothing_twice() {
    let mut country = Country::new();
    let first = country.settled("message-0001");
    assert_eq!(country.settled("message-0001"), first);
    country.check_books(1, 0);
}

pub fn quoted(country: &mut Country, account_wanted: bool) -> (uuid::Uuid, Quote) {
    let opened = country.region.ask("310000", HOSPITAL, None, Command::OpenVisit(visit())).reply();
    let Reply::Visit { visit, .. } = opened else { panic!("a visit") };
    let add = Command::AddLines { visit, batch: "1".to_owned(), replaces: true, lines: lines() };
    country.region.call("310000", HOSPITAL, None, add).reply();
    let (batch, total) = ("1".to_owned(), Some(fen("249.00")));
    let ask = Command::AskQuote { visit, batch, interim: false, account_wanted, total };
    let Reply::Quoted(quote) = country.region.ask("310000", HOSPITAL, None, ask).reply() else { panic!("a quote") };
    (visit, *quote)
}

pub fn settle(
    country: &mut Country,
    visit: uuid::Uuid,
    quote: &Quote,
    key: &str,
) -> huitong_service_kit::harness::Called<Reply> {
    let command = Command::Settle {
        visit,
        batch: "1".to_owned(),
        quote: quote.quote,
        message_id: key.to_owned(),
        total: fen("249.00"),
        sums: None,
    };
    country.region.ask("310000", HOSPITAL, Some(key), command)
}

#[test]
fn step_by_step_visit_lines_quote_and_settlement_agree_with_the_quote() {
    let mut country = Country::new();
    used_up_deductible(&mut country);
    let credit =
        Command::CreditAccount { person: PERSON.to_owned(), bucket: AccountBucket::History, amount: fen("30.00") };
    country.region.call("330000", "pool", None, credit).reply();
    let (visit, quote) = quoted(&mut country, true);
    assert!(
        quote.alternatives.iter().any(|other| other.filing == FilingKind::TempSelf),
        "the quote shows other filings"
    );
    let Reply::Settled(settled) = settle(&mut country, visit, &quote, "message-0003").reply() else {
        panic!("settled")
    };
    assert_eq!(settled.fund_total_fen, quote.computation.amounts.fund_total_fen);
    assert_eq!(settled.account_fen, fen("30.00"));
    assert_eq!(settled.account_balance_fen, Fen::ZERO);
    country.check_books(4, 0);
    let again = settle(&mut country, visit, &quote, "message-0004").code();
    assert_eq!(again, "MED-4004", "a second id for a settled batch is refused");
}

#[test]
fn a_quote_whose_basis_changed_or_that_expired_books_nothing_and_comes_back_renewed() {
    let mut country = Country::new();
    let (visit, quote) = quoted(&mut country, false);
    country.settled("in-between");
    assert_eq!(settle(&mut country, visit, &quote, "message-0005").code(), "MED-4003");
    country.check_books(1, 0);
    let (visit, quote) = quoted(&mut country, false);
    country.region.pass(DurationMs::minutes(16));
    assert_eq!(settle(&mut country, visit, &quote, "message-0006").code(), "MED-4002");
    country.check_books(1, 0);
}

#[test]
fn cancelling_mirrors_the_original_and_restores_accounts_and_accumulators() {
    let mut country = Country::new();
    let before = country.settled("message-0001");
    let cancelled = country.settled("message-0002");
    let cancel = Command::Cancel { settlement: cancelled.settlement.clone() };
    let Reply::Cancelled(contra) = country.region.ask("310000", HOSPITAL, None, cancel).reply() else { panic!() };
    assert_eq!(contra.cash_fen, -cancelled.cash_fen);
    assert_eq!(contra.contra_of.as_deref(), Some(cancelled.settlement.as_str()));
    let totals = country.check_books(2, 1);
    assert_eq!(totals.total_fen, before.total_fen);
    let balances = persons::balances(country.region.view("330000"), PERSON).expect("readable");
    let now = balances.current_fen + balances.history_fen + balances.mutual_aid_fen;
    assert_eq!(contra.account_balance_fen, now, "what is in the account now, not what was then");
    let repeated = country.settled("message-0003");
    assert_eq!(repeated.cash_fen, cancelled.cash_fen, "the year stands where it stood before");
    let again = Command::Cancel { settlement: cancelled.settlement };
    assert_eq!(country.region.ask("310000", HOSPITAL, None, again).code(), "MED-4008");
}

#[test]
fn a_call_that_was_cancelled_before_is_reversed_without_touching_what_was_settled_anew() {
    let mut country = Country::new();
    let (visit, quote) = quoted(&mut country, false);
    let Reply::Settled(first) = settle(&mut country, visit, &quote, "message-0001").reply() else { panic!("settled") };
    let cancel = Command::Cancel { settlement: first.settlement };
    country.region.ask("310000", HOSPITAL, None, cancel).reply();
    let ask = Command::AskQuote { visit, batch: "1".to_owned(), interim: false, account_wanted: false, total: None };
    let Reply::Quoted(again) = country.region.ask("310000", HOSPITAL, None, ask).reply() else { panic!("quoted") };
    assert!(matches!(settle(&mut country, visit, &again, "message-0002").reply(), Reply::Settled(_)));
    let reverse = Command::Reverse { message_id: "message-0001".to_owned() };
    country.region.ask("310000", HOSPITAL, None, reverse).reply();
    country.check_books(2, 1);
    assert_eq!(settle(&mut country, visit, &again, "message-0003").code(), "MED-4004", "it stands");
}
