//! The cities, their dated data, gates, keys and riders.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_transit::command::{AccountWish, AuthoriseWish, GateWish};
use huitong_transit::keys::{Issuer, IssuerKeys};
use huitong_transit::model::key_set::{IssuerText, KeySetText};
use huitong_transit::model::rider::AccountToken;
use huitong_transit_code::code::Account;
use huitong_transit_code::make::{self, RootFields, Sign, SigningKey};
use serde_json::{Value, json};

use crate::region;

pub const NODES: usize = region::DIVISIONS.len();
pub const RIDERS: usize = 3;
pub const STATIONS: u32 = 6;
pub const GATES: usize = 3;
/// Days on which the keys are good, before the run and from its beginning on.
const KEYS_DAYS: i64 = 60;

/// The node on the other side of a city's border.
pub fn neighbour(node: usize) -> usize {
    (node + 1) % NODES
}

pub fn division_of_city(node: usize) -> Division {
    city(node).parse().expect("a code")
}

pub fn city(node: usize) -> String {
    format!("{}0100", &region::DIVISIONS[node][..2])
}

pub fn issuer(node: usize) -> [u8; 4] {
    let mut issuer = [0x99, 0, 0, 0];
    hex::decode_to_slice(city(node), &mut issuer[1..]).expect("digits");
    issuer
}

pub fn account(node: usize, rider: usize) -> Account {
    let mut number = [0; 10];
    number[9] = rider as u8 + 1;
    Account { issuer: issuer(node), number }
}

pub fn token(node: usize, rider: usize) -> AccountToken {
    AccountToken::new(&account(node, rider))
}

fn started() -> Instant {
    Instant::start_of("2026-11-24".parse().expect("a date")) + DurationMs::minutes(9 * 60)
}

pub fn gate_name(node: usize, gate: usize) -> String {
    format!("G{}-{gate}", region::DIVISIONS[node])
}

pub fn map(node: usize) -> String {
    // The line ends beyond the border: its revenue is shared.
    let jurisdiction = |id: u32| if id < STATIONS - 1 { city(node) } else { city(neighbour(node)) };
    let stations: Vec<Value> = (1..=STATIONS)
        .map(|id| json!({"id": id, "name_zh": format!("站{id}"), "name_en": format!("Stop {id}"), "lines": [1], "jurisdiction": jurisdiction(id)}))
        .collect();
    let edges: Vec<Value> =
        (1..STATIONS).map(|id| json!({"from": id, "to": id + 1, "line": 1, "metres": 3_000})).collect();
    json!({
        "network": city(node), "version": 1, "name_zh": "模拟", "name_en": "Simulated", "grade": "unconfirmed",
        "source": "simulated", "mode": "gated", "stations": stations, "edges": edges,
        "parameters": {"final_wait_min": 0, "upload_wait_h": 1, "trip_limit_min": 30, "pair_limit_min": 60},
    })
    .to_string()
}

pub fn pack(node: usize) -> String {
    json!({
        "pack": "metro", "version": 1, "network": city(node), "network_version": 1, "valid_from": "2026-01-01",
        "grade": "secondary", "source": "simulated", "route": "shortest_distance",
        "groups": [{"name": "network", "basis": "distance", "bands": [{"upto_m": 6_000, "fare_fen": 300}],
            "steps": [{"step_m": 10_000, "add_fen": 100}]}],
        "examples": [{"metres": 6_000, "fare_fen": 300}, {"metres": 6_001, "fare_fen": 400}],
    })
    .to_string()
}

/// How the revenue of the line over the border is shared.
pub fn split(node: usize) -> String {
    json!({
        "network": city(node), "line": 1, "version": 1, "valid_from": "2026-01-01", "grade": "secondary",
        "source": "simulated", "basis": "km", "operating": region::DIVISIONS[node],
        "partners": [region::DIVISIONS[neighbour(node)]],
    })
    .to_string()
}

pub fn account_wish(node: usize, rider: usize) -> AccountWish {
    AccountWish {
        account: token(node, rider),
        city: division_of_city(node),
        account_type: 1,
        trip_limit_fen: Fen(2_000),
        day_limit_fen: Fen(100_000),
        unpaid_limit_fen: Fen(100_000),
        networks: (0..NODES).map(division_of_city).collect(),
    }
}

/// A rider's phone asks for what its home pays for.
pub fn authorise_wish(node: usize, rider: usize) -> AuthoriseWish {
    AuthoriseWish {
        account: token(node, rider),
        user_key: phone_key(),
        ticket: [0, 0, 0, 0, 0, 0, 0, 1],
        platform: [0, 0, 0, 1],
        expiry: None,
        validity_s: 30,
    }
}

/// Keys with which a node's city makes codes for its own riders and those of others. Nobody reads the certificate here.
pub fn issuer_keys(node: usize) -> IssuerKeys {
    let key = SigningKey::of_test("simulated issuer").expect("a key");
    let issuer = Issuer { issuer: issuer(node), certificate: [0; 117], key };
    IssuerKeys([(division_of_city(node), issuer)].into())
}

/// A phone's key, 33 bytes.
pub fn phone_key() -> [u8; 33] {
    SigningKey::of_test("simulated phone").expect("a key").key().compressed()
}

pub fn key_set() -> KeySetText {
    let root = SigningKey::of_test("simulated root").expect("a key");
    let issuers = (0..NODES).map(|node| IssuerText {
        issuer: hex::encode(issuer(node)),
        city: city(node).parse().expect("a code"),
        name_zh: "模拟".to_owned(),
        account_types: vec![1],
        same_issuer: true,
    });
    KeySetText {
        version: 1,
        not_before: started() + DurationMs::days(-KEYS_DAYS),
        not_after: started() + DurationMs::days(KEYS_DAYS),
        roots: vec![hex::encode(make::root(RootFields { ca_index: 1, expiry: [0x12, 0x99] }, &root))],
        issuers: issuers.collect(),
        revocations: Vec::new(),
        platforms: Vec::new(),
        uic_keys: Vec::new(),
    }
}

pub fn gates(node: usize) -> Vec<GateWish> {
    (0..GATES)
        .map(|gate| GateWish {
            gate: gate_name(node, gate),
            network: city(node).parse().expect("a code"),
            station: gate as u32 * 2 + 1,
            line: 1,
            key: hex::encode(SigningKey::of_test("simulated gate").expect("a key").key().compressed()),
            active: true,
        })
        .collect()
}
