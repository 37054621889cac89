//! What gates send and get: holes, conflicts, closed stations, codes that do not cover the fare, tables.

use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_transit::command::{Command, OrderWish};
use huitong_transit::model::order::{FreeExitRule, OrderKind};
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::model::tap::TapState;
use huitong_transit::model::trip::{TripKind, TripState};
use huitong_transit::query::{dated, gate_tables, gates, taps, trips};
use huitong_transit_code::state::{CityRules, ServiceState};
use serde_json::json;

use super::desk::Shanghai;
use super::invariants::check_invariants;
use super::stage::{Gate, METRO, Phone, Stage, division, transit};

fn state_of(stage: &Stage, gate: &Gate, number: u64) -> (TapState, Option<String>) {
    let tap = taps::tap(stage.region.view("310000"), &gate.key_of(number)).expect("readable").expect("held");
    (tap.state, tap.reason)
}

fn holes(stage: &Stage) -> usize {
    stage.alarms("310000").iter().filter(|alarm| alarm.contains("a record is missing")).count()
}

#[test]
fn a_hole_is_told_once_and_forgotten_when_it_is_filled() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 11);
    let mut gate = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    for minute in 0..5 {
        gate.tap(&phone, In, stage.at(minute));
    }
    stage.pass(10);
    stage.upload_part(&gate, 1, 1);
    stage.upload_part(&gate, 3, 3);
    stage.pass(119);
    assert_eq!(holes(&stage), 0);
    stage.pass(1);
    assert_eq!(holes(&stage), 1);
    stage.upload_part(&gate, 4, 4);
    stage.pass(300);
    assert_eq!(holes(&stage), 1, "the same hole is no news");
    check_invariants(&stage);
    stage.upload_part(&gate, 2, 2);
    assert_eq!(stage.upload_part(&gate, 5, 5).held_to, 5);
    stage.pass(300);
    assert_eq!(holes(&stage), 1);
    check_invariants(&stage);
    stage.check();
}

#[test]
fn two_records_under_one_number_are_both_kept_and_neither_is_charged() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 12);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = shanghai.ride(&mut stage, &phone);
    assert_eq!(trip.charge_fen, Fen(500));
    // The gate's store was set back: it counts from 1 again in the same epoch.
    let stranger = Phone::new("330100", 13);
    stage.account(&stranger, 5_000);
    let mut again = Gate::new("SH-PEOPLE-1", "310100", 207, 2);
    again.tap(&stranger, In, stage.now());
    let taken = stage.upload(&again);
    assert_eq!((taken.accepted, taken.impossible, taken.new_epoch_required), (0, 1, true));
    stage.pass(1);
    let conflict = (TapState::Impossible, Some("TRN-TAP-CONFLICT".to_owned()));
    assert_eq!(state_of(&stage, &shanghai.entry, 1), conflict);
    let trip = &stage.trips("310100", &phone)[0];
    assert_eq!((trip.state, trip.charge_fen), (TripState::Refunded, Fen(0)), "not on a record in doubt");
    let kept = taps::conflicts(stage.region.view("310000"), "SH-PEOPLE-1", 1, 1, 1).expect("readable");
    assert_eq!(kept.len(), 1);
    let alarms = |stage: &Stage| stage.alarms("310000").iter().filter(|alarm| alarm.contains("TAP-CONFLICT")).count();
    assert_eq!(alarms(&stage), 1);
    // The same bytes again are no news.
    let repeated = stage.upload(&again);
    assert_eq!((repeated.duplicate, repeated.new_epoch_required, alarms(&stage)), (1, true, 1));
    // What the gate has recorded since is not lost; then it begins a new epoch.
    again.tap(&phone, In, stage.now());
    assert_eq!(stage.upload_part(&again, 2, 2).accepted, 1);
    let mut new = Gate::new("SH-PEOPLE-1", "310100", 207, 2);
    new.epoch = 2;
    new.tap(&stranger, In, stage.now() + DurationMs::seconds(30));
    let taken = stage.upload(&new);
    assert_eq!((taken.accepted, taken.new_epoch_required), (1, false));
    check_invariants(&stage);
    stage.check();
}

fn order(kind: OrderKind, rule: FreeExitRule, stage: &Stage) -> OrderWish {
    OrderWish {
        network: division("310100"),
        station: None,
        line: None,
        gate: None,
        from: stage.at(0),
        to: stage.at(60),
        kind,
        rule,
        reason: "crowd".to_owned(),
    }
}

#[test]
fn a_closed_station_lets_nobody_in_and_everybody_out() {
    let mut stage = Stage::new();
    let (phone, other) = (Phone::new("330100", 14), Phone::new("330100", 15));
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.entry.tap(&phone, In, stage.at(-30));
    let wish = OrderWish { station: Some(201), ..order(OrderKind::Closed, FreeExitRule::default(), &stage) };
    stage.region.call("310000", METRO, None, Command::Order(wish)).reply();
    stage.pass(10);
    shanghai.exit.tap(&phone, Out, stage.at(5));
    shanghai.exit.tap(&other, In, stage.at(6));
    stage.upload(&shanghai.entry);
    let taken = stage.upload(&shanghai.exit);
    assert_eq!((taken.accepted, taken.impossible), (1, 1));
    assert_eq!(state_of(&stage, &shanghai.exit, 2), (TapState::Impossible, Some("TRN-CLOSED".to_owned())));
    stage.pass(1);
    assert_eq!(stage.trips("310100", &phone)[0].charge_fen, Fen(500));
    check_invariants(&stage);
    stage.check();
}

#[test]
fn gates_opened_to_a_station_need_the_station() {
    let mut stage = Stage::new();
    let wish = order(OrderKind::FreeExit, FreeExitRule::ToStation, &stage);
    assert_eq!(stage.region.call("310000", METRO, None, Command::Order(wish)).code(), "TRN-1002");
}

#[test]
fn gates_opened_on_a_line_end_trips_that_can_have_reached_it_for_the_lowest_fare() {
    // Turning back at a gate is free here; a ride is not.
    let mut stage = Stage::with(|_, map| map["parameters"]["same_station_short"] = "free".into());
    let (near, far) = (Phone::new("330100", 16), Phone::new("330100", 17));
    stage.account(&near, 5_000);
    stage.account(&far, 5_000);
    let mut square = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    let mut border = stage.gate("SH-HUAQIAO-1", "310100", 1101, 11);
    square.tap(&near, In, stage.at(0));
    border.tap(&far, In, stage.at(0));
    // Line 2 for a quarter of an hour: no train from the border gets there in that time.
    let wish = order(OrderKind::FreeExit, FreeExitRule::Minimum, &stage);
    let wish = OrderWish { line: Some(2), to: stage.at(15), ..wish };
    stage.region.call("310000", METRO, None, Command::Order(wish)).reply();
    stage.pass(1);
    stage.upload(&square);
    stage.upload(&border);
    stage.pass((4 + 72) * 60 + 1);
    let trip = |stage: &Stage, phone: &Phone| stage.trips("310100", phone).pop().expect("a trip");
    let ended = trip(&stage, &near);
    assert_eq!((ended.kind, ended.charge_fen, ended.provisional), (TripKind::EntryOnly, Fen(300), false));
    assert!(trip(&stage, &far).provisional, "nothing shows where it ended");
    check_invariants(&stage);
    stage.check();
}

#[test]
fn an_entry_whose_code_does_not_cover_the_fare_is_told_and_the_rest_is_the_citys() {
    let mut stage = Stage::new();
    let phone = Phone::with("330100", 18, |fields| fields.limit_fen = 400);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = shanghai.ride(&mut stage, &phone);
    assert_eq!((trip.state, trip.charge_fen), (TripState::Charged, Fen(400)));
    let content = trips::content(stage.region.view("310000"), &trip).expect("readable");
    assert!(content.flags.contains(&"over_limit".to_owned()), "{:?}", content.flags);
    check_invariants(&stage);
    stage.check();
}

#[test]
fn a_key_set_announced_ahead_reaches_gates_when_it_holds() {
    let mut stage = Stage::new();
    let mut set = stage.key_set(2);
    set.not_before = stage.now() + DurationMs::days(1);
    stage.region.call("310000", "keeper", None, Command::PublishKeySet(set)).reply();
    stage.region.carry_all();
    let lacks = |stage: &Stage, held| {
        let view = stage.region.view("330000");
        gate_tables::key_set(view, held, stage.now()).expect("readable").is_some()
    };
    assert!(lacks(&stage, None), "the first one");
    assert!(!lacks(&stage, Some(1)), "not before its time");
    stage.pass(24 * 60);
    assert!(lacks(&stage, Some(1)));
}

#[test]
fn after_the_end_of_a_pack_the_one_before_it_does_not_come_back() {
    let mut stage = Stage::new();
    let mut pack: serde_json::Value =
        serde_json::from_str(&stage.pack_text("310100", "310100-metro", 1)).expect("JSON");
    (pack["version"], pack["valid_from"], pack["valid_to"]) = (2.into(), "2026-12-01".into(), "2026-12-08".into());
    stage.region.call("310000", METRO, None, Command::PublishPack { text: pack.to_string() }).reply();
    let transit = transit();
    let version = |day: &str| {
        let (view, day) = (stage.region.view("310000"), day.parse().expect("a date"));
        dated::pack_on(&transit, view, division("310100"), day).expect("readable").map(|pack| pack.version)
    };
    for (day, expected) in [
        ("2018-11-30", None),
        ("2026-11-30", Some(1)),
        ("2026-12-01", Some(2)),
        ("2026-12-07", Some(2)),
        ("2026-12-08", None),
    ] {
        assert_eq!(version(day), expected, "{day}");
    }
}

#[test]
fn what_a_city_sets_for_its_gates_is_in_their_state_from_the_map_on_that_says_it() {
    let mut stage = Stage::with(|network, map| {
        if network == "310100" {
            let set = json!({ "skew_s": 10, "passback_s": 90, "deny_age_limit_h": 2, "deny_stale": "accept_flagged" });
            map["parameters"].as_object_mut().expect("parameters").extend(set.as_object().expect("an object").clone());
        }
    });
    stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    stage.gate("HZ-EAST-1", "330100", 109, 1);
    let rules = |stage: &Stage, node: &str, gate: &str| {
        let view = stage.region.view(node);
        let gate = gates::gate(view, gate).expect("readable").expect("registered");
        let state = gate_tables::state(&transit(), view, &gate, None, stage.now()).expect("readable");
        ServiceState::parse(&state.expect("fares are in force").to_bytes()).expect("as gates read it").rules
    };
    let set = CityRules { skew_s: 10, passback_s: 90, deny_age_max_s: 7_200, accepts_stale_deny: true };
    assert_eq!(rules(&stage, "310000", "SH-PEOPLE-1"), set);
    assert_eq!(rules(&stage, "330000", "HZ-EAST-1"), CityRules::default());
    let mut map: serde_json::Value = serde_json::from_str(&stage.map_text("310100", 1)).expect("JSON");
    (map["version"], map["parameters"]["skew_s"]) = (2.into(), 40.into());
    stage.region.call("310000", METRO, None, Command::PublishMap { text: map.to_string() }).reply();
    assert_eq!(rules(&stage, "310000", "SH-PEOPLE-1"), CityRules { skew_s: 40, ..set });
}
