//! The revenue of cross-border lines, shared exactly (transit specification §8).

use super::city::{at, map, network, ride};
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_transit::model::fare::ride::Ride;
use huitong_transit::model::network::Network;
use huitong_transit::model::split::{SplitRule, Splitting, check_sequence, parts, splitting, validate};
use proptest::prelude::*;
use serde_json::{Value, json};

fn code(text: &str) -> Division {
    text.parse().expect("a code")
}

fn codes(weights: &[(&str, u64)]) -> Vec<(Division, u64)> {
    weights.iter().map(|(party, weight)| (code(party), *weight)).collect()
}

#[track_caller]
fn check(fen: i64, weights: &[(&str, u64)], expected: &[i64]) {
    let found = parts(Fen(fen), &codes(weights)).expect("weights");
    assert_eq!(found.iter().map(|(_, part)| part.0).collect::<Vec<_>>(), expected);
    assert!(found.is_sorted_by_key(|(party, _)| *party));
}

#[test]
fn the_examples_of_the_specification() {
    check(700, &[("310000", 5_300), ("320000", 9_400)], &[252, 448]);
    check(100, &[("310000", 1), ("320000", 1), ("330000", 1)], &[34, 33, 33]);
    check(300, &[("310000", 7_000), ("320000", 7_000), ("330000", 4_000)], &[117, 117, 66]);
}

#[test]
fn refunds_are_split_like_the_original_and_the_order_of_the_weights_is_nothing() {
    check(-700, &[("310000", 5_300), ("320000", 9_400)], &[-252, -448]);
    check(-100, &[("330000", 1), ("320000", 1), ("310000", 1)], &[-34, -33, -33]);
    check(0, &[("310000", 1), ("320000", 1)], &[0, 0]);
    check(5, &[("320000", 0), ("310000", 1)], &[5, 0]);
    assert_eq!(parts(Fen(5), &codes(&[("310000", 0)])), None);
    assert_eq!(parts(Fen(5), &[]), None);
    assert_eq!(parts(Fen(5), &codes(&[("310000", u64::MAX), ("320000", 1)])), None);
}

proptest! {
    #[test]
    fn the_parts_are_the_whole_and_no_part_is_a_fen_off(amount in -100_000_000_i64..100_000_000, weights in prop::collection::vec(0_u64..1_000_000, 1..9)) {
        let weights: Vec<(Division, u64)> =
            weights.into_iter().zip(11_u32..).map(|(weight, at)| (code(&format!("{at}0000")), weight)).collect();
        let whole: u64 = weights.iter().map(|(_, weight)| weight).sum();
        prop_assume!(whole > 0);
        let found = parts(Fen(amount), &weights).expect("weights");
        prop_assert_eq!(found.iter().map(|(_, part)| *part).sum::<Fen>(), Fen(amount));
        for ((_, part), (_, weight)) in found.iter().zip(&weights) {
            let exact = i128::from(amount.abs()) * i128::from(*weight);
            let off = i128::from(part.0.abs()) * i128::from(whole) - exact;
            prop_assert!(off.abs() < i128::from(whole));
            prop_assert!(part.0 == 0 || part.is_negative() == (amount < 0));
            prop_assert!(*weight > 0 || part.0 == 0);
        }
        let negated = parts(Fen(-amount), &weights).expect("the same weights");
        prop_assert!(found.iter().zip(&negated).all(|((_, part), (_, other))| part.0 == -other.0));
    }
}

/// Line 11: stations 0 and 1 in Kunshan, 2 and 3 in Shanghai; line 1 from 3 to 4 in Shanghai.
fn line_11(border_m: Option<u32>) -> Network {
    let mut city = map(&[2_000, 3_001, 4_000, 5_000]);
    for (at, lines, jurisdiction) in [
        (0, json!([11]), "320583"),
        (1, json!([11]), "320583"),
        (2, json!([11]), "310114"),
        (3, json!([1, 11]), "310114"),
    ] {
        (city["stations"][at]["lines"], city["stations"][at]["jurisdiction"]) = (lines, json!(jurisdiction));
    }
    for at in 0..3 {
        city["edges"][at]["line"] = json!(11);
    }
    city["edges"][1]["border_m"] = json!(border_m);
    network(city)
}

fn rule(basis: &str) -> Value {
    json!({
        "network": "310100", "line": 11, "version": 1, "valid_from": "2019-01-01", "grade": "unconfirmed", "source": "test",
        "basis": basis, "operating": "310000", "partners": ["320000"],
    })
}

fn read(json: Value) -> SplitRule {
    serde_json::from_value(json).expect("a rule")
}

#[track_caller]
fn check_weights(rules: &[SplitRule], network: &Network, ride: Ride, expected: &[(&str, u64)]) {
    match splitting(rules, network, code("310000"), &ride) {
        Some(Splitting::By { weights, .. }) => assert_eq!(weights, codes(expected)),
        other => assert!(expected.is_empty() && other == Some(Splitting::Whole), "{other:?}"),
    }
}

#[test]
fn metres_are_counted_on_either_side_of_the_border() {
    let rules = [read(rule("km"))];
    let known = line_11(Some(1_000));
    assert_eq!(validate(&rules[0], &known), Ok(()));
    check_weights(&rules, &known, ride(0, 2), &[("310000", 2_001), ("320000", 3_000)]);
    check_weights(&rules, &known, ride(2, 0), &[("310000", 2_001), ("320000", 3_000)]);
    // The whole trip counts, beyond the line too.
    check_weights(&rules, &known, ride(4, 1), &[("310000", 11_001), ("320000", 1_000)]);
    // Without a known border the section counts half and half, the odd metre for the lower code.
    check_weights(&rules, &line_11(None), ride(0, 2), &[("310000", 1_501), ("320000", 3_500)]);
    check_weights(&rules, &line_11(None), ride(2, 0), &[("310000", 1_501), ("320000", 3_500)]);
}

#[test]
fn a_trip_inside_one_jurisdiction_is_not_split() {
    for basis in ["km", "stops"] {
        let rules = [read(rule(basis))];
        check_weights(&rules, &line_11(None), ride(0, 1), &[]);
        check_weights(&rules, &line_11(None), ride(2, 4), &[]);
    }
}

#[test]
fn stops_and_agreed_shares_are_bases_too() {
    let network = line_11(None);
    check_weights(&[read(rule("stops"))], &network, ride(0, 2), &[("310000", 1), ("320000", 2)]);
    check_weights(&[read(rule("stops"))], &network, ride(4, 1), &[("310000", 3), ("320000", 1)]);
    let mut agreed = rule("share");
    agreed["shares"] = json!([{"party": "320000", "weight": 3}, {"party": "310000", "weight": 7}]);
    assert_eq!(validate(&read(agreed.clone()), &network), Ok(()));
    check_weights(&[read(agreed.clone())], &network, ride(0, 2), &[("310000", 7), ("320000", 3)]);
    check_weights(&[read(agreed)], &network, ride(0, 1), &[]);
}

#[test]
fn the_rule_of_the_day_of_entry_counts_and_a_missing_one_is_told() {
    let mut first = rule("km");
    first["valid_to"] = json!("2026-11-20");
    let mut second = rule("stops");
    (second["version"], second["valid_from"]) = (json!(2), json!("2026-11-20"));
    let rules = [read(first), read(second)];
    assert_eq!(check_sequence(&rules), Ok(()));
    let network = line_11(None);
    let version = |entry: &str| {
        let ride = Ride { entry: at(entry), ..ride(0, 2) };
        match splitting(&rules, &network, code("310000"), &ride) {
            Some(Splitting::By { rule, .. }) => Some(rule.version),
            _ => None,
        }
    };
    // The business day begins at three.
    assert_eq!(version("2026-11-20T02:59:59"), Some(1));
    assert_eq!(version("2026-11-20T03:00:00"), Some(2));
    assert_eq!(splitting(&[], &network, code("310000"), &ride(0, 2)), Some(Splitting::RuleMissing(11)));
    assert_eq!(splitting(&[], &network, code("310000"), &ride(2, 4)), Some(Splitting::Whole));
    let mut overlapping = rule("stops");
    (overlapping["version"], overlapping["valid_from"]) = (json!(2), json!("2026-11-19"));
    assert!(check_sequence(&[rules[0].clone(), read(overlapping)]).is_err());
}

#[test]
fn a_bus_with_one_tap_is_split_by_the_stop_or_by_agreement() {
    let mut buses = map(&[10_000]);
    (buses["mode"], buses["network"]) = (json!("single_tap"), json!("320509"));
    buses["stations"][0]["jurisdiction"] = json!("320509");
    let network = network(buses);
    let mut json = rule("stops");
    (json["network"], json["line"]) = (json!("320509"), json!(1));
    (json["operating"], json["partners"]) = (json!("320000"), json!(["310000"]));
    let by = |rules: &[SplitRule], stop| {
        let ride = Ride { line: Some(1), ..ride(stop, stop) };
        match splitting(rules, &network, code("320000"), &ride) {
            Some(Splitting::By { weights, .. }) => weights,
            Some(Splitting::Whole) => Vec::new(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(validate(&read(json.clone()), &network), Ok(()));
    assert_eq!(by(&[read(json.clone())], 1), codes(&[("310000", 1)]));
    assert_eq!(by(&[read(json.clone())], 0), []);
    let boarding = Ride { line: Some(1), ..ride(0, 0) };
    assert_eq!(splitting(&[], &network, code("320000"), &boarding), Some(Splitting::RuleMissing(1)));
    (json["basis"], json["shares"]) =
        (json!("share"), json!([{"party": "310000", "weight": 1}, {"party": "320000", "weight": 1}]));
    assert_eq!(by(&[read(json)], 0), codes(&[("310000", 1), ("320000", 1)]));
}

#[test]
fn a_rule_that_makes_no_sense_is_refused() {
    let check = |field: &str, value: Value, expected: &str| {
        let mut json = rule("km");
        json[field] = value;
        assert_eq!(validate(&read(json), &line_11(None)), Err(expected.to_owned()));
    };
    check("network", json!("330100"), "network");
    check("line", json!(1), "line");
    check("partners", json!([]), "partners");
    check("partners", json!(["310000"]), "partners");
    check("partners", json!(["310114"]), "partners");
    check("partners", json!(["330000"]), "line");
    check("shares", json!([{"party": "310000", "weight": 1}]), "shares");
    check("basis", json!("share"), "shares");
    check("source", json!(""), "source");
    check("valid_to", json!("2019-01-01"), "valid_to");
}
