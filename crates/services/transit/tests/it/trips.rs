//! What a trip costs beyond its fare: discounts, transfers, caps, stays, overstays, single-sided taps.

use super::city::{at, earlier, line, map, network, pack, pack_json, ride, ride_at, shanghai};
use huitong_kernel::calendar::Calendar;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_transit::model::fare::Pack;
use huitong_transit::model::fare::charge::{exit_only, fare_of, provisional};
use huitong_transit::model::fare::ride::{EarlierTrip, Ride};
use huitong_transit::model::network::Network;
use serde_json::{Value, json};

fn with(field: &str, value: Value) -> Pack {
    let mut json = pack_json(json!([shanghai()]));
    json["account_classes"] = json!({"student": [3, 4]});
    json[field] = value;
    pack(json)
}

/// The charge and the lines that explain it.
#[track_caller]
fn check(pack: &Pack, network: &Network, ride: &Ride, before: &[EarlierTrip], charge: i64, lines: &[(&str, i64)]) {
    let fare = fare_of(pack, network, &Calendar::default(), ride, before).expect("a fare");
    assert!(fare.adds_up());
    let found: Vec<_> = fare.discounts.iter().map(|line| (line.name.as_str(), line.minus_fen.0)).collect();
    assert_eq!((fare.charge_fen.0, found.as_slice()), (charge, lines));
}

#[test]
fn discounts_apply_in_their_order_to_what_is_left() {
    let pack = with(
        "discounts",
        json!([
            {"name": "students", "portion": "0.5", "classes": ["student"]},
            {"name": "late", "minus_fen": 33, "apply_time": {"basis": "exit", "days": "all", "from_min": 1320, "to_min": 60}},
            {"name": "tenth", "portion": "0.1", "starting_stations": [1]},
            {"name": "third", "portion": "0.3333", "ending_stations": [2], "rounding": "down"},
        ]),
    );
    let network = line(&[7_000, 1_000]);
    let student = Ride { account_type: 4, ..ride(0, 1) };
    check(&pack, &network, &ride(0, 1), &[], 400, &[]);
    check(&pack, &network, &student, &[], 200, &[("students", 200)]);
    let late = ride_at(1, 0, "2026-11-20T21:50:00");
    check(&pack, &network, &late, &[], 330, &[("late", 33), ("tenth", 37)]);
    check(
        &pack,
        &network,
        &Ride { account_type: 3, ..late },
        &[],
        150,
        &[("students", 200), ("late", 33), ("tenth", 17)],
    );
    check(&pack, &network, &ride(0, 2), &[], 267, &[("third", 133)]);
}

#[test]
fn discounts_never_go_below_nothing() {
    let pack = with("discounts", json!([{"name": "gift", "minus_fen": 900}, {"name": "more", "minus_fen": 1}]));
    check(&pack, &line(&[1_000]), &ride(0, 1), &[], 0, &[("gift", 300)]);
}

#[test]
fn a_transfer_within_the_minutes_is_cheaper_and_counts_once() {
    let pack = with(
        "rebates",
        json!([
            {"name": "from the bus", "from_network": "320509", "within_min": 30, "minus_fen": 100},
            {"name": "from Hangzhou", "from_network": "330100", "within_min": 120, "minus_fen": 50},
        ]),
    );
    let network = line(&[1_000]);
    let bus = |exit: &str| earlier("320509", exit, exit, 500);
    let ride = ride(0, 1);
    check(&pack, &network, &ride, &[bus("2026-11-20T11:30:00")], 200, &[("from the bus", 100)]);
    check(&pack, &network, &ride, &[bus("2026-11-20T11:29:59")], 300, &[]);
    check(&pack, &network, &ride, &[bus("2026-11-20T12:00:00")], 200, &[("from the bus", 100)]);
    check(&pack, &network, &ride, &[bus("2026-11-20T12:00:01")], 300, &[]);
    // The last trip decides: after the bus, one metro ride was cheaper already.
    let metro = earlier("310100", "2026-11-20T11:35:00", "2026-11-20T11:50:00", 200);
    check(&pack, &network, &ride, &[metro, bus("2026-11-20T11:31:00")], 300, &[]);
    let train = earlier("330100", "2026-11-20T08:00:00", "2026-11-20T10:00:00", 700);
    check(&pack, &network, &ride, &[train], 250, &[("from Hangzhou", 50)]);
}

#[test]
fn a_day_and_a_month_are_capped_from_half_past_four() {
    let pack = with(
        "caps",
        json!([
            {"name": "day", "window": "day", "start_min": 270, "max_fen": 1_000},
            {"name": "month", "window": "month", "start_min": 270, "max_fen": 5_000},
        ]),
    );
    let network = line(&[1_000]);
    let trip = |entry: &str, fen| earlier("310100", entry, entry, fen);
    let day = [trip("2026-11-20T04:30:00", 400), trip("2026-11-20T09:00:00", 400)];
    check(&pack, &network, &ride(0, 1), &day, 200, &[("day", 100)]);
    let after_midnight = ride_at(0, 1, "2026-11-21T04:29:59");
    check(&pack, &network, &after_midnight, &day, 200, &[("day", 100)]);
    check(&pack, &network, &ride_at(0, 1, "2026-11-21T04:30:00"), &day, 300, &[]);
    // Other networks, the night before and later trips do not count.
    let others = [
        earlier("330100", "2026-11-20T09:00:00", "2026-11-20T10:00:00", 900),
        trip("2026-11-20T04:29:59", 900),
        trip("2026-11-20T12:30:00", 900),
    ];
    check(&pack, &network, &ride(0, 1), &others, 300, &[]);
    let month = [trip("2026-11-01T04:30:00", 3_000), trip("2026-11-10T09:00:00", 1_900)];
    check(&pack, &network, &ride(0, 1), &month, 100, &[("month", 200)]);
    check(&pack, &network, &ride(0, 1), &[trip("2026-11-01T04:29:59", 5_000)], 300, &[]);
    check(&pack, &network, &ride(0, 1), &[trip("2026-11-20T05:00:00", 1_200)], 0, &[("day", 300)]);
}

#[test]
fn without_a_start_a_cap_follows_the_business_day() {
    let pack = with("caps", json!([{"name": "day", "window": "day", "max_fen": 500}]));
    let network = line(&[1_000]);
    let trip = |entry: &str| [earlier("310100", entry, entry, 300)];
    check(&pack, &network, &ride(0, 1), &trip("2026-11-20T03:00:00"), 200, &[("day", 100)]);
    check(&pack, &network, &ride(0, 1), &trip("2026-11-20T02:59:59"), 300, &[]);
}

fn city(parameters: Value) -> Network {
    let mut city = map(&[1_000]);
    city["parameters"] = parameters;
    network(city)
}

fn stay(from: u32, to: u32, seconds: i64) -> Ride {
    let ride = ride(from, to);
    Ride { exit: Instant(ride.entry.0 + seconds * 1_000), ..ride }
}

#[test]
fn turning_back_at_the_station_costs_what_the_city_says() {
    let pack = with("discounts", json!([]));
    check(&pack, &city(json!({})), &stay(0, 0, 900), &[], 300, &[]);
    check(&pack, &city(json!({})), &stay(0, 0, 901), &[], 300, &[]);
    let kind = city(json!({"same_station_short": "free", "same_station_fare_fen": 450}));
    check(&pack, &kind, &stay(0, 0, 900), &[], 0, &[]);
    check(&pack, &kind, &stay(0, 0, 901), &[], 450, &[]);
    let unknown = fare_of(&pack, &kind, &Calendar::default(), &stay(7, 7, 60), &[]);
    assert_eq!(unknown, None, "station 7 is not on the map");
}

#[test]
fn a_stay_over_the_limit_adds_a_line_of_its_own() {
    let pack = with("discounts", json!([{"name": "gift", "minus_fen": 900}]));
    let strict = city(json!({"overstay_charge_fen": 700}));
    check(&pack, &strict, &stay(0, 1, 240 * 60), &[], 0, &[("gift", 300)]);
    check(&pack, &strict, &stay(0, 1, 240 * 60 + 1), &[], 700, &[("gift", 300)]);
    // The stay of the Shenzhen set: 4.75 hours.
    let fare = fare_of(&pack, &strict, &Calendar::default(), &stay(0, 1, 17_123), &[]).expect("a fare");
    assert_eq!((fare.nominal_fen, fare.fare_fen(), fare.overstay_fen), (Fen(300), Fen(0), Fen(700)));
    check(&pack, &city(json!({})), &stay(0, 1, 17_123), &[], 0, &[("gift", 300)]);
}

#[test]
fn an_entry_alone_costs_the_highest_fare_and_an_exit_alone_what_the_city_says() {
    let pack = with("discounts", json!([]));
    assert_eq!(provisional(Fen(1_500)).charge_fen, Fen(1_500));
    let exit = |city: &Network| exit_only(&pack, city, &Calendar::default(), 1, at("2026-11-20T12:00:00"), Fen(1_500));
    assert_eq!(exit(&city(json!({}))).expect("a fare").charge_fen, Fen(300));
    assert_eq!(exit(&city(json!({"exit_only_rule": "maximum"}))).expect("a fare").charge_fen, Fen(1_500));
}

#[test]
fn one_tap_on_a_bus_is_priced_by_its_line() {
    let mut buses = map(&[]);
    buses["mode"] = json!("single_tap");
    buses["stations"][0]["lines"] = json!([7618, 7619]);
    let network = network(buses);
    let pack = pack(pack_json(json!([
        {"name": "all", "basis": "single", "fare_fen": 200},
        {"name": "border", "basis": "single", "lines": [7618], "fare_fen": 500},
    ])));
    let boarding = |line| Ride { line: Some(line), exit: ride(0, 0).entry, ..ride(0, 0) };
    check(&pack, &network, &boarding(7618), &[], 500, &[]);
    check(&pack, &network, &boarding(7619), &[], 200, &[]);
}
