//! Inside one gate the numbers tell what came first, whatever its clock says (transit specification §6.3).

use huitong_kernel::money::Fen;
use huitong_store::journal::Connection;
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::model::trip::TripKind;
use huitong_transit::query::audit;

use super::invariants::{Provinces, check_invariants};
use super::stage::{Phone, Stage, division, transit};

/// The trip limit, and the wait for late uploads.
const FORGOTTEN: i64 = (4 + 72) * 60;

/// From 湘湖 at minute 20 to 凤起路 at minute 60, and on at once to 火车东站 at minute 80.
struct Rides {
    stage: Stage,
    /// From, to, charge.
    seen: Vec<(TripKind, Option<u32>, Option<u32>, Fen)>,
}

/// The second entry with the gate that notes it and the minute that this gate's clock shows.
fn ridden(second_gate: &str, shown: i64) -> Rides {
    let mut stage = Stage::new();
    let phone = Phone::new("310100", 95);
    stage.account(&phone, 9_000);
    let mut xianghu = stage.gate("HZ-XIANGHU-1", "330100", 101, 1);
    let mut fengqi = [1, 2].map(|number| stage.gate(&format!("HZ-FENGQI-{number}"), "330100", 106, 1));
    let mut east = stage.gate("HZ-EAST-1", "330100", 109, 1);
    xianghu.tap(&phone, In, stage.at(20));
    fengqi[0].tap(&phone, Out, stage.at(60));
    let second = fengqi.iter_mut().find(|gate| gate.name == second_gate).expect("a gate");
    second.tap(&phone, In, stage.at(shown));
    east.tap(&phone, Out, stage.at(80));
    stage.pass(91);
    // Every entry is known before the trip of the other becomes final.
    for gate in fengqi.iter().filter(|gate| !gate.records.is_empty()).chain([&xianghu, &east]) {
        stage.upload(gate);
        stage.pass(1);
    }
    stage.pass(FORGOTTEN);
    stage.check();
    let trips = stage.trips("330100", &phone);
    let mut seen: Vec<_> = trips.iter().map(|trip| (trip.kind, trip.from, trip.to, trip.charge_fen)).collect();
    seen.sort_by_key(|(_, from, ..)| *from);
    Rides { stage, seen }
}

#[test]
fn a_gate_whose_clock_was_set_back_changes_neither_trips_nor_fares_and_the_audit_finds_nothing() {
    let right = ridden("HZ-FENGQI-1", 61);
    check_invariants(&right.stage);
    let [first, second] = right.seen.as_slice() else { panic!("two trips: {:?}", right.seen) };
    let whole = |from, to, fen| (TripKind::Paired, Some(from), Some(to), fen);
    assert_eq!((*first, *second), (whole(101, 106, first.3), whole(106, 109, second.3)));
    // Into the first trip, and to before it began.
    for shown in [50, 10] {
        let set_back = ridden("HZ-FENGQI-1", shown);
        assert_eq!(set_back.seen, right.seen, "minute {shown}");
        check_invariants(&set_back.stage);
    }
}

#[test]
fn a_trip_that_began_at_another_gate_while_the_last_one_went_on_is_found() {
    let rides = ridden("HZ-FENGQI-2", 61);
    check_invariants(&rides.stage);
    let set_back = |file: &Connection| {
        let sql = "UPDATE tap SET at = at - 660000, generated = generated - 660 WHERE gate = 'HZ-FENGQI-2';
             UPDATE trip SET began = began - 660000 WHERE entry_tap LIKE 'HZ-FENGQI-2/%'";
        file.execute_batch(sql).expect("SQL");
    };
    let audit = |view: huitong_service_kit::View<'_>| {
        audit::audit(&transit(), view, &Provinces, division("330000")).expect("readable")
    };
    let found = rides.stage.tampered("330000", set_back, audit).violations;
    assert!(found.iter().any(|found| found.sentence.contains("begins while the trip")), "{found:#?}");
}
