//! What a pack, a map or a list of packs is refused for; the answer names the field.

use super::city::{line, map, pack, pack_json, shanghai};
use huitong_transit::model::fare::sequence::check_sequence;
use huitong_transit::model::fare::validate::validate;
use huitong_transit::model::network::{Network, StationMap};
use serde_json::{Value, json};

fn sound() -> Value {
    let mut json = pack_json(json!([shanghai()]));
    json["account_classes"] = json!({"student": [3]});
    json
}

/// The sound pack with one field changed (`/groups/0/lines`) is refused for `field`.
#[track_caller]
fn check(pointer: &str, value: Value, field: &str) {
    let mut json = sound();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    json.pointer_mut(parent).expect("a field of the pack")[key] = value;
    let refused = validate(&pack(json), &line(&[1_000, 2_000])).expect_err("a faulty pack");
    assert!(refused.starts_with(field), "{pointer}: {refused}");
}

#[test]
fn the_pack_itself_is_sound() {
    assert!(validate(&pack(sound()), &line(&[1_000, 2_000])).is_ok());
}

#[test]
fn bands_that_do_not_rise_have_gaps_fall_or_end_are_refused() {
    let bands = "/groups/0/bands";
    check(bands, json!([]), "groups[0].bands");
    check(bands, json!([{"upto_m": 0, "fare_fen": 300}]), "groups[0].bands[0]");
    check(bands, json!([{"upto_m": 6_000, "fare_fen": 300}, {"upto_m": 6_000, "fare_fen": 400}]), "groups[0].bands[1]");
    check(bands, json!([{"fare_fen": 300}, {"upto_m": 6_000, "fare_fen": 400}]), "groups[0].bands[1]");
    check(bands, json!([{"fare_fen": 300}]), "groups[0].steps[0]");
    check(
        bands,
        json!([{"upto_m": 6_000, "fare_fen": 300}, {"upto_m": 7_000, "fare_fen": 299}]),
        "groups[0].bands[1]: fares fall",
    );
    check(bands, json!([{"upto_m": 6_000, "fare_fen": -1}]), "groups[0].bands[0]");
    check("/groups/0/steps", json!([]), "groups[0].bands: the last rule has an end");
    check(
        "/groups/0/steps",
        json!([{"upto_m": 9_000, "step_m": 1_000, "add_fen": 100}]),
        "groups[0].steps: the last rule has an end",
    );
    check(
        "/groups/0/steps",
        json!([{"upto_m": 6_000, "step_m": 1_000, "add_fen": 1}, {"step_m": 1, "add_fen": 1}]),
        "groups[0].steps[0]",
    );
    check("/groups/0/steps", json!([{"step_m": 0, "add_fen": 100}]), "groups[0].steps[0]");
    check("/groups/0/steps", json!([{"step_m": 1_000, "add_fen": -100}]), "groups[0].steps[0]: fares fall");
}

#[test]
fn fares_may_fall_if_that_is_meant_but_not_below_nothing() {
    let falling = |steps: Value| {
        let mut json = sound();
        json["allow_falling"] = json!(true);
        json["groups"][0]["bands"] = json!([{"upto_m": 1_000, "fare_fen": 300}]);
        json["groups"][0]["steps"] = steps;
        validate(&pack(json), &line(&[1_000, 2_000]))
    };
    assert!(falling(json!([{"step_m": 1_000, "add_fen": -100}])).is_ok());
    let refused = falling(json!([{"step_m": 1_000, "add_fen": -200}])).expect_err("a negative fare");
    assert_eq!(refused, "groups: -1.00 yuan from 0 to 2 is out of range");
}

#[test]
fn unknown_stations_and_lines_are_refused() {
    check("/groups/0/lines", json!([2]), "groups[0].lines");
    check("/groups/0/starting_stations", json!([9]), "groups[0].starting_stations: 9");
    check("/groups/0/ending_stations", json!([9]), "groups[0].ending_stations: 9");
    check(
        "/discounts",
        json!([{"name": "x", "portion": "0.1", "starting_stations": [9]}]),
        "discounts[0].starting_stations",
    );
    let manual = |pairs: Value| json!([{"name": "m", "basis": "manual", "pairs": pairs}]);
    check("/groups", manual(json!([{"from": 0, "to": 9, "fare_fen": 1}])), "groups[0].pairs[0]: 9");
    check("/groups", manual(json!([])), "groups[0].pairs");
    check("/groups", manual(json!([{"from": 0, "to": 1, "fare_fen": 1}])), "groups: no fare from 0 to 2");
    check("/groups/0/basis", json!("zone"), "groups[0].basis: a station has no zone");
}

#[test]
fn a_choice_that_is_not_unique_and_rides_without_group_are_refused() {
    let two = |other: Value| json!([shanghai(), other]);
    let single = json!({"name": "one", "basis": "single", "fare_fen": 300});
    check("/groups", two(single.clone()), "groups[1]: as specific as network");
    check("/groups", two(shanghai()), "groups[1].name");
    let timed = |name: &str, from: u32, to: u32, basis: &str, days: &str| {
        json!({"name": name, "basis": "single", "fare_fen": 300,
        "apply_time": {"basis": basis, "days": days, "from_min": from, "to_min": to}})
    };
    let three = |other: Value| json!([shanghai(), timed("early", 0, 420, "entry", "working_days"), other]);
    check("/groups", three(timed("late", 419, 500, "entry", "working_days")), "groups[2]: as specific as early");
    check("/groups", three(timed("night", 1_320, 60, "entry", "working_days")), "groups[2]: as specific as early");
    check("/groups", three(timed("late", 420, 500, "exit", "all")), "groups[2]: as specific as early");
    for apart in [timed("late", 420, 500, "entry", "all"), timed("free", 0, 420, "entry", "days_off")] {
        let mut json = sound();
        json["groups"] = three(apart);
        assert!(validate(&pack(json), &line(&[1_000, 2_000])).is_ok());
    }
    check("/groups", json!([timed("early", 0, 420, "entry", "all")]), "groups: no fare from 0 to 0");
    check(
        "/groups",
        json!([{"name": "to 1", "basis": "single", "fare_fen": 300, "ending_stations": [1]}]),
        "groups: no fare from 0 to 0",
    );
}

#[test]
fn derivations_discounts_transfers_and_caps_must_make_sense() {
    let derived = |name: &str, portion: &str| {
        json!([shanghai(), {"name": "half", "basis": "distance", "starting_stations": [0],
        "derive_from": {"name": name, "portion": portion}}])
    };
    check("/groups", derived("half", "0.5"), "groups[1].derive_from");
    check("/groups", derived("none", "0.5"), "groups[1].derive_from");
    check("/groups", derived("network", "1.5"), "groups[1].derive_from");
    check("/discounts", json!([{"name": "x", "portion": "1.0001"}]), "discounts[0].portion");
    check("/discounts", json!([{"name": "x", "portion": "0.1", "minus_fen": 1}]), "discounts[0].portion");
    check("/discounts", json!([{"name": "x"}]), "discounts[0].minus_fen");
    check("/discounts", json!([{"name": "x", "minus_fen": -1}]), "discounts[0].minus_fen");
    check("/discounts", json!([{"name": "x", "minus_fen": 1, "classes": ["elderly"]}]), "discounts[0].classes");
    check("/account_classes", json!({"a": [1, 2], "b": [2]}), "account_classes.b");
    check("/rebates", json!([{"name": "x", "from_network": "330100", "within_min": 0, "minus_fen": 1}]), "rebates[0]");
    check("/caps", json!([{"name": "x", "window": "day", "start_min": 1_440, "max_fen": 1}]), "caps[0]");
    check("/caps", json!([{"name": "x", "window": "day", "max_fen": -1}]), "caps[0]");
}

#[test]
fn the_frame_of_a_pack_must_fit_its_network_and_its_examples_must_compute() {
    check("/network", json!("330100"), "network");
    check("/network_version", json!(2), "network_version");
    check("/valid_to", json!("2019-01-01"), "valid_to");
    check("/source", json!(""), "source");
    check("/examples", json!([]), "examples");
    check("/examples/0/fare_fen", json!(301), "examples[0]: the pack gives 3.00 yuan, not 3.01");
    check("/examples", json!([{"from": 0, "to": 9, "fare_fen": 300}]), "examples[0]: the pack gives no fare");
    check("/examples", json!([{"metres": 6_001, "fare_fen": 300}]), "examples[0]: the pack gives 4.00");
    check("/groups/0/fare_fen", json!(100), "groups[0].fare_fen");
}

#[test]
fn versions_of_a_network_follow_each_other() {
    let version = |version: u32, from: &str, to: Option<&str>| {
        let mut json = sound();
        (json["version"], json["valid_from"], json["valid_to"]) = (json!(version), json!(from), json!(to));
        pack(json)
    };
    let first = || version(1, "2019-01-01", Some("2020-01-01"));
    let second = || version(2, "2020-01-01", None);
    let third = || version(3, "2021-06-01", None);
    assert_eq!(check_sequence(&[third(), first(), second()]), Ok(()));
    let refused = |packs: &[_]| check_sequence(packs).expect_err("they do not follow");
    assert!(refused(&[first(), version(2, "2019-12-31", None)]).contains("overlaps"));
    assert!(refused(&[second(), version(3, "2020-01-01", None)]).contains("overlaps"));
    assert!(refused(&[first(), version(2, "2020-01-02", None)]).contains("no fare after"));
    assert!(refused(&[first(), version(1, "2020-01-01", None)]).starts_with("version"));
}

#[test]
fn a_map_that_contradicts_itself_is_refused() {
    let check = |pointer: &str, value: Value, field: &str| {
        let mut json = map(&[1_000, 2_000]);
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        json.pointer_mut(parent).expect("a field of the map")[key] = value;
        let map: StationMap = serde_json::from_value(json).expect("a map");
        assert_eq!(Network::new(map).map(|_| ()), Err(field.to_owned()), "{pointer}");
    };
    check("/stations", json!([]), "stations");
    let station = |id: u32, lines: Value| json!({"id": id, "name_zh": "站", "name_en": "Stop", "lines": lines, "jurisdiction": "310100"});
    check("/stations", json!([station(0, json!([1])), station(0, json!([1]))]), "stations[1]");
    check("/stations", json!([station(0, json!([]))]), "stations[0]");
    let edge =
        |from: u32, to: u32, line: u32, metres: u32| json!({"from": from, "to": to, "line": line, "metres": metres});
    for faulty in [edge(0, 0, 1, 9), edge(0, 9, 1, 9), edge(0, 1, 2, 9), edge(0, 1, 1, 0), edge(0, 1, 1, 2_000_000)] {
        check("/edges", json!([faulty]), "edges[0]");
    }
    check("/edges", json!([edge(0, 1, 1, 9), edge(1, 0, 1, 8)]), "edges[1]");
    let mut border = edge(0, 1, 1, 9);
    border["border_m"] = json!(3);
    check("/edges", json!([border]), "edges[0]");
    check("/min_travel", json!({"fixed_s": 1, "metres_per_s_max": 0}), "min_travel.metres_per_s_max");
    check("/parameters", json!({"trip_limit_min": 0}), "parameters.trip_limit_min");
    check("/source", json!(""), "source");
}
