//! Deny lists: causes, deltas, chains, and who bears a ride of a denied rider.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::harness::Called;
use huitong_transit::command::{AdjustWish, Command, Reply};
use huitong_transit::model::contest::ContestDecision;
use huitong_transit::model::deny::{DeltaText, DenyAdd, DenyClass, DenyEntry};
use huitong_transit::model::message::{ChargeOutcome, Message};
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::model::trip::TripState;
use huitong_transit::query::bill;
use huitong_transit::query::deny::{self, Head};

use super::desk::Shanghai;
use super::stage::{METRO, Note, Phone, Stage, division};

fn head(stage: &Stage, node: &str, home: &str) -> Option<Head> {
    deny::head(stage.region.view(node), division(home)).expect("readable")
}

/// Kinds of contests at a node, oldest first.
fn outcome(stage: &Stage, phone: &Phone, trip: &huitong_transit::query::trips::TripRow) -> String {
    serde_json::to_string(&stage.home_trip(phone, trip).outcome().expect("readable")).expect("JSON")
}

#[test]
fn every_node_publishes_a_list_at_once_and_every_hour_anew() {
    let mut stage = Stage::new();
    stage.pass(1);
    for node in super::stage::NODES {
        for home in super::stage::NODES {
            let known = head(&stage, node, home).expect("a list");
            assert_eq!((known.sequence, known.as_of), (1, stage.now()), "{home} at {node}");
        }
    }
    stage.pass(59);
    assert_eq!(head(&stage, "310000", "330000").map(|head| head.sequence), Some(1));
    stage.pass(1);
    let heard = head(&stage, "310000", "330000").expect("a list");
    assert_eq!((heard.sequence, heard.as_of), (2, stage.now()));
    assert_eq!(Some(heard), head(&stage, "330000", "330000"), "the same chain at both ends");
    stage.check();
}

#[test]
fn an_entry_stands_while_any_cause_stands() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 41);
    stage.account(&phone, 0);
    stage.pass(1);
    stage.deny(&phone, "lost").reply();
    stage.deny(&phone, "abuse").reply();
    assert_eq!(stage.causes(&phone), ["abuse", "lost"]);
    stage.pass(10);
    assert!(stage.is_denied("320000", "330000", &phone.account));
    assert!(matches!(stage.lift(&phone, "lost").reply(), Reply::Denied { pending: false }));
    stage.pass(10);
    assert!(stage.is_denied("320000", "330000", &phone.account));
    stage.lift(&phone, "abuse").reply();
    stage.pass(10);
    assert!(!stage.is_denied("320000", "330000", &phone.account));
    // What was lifted stays known with its time, for contests.
    let before = Instant(stage.now().0 - 12 * 60_000);
    let view = stage.region.view("310000");
    assert!(deny::denied_since(view, division("330000"), &phone.account, before).expect("readable").is_some());
    stage.check();
}

#[test]
fn what_is_lifted_before_it_was_published_is_never_said() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 42);
    stage.account(&phone, 0);
    stage.pass(1);
    stage.deny(&phone, "lost").reply();
    assert!(matches!(stage.lift(&phone, "lost").reply(), Reply::Denied { pending: false }));
    stage.pass(10);
    assert_eq!(head(&stage, "310000", "330000").map(|head| head.sequence), Some(1), "nothing to say");
    stage.deny(&phone, "lost").reply();
    stage.pass(10);
    stage.lift(&phone, "lost").reply();
    assert!(matches!(stage.deny(&phone, "abuse").reply(), Reply::Denied { pending: false }), "it stays listed");
    stage.pass(10);
    assert_eq!(head(&stage, "310000", "330000").map(|head| head.sequence), Some(2));
    assert!(stage.is_denied("310000", "330000", &phone.account));
    stage.check();
}

#[test]
fn a_home_lists_only_what_is_its_own() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 43);
    stage.account(&phone, 0);
    stage.pass(1);
    let mut refused = |kind, key: &str, cause: &str| {
        let entry = DenyEntry { kind, key: key.to_owned() };
        match stage.home("330100", Command::Deny { entry, cause: cause.to_owned() }) {
            Called::Refused(refusal) => refusal.code,
            other => panic!("{other:?}"),
        }
    };
    let own = phone.account.to_string();
    assert_eq!(refused(DenyClass::Account, &own, "debt"), "TRN-1003", "debts are this service's matter");
    assert_eq!(refused(DenyClass::Account, &own, ""), "TRN-1003");
    assert_eq!(refused(DenyClass::Account, &own[..26], "lost"), "TRN-1003");
    assert_eq!(refused(DenyClass::Account, &Phone::new("310100", 1).account.to_string(), "lost"), "TRN-2001");
    assert_eq!(refused(DenyClass::Issuer, "99310100", "abuse"), "TRN-1006");
    assert_eq!(refused(DenyClass::Certificate, "99310100000001", "abuse"), "TRN-1006");
    assert_eq!(
        refused(DenyClass::Platform, "00000001", "compromised"),
        "TRN-1008",
        "the keeper of the key set lists platforms"
    );
    let entry = DenyEntry { kind: DenyClass::Platform, key: "00000002".to_owned() };
    let command = Command::Deny { entry, cause: "compromised".to_owned() };
    stage.region.call("310000", super::stage::HOME, None, command).reply();
    let entry = DenyEntry { kind: DenyClass::Certificate, key: "99330100000001".to_owned() };
    stage.home("330100", Command::Deny { entry, cause: "compromised".to_owned() }).reply();
    stage.pass(10);
    assert_eq!(head(&stage, "330000", "310000").map(|head| head.sequence), Some(2));
    stage.check();
}

#[test]
fn a_delta_that_does_not_follow_or_names_strangers_is_refused() {
    let mut stage = Stage::new();
    stage.pass(1);
    let known = head(&stage, "310000", "330000").expect("a list");
    let victim = Phone::new("320500", 44).account;
    let next = DeltaText {
        home: division("330000"),
        sequence: 2,
        previous: known.hash,
        as_of: stage.now(),
        adds: Vec::new(),
        removes: Vec::new(),
        snapshot_hash: None,
    };
    let add = |key: String, kind| vec![DenyAdd { entry: DenyEntry { kind, key }, valid_from: known.as_of }];
    let bad = [
        (DeltaText { sequence: 1, ..next.clone() }, "TRN-CHAIN"),
        (DeltaText { previous: Digest::default(), ..next.clone() }, "TRN-CHAIN"),
        (DeltaText { as_of: known.as_of + DurationMs(-1_000), ..next.clone() }, "TRN-CHAIN"),
        (DeltaText { home: division("320000"), ..next.clone() }, "TRN-1006"),
        (DeltaText { adds: add(victim.to_string(), DenyClass::Account), ..next.clone() }, "TRN-1006"),
        (DeltaText { adds: add("99320500".to_owned(), DenyClass::Issuer), ..next.clone() }, "TRN-1006"),
        (DeltaText { adds: add("00000001".to_owned(), DenyClass::Platform), ..next.clone() }, "TRN-1008"),
    ];
    let expected: Vec<&str> = bad.iter().map(|(_, code)| *code).collect();
    for (delta, _) in bad {
        stage.forge("330000", "310000", Message::DenyDelta(delta));
    }
    assert_eq!(stage.unread("310000"), expected);
    assert_eq!(head(&stage, "310000", "330000"), Some(known), "the chain is where it was");
    assert!(!stage.is_denied("310000", "330000", &victim) && !stage.is_denied("310000", "320000", &victim));
    stage.forge("330000", "310000", Message::DenyDelta(next));
    assert_eq!(head(&stage, "310000", "330000").map(|head| head.sequence), Some(2));
    stage.check();
}

#[test]
fn a_gate_with_a_list_too_old_lets_a_denied_rider_in_and_its_city_bears_it() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 45);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    stage.deny(&phone, "lost").reply();
    stage.pass(1);
    stage.pass(59);
    let stale = Note { deny_sequence: 1, deny_age_s: 25 * 3_600, ..Note::default() };
    let trip = shanghai.ride_with(&mut stage, &phone, stale);
    assert_eq!((trip.state, trip.reason.as_deref()), (TripState::WrittenOff, Some("TRN-DENY-STALE")));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(5_000));
    assert!(stage.balances("310000", "receivable").values().all(|amount| *amount == Fen(0)));
    stage.check();
}

/// A ride whose exit gate applied list `sequence`, and says that it was so old; the account was denied after list 1.
fn under_list(sequence: u32, says_s: impl Fn(i64) -> i64) -> (Stage, Phone, huitong_transit::query::trips::TripRow) {
    under_list_on(Stage::new(), sequence, says_s)
}

fn under_list_on(
    mut stage: Stage,
    sequence: u32,
    says_s: impl Fn(i64) -> i64,
) -> (Stage, Phone, huitong_transit::query::trips::TripRow) {
    let phone = Phone::new("330100", 46);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    stage.pass(1);
    let first = head(&stage, "330000", "330000").expect("a list").as_of;
    let began = stage.now();
    stage.deny(&phone, "lost").reply();
    stage.pass(40);
    let age = |at: Instant| u32::try_from(says_s((at - first).0 / 1_000)).expect("an age");
    let note = |at| Note { deny_sequence: sequence, deny_age_s: age(at), ..Note::default() };
    let ended = stage.now();
    let entered = shanghai.entry.note(&phone.code(began), In, began, note(began));
    let left = shanghai.exit.note(&phone.code(ended), Out, ended, note(ended));
    stage.upload_part(&shanghai.entry, entered, entered);
    stage.upload_part(&shanghai.exit, left, left);
    stage.pass(1);
    let trip = stage.trips("310100", &phone).pop().expect("a trip");
    (stage, phone, trip)
}

#[test]
fn a_city_that_wants_younger_lists_is_held_to_its_own_rule() {
    let at_once = |network: &str, map: &mut serde_json::Value| {
        if network == "310100" {
            map["parameters"]["deny_age_limit_h"] = 0.into();
        }
    };
    let (mut stage, phone, trip) = under_list_on(Stage::with(at_once), 1, |age_s| age_s);
    assert_eq!((trip.state, trip.reason.as_deref()), (TripState::WrittenOff, Some("TRN-DENY-STALE")));
    // It claims the ride all the same.
    let claim = huitong_transit::query::trips::content(stage.region.view("310000"), &trip).expect("readable");
    stage.forge("310000", "330000", Message::TripFinal(Box::new(claim)));
    assert!(outcome(&stage, &phone, &trip).contains("DENIED_BEFORE"));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(5_000));
}

#[test]
fn a_city_that_wants_older_lists_does_not_get_them_at_homes_expense() {
    let a_week = |_: &str, map: &mut serde_json::Value| map["parameters"]["deny_age_limit_h"] = 168.into();
    let mut stage = Stage::with(a_week);
    let phone = Phone::new("330100", 47);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    stage.pass(1);
    let first = head(&stage, "330000", "330000").expect("a list").as_of;
    stage.deny(&phone, "lost").reply();
    stage.pass(30 * 60);
    let age = u32::try_from((stage.now() - first).0 / 1_000).expect("an age");
    let old = Note { deny_sequence: 1, deny_age_s: age, ..Note::default() };
    let trip = shanghai.ride_with(&mut stage, &phone, old);
    assert_eq!(trip.state, TripState::Disputed, "Shanghai finds the list young enough, home does not");
    assert!(outcome(&stage, &phone, &trip).contains("DENIED_BEFORE"));
    stage.check();
}

#[test]
fn a_gate_whose_list_was_young_but_older_than_the_denial_is_paid() {
    let (stage, _, trip) = under_list(1, |age_s| age_s);
    assert_eq!((trip.state, trip.charge_fen), (TripState::Charged, Fen(500)));
    stage.check();
}

#[test]
fn a_list_is_as_old_as_its_number_says_whatever_the_claim_says() {
    // The list that had the rider, said to be a day old; the one before it, said to be younger than it was; one that never was.
    for (sequence, says_s) in [(2, 80_000), (1, 0), (9, 60), (0, 60)] {
        let (stage, phone, trip) = under_list(sequence, |_| says_s);
        assert_eq!(trip.state, TripState::Disputed, "list {sequence}");
        assert!(outcome(&stage, &phone, &trip).contains("DENIED_BEFORE"), "list {sequence}");
        stage.check();
    }
}

#[test]
fn a_certificate_or_a_platform_that_is_denied_denies_the_codes_that_bear_it() {
    let ride = |kind, key: &str, by: &str, wait: i64| {
        let mut stage = Stage::new();
        let phone = Phone::new("330100", 50);
        stage.account(&phone, 5_000);
        let mut shanghai = Shanghai::new(&mut stage);
        stage.pass(1);
        let entry = DenyEntry { kind, key: key.to_owned() };
        let deny = Command::Deny { entry, cause: "compromised".to_owned() };
        stage.region.call(by, super::stage::HOME, None, deny).reply();
        stage.pass(1);
        stage.pass(wait);
        let note = Note { deny_sequence: 2, deny_age_s: 0, ..Note::default() };
        let trip = shanghai.ride_with(&mut stage, &phone, note);
        stage.check();
        (trip.state, outcome(&stage, &phone, &trip).contains("DENIED_BEFORE"))
    };
    let disputed = (TripState::Disputed, true);
    assert_eq!(ride(DenyClass::Certificate, "99330100000001", "330000", 41), disputed);
    assert_eq!(ride(DenyClass::Certificate, "99330100000002", "330000", 41).0, TripState::Charged, "another one");
    // The claim does not tell which list of the keeper a gate had: within its age limit the city may not have known.
    assert_eq!(ride(DenyClass::Platform, "00000001", "310000", 41).0, TripState::Charged);
    assert_eq!(ride(DenyClass::Platform, "00000001", "310000", 26 * 60), disputed);
}

#[test]
fn a_claim_for_a_rider_whom_the_gates_list_had_is_contested() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 47);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    stage.deny(&phone, "lost").reply();
    stage.pass(1);
    stage.pass(59);
    let fresh = Note { deny_sequence: 2, deny_age_s: 30, ..Note::default() };
    let trip = shanghai.ride_with(&mut stage, &phone, fresh);
    assert_eq!(trip.state, TripState::Disputed);
    assert!(outcome(&stage, &phone, &trip).contains("DENIED_BEFORE"));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(5_000));
    stage.check();
}

#[test]
fn a_ride_on_a_lost_phone_is_never_the_riders_whatever_the_cities_agree_on() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 49);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    stage.deny(&phone, "lost").reply();
    stage.pass(1);
    stage.pass(59);
    let trip = shanghai.ride(&mut stage, &phone);
    assert_eq!(trip.state, TripState::Disputed);
    let wish = AdjustWish::Charge { amount_fen: Fen(200) };
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip: trip.trip, wish }).reply();
    stage.pass(0);
    let sums = |stage: &Stage| {
        let cities = bill::cities(stage.region.view("330000"), &phone.account, "2026-11").expect("readable");
        let city = cities[&division("310100")];
        (city.trips, city.disputed, city.charged_fen())
    };
    assert_eq!(sums(&stage), (0, 1, Fen(0)));
    let ChargeOutcome::Contested { contest, .. } = stage.home_trip(&phone, &trip).outcome().expect("readable") else {
        panic!("the claim is contested")
    };
    let answer = Command::AnswerContest {
        contest,
        decision: ContestDecision::Upheld,
        explanation: "the gate's list was younger than the record says".to_owned(),
        amount: None,
    };
    stage.region.call("310000", METRO, None, answer).reply();
    stage.pass(0);
    assert_eq!(sums(&stage), (0, 1, Fen(0)), "the creditor's word alone charges nobody");
    let accept = Command::ReplyContest { contest, accepts: true, explanation: "the list is as they say".to_owned() };
    stage.home("330100", accept).reply();
    stage.pass(0);
    // Home owes Shanghai 2 yuan and bears them itself (risk rule b).
    let payable = |stage: &Stage| stage.balances("330000", "payable")["payable/330100/310100"];
    assert_eq!((sums(&stage), payable(&stage)), ((1, 0, Fen(0)), Fen(-200)));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(5_000));
    assert_eq!(stage.balances("330000", "loss")["loss/330100"], Fen(200));
    // What is given back later goes back to home.
    let wish = AdjustWish::Charge { amount_fen: Fen(50) };
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip: trip.trip, wish }).reply();
    stage.pass(0);
    assert_eq!((sums(&stage), payable(&stage)), ((1, 0, Fen(0)), Fen(-50)));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(5_000));
    assert_eq!(stage.balances("330000", "loss")["loss/330100"], Fen(50));
    super::invariants::check_invariants(&stage);
    stage.check();
}

#[test]
fn the_same_code_at_two_nodes_is_charged_once() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 48);
    stage.account(&phone, 5_000);
    let mut bus = stage.gate("WJ-BUS-7", "320509", 1, 7618);
    let mut other = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    // The bus takes its one tap as a boarding, the metro as an entry: two directions, two uses.
    let at = stage.now();
    bus.tap(&phone, huitong_transit::model::tap::Direction::Boarding, at);
    stage.upload(&bus);
    stage.pass(1);
    let boarded = stage.trips("320509", &phone).pop().expect("a trip");
    assert_eq!(boarded.state, TripState::Charged);
    // An entry in Shanghai and one in Hangzhou with one code: the second claim is contested.
    let mut hangzhou = stage.gate("HZ-EAST-1", "330100", 109, 1);
    let at = stage.now();
    other.tap(&phone, In, at);
    hangzhou.tap(&phone, In, at);
    stage.upload(&other);
    stage.upload(&hangzhou);
    stage.pass(80 * 60);
    let in_shanghai = stage.trips("310100", &phone).pop().expect("a trip");
    let in_hangzhou = stage.trips("330100", &phone).pop().expect("a trip");
    let mut states = [in_shanghai.state, in_hangzhou.state];
    states.sort();
    assert_eq!(states, [TripState::Charged, TripState::Disputed]);
    let disputed = if in_shanghai.state == TripState::Disputed { &in_shanghai } else { &in_hangzhou };
    assert!(outcome(&stage, &phone, disputed).contains("DUPLICATE"));
    stage.check();
}

#[test]
fn a_map_that_came_after_the_ride_makes_no_list_too_old() {
    let (mut stage, phone, trip) = under_list(1, |age_s| age_s);
    let mut map: serde_json::Value = serde_json::from_str(&stage.map_text("310100", 1)).expect("JSON");
    (map["version"], map["parameters"]["deny_age_limit_h"]) = (2.into(), 0.into());
    stage.region.call("310000", METRO, None, Command::PublishMap { text: map.to_string() }).reply();
    stage.pass(1);
    // Less was charged by mistake, and it is put right: home looks at the taps again.
    for amount in [300, 500] {
        let wish = AdjustWish::Charge { amount_fen: Fen(amount) };
        stage.region.call("310000", METRO, None, Command::AdjustTrip { trip: trip.trip, wish }).reply();
        stage.pass(1);
    }
    let contests = stage.region.view("330000").one("SELECT COUNT(*) FROM contest", [], |row| row.get::<_, u32>(0));
    assert_eq!(contests.expect("readable"), Some(0));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(4_500));
    stage.check();
}
