//! Model P: the home app pulls the code of a visited city.

use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::harness::Called;
use huitong_transit::command::{Command, Reply};
use huitong_transit::model::message::{CodeAsk, Message};
use huitong_transit::model::rider::AccountToken;
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::model::trip::{TripFinal, TripKind, TripState, trip_id};
use huitong_transit::query::{grants, home_trips, trips};
use huitong_transit_code::make::Sign;

use super::desk::{Shanghai, phone_of};
use super::stage::{Note, Phone, Stage, digest, division, key};

fn pulled(stage: &mut Stage, phone: &Phone, network: &str, city: &'static str) -> Phone {
    match stage.pull(phone, network, "pocket").reply() {
        Reply::Granted { authorisation, validity_s: 30, .. } => phone_of(city, "pocket", &authorisation),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pulled_code_rides_and_the_account_behind_it_pays() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 51);
    stage.account(&phone, 1_200);
    let code = pulled(&mut stage, &phone, "310100", "310100");
    assert!(code.account.is_granted() && code.account.is_decimal());
    assert_eq!(code.account.issuer(), Phone::new("310100", 1).account.issuer(), "Shanghai's own code");
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = shanghai.ride(&mut stage, &code);
    assert_eq!((trip.state, trip.charge_fen, trip.home.as_str()), (TripState::Charged, Fen(500), "330100"));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(700));
    assert_eq!(stage.balances("310000", "receivable")["receivable/310100/330100"], Fen(500));
    // What it cannot pay is a debt of the account behind the token; in the end both are listed, each by its issuer.
    shanghai.ride(&mut stage, &code);
    shanghai.ride(&mut stage, &code);
    assert_eq!(stage.account_of(&phone).unpaid_fen, Fen(500));
    for wait in [1, 6, 24, 72] {
        stage.pass(wait * 60);
    }
    stage.pass(10);
    assert!(stage.is_denied("310000", "330000", &phone.account) && !stage.is_denied("310000", "330000", &code.account));
    assert!(stage.is_denied("310000", "310000", &code.account), "Shanghai lists its own token");
    assert_eq!(stage.pull(&phone, "310100", "pocket").code(), "TRN-DENIED");
    stage.pay(&phone, 300, "paid").reply();
    stage.pass(0);
    stage.pass(10);
    assert!(!stage.is_denied("320000", "310000", &code.account));
    stage.check();
}

#[test]
fn a_lost_phone_is_refused_under_the_visited_citys_list() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 52);
    stage.account(&phone, 2_000);
    let code = pulled(&mut stage, &phone, "310100", "310100");
    let mut shanghai = Shanghai::new(&mut stage);
    stage.deny(&phone, "lost").reply();
    stage.pass(10);
    // A gate that had the list and opened is not paid; one with an old list bears it itself.
    let fresh = Note { deny_sequence: 3, deny_age_s: 0, ..Note::default() };
    stage.pass(50);
    let contested = shanghai.ride_with(&mut stage, &code, fresh);
    assert_eq!(contested.state, TripState::Disputed);
    let stale = Note { deny_sequence: 1, deny_age_s: 100_000, ..Note::default() };
    assert_eq!(shanghai.ride_with(&mut stage, &code, stale).state, TripState::WrittenOff);
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(2_000));
    stage.check();
}

#[test]
fn within_one_node_home_and_visited_city_agree_in_one_decision() {
    let mut stage = Stage::new();
    let phone = Phone::new("330200", 53);
    stage.account(&phone, 2_000);
    let code = match stage.home("330200", grant_wish(&phone, "330100")) {
        Called::Replied(Reply::Granted { authorisation, .. }) => phone_of("330100", "pocket", &authorisation),
        other => panic!("{other:?}"),
    };
    let mut entry = stage.gate("HZ-FENGQI-1", "330100", 106, 1);
    let mut exit = stage.gate("HZ-EAST-1", "330100", 109, 1);
    let (began, ended) = (Instant(stage.now().0 - 20 * 60_000), stage.now());
    entry.tap(&code, In, began);
    exit.tap(&code, Out, ended);
    stage.upload(&entry);
    stage.upload(&exit);
    stage.pass(1);
    let trip = stage.trips("330100", &code).pop().expect("a trip");
    assert_eq!((trip.kind, trip.state, trip.charge_fen), (TripKind::Paired, TripState::Charged, Fen(300)));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(1_700));
    stage.deny(&phone, "lost").reply();
    stage.pass(10);
    assert!(stage.is_denied("310000", "330000", &code.account), "its issuer is of this node too");
    stage.check();
}

fn grant_wish(phone: &Phone, network: &str) -> Command {
    Command::AskGrant(huitong_transit::command::GrantWish {
        account: phone.account,
        network: division(network),
        user_key: key("pocket").key().compressed(),
        expiry: None,
    })
}

#[test]
fn a_token_is_kept_when_its_grant_is_renewed_and_differs_from_city_to_city() {
    let mut stage = Stage::new();
    let (phone, other) = (Phone::new("320500", 54), Phone::new("320500", 55));
    stage.account(&phone, 2_000);
    stage.account(&other, 2_000);
    let first = pulled(&mut stage, &phone, "310100", "310100");
    let mut shanghai = Shanghai::new(&mut stage);
    // Entered under a grant that ends, left under its successor: one trip.
    stage.pass(3 * 24 * 60 - 30);
    shanghai.enter(&mut stage, &first);
    stage.pass(40);
    let renewed = pulled(&mut stage, &phone, "310100", "310100");
    assert_eq!(first.account, renewed.account);
    let last = shanghai.exit.tap(&renewed, Out, stage.now());
    stage.upload_part(&shanghai.exit, last, last);
    stage.pass(1);
    let trip = stage.trips("310100", &renewed).pop().expect("a trip");
    assert_eq!((trip.kind, trip.state), (TripKind::Paired, TripState::Charged));
    let elsewhere = pulled(&mut stage, &phone, "330100", "330100");
    let others = pulled(&mut stage, &other, "310100", "310100");
    let number = |token: &AccountToken| token.0[4..].to_vec();
    let mut numbers: Vec<_> = [&renewed, &elsewhere, &others].iter().map(|phone| number(&phone.account)).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 3);
    stage.check();
}

#[test]
fn a_token_without_a_grant_and_one_whose_grant_ended_open_nothing_that_home_would_pay() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 56);
    stage.account(&phone, 2_000);
    let code = pulled(&mut stage, &phone, "310100", "310100");
    let invented = Phone::with("310100", 0, |fields| fields.account.number[0] = 0x90);
    let mut gate = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    gate.tap(&invented, In, stage.now());
    let taken = stage.upload(&gate);
    assert_eq!((taken.accepted, taken.impossible), (0, 1));
    // Every code of the city that it is not for is refused as well, and after its end.
    let mut hangzhou = stage.gate("HZ-EAST-1", "330100", 109, 1);
    hangzhou.tap(&code, In, stage.now());
    assert_eq!(stage.upload(&hangzhou).impossible, 1);
    stage.pass(3 * 24 * 60 + 1);
    gate.tap(&code, In, stage.now());
    assert_eq!(stage.upload_part(&gate, 2, 2).impossible, 1);
    stage.check();
}

#[test]
fn a_city_that_has_no_code_to_give_says_so() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 57);
    stage.account(&phone, 2_000);
    assert_eq!(stage.pull(&phone, "330100", "pocket").code(), "TRN-1003", "the rider's own city");
    assert_eq!(stage.pull(&phone, "320500", "pocket").code(), "TRN-1012", "it has published no fares");
    assert_eq!(stage.pull(&phone, "320509", "pocket").code(), "TRN-1003", "not opened by the rider");
    stage.check();
}

#[test]
fn a_stranger_can_neither_take_a_token_nor_have_it_denied() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 58);
    stage.account(&phone, 2_000);
    let code = pulled(&mut stage, &phone, "310100", "310100");
    // Jiangsu has learned the token, and claims its riders stand behind it.
    let ask = CodeAsk {
        grant: uuid::Uuid::from_u128(99),
        network: division("310100"),
        home: division("320500"),
        account: code.account,
        limit_fen: Fen(2_000),
        expiry: stage.now() + DurationMs::days(1),
        user_key: hex::encode(key("thief").key().compressed()),
    };
    stage.forge("320000", "310000", Message::CodeAsk(ask.clone()));
    let refused = grants::grant(stage.region.view("310000"), ask.grant).expect("readable").expect("an answer");
    assert_eq!((refused.state.as_str(), refused.code.as_deref()), ("refused", Some("TRN-GRANT")));
    let from = stage.now();
    stage.forge("320000", "310000", Message::DebtNotice { account: code.account, from });
    assert_eq!(stage.unread("310000"), ["TRN-GRANT"]);
    // The one to whom it belongs renews it as ever.
    assert_eq!(pulled(&mut stage, &phone, "310100", "310100").account, code.account);
    stage.check();
}

#[test]
fn a_claim_for_another_citys_account_or_without_its_grant_is_not_paid() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 59);
    stage.account(&phone, 5_000);
    let code = pulled(&mut stage, &phone, "310100", "310100");
    let mut shanghai = Shanghai::new(&mut stage);
    let rides = [shanghai.ride(&mut stage, &phone), shanghai.ride(&mut stage, &code)];
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(4_000));
    let contents: Vec<TripFinal> =
        rides.iter().map(|row| trips::content(stage.region.view("310000"), row).expect("readable")).collect();
    let [own, pulled] = &contents[..] else { panic!("two rides") };
    let claims = [
        (TripFinal { home: division("330200"), ..own.clone() }, "NO_ACCOUNT"),
        (TripFinal { rider: Phone::new("330100", 60).rider(), ..own.clone() }, "NO_ACCOUNT"),
        (TripFinal { grant: None, ..pulled.clone() }, "NOT_VERIFIED"),
        (TripFinal { grant: Some(uuid::Uuid::from_u128(1)), ..pulled.clone() }, "NOT_VERIFIED"),
        (TripFinal { limit_fen: Fen(9_000), ..pulled.clone() }, "OVER_LIMIT"),
        (TripFinal { limit_fen: Fen(400), ..own.clone() }, "OVER_LIMIT"),
        (own.clone(), "DUPLICATE"),
    ];
    for (number, (mut claim, reason)) in claims.into_iter().enumerate() {
        claim.taps[0].hash = digest(&format!("claim {number}"));
        claim.trip_id = trip_id(Some(claim.taps[0].hash), Some(claim.taps[1].hash));
        let id = claim.trip_id;
        stage.forge("310000", "330000", Message::TripFinal(Box::new(claim)));
        let known = home_trips::trip(stage.region.view("330000"), id).expect("readable").expect("an answer");
        let outcome = serde_json::to_string(&known.outcome().expect("readable")).expect("JSON");
        assert!(known.is_disputed && outcome.contains(reason), "{number}: {outcome}");
    }
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(4_000), "nothing was taken");
    assert!(stage.region.replay_differences().is_empty());
}
