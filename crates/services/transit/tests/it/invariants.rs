//! Random days of small traffic over three nodes: whatever riders and gates do, and in whatever order it arrives, the invariants
//! hold at every node and the trips are the same.

use std::collections::BTreeMap;

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Directory, View, params};
use huitong_store::journal::Connection;
use huitong_transit::command::{AdjustWish, Command};
use huitong_transit::model::tap::Direction::{self, Boarding, In, Out};
use huitong_transit::query::audit::{self, Audit, Violation};
use huitong_transit::query::records;
use huitong_transit_code::Reason;
use huitong_transit_code::record::TapRecord;
use serde_json::Value;

use super::stage::{Gate, METRO, NODES, Note, Phone, Stage, division, transit};

pub struct Provinces;

impl Directory for Provinces {
    fn jurisdiction_of(&self, place: huitong_kernel::division::Division) -> Option<huitong_kernel::division::Division> {
        NODES.iter().map(|node| division(node)).find(|node| node.contains(place))
    }

    fn jurisdictions(&self) -> Vec<huitong_kernel::division::Division> {
        NODES.iter().map(|node| division(node)).collect()
    }
}

pub fn audited(stage: &Stage, node: &str) -> Audit {
    audit::audit(&transit(), stage.region.view(node), &Provinces, division(node)).expect("readable")
}

/// Every node's audit finds nothing.
pub fn check_invariants(stage: &Stage) {
    for node in NODES {
        let audit = audited(stage, node);
        assert!(audit.violations.is_empty(), "{node}: {:#?}", audit.violations);
    }
}

/// Gates of two metros and a bus; cities of riders.
const PLACES: [(&str, &str, u32, u32); 7] = [
    ("SH-PEOPLE", "310100", 207, 2),
    ("SH-HONGQIAO", "310100", 201, 2),
    ("SH-HUAQIAO", "310100", 1101, 11),
    ("SH-ANTING", "310100", 1104, 11),
    ("JS-BUS-1", "320509", 1, 7618),
    ("JS-BUS-4", "320509", 4, 7618),
    ("SH-TIANZI", "310100", 205, 2),
];
const RIDERS: [(&str, u8); 8] = [
    ("330100", 1),
    ("330100", 2),
    ("330200", 3),
    ("310100", 4),
    ("320500", 5),
    ("330100", 6),
    ("320500", 7),
    ("310100", 8),
];

/// A tap of the story: gate, rider, direction, minutes after 09:00 of the first day.
type Planned = (usize, usize, Direction, i64);

/// What riders do on two days: complete rides, forgotten entries and exits, bus rides, turning back at the gate.
fn plan(random: &mut RandomSource) -> Vec<Planned> {
    let mut taps = Vec::new();
    for rider in 0..RIDERS.len() {
        let mut minute = -150 + random.below(20) as i64;
        for _ in 0..random.below(4) + 1 {
            let (from, to) = ([0, 1, 2, 3, 6][random.below(5) as usize], [0, 1, 2, 3, 6][random.below(5) as usize]);
            match random.below(10) {
                0 => taps.push((from, rider, In, minute)),
                1 => taps.push((to, rider, Out, minute + 30)),
                2 | 3 => taps.push((4 + random.below(2) as usize, rider, Boarding, minute)),
                // An exit a minute after an entry elsewhere: no train is so quick, it belongs to the entry before.
                4 => taps.extend([
                    (from, rider, In, minute),
                    (to, rider, In, minute + 100),
                    (from, rider, Out, minute + 101),
                    (to, rider, Out, minute + 200),
                ]),
                _ => taps.extend([(from, rider, In, minute), (to, rider, Out, minute + 100)]),
            }
            minute += 300 + random.below(60) as i64;
        }
    }
    taps.sort_by_key(|tap| tap.3);
    taps
}

fn gates(stage: &mut Stage, phones: &[Phone], taps: &[Planned]) -> Vec<Gate> {
    let mut gates: Vec<Gate> =
        PLACES.iter().map(|(name, network, station, line)| stage.gate(name, network, *station, *line)).collect();
    for (gate, rider, direction, minute) in taps {
        gates[*gate].tap(&phones[*rider], *direction, stage.at(*minute));
    }
    gates
}

/// How records come to the node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrival {
    /// All within the wait for late uploads.
    InTime,
    /// With up to two days between two parts: many a trip is final before its taps are there.
    Late,
}

/// One world: records are uploaded in parts, twice now and then, in the order that `order` gives.
fn play(taps: &[Planned], arrival: Arrival, order: &mut RandomSource) -> Stage {
    let mut stage = Stage::new();
    for (node, rule) in [("310000", super::cross_border::LINE_11), ("320000", super::cross_border::BUS_7618)] {
        let text = huitong_service_kit::toml_data::json_text(rule).expect("TOML");
        stage.region.call(node, METRO, None, Command::PublishSplit { text }).reply();
    }
    let phones: Vec<Phone> = RIDERS.iter().map(|(city, number)| Phone::new(city, *number)).collect();
    for (number, phone) in phones.iter().enumerate().filter(|(number, _)| number % 5 != 4) {
        // Some can pay all, some a little, one has no account at all.
        stage.account(phone, [10_000, 700, 0, 5_000][number % 4]);
    }
    let gates = gates(&mut stage, &phones, taps);
    stage.pass(2 * 24 * 60);
    let mut parts: Vec<(usize, u64, u64)> = Vec::new();
    for (number, gate) in gates.iter().enumerate() {
        let last = gate.records.len() as u64;
        let mut first = 1;
        while first <= last {
            let end = (first + order.below(3)).min(last);
            parts.push((number, first, end));
            if order.below(4) == 0 {
                parts.push((number, first, end));
            }
            first = end + 1;
        }
    }
    for index in (1..parts.len()).rev() {
        parts.swap(index, order.below(index as u64 + 1) as usize);
    }
    for (gate, first, last) in parts {
        stage.upload_part(&gates[gate], first, last);
        if arrival == Arrival::Late {
            stage.pass([0, 1, 60, 20 * 60, 48 * 60][order.below(5) as usize]);
        }
    }
    stage
}

/// Trips as anybody sees them: who, where, how much.
fn trips(stage: &Stage) -> BTreeMap<String, (String, String, i64)> {
    let mut trips = BTreeMap::new();
    for node in NODES {
        let view = stage.region.view(node);
        let rows = view.all("SELECT lower(hex(trip)), kind, state, charge_fen FROM trip", [], |row| {
            Ok((row.get::<_, String>(0)?, (row.get(1)?, row.get(2)?, row.get(3)?)))
        });
        trips.extend(rows.expect("readable"));
    }
    trips
}

fn check_seed(seed: u64) {
    let mut random = RandomSource::from_number(seed);
    let taps = plan(&mut random);
    let mut worlds = Vec::new();
    for order in 0..2 {
        let mut stage = play(&taps, Arrival::InTime, &mut RandomSource::from_number(seed * 1_000 + order));
        // Until forgotten exits are given up and totals exchanged.
        stage.pass(80 * 60);
        stage.pass(48 * 60);
        stage.pass(24 * 60);
        check_invariants(&stage);
        stage.check();
        for node in NODES {
            let days =
                huitong_transit::query::totals::days(stage.region.view(node), ("", "", ""), 100).expect("readable");
            assert!(days.iter().all(|day| day.state == "matched"), "seed {seed}, {node}");
        }
        worlds.push(trips(&stage));
    }
    assert!(!worlds[0].is_empty(), "seed {seed} has trips");
    assert_eq!(worlds[0], worlds[1], "seed {seed}: the order of arrival changes nothing");
}

#[test]
fn random_days_keep_every_invariant_in_any_order_of_arrival() {
    for seed in 1..=3 {
        println!("seed {seed}");
        check_seed(seed);
    }
}

#[test]
fn taps_that_come_before_and_after_their_trips_are_final_keep_every_invariant() {
    for seed in 11..=12 {
        println!("seed {seed}");
        let taps = plan(&mut RandomSource::from_number(seed));
        let mut stage = play(&taps, Arrival::Late, &mut RandomSource::from_number(seed * 1_000));
        stage.pass(80 * 60);
        stage.pass(48 * 60);
        check_invariants(&stage);
        stage.check();
        for node in NODES {
            let open = stage.region.view(node).one("SELECT COUNT(*) FROM open_tap", [], |row| row.get::<_, i64>(0));
            assert_eq!(open.expect("readable"), Some(0), "seed {seed}, {node}: every tap has found its trip");
            assert!(stage.alarms(node).iter().all(|alarm| !alarm.contains("wait until")), "seed {seed}, {node}");
        }
    }
}

/// Changes the JSON of a decision.
fn alter(file: &Connection, entry: u64, change: impl FnOnce(&mut Value)) {
    let read = "SELECT bytes FROM journal WHERE sequence = ?1";
    let bytes: Vec<u8> = file.query_row(read, params![entry], |row| row.get(0)).expect("an entry");
    let mut json = serde_json::from_slice(&bytes).expect("JSON");
    change(&mut json);
    let bytes = serde_json::to_vec(&json).expect("JSON");
    file.execute("UPDATE journal SET bytes = ?2 WHERE sequence = ?1", params![entry, bytes]).expect("SQL");
}

/// The first body of an event in a decision.
fn body<'j>(json: &'j mut Value, event: &str) -> &'j mut Value {
    let events = json["events"].as_array_mut().expect("events");
    &mut events.iter_mut().find(|found| found["event"] == event).expect("the event")["body"]
}

/// The entry that a query names.
fn entry(file: &Connection, sql: &str) -> u64 {
    file.query_row(sql, params![], |row| row.get(0)).expect("an entry")
}

/// Checks that the audit names an invariant, with a sentence that tells the cause, once the file of Shanghai was changed.
#[track_caller]
fn check_named(stage: &Stage, invariant: &str, sentence: &str, tamper: impl FnOnce(&Connection)) {
    let audit = |view: View<'_>| audit::audit(&transit(), view, &Provinces, division("310000")).expect("readable");
    let found = stage.tampered("310000", tamper, audit).violations;
    let is_named = |found: &Violation| found.invariant == invariant && found.sentence.contains(sentence);
    assert!(found.iter().any(is_named), "no {invariant} with {sentence:?} in {found:#?}");
}

/// The same for changes of the views, each by itself: invariant, sentence, SQL.
#[track_caller]
pub fn check_each(stage: &Stage, cases: &[(&str, &str, &str)]) {
    for (invariant, sentence, sql) in cases {
        check_named(stage, invariant, sentence, |file| {
            assert!(file.execute(sql, params![]).expect("SQL") > 0, "nothing was changed by {sql}");
        });
    }
}

/// A node with paired, single-sided, shared and adjusted trips.
fn played() -> Stage {
    let mut stage = play(&plan(&mut RandomSource::from_number(7)), Arrival::InTime, &mut RandomSource::from_number(8));
    stage.pass(1);
    let clerk = AdjustWish::Charge { amount_fen: Fen(100) };
    let view = stage.region.view("310000");
    let charged =
        "SELECT trip FROM trip WHERE state = 'charged' AND charge_fen > 100 AND kind = 'paired' ORDER BY trip";
    let trips = view.all(charged, [], |row| Ok(Digest(row.get(0)?))).expect("readable");
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip: trips[0], wish: clerk }).reply();
    stage.pass(80 * 60);
    stage.pass(72 * 60);
    check_invariants(&stage);
    stage
}

#[test]
fn the_audit_names_trips_that_were_tampered_with() {
    let stage = played();
    const CASES: &[(&str, &str, &str)] = &[
        ("J1", "does not hold it", "UPDATE trip SET trip = zeroblob(32) WHERE trip = (SELECT MIN(trip) FROM trip)"),
        ("J1", "no document of it", "DELETE FROM document WHERE kind = 'trip'"),
        ("J4", "the view says", "UPDATE trip SET charge_fen = charge_fen + 100 WHERE adjusts = 0"),
        ("J4", "no adjustments say so", "UPDATE trip SET charge_fen = charge_fen + 100 WHERE adjusts = 0"),
        ("J4", "no adjustments say so", "DELETE FROM trip_adjust"),
        ("J4", "has no document of that amount", "DELETE FROM document WHERE kind = 'adjust'"),
        ("J8", "begins while", "UPDATE trip SET ended = ended + 86400000 WHERE kind = 'paired'"),
    ];
    check_each(&stage, CASES);
    const OF_FINAL: &str =
        "SELECT entry FROM trip WHERE adjusts = 0 AND kind = 'paired' AND state = 'charged' ORDER BY trip LIMIT 1";
    const ADJUSTED: &str = "SELECT entry FROM trip_adjust LIMIT 1";
    let final_trip = |file: &Connection, change: fn(&mut Value)| {
        alter(file, entry(file, OF_FINAL), |json| {
            let trips = body(json, "transit.trips_final.v1")["trips"].as_array_mut().expect("trips");
            trips.iter_mut().filter(|trip| trip["trip"]["kind"] == "paired").for_each(|trip| change(&mut trip["trip"]));
        });
    };
    check_named(&stage, "J1", "not the hash of its taps", |file| {
        final_trip(file, |trip| trip["taps"][0]["hash"] = Value::from("00".repeat(32)));
    });
    check_named(&stage, "J3", "the pack says", |file| {
        final_trip(file, |trip| {
            for field in ["nominal_fen", "charge_fen"] {
                trip["fare"][field] = Value::from(trip["fare"][field].as_i64().expect("fen") + 100);
            }
        });
    });
    check_named(&stage, "J3", "the pack says", |file| {
        alter(file, entry(file, ADJUSTED), |json| {
            let adjust = &mut body(json, "transit.trip_adjusted.v1")["adjust"];
            adjust["reason"] = Value::from("late_tap");
        });
    });
    check_named(&stage, "J4", "does not follow", |file| {
        alter(file, entry(file, ADJUSTED), |json| {
            body(json, "transit.trip_adjusted.v1")["adjust"]["change_fen"] = Value::from(-1);
        });
    });
    check_named(&stage, "J4", "nominal − discounts", |file| {
        final_trip(file, |trip| trip["fare"]["overstay_fen"] = Value::from(7));
    });
    check_named(&stage, "J12", "above the limit", |file| final_trip(file, |trip| trip["limit_fen"] = Value::from(1)));
}

#[test]
fn the_audit_names_taps_and_figures_that_were_tampered_with() {
    let stage = played();
    const CASES: &[(&str, &str, &str)] = &[
        ("J2", "in no trip", "DELETE FROM tap_trip WHERE trip = (SELECT MAX(trip) FROM trip)"),
        ("J2", "does not exist", "UPDATE tap_trip SET trip = zeroblob(32)"),
        ("J7", "without alarm", "UPDATE gate_epoch SET highest = highest + 2"),
        ("J7", "numbers held", "UPDATE gate_epoch SET highest = highest + 2, contiguous_to = contiguous_to + 2"),
        ("J7", "numbers held", "DELETE FROM tap WHERE sequence = 1"),
        ("J7", "never given", "UPDATE gate_epoch SET hole_alarm_at = 1"),
        ("J8", "used by another tap", "UPDATE code_use SET sequence = sequence + 1000"),
        ("J8", "that is not held", "UPDATE code_use SET sequence = sequence + 1000"),
        ("J9", "does not verify", "UPDATE key_set SET bytes = zeroblob(64)"),
        ("J9", "not the one that was verified", "UPDATE tap SET hash = zeroblob(32) WHERE rider IS NOT NULL"),
        ("J11", "entries: kept", "UPDATE station_day SET entries = exits, exits = entries WHERE entries <> exits"),
        ("J11", "no figures", "DELETE FROM station_day"),
        ("J12", "provisional fare", "UPDATE tap SET limit_fen = 1 WHERE rider IS NOT NULL"),
    ];
    check_each(&stage, CASES);
    check_named(&stage, "J10", "outside its time", |file| {
        // The gate's clock in a record, five minutes later than it was.
        let found = "SELECT gate, epoch, sequence, entry FROM tap WHERE rider IS NOT NULL AND state IN (0, 1) ORDER BY gate LIMIT 1";
        let (gate, epoch, sequence, entry): (String, u32, u64, u64) = file
            .query_row(found, params![], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .expect("a tap");
        let held = records::of_entry(View::new(file), entry).expect("readable").expect("held");
        let mut held: Vec<Vec<u8>> = held.into_iter().map(|(_, bytes)| bytes).collect();
        let is_it = |bytes: &&mut Vec<u8>| TapRecord::parse(bytes).is_ok_and(|record| record.sequence == sequence);
        let record = held.iter_mut().find(is_it).expect("the tap's record");
        let time = i64::from_be_bytes(record[50..58].try_into().expect("eight bytes")) + 300_000;
        record[50..58].copy_from_slice(&time.to_be_bytes());
        let hash = TapRecord::hash(record);
        let sql = "UPDATE tap SET hash = ?4 WHERE gate = ?1 AND epoch = ?2 AND sequence = ?3";
        file.execute(sql, params![gate, epoch, sequence, hash]).expect("SQL");
        let joined = records::join(held.iter().map(Vec::as_slice));
        let sql = "UPDATE attachment SET bytes = ?2 WHERE sequence = ?1";
        file.execute(sql, params![entry, joined]).expect("SQL");
    });
}

#[test]
fn the_audit_names_money_that_was_tampered_with() {
    let stage = played();
    const CASES: &[(&str, &str, &str)] = &[
        (
            "J5",
            "do not add up",
            "UPDATE ledger_account SET debits_posted = debits_posted + 1 WHERE code LIKE 'receivable/%'",
        ),
        ("J5", "the book says 0.00, the trips", "DELETE FROM ledger_account WHERE code LIKE 'payable/310100/32%'"),
        ("J5", "the trips", "UPDATE document SET amount_fen = amount_fen + 1 WHERE kind = 'split'"),
        ("J5", "sums of the day", "UPDATE document_day SET documents = documents + 1"),
        ("J5", "sums of the day", "DELETE FROM document_day"),
        (
            "J1",
            "more than once",
            "UPDATE ledger_transfer SET reference = (SELECT lower(hex(trip)) FROM home_trip LIMIT 1)",
        ),
        ("J4", "home holds", "UPDATE home_trip SET charge_fen = charge_fen + 1"),
        ("J4", "home charges otherwise", "UPDATE home_trip SET charge_fen = charge_fen + 1"),
        ("J8", "with another trip", "UPDATE home_code_use SET trip = zeroblob(32)"),
    ];
    check_each(&stage, CASES);
}

#[test]
fn records_of_broken_clocks_and_records_in_doubt_are_no_violation() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 1);
    let mut gate = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    let code = phone.code(stage.at(0));
    let years = [Instant(631_152_000_000), Instant(884_541_340_800_000), Instant(i64::MAX / 2), Instant(i64::MIN / 2)];
    for time in years {
        gate.note(&code, In, time, Note::default());
    }
    gate.note(&code, In, stage.at(0), Note { reason: Reason::Passback, ..Note::default() });
    gate.tap(&phone, In, stage.at(1));
    stage.upload(&gate);
    // Other records come under the numbers of the refused one and of the entry.
    let mut twin = Gate::new("SH-PEOPLE-1", "310100", 207, 2);
    for time in 0..6 {
        twin.tap(&phone, In, stage.at(30 + time));
    }
    stage.upload_part(&twin, 5, 6);
    let doubted =
        stage
            .region
            .view("310000")
            .all("SELECT COUNT(*) FROM tap WHERE reason = 'TRN-TAP-CONFLICT'", [], |row| row.get::<_, u64>(0));
    assert_eq!(doubted.expect("readable"), [2]);
    stage.pass(5 * 24 * 60);
    check_invariants(&stage);
    stage.check();
}
