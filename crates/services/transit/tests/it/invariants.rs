//! Random days of small traffic over three nodes: whatever riders and gates do, and in whatever order it arrives, the invariants
//! hold at every node and the trips are the same.

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_service_kit::Directory;
use huitong_transit::command::Command;
use huitong_transit::model::tap::Direction::{self, Boarding, In, Out};
use huitong_transit::query::audit::{self, Audit};
use huitong_transit::query::positions;

use super::stage::{Gate, METRO, NODES, Phone, Stage, division, transit};

struct Provinces;

impl Directory for Provinces {
    fn jurisdiction_of(&self, place: huitong_kernel::division::Division) -> Option<huitong_kernel::division::Division> {
        NODES.iter().map(|node| division(node)).find(|node| node.contains(place))
    }

    fn jurisdictions(&self) -> Vec<huitong_kernel::division::Division> {
        NODES.iter().map(|node| division(node)).collect()
    }
}

pub fn audited(stage: &Stage, node: &str) -> Audit {
    audit::audit(&transit(), stage.region.view(node), &Provinces).expect("readable")
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
        // Until forgotten exits are given up, totals exchanged, and November cut.
        stage.pass(80 * 60);
        stage.pass(48 * 60);
        stage.pass(24 * 60);
        check_invariants(&stage);
        stage.check();
        let mut pairs = BTreeMap::new();
        for node in NODES {
            stage.region.call(node, "clearing", None, Command::ClosePeriod { period: "2026-11".to_owned() }).reply();
        }
        stage.region.carry_all();
        for node in NODES {
            for pair in
                positions::pairs(stage.region.view(node), "2026-11".parse().expect("a month")).expect("readable")
            {
                assert_eq!(pair.row.state, "confirmed", "seed {seed}, {node}: {:?}", pair.row.statement);
                pairs.insert((pair.row.statement.creditor, pair.row.statement.debtor), pair);
            }
            let days =
                huitong_transit::query::totals::days(stage.region.view(node), ("", "", ""), 100).expect("readable");
            assert!(days.iter().all(|day| day.state == "matched"), "seed {seed}, {node}");
        }
        let gross = positions::gross(&pairs.into_values().collect::<Vec<_>>());
        assert_eq!(positions::payments(&gross).positions.values().copied().sum::<Fen>(), Fen::ZERO, "J6, seed {seed}");
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

#[test]
fn the_audit_names_what_was_tampered_with() {
    let mut stage = play(&plan(&mut RandomSource::from_number(7)), Arrival::InTime, &mut RandomSource::from_number(8));
    stage.pass(80 * 60);
    check_invariants(&stage);
    let tampered = [
        ("UPDATE trip SET charge_fen = charge_fen + 100 WHERE trip = (SELECT MIN(trip) FROM trip)", "J4"),
        ("UPDATE tap SET trip = NULL WHERE trip = (SELECT MAX(trip) FROM trip)", "J2"),
        ("UPDATE station_day SET entries = entries + 1", "J11"),
        ("UPDATE gate_epoch SET highest = highest + 2", "J7"),
        ("UPDATE ledger_account SET debits_posted = debits_posted + 1 WHERE code LIKE 'receivable/%'", "J5"),
    ];
    for (sql, invariant) in tampered {
        stage.tamper("310000", sql);
        let found = audited(&stage, "310000").violations;
        assert!(found.iter().any(|violation| violation.invariant == invariant), "{sql}: {found:?}");
    }
}
