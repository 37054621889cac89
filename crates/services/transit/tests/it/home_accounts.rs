//! Accounts and authorisations: what a home operator lets its riders do.

use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::harness::Called;
use huitong_transit::command::{AccountWish, AuthoriseWish, Command, Reply};
use huitong_transit::model::trip::TripState;
use huitong_transit::query::home_trips::{self, HomeTrip, Place as RidePlace};
use huitong_transit::query::{accounts, bill};
use huitong_transit_code::Reason;
use huitong_transit_code::cache::{Slot, Slots};
use huitong_transit_code::deny::{Chain, DenyTable, Row};
use huitong_transit_code::gate::{Answer, Direction, Gate, GateRules, Memory, Presented};
use huitong_transit_code::key_set::KEY_SET_LENGTH_MAX;
use huitong_transit_code::make::{Sign, signed_table};
use huitong_transit_code::recent::{Place, Recent};
use huitong_transit_code::signature::RustCrypto;
use huitong_transit_code::state::ServiceState;

use super::desk::{Shanghai, authorise_wish, phone_of};
use super::stage::{Phone, Stage, division, key};

/// What a gate of Shanghai with the node's own tables says of a code.
fn gate_says(stage: &Stage, code: &[u8], direction: Direction) -> Answer {
    let operator = key("tables");
    let mut bytes = vec![0; KEY_SET_LENGTH_MAX];
    let (mut rows, mut chains) = (vec![Row::default(); 100], vec![Chain::default(); 8]);
    let (mut replay, mut passback) = (vec![Place::default(); 64], vec![Place::default(); 64]);
    let (mut certificates, mut authorisations) = (vec![Slot::default(); 4], vec![Slot::default(); 4]);
    let memory = Memory {
        key_set: &mut bytes,
        deny: DenyTable::new(&mut rows, &mut chains),
        replay: Recent::new(&mut replay),
        passback: Recent::new(&mut passback),
        cache: Slots { certificates: &mut certificates, authorisations: &mut authorisations },
    };
    let mut gate = Gate::new(RustCrypto, operator.key(), GateRules::default(), memory);
    let view = stage.region.view("310000");
    let set =
        huitong_transit::query::gate_tables::key_set(view, None, stage.now()).expect("readable").expect("a key set");
    gate.load_key_set(&signed_table(&set, &operator)).expect("a key set for gates");
    for home in huitong_transit::query::gate_tables::deny_homes(view).expect("readable") {
        for delta in huitong_transit::query::gate_tables::deny(view, home, None).expect("readable") {
            gate.apply_deny(&signed_table(&delta, &operator)).expect("a list for gates");
        }
    }
    let now = stage.now().0 / 1_000;
    let state = ServiceState {
        sequence: 1,
        network: 310_100,
        station: 207,
        as_of: now,
        provisional_fen: 1_500,
        ..ServiceState::default()
    };
    gate.load_state(&signed_table(&state.to_bytes(), &operator)).expect("a state");
    gate.check(Presented { code, now, clock_error_s: Some(0), direction })
}

fn wish(phone: &Phone) -> AccountWish {
    AccountWish {
        account: phone.account,
        city: division(phone.city),
        account_type: 1,
        trip_limit_fen: Fen(2_000),
        day_limit_fen: Fen(20_000),
        unpaid_limit_fen: Fen(5_000),
        networks: vec![division("310100")],
    }
}

#[test]
fn an_authorisation_opens_a_gate_until_its_account_is_denied() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 31);
    stage.account(&phone, 5_000);
    let Reply::Authorised { authorisation, expiry, limit_fen, .. } = stage.authorise(&phone, "pocket").reply() else {
        panic!("an authorisation was wished for")
    };
    assert_eq!(limit_fen, Fen(2_000));
    assert_eq!(expiry, stage.now() + DurationMs::days(3));
    let pocket = phone_of("330100", "pocket", &authorisation);
    assert_eq!(pocket.account, phone.account);
    stage.pass(1);
    let answer = gate_says(&stage, &pocket.code(stage.now()), Direction::In);
    assert_eq!((answer.reason, answer.flags), (Reason::Ok, 0));
    // The node takes such a ride, and home pays for it.
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = shanghai.ride(&mut stage, &pocket);
    assert_eq!((trip.state, trip.charge_fen), (TripState::Charged, Fen(500)));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(4_500));

    // The phone is lost.
    assert!(matches!(stage.deny(&phone, "lost").reply(), Reply::Denied { pending: true }));
    stage.pass(15);
    assert_eq!(gate_says(&stage, &pocket.code(stage.now()), Direction::In).reason, Reason::Denied);
    assert!(matches!(stage.lift(&phone, "lost").reply(), Reply::Denied { pending: true }));
    stage.pass(15);
    assert_eq!(gate_says(&stage, &pocket.code(stage.now()), Direction::In).reason, Reason::Ok);
    stage.pass(3 * 24 * 60);
    assert_eq!(gate_says(&stage, &pocket.code(stage.now()), Direction::In).reason, Reason::AuthorisationExpired);
    stage.check();
}

#[test]
fn the_same_wish_gives_the_same_bytes() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 32);
    stage.account(&phone, 0);
    let bytes = |stage: &mut Stage| match stage.authorise(&phone, "pocket").reply() {
        Reply::Authorised { authorisation, .. } => authorisation,
        other => panic!("{other:?}"),
    };
    assert_eq!(bytes(&mut stage), bytes(&mut stage));
    stage.check();
}

#[test]
fn authorisations_stay_within_their_rules() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 33);
    stage.account(&phone, 0);
    let refused = |stage: &mut Stage, change: &dyn Fn(&mut AuthoriseWish)| {
        let mut wish = authorise_wish(&phone, "pocket");
        change(&mut wish);
        match stage.home("330100", Command::Authorise(wish)) {
            Called::Refused(refusal) => (refusal.code, refusal.field.unwrap_or_default()),
            other => panic!("{other:?}"),
        }
    };
    let now = stage.now();
    let field = |name: &str| ("TRN-1003".to_owned(), name.to_owned());
    let ahead = |days: i64, ms: i64| Some(Instant((now + DurationMs::days(days)).0 + ms));
    assert_eq!(refused(&mut stage, &|wish| wish.expiry = ahead(7, 1)), field("expiry"));
    assert_eq!(refused(&mut stage, &|wish| wish.expiry = ahead(0, 0)), field("expiry"));
    assert_eq!(refused(&mut stage, &|wish| wish.validity_s = 0), field("validity_s"));
    assert_eq!(refused(&mut stage, &|wish| wish.validity_s = 121), field("validity_s"));
    assert_eq!(refused(&mut stage, &|wish| wish.user_key[0] = 4), field("user_key"));
    let other = |wish: &mut AuthoriseWish| wish.account = Phone::new("330100", 34).account;
    assert_eq!(refused(&mut stage, &other).0, "TRN-2001");
    // Another operator does not know the account.
    let command = Command::Authorise(authorise_wish(&phone, "pocket"));
    assert_eq!(stage.region.call("330000", "another", None, command).code(), "TRN-2001");
    let longest = AuthoriseWish { expiry: ahead(7, 0), ..authorise_wish(&phone, "pocket") };
    stage.home("330100", Command::Authorise(longest)).reply();
    stage.check();
}

#[test]
fn an_account_over_a_limit_gets_no_new_authorisation() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 35);
    let refused = |stage: &mut Stage| match stage.authorise(&phone, "pocket") {
        Called::Refused(refusal) => (refusal.code, refusal.arguments[0].1.clone()),
        other => panic!("{other:?}"),
    };
    let limit = |which: &str| ("TRN-2004".to_owned(), which.to_owned());
    // The highest fare of Shanghai's map is that from 花桥 to the airport.
    let low = AccountWish { trip_limit_fen: Fen(500), ..wish(&phone) };
    stage.home("330100", Command::OpenAccount(low)).reply();
    assert_eq!(refused(&mut stage), ("TRN-2005".to_owned(), "310100".to_owned()));
    let day = AccountWish { day_limit_fen: Fen(2_499), ..wish(&phone) };
    stage.home("330100", Command::OpenAccount(day)).reply();
    stage.authorise(&phone, "pocket").reply();
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.ride(&mut stage, &phone);
    assert_eq!(refused(&mut stage), limit("day_limit"));
    let unpaid = AccountWish { unpaid_limit_fen: Fen(500), ..wish(&phone) };
    stage.home("330100", Command::OpenAccount(unpaid)).reply();
    assert_eq!(refused(&mut stage), limit("unpaid_limit"));
    stage.pay(&phone, 500, "paid").reply();
    for _ in 1..20 {
        stage.authorise(&phone, "pocket").reply();
    }
    assert_eq!(refused(&mut stage), limit("authorisations"));
    stage.pass(24 * 60);
    stage.authorise(&phone, "pocket").reply();
    stage.check();
}

#[test]
fn a_payment_counts_once_whatever_the_network_does() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 36);
    stage.account(&phone, 0);
    let pay =
        |reference: &str| Command::Pay { account: phone.account, amount: Fen(700), reference: reference.to_owned() };
    for _ in 0..2 {
        let called = stage.region.call("330000", super::stage::HOME, Some("payment-0001"), pay("2026112400017"));
        assert!(matches!(called.reply(), Reply::Paid { balance_fen: Fen(700), .. }));
    }
    let called = stage.region.call("330000", super::stage::HOME, Some("payment-0002"), pay("2026112400017"));
    assert_eq!(called.code(), "TRN-2006");
    assert_eq!(stage.pay(&phone, 0, "nothing").code(), "TRN-1003");
    assert_eq!(stage.pay(&phone, 1, "").code(), "TRN-1003");
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(700));
    stage.check();
}

#[test]
fn accounts_are_opened_only_for_riders_of_this_node() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 37);
    let strange = [
        AccountWish { city: division("310100"), ..wish(&phone) },
        AccountWish { account: Phone::new("310100", 1).account, ..wish(&phone) },
        AccountWish { account_type: 9, ..wish(&phone) },
        AccountWish { trip_limit_fen: Fen(-1), ..wish(&phone) },
        AccountWish { day_limit_fen: Fen(10_000_001), ..wish(&phone) },
    ];
    let codes: Vec<String> =
        strange.into_iter().map(|wish| stage.home("330100", Command::OpenAccount(wish)).code()).collect();
    assert_eq!(codes, ["TRN-1006", "TRN-1003", "TRN-1003", "TRN-1003", "TRN-1003"]);
    stage.home("330100", Command::OpenAccount(wish(&phone))).reply();
    stage.home("330100", Command::OpenAccount(wish(&phone))).reply();
    let other = stage.region.call("330000", "another", None, Command::OpenAccount(wish(&phone)));
    assert_eq!(other.code(), "TRN-2002");
    stage.check();
}

#[test]
fn one_bill_holds_the_trips_of_all_cities_with_what_was_changed() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 38);
    stage.account(&phone, 1_400);
    let mut shanghai = Shanghai::new(&mut stage);
    let first = shanghai.ride(&mut stage, &phone);
    shanghai.ride(&mut stage, &phone);
    let mut bus = stage.gate("WJ-BUS-7", "320509", 1, 7618);
    bus.tap(&phone, huitong_transit::model::tap::Direction::Boarding, stage.now());
    stage.upload(&bus);
    stage.pass(1);
    let charge = huitong_transit::command::AdjustWish::Charge { amount_fen: Fen(200) };
    let command = Command::AdjustTrip { trip: first.trip, wish: charge };
    stage.region.call("310000", super::stage::METRO, None, command).reply();
    stage.pass(0);
    let view = stage.region.view("330000");
    let cities = bill::cities(view, &phone.account, "2026-11").expect("readable");
    let sums = |network: &str| cities[&division(network)];
    let shanghai = sums("310100");
    assert_eq!(
        (shanghai.trips, shanghai.trips_fen, shanghai.adjusts, shanghai.adjusts_fen),
        (2, Fen(1_000), 1, Fen(-300))
    );
    assert_eq!((sums("320509").trips, sums("320509").charged_fen()), (1, Fen(500)));
    assert!(bill::cities(view, &phone.account, "2026-12").expect("readable").is_empty());
    assert_eq!(bill::paid_in(view, &phone.account, "2026-11").expect("readable"), Fen(1_400));
    // What was charged is what is gone from the balance, or owed.
    let account = stage.account_of(&phone);
    let charged: Fen = cities.values().map(bill::CitySums::charged_fen).sum();
    assert_eq!(Fen(1_400) - account.balance_fen + account.unpaid_fen, charged);

    let page = |after| home_trips::of_account(view, &phone.account, after, 2).expect("readable");
    let newest = page(None);
    let place = |trip: &HomeTrip| Some(RidePlace { began: trip.began, trip: trip.trip });
    let rest = page(place(&newest[1]));
    assert_eq!((newest.len(), rest.len()), (2, 1));
    assert!(newest[0].began >= newest[1].began && newest[1].began >= rest[0].began);
    assert_eq!(home_trips::booked_in(view, &phone.account, "2026-11", 10).expect("readable").len(), 3);
    assert_eq!(home_trips::adjusted_in(view, &phone.account, "2026-11", 10).expect("readable").len(), 1);
    assert_eq!(accounts::list(view, super::stage::HOME, None, 10).expect("readable").len(), 1);
    stage.check();
}
