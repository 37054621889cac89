//! The postings of section 9, row by row: the legs in the books of both nodes, and what takes them back.

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use huitong_medical::command::{AccountBucket, Command, Reply, SettledReply};
use huitong_medical::event::HospitalPosting;

use super::calculation::fen;
use super::country::{Country, HOSPITAL, PERSON};
use super::lanes::{HOME, Told, VISITED, cut, paid, told};
use super::settlement::{quoted, settle, used_up_deductible};
use super::stays::care;

/// Debit, credit and amount of everything that is posted under a reference.
type Legs = BTreeMap<(String, String), Fen>;

fn legs(country: &Country, node: &str, reference: &str) -> Legs {
    let mut legs = Legs::new();
    let sql = "SELECT debit, credit, amount_fen FROM ledger_transfer WHERE reference = ?1";
    let read = |row: &huitong_service_kit::Row<'_>| Ok(((row.get(0)?, row.get(1)?), Fen(row.get(2)?)));
    for (accounts, amount) in country.region.view(node).all(sql, [reference], read).expect("readable") {
        assert!(amount > Fen::ZERO, "a transfer goes from one account to another");
        *legs.entry(accounts).or_default() += amount;
    }
    legs
}

fn mirrored(legs: &Legs) -> Legs {
    legs.iter().map(|((debit, credit), amount)| ((credit.clone(), debit.clone()), *amount)).collect()
}

fn leg(debit: &str, credit: &str, amount: Fen) -> ((String, String), Fen) {
    ((debit.to_owned(), credit.to_owned()), amount)
}

/// What the table says of a settlement, at home and at the visited node.
fn expected(settled: &SettledReply) -> [Legs; 2] {
    let hospital = format!("payable/hospital/{HOSPITAL}");
    let funds = || settled.funds.iter().filter(|fund| fund.paid_fen != Fen::ZERO);
    let mut home: Legs = funds()
        .map(|of| leg(&format!("expense/330100/{}", of.fund), &format!("payable/{VISITED}/{}", of.fund), of.paid_fen))
        .collect();
    let mut visited: Legs =
        funds().map(|of| leg(&format!("receivable/{HOME}/{}", of.fund), &hospital, of.paid_fen)).collect();
    if settled.account_fen != Fen::ZERO {
        let account = format!("payable/{VISITED}/account");
        home.extend([leg(&format!("person/{PERSON}/history"), &account, settled.account_fen)]);
        visited.extend([leg(&format!("receivable/{HOME}/account"), &hospital, settled.account_fen)]);
    }
    [home, visited]
}

#[track_caller]
fn check_settled(country: &Country, settled: &SettledReply) {
    for (node, expected) in [HOME, VISITED].into_iter().zip(expected(settled)) {
        assert_eq!(legs(country, node, &settled.settlement), expected, "{node}");
        let all: Fen = expected.values().copied().sum();
        assert_eq!(all, settled.fund_total_fen + settled.account_fen, "cash is in no book");
    }
}

/// A stay far above the band of the pool fund, so that more than one fund pays.
fn of_two_funds(country: &mut Country) -> SettledReply {
    let visit = country.admitted("2026-11-20");
    country.add(visit, "1", vec![care("1", "2026-11-20", 40_000)]).reply();
    country.discharge(visit, "2026-11-22").reply();
    let (_, settled) = country.settle_stay(visit, "1", false, "stay-1");
    assert!(settled.funds.iter().filter(|fund| fund.paid_fen > Fen::ZERO).count() > 1, "{:?}", settled.funds);
    settled
}

/// Funds and the person's account both pay.
fn with_account(country: &mut Country) -> SettledReply {
    used_up_deductible(country);
    let credit =
        Command::CreditAccount { person: PERSON.to_owned(), bucket: AccountBucket::History, amount: fen("30.00") };
    country.region.call(HOME, "pool", None, credit).reply();
    let (visit, quote) = quoted(country, true);
    match settle(country, visit, &quote, "message-0001").reply() {
        Reply::Settled(settled) if settled.account_fen == fen("30.00") && settled.fund_total_fen > Fen::ZERO => {
            *settled
        }
        other => panic!("settled by funds and account, not {other:?}"),
    }
}

#[test]
fn each_fund_and_the_account_have_their_legs_at_both_nodes_and_cash_has_none() {
    let mut country = Country::new();
    let of_account = with_account(&mut country);
    check_settled(&country, &of_account);
    let of_funds = of_two_funds(&mut country);
    check_settled(&country, &of_funds);
    country.check_books(5, 0);
}

#[test]
fn a_cancellation_a_reversal_and_a_refund_have_the_same_legs_the_other_way() {
    type TakeBack = fn(&SettledReply) -> Command;
    let ways: [TakeBack; 3] = [
        |settled| Command::Cancel { settlement: settled.settlement.clone() },
        |settled| Command::Refund { settlement: settled.settlement.clone() },
        |settled| Command::Reverse { message_id: settled.message_id.clone() },
    ];
    for take_back in ways {
        let mut country = Country::new();
        let settled = with_account(&mut country);
        country.region.ask(VISITED, HOSPITAL, None, take_back(&settled)).reply();
        let sql = "SELECT settlement FROM settlement WHERE contra_of = ?1 LIMIT 1";
        for node in [HOME, VISITED] {
            let read = |row: &huitong_service_kit::Row<'_>| row.get::<_, String>(0);
            let contra = country.region.view(node).one(sql, [&settled.settlement], read).expect("readable");
            let contra = legs(&country, node, &contra.expect("a contra"));
            assert_eq!(contra, mirrored(&legs(&country, node, &settled.settlement)), "{node}");
        }
        country.check_books(4, 1);
    }
}

#[test]
fn what_is_cleared_is_taken_from_what_was_owed_and_a_refund_afterwards_is_of_the_next_period() {
    let mut country = Country::new();
    let settled = with_account(&mut country);
    for node in [HOME, VISITED] {
        cut(&mut country, node, "2026-11");
    }
    country.region.carry_all();
    let owed = country.check_books(4, 0).ledger_fen;
    let parts: Vec<(&str, i64)> = owed.iter().map(|(part, amount)| (part.as_str(), amount.0)).collect();
    for node in [HOME, VISITED] {
        paid(&mut country, node, "2026-11", &parts);
    }
    let at_home =
        |(part, amount): (&String, &Fen)| leg(&format!("payable/{VISITED}/{part}"), "clearing/310000", *amount);
    let at_visited =
        |(part, amount): (&String, &Fen)| leg("clearing/330000", &format!("receivable/{HOME}/{part}"), *amount);
    let reference = |peer: &str| format!("clearing/2026-11/{peer}");
    assert_eq!(legs(&country, HOME, &reference(VISITED)), owed.iter().map(at_home).collect());
    assert_eq!(legs(&country, VISITED, &reference(HOME)), owed.iter().map(at_visited).collect());

    let refund = Command::Refund { settlement: settled.settlement.clone() };
    let Reply::Cancelled(contra) = country.region.ask(VISITED, HOSPITAL, None, refund).reply() else { panic!() };
    for node in [HOME, VISITED] {
        assert_eq!(legs(&country, node, &contra.settlement), mirrored(&legs(&country, node, &settled.settlement)));
        // Behind the marker of the period, with a pointer to what it takes back.
        let lane = told(&country, node, HOME, VISITED);
        let document = |told: &Told, number: &str| match told {
            Told::Documents(told) => told.documents.iter().find(|of| of.number == number).cloned(),
            Told::Marker(_) => None,
        };
        let place = |number: &str| lane.iter().position(|told| document(told, number).is_some()).expect("told");
        let marker = lane.iter().position(|told| matches!(told, Told::Marker(_))).expect("cut");
        assert!(place(&settled.settlement) < marker && marker < place(&contra.settlement), "{node}");
        let [original, contra] = [&settled.settlement, &contra.settlement]
            .map(|number| document(&lane[place(number)], number).expect("told"));
        assert_eq!((contra.of, contra.amount_fen), (Some(original.id), -original.amount_fen), "{node}");
    }
    country.check_books(4, 1);
}

#[test]
fn a_hospital_is_paid_cut_by_an_audit_and_corrected_by_group_each_with_a_leg_of_its_own() {
    let mut country = Country::new();
    let (hospital, difference) = (format!("payable/hospital/{HOSPITAL}"), format!("hospital_difference/{HOSPITAL}"));
    for (posting, amount, debit, credit) in [
        (HospitalPosting::Paid, "100.00", hospital.as_str(), "bank"),
        (HospitalPosting::AuditCut, "20.00", &hospital, difference.as_str()),
        (HospitalPosting::GroupDifference, "7.00", &difference, hospital.as_str()),
        (HospitalPosting::GroupDifference, "-5.00", &hospital, difference.as_str()),
    ] {
        let reference = format!("voucher {} {amount}", posting.name());
        let (institution, amount) = (HOSPITAL.to_owned(), fen(amount));
        let post = Command::PostHospital { institution, posting, amount, reference: reference.clone() };
        country.region.call(VISITED, "pool", None, post).reply();
        let posted = legs(&country, VISITED, &format!("hospital/{HOSPITAL}/{reference}"));
        let expected: Legs = [leg(debit, credit, Fen(amount.0.abs()))].into_iter().collect();
        assert_eq!(posted, expected, "{posting:?}");
        assert!(huitong_ledger::report::adds_up(country.region.view(VISITED)).expect("readable"));
    }
    country.check_books(0, 0);
}
