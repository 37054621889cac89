//! Small cities for the tests: a line of stations with given metres, a pack around given groups.

use huitong_kernel::calendar::{Calendar, CalendarNotice};
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_transit::model::fare::ride::{EarlierTrip, Fare, Ride};
use huitong_transit::model::fare::{Pack, price};
use huitong_transit::model::network::{Network, StationId, StationMap};
use serde_json::{Value, json};

/// Stations 0, 1, 2 … on line 1, as far apart as said.
pub fn map(lengths: &[u32]) -> Value {
    let station = |id: usize| json!({"id": id, "name_zh": format!("站{id}"), "name_en": format!("Stop {id}"), "lines": [1], "jurisdiction": "310100"});
    let edge = |(at, metres): (usize, &u32)| json!({"from": at, "to": at + 1, "line": 1, "metres": metres});
    json!({
        "network": "310100", "version": 1, "name_zh": "试", "name_en": "Test", "grade": "unconfirmed", "source": "test",
        "mode": "gated",
        "stations": (0..=lengths.len()).map(station).collect::<Vec<_>>(),
        "edges": lengths.iter().enumerate().map(edge).collect::<Vec<_>>(),
    })
}

pub fn network(map: Value) -> Network {
    let map: StationMap = serde_json::from_value(map).expect("a map");
    Network::new(map).expect("a sound map")
}

pub fn line(lengths: &[u32]) -> Network {
    network(map(lengths))
}

/// A pack with the groups; the example must be replaced where packs are validated.
pub fn pack_json(groups: Value) -> Value {
    json!({
        "pack": "test", "version": 1, "network": "310100", "network_version": 1, "valid_from": "2019-01-01",
        "grade": "secondary", "source": "test", "route": "shortest_distance", "groups": groups,
        "examples": [{"from": 0, "to": 1, "fare_fen": 300}],
    })
}

pub fn pack(json: Value) -> Pack {
    serde_json::from_str(&json.to_string()).expect("a pack")
}

pub fn by_distance(bands: &[(u32, i64)], steps: &[(Option<u32>, u32, i64)], grace_m: u32) -> Value {
    let band = |(upto, fare): &(u32, i64)| json!({"upto_m": upto, "fare_fen": fare});
    let step = |(upto, step, add): &(Option<u32>, u32, i64)| json!({"upto_m": upto, "step_m": step, "add_fen": add});
    json!({
        "name": "network", "basis": "distance", "grace_m": grace_m,
        "bands": bands.iter().map(band).collect::<Vec<_>>(), "steps": steps.iter().map(step).collect::<Vec<_>>(),
    })
}

pub fn shanghai() -> Value {
    by_distance(&[(6_000, 300)], &[(None, 10_000, 100)], 0)
}

pub fn at(text: &str) -> Instant {
    Instant::parse(&format!("{text}+08:00")).unwrap_or_else(|| panic!("{text} is no moment"))
}

/// A ride of 20 minutes on a Friday at noon.
pub fn ride(from: StationId, to: StationId) -> Ride {
    let (entry, exit) = (at("2026-11-20T12:00:00"), at("2026-11-20T12:20:00"));
    Ride { from, to, line: None, entry, exit, account_type: 0 }
}

pub fn ride_at(from: StationId, to: StationId, entry: &str) -> Ride {
    let entry = at(entry);
    Ride { entry, exit: Instant(entry.0 + 20 * 60_000), ..ride(from, to) }
}

pub fn earlier(network: &str, entry: &str, exit: &str, fen: i64) -> EarlierTrip {
    EarlierTrip { network: network.parse().expect("a code"), entry: at(entry), exit: at(exit), fare_fen: Fen(fen) }
}

pub fn price(pack: &Pack, network: &Network, ride: &Ride) -> Option<Fare> {
    let fare = price::price(pack, network, &Calendar::default(), ride, &[]);
    assert!(fare.iter().all(Fare::adds_up), "J4");
    fare
}

pub fn nominal(pack: &Pack, network: &Network, ride: &Ride) -> i64 {
    price(pack, network, ride).expect("a fare").nominal_fen.0
}

/// What a pack takes for metres: on a network with one section of that length.
#[track_caller]
pub fn check(groups: Value, metres: u32, fen: i64) {
    let network = line(&[metres]);
    assert_eq!(nominal(&pack(pack_json(json!([groups]))), &network, &ride(0, 1)), fen, "{metres} m");
}

/// The working days of one week of 2026 with a holiday on Thursday, worked off on Saturday.
pub fn week_with_holiday() -> Calendar {
    let notice = CalendarNotice {
        division: None,
        year: 2026,
        known_from: Instant(0),
        days_off: vec!["2026-11-19".parse().expect("a date")],
        days_worked: vec!["2026-11-21".parse().expect("a date")],
        source: "test".to_owned(),
    };
    Calendar::effective(&[notice], "310100".parse().expect("a code"), Instant(1))
}
