//! Fares at their limits: the city tables of transit specification §7.4, the grace of §7.3, and every basis of §7.2.

use super::city::{
    by_distance, check, line, map, network, nominal, pack, pack_json, price, ride, ride_at, shanghai, week_with_holiday,
};
use huitong_kernel::money::Fen;
use huitong_transit::model::fare::Pack;
use huitong_transit::model::fare::price::price as price_with;
use huitong_transit::model::fare::validate::validate;
use huitong_transit::model::network::Network;
use serde_json::{Value, json};

#[test]
fn shanghai_charges_three_yuan_to_six_kilometres_and_one_more_for_every_ten_begun() {
    for (metres, yuan) in [
        (1, 3),
        (6_000, 3),
        (6_001, 4),
        (6_010, 4),
        (16_000, 4),
        (16_010, 5),
        (56_000, 8),
        (56_100, 9),
        (76_000, 10),
        (76_001, 11),
    ] {
        check(shanghai(), metres, yuan * 100);
    }
}

#[test]
fn nanjing_charges_one_yuan_more_a_metre_after_every_limit() {
    let bands = [(10, 2), (16, 3), (22, 4), (30, 5), (38, 6), (48, 7), (58, 8), (70, 9)];
    let table: Vec<(u32, i64)> = bands.iter().map(|(km, yuan)| (km * 1_000, yuan * 100)).collect();
    let nanjing = || by_distance(&table, &[(None, 14_000, 100)], 0);
    for (limit, fen) in &table {
        check(nanjing(), *limit, *fen);
        check(nanjing(), *limit + 1, *fen + 100);
    }
    for (metres, yuan) in [(84_000, 10), (84_001, 11), (98_000, 11), (98_001, 12)] {
        check(nanjing(), metres, yuan * 100);
    }
}

#[test]
fn hangzhou_steps_grow_longer_with_the_distance() {
    let hangzhou = || {
        by_distance(&[(4_000, 200)], &[(Some(12_000), 4_000, 100), (Some(24_000), 6_000, 100), (None, 8_000, 100)], 0)
    };
    for (km, yuan) in [(4, 2), (8, 3), (12, 4), (18, 5), (24, 6), (32, 7), (40, 8)] {
        check(hangzhou(), km * 1_000, yuan * 100);
        check(hangzhou(), km * 1_000 + 1, yuan * 100 + 100);
    }
}

/// Bands of project Beijing-Subway-Tools; 99 metres are given free at every limit.
fn beijing() -> Value {
    let bands = [(6_000, 300), (12_000, 400), (22_000, 500), (32_000, 600)];
    by_distance(&bands, &[(None, 20_000, 100)], 99)
}

#[test]
fn beijing_gives_ninety_nine_metres_free_at_every_limit() {
    for (metres, yuan) in
        [(6_099, 3), (6_100, 4), (12_099, 4), (12_100, 5), (32_099, 6), (32_100, 7), (52_099, 7), (52_100, 8)]
    {
        check(beijing(), metres, yuan * 100);
    }
}

fn beijing_with_half_price() -> (Pack, Network) {
    let early = json!({
        "name": "early", "basis": "distance", "starting_stations": [0],
        "apply_time": {"basis": "entry", "days": "working_days", "from_min": 0, "to_min": 420},
        "derive_from": {"name": "network", "portion": "0.5"},
    });
    let mut json = pack_json(json!([beijing(), early]));
    json["examples"] = json!([
        {"from": 0, "to": 1, "fare_fen": 400},
        {"group": "early", "from": 0, "to": 1, "fare_fen": 200},
        {"group": "early", "metres": 6_099, "fare_fen": 150},
        {"metres": 6_099, "fare_fen": 300},
    ]);
    (pack(json), line(&[6_100, 6_000]))
}

#[test]
fn beijing_takes_half_before_seven_on_working_days_at_some_stations() {
    let (pack, network) = beijing_with_half_price();
    assert_eq!(validate(&pack, &network), Ok(Fen(500)));
    let check = |from, to, entry: &str, fen| {
        let fare = price_with(&pack, &network, &week_with_holiday(), &ride_at(from, to, entry), &[]);
        assert_eq!(fare.expect("a fare").charge_fen, Fen(fen), "{from}–{to} at {entry}");
    };
    check(0, 1, "2026-11-20T06:59:59", 200);
    check(0, 1, "2026-11-20T07:00:00", 400);
    // By the entry: an exit after seven changes nothing. Only at the listed stations.
    check(0, 2, "2026-11-20T06:45:00", 250);
    check(1, 0, "2026-11-20T06:30:00", 400);
    check(1, 2, "2026-11-20T06:30:00", 300);
    // Thursday was a holiday, Saturday is worked instead, Sunday is free.
    check(0, 1, "2026-11-19T06:30:00", 400);
    check(0, 1, "2026-11-21T06:30:00", 200);
    check(0, 1, "2026-11-22T06:30:00", 400);
}

#[test]
fn half_of_an_odd_fare_goes_up_to_the_fen() {
    let half = json!({"name": "half", "basis": "single", "ending_stations": [1], "derive_from": {"name": "one", "portion": "0.5"}});
    let pack = pack(pack_json(json!([{"name": "one", "basis": "single", "fare_fen": 333}, half])));
    let network = line(&[1_000, 1_000]);
    assert_eq!(nominal(&pack, &network, &ride(0, 1)), 167);
    assert_eq!(nominal(&pack, &network, &ride(1, 2)), 333);
}

#[test]
fn stops_zones_pairs_and_a_single_price_are_bases_too() {
    let zoned = |stations: &mut Value| {
        for (at, zone) in [1, 1, 2, 3, 3].iter().enumerate() {
            stations[at]["zone"] = json!(zone);
        }
    };
    let mut city = map(&[500, 500, 500, 500]);
    zoned(&mut city["stations"]);
    let network = network(city);
    let of = |group: Value| pack(pack_json(json!([group])));
    let stops = of(json!({"name": "stops", "basis": "station",
        "bands": [{"upto": 1, "fare_fen": 100}, {"upto": 3, "fare_fen": 200}], "steps": [{"step": 2, "add_fen": 50}]}));
    let zones = of(json!({"name": "zones", "basis": "zone",
        "bands": [{"upto": 1, "fare_fen": 200}, {"upto": 2, "fare_fen": 300}, {"fare_fen": 450}]}));
    let single = of(json!({"name": "single", "basis": "single", "fare_fen": 500}));
    let pairs = of(json!({"name": "pairs", "basis": "manual", "pairs": [
        {"from": 0, "to": 1, "fare_fen": 110}, {"from": 0, "to": 2, "fare_fen": 120}, {"from": 2, "to": 0, "fare_fen": 130}]}));
    for (pack, from, to, fen) in [
        (&stops, 0, 1, 100),
        (&stops, 3, 0, 200),
        (&stops, 0, 4, 250),
        (&zones, 0, 1, 200),
        (&zones, 1, 2, 300),
        (&zones, 3, 4, 200),
        (&zones, 0, 4, 450),
        (&single, 0, 4, 500),
        (&pairs, 0, 1, 110),
        (&pairs, 1, 0, 110),
        (&pairs, 0, 2, 120),
        (&pairs, 2, 0, 130),
    ] {
        assert_eq!(nominal(pack, &network, &ride(from, to)), fen, "{} {from}–{to}", pack.groups[0].name);
    }
    assert_eq!(price(&pairs, &network, &ride(1, 2)), None, "no fare for this pair");
}

/// Line 1 by distance from station 0 to 2, then an airport line with one price from 2 to 4, and line 1 again from 4 to 5.
fn with_airport_line() -> Network {
    let mut city = map(&[5_000, 6_000, 20_000, 20_000, 4_000]);
    for at in [2, 3] {
        city["edges"][at]["line"] = json!(9);
    }
    for (at, lines) in [(2, json!([1, 9])), (3, json!([9])), (4, json!([1, 9]))] {
        city["stations"][at]["lines"] = lines;
    }
    network(city)
}

#[test]
fn a_path_through_several_groups_is_cut_at_the_border_and_the_parts_are_added() {
    let network = with_airport_line();
    let early = json!({
        "name": "early", "basis": "distance", "starting_stations": [0], "ending_stations": [2, 3, 4, 5],
        "apply_time": {"basis": "entry", "days": "all", "from_min": 0, "to_min": 420},
        "derive_from": {"name": "network", "portion": "0.5"},
    });
    let airport = json!({"name": "airport", "basis": "single", "lines": [9], "fare_fen": 2_500});
    let mut json = pack_json(json!([shanghai(), airport, early]));
    json["examples"] = json!([{"from": 0, "to": 3, "fare_fen": 2_900}, {"from": 0, "to": 1, "fare_fen": 300}]);
    let pack = pack(json);
    assert_eq!(validate(&pack, &network), Ok(Fen(3_200)));
    for (from, to, fen) in
        [(0, 2, 400), (0, 3, 2_900), (3, 0, 2_900), (0, 4, 2_900), (0, 5, 3_200), (3, 4, 2_500), (4, 5, 300)]
    {
        assert_eq!(nominal(&pack, &network, &ride(from, to)), fen, "{from}–{to}");
    }
    // The line with a fare of its own keeps it, whatever the hour does to the rest.
    assert_eq!(nominal(&pack, &network, &ride_at(0, 3, "2026-11-20T06:00:00")), 2_700);
    assert_eq!(nominal(&pack, &network, &ride_at(0, 2, "2026-11-20T06:00:00")), 200);
}

#[test]
fn the_provisional_fare_is_that_of_the_dearest_hour() {
    let dear = |name: &str, basis: &str, ends: &[u32], fen: i64| {
        json!({"name": name, "basis": "single", "ending_stations": ends, "fare_fen": fen,
            "apply_time": {"basis": basis, "days": "working_days", "from_min": 420, "to_min": 540}})
    };
    let network = line(&[1_000, 2_000]);
    let with = |groups: Value| validate(&pack(pack_json(groups)), &network);
    assert_eq!(with(json!([shanghai()])), Ok(Fen(300)));
    assert_eq!(
        with(json!([shanghai(), dear("peak", "entry", &[], 700), dear("end", "exit", &[2], 900)])),
        Ok(Fen(900))
    );
}

#[test]
fn a_map_of_six_hundred_stations_is_loaded_with_all_its_pairs() {
    let lengths: Vec<u32> = (0..599).map(|at| 900 + at % 700).collect();
    let mut city = map(&lengths);
    let crossings = (0..550).step_by(10).map(|at| json!({"from": at, "to": at + 37, "line": 1, "metres": 7_000}));
    city["edges"].as_array_mut().expect("edges").extend(crossings);
    let network = network(city);
    let begun = std::time::Instant::now();
    let mut json = pack_json(json!([shanghai()]));
    let (pack, highest) = (pack(json.clone()), validate(&pack(json.clone()), &network).expect("a sound pack"));
    assert_eq!(highest, Fen(nominal(&pack, &network, &ride(0, 599))));
    println!("by length: {:?}", begun.elapsed());
    // The same, but every way must be walked.
    let begun = std::time::Instant::now();
    json["groups"][0]["lines"] = json!([1]);
    json["examples"] = json!([{"from": 0, "to": 1, "fare_fen": 300}]);
    assert_eq!(validate(&self::pack(json), &network), Ok(highest));
    println!("by path: {:?}", begun.elapsed());
}
