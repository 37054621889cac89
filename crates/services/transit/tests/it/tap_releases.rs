//! Records that a clerk takes out of quarantine (解除隔离): what a person may judge, and what nobody may.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::harness::Called;
use huitong_service_kit::{Stop, View};
use huitong_transit::command::{AdjustWish, Command, OrderWish, ReleaseWish, Reply};
use huitong_transit::model::contest::ContestReason;
use huitong_transit::model::order::{FreeExitRule, OrderKind};
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::model::tap::TapState::{self, Accepted, Impossible, Late, Passback};
use huitong_transit::model::trip::{TripKind, TripState};
use huitong_transit::query::contests;
use huitong_transit::query::taps::{self, TapRow};
use huitong_transit::verify;
use huitong_transit_code::Reason;

use super::desk::Shanghai;
use super::invariants::check_invariants;
use super::stage::{Gate, METRO, Note, Phone, Stage, digest, division, node_of};

/// The trip limit, and the wait for late uploads.
const FORGOTTEN: i64 = (4 + 72) * 60;
const DAY: i64 = 24 * 60;

fn held(stage: &Stage, gate: &Gate, number: u64) -> TapRow {
    let view = stage.region.view(&node_of(gate.network));
    taps::tap(view, &gate.key_of(number)).expect("readable").expect("held")
}

fn state(stage: &Stage, gate: &Gate, number: u64) -> (TapState, Option<String>) {
    let row = held(stage, gate, number);
    (row.state, row.reason)
}

/// What a clerk may say beside the reason.
#[derive(Clone, Copy, Default)]
struct Named {
    station: Option<u32>,
    record: Option<Digest>,
}

fn release_by(stage: &mut Stage, operator: &str, gate: &Gate, number: u64, named: Named) -> Called<Reply> {
    let node = node_of(gate.network);
    let (view, row) = (stage.region.view(&node), held(stage, gate, number));
    let bytes = taps::record(view, &row).expect("readable").expect("in the journal");
    let checked = verify::held(view, division(gate.network), &row.key, &bytes).expect("a record");
    let reason = "looked at the gate's store".to_owned();
    let wish = ReleaseWish { tap: row.key, checked, station: named.station, record: named.record, reason };
    stage.region.call(&node, operator, None, Command::ReleaseTap(Box::new(wish)))
}

fn release(stage: &mut Stage, gate: &Gate, number: u64, named: Named) -> Called<Reply> {
    release_by(stage, METRO, gate, number, named)
}

fn released(reply: Reply) -> TapState {
    match reply {
        Reply::Released { state, .. } => state,
        other => panic!("a record was released: {other:?}"),
    }
}

#[test]
fn an_exit_that_was_too_old_completes_its_trip_once_a_clerk_believes_it() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 51);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.enter(&mut stage, &phone);
    let number = shanghai.exit.tap(&phone, Out, stage.now() + DurationMs::minutes(30));
    stage.pass(FORGOTTEN);
    let provisional = stage.trips("310100", &phone)[0].charge_fen;
    assert!(provisional > Fen(500));
    // The gate was found in a cellar, three months later.
    stage.pass(91 * DAY - FORGOTTEN);
    assert_eq!(stage.upload(&shanghai.exit).impossible, 1);
    assert_eq!(state(&stage, &shanghai.exit, number), (Impossible, Some("TRN-TAP-IMPOSSIBLE".to_owned())));
    assert_eq!(released(release(&mut stage, &shanghai.exit, number, Named::default()).reply()), Late);
    stage.pass(1);
    let trips = stage.trips("310100", &phone);
    assert_eq!((trips.len(), trips[0].kind, trips[0].charge_fen), (1, TripKind::Paired, Fen(500)));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(4_500));
    let row = held(&stage, &shanghai.exit, number);
    assert_eq!((row.state, row.reason, row.trip), (Late, None, Some(trips[0].trip)));
    let release = row.release.expect("kept");
    assert_eq!((release.why.as_str(), release.at), ("looked at the gate's store", Instant(stage.now().0 - 60_000)));
    assert!(!release.clerk.is_empty());
    stage.pass(2 * DAY);
    check_invariants(&stage);
    stage.check();
}

#[test]
fn a_trip_that_a_release_makes_after_three_months_is_for_both_cities_to_agree_on() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 50);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.entry.tap(&phone, In, stage.at(0));
    shanghai.exit.tap(&phone, Out, stage.at(40));
    stage.pass(91 * DAY);
    for gate in [&shanghai.entry, &shanghai.exit] {
        assert_eq!(stage.upload(gate).impossible, 1);
        assert_eq!(released(release(&mut stage, gate, 1, Named::default()).reply()), Late);
    }
    stage.pass(1);
    let trips = stage.trips("310100", &phone);
    assert_eq!((trips.len(), trips[0].kind, trips[0].state), (1, TripKind::Paired, TripState::Disputed));
    let contest = contests::of_document(stage.region.view("310000"), trips[0].trip).expect("readable");
    assert_eq!(contest.expect("a contest").contest.reason, ContestReason::TooLate);
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(5_000));
    check_invariants(&stage);
    stage.check();
}

#[test]
fn a_record_of_a_station_that_left_the_map_is_released_with_the_station_that_the_clerk_names() {
    let mut stage = Stage::new();
    let phone = Phone::new("310100", 52);
    stage.account(&phone, 5_000);
    let mut liangzhu = stage.gate("HZ-LIANGZHU-1", "330100", 204, 2);
    let mut fengqi = stage.gate("HZ-FENGQI-1", "330100", 106, 2);
    let mut map: serde_json::Value = serde_json::from_str(&stage.map_text("330100", 1)).expect("JSON");
    map["version"] = 2.into();
    map["stations"].as_array_mut().expect("stations").retain(|station| station["id"] != 204);
    map["edges"].as_array_mut().expect("edges").retain(|edge| edge["to"] != 204);
    stage.region.call("330000", METRO, None, Command::PublishMap { text: map.to_string() }).reply();
    liangzhu.tap(&phone, In, stage.at(0));
    fengqi.tap(&phone, Out, stage.at(40));
    stage.pass(41);
    assert_eq!(stage.upload(&liangzhu).impossible, 1);
    assert_eq!(stage.upload(&fengqi).accepted, 1);
    let named = |station| Named { station, record: None };
    assert_eq!(release(&mut stage, &liangzhu, 1, named(None)).code(), "TRN-1013");
    assert_eq!(release(&mut stage, &liangzhu, 1, named(Some(9_999))).code(), "TRN-1013");
    assert_eq!(released(release(&mut stage, &liangzhu, 1, named(Some(203))).reply()), Accepted);
    stage.pass(60);
    let trips = stage.trips("330100", &phone);
    assert_eq!((trips.len(), trips[0].kind, trips[0].from, trips[0].to), (1, TripKind::Paired, Some(203), Some(106)));
    check_invariants(&stage);
    stage.check();
}

#[test]
fn an_entry_at_a_closed_station_counts_once_a_clerk_has_seen_that_it_was_open() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 53);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let wish = OrderWish {
        network: division("310100"),
        station: Some(207),
        line: None,
        gate: None,
        from: stage.at(0),
        to: stage.at(60),
        kind: OrderKind::Closed,
        rule: FreeExitRule::default(),
        reason: "误发".to_owned(),
    };
    stage.region.call("310000", METRO, None, Command::Order(wish)).reply();
    shanghai.entry.tap(&phone, In, stage.at(5));
    shanghai.exit.tap(&phone, Out, stage.at(45));
    stage.pass(46);
    assert_eq!(stage.upload(&shanghai.entry).impossible, 1);
    stage.upload(&shanghai.exit);
    stage.pass(FORGOTTEN);
    assert_eq!(stage.trips("310100", &phone)[0].kind, TripKind::ExitOnly);
    let station = Named { station: Some(201), record: None };
    assert_eq!(release(&mut stage, &shanghai.entry, 1, station).code(), "TRN-1003", "its station is known");
    assert_eq!(released(release(&mut stage, &shanghai.entry, 1, Named::default()).reply()), Late);
    assert_eq!(release(&mut stage, &shanghai.entry, 1, Named::default()).code(), "TRN-3006", "once");
    stage.pass(60);
    let trips = stage.trips("310100", &phone);
    assert_eq!((trips.len(), trips[0].kind, trips[0].charge_fen), (1, TripKind::Paired, Fen(500)));
    // Another record comes under its number after all: it is in doubt again, and still counted as what it was.
    let mut again = Gate::new("SH-PEOPLE-1", "310100", 207, 2);
    again.tap(&Phone::new("330100", 54), In, stage.now());
    assert_eq!(stage.upload(&again).impossible, 1);
    stage.pass(1);
    assert_eq!(stage.trips("310100", &phone)[0].charge_fen, Fen(0));
    check_invariants(&stage);
    stage.check();
}

#[test]
fn nobody_releases_what_does_not_verify_what_the_gate_refused_or_what_counts_already() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 55);
    let mut gate = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    // A code that the rider's key did not sign; one that the gate refused; a good one.
    let mut forged = phone.code(stage.at(0));
    *forged.last_mut().expect("a signature") ^= 1;
    gate.note(&forged, In, stage.at(0), Note::default());
    gate.note(&phone.code(stage.at(1)), In, stage.at(1), Note { reason: Reason::Denied, ..Note::default() });
    gate.tap(&phone, In, stage.at(2));
    stage.pass(3);
    let taken = stage.upload(&gate);
    assert_eq!((taken.impossible, taken.refused, taken.accepted), (1, 1, 1));
    assert_eq!(state(&stage, &gate, 1), (Impossible, Some("TRN-USER-SIG".to_owned())));
    for (number, code) in [(1, "TRN-3007"), (2, "TRN-3006"), (3, "TRN-3006")] {
        let before = held(&stage, &gate, number);
        assert_eq!(release(&mut stage, &gate, number, Named::default()).code(), code, "record {number}");
        assert_eq!(held(&stage, &gate, number), before, "a refusal changes nothing");
    }
    // Whatever the reason says: it is verified again, and must be the record that is held.
    stage.tamper("310000", "UPDATE tap SET reason = 'TRN-TAP-IMPOSSIBLE' WHERE sequence = 1");
    assert_eq!(release(&mut stage, &gate, 1, Named::default()).code(), "TRN-3007");
    assert_eq!(release_by(&mut stage, "another", &gate, 1, Named::default()).code(), "TRN-1007");
}

#[test]
fn of_two_records_under_one_number_the_clerk_names_the_one_that_is_right() {
    let mut stage = Stage::new();
    let (phone, stranger) = (Phone::new("330100", 56), Phone::new("330100", 57));
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let began = stage.now();
    shanghai.enter(&mut stage, &phone);
    let mut again = Gate::new("SH-PEOPLE-1", "310100", 207, 2);
    again.tap(&stranger, In, stage.now());
    assert_eq!(stage.upload(&again).impossible, 1);
    let row = held(&stage, &shanghai.entry, 1);
    assert_eq!((row.state, row.reason.as_deref()), (Impossible, Some("TRN-TAP-CONFLICT")));
    assert_eq!(release(&mut stage, &shanghai.entry, 1, Named::default()).code(), "TRN-1002", "which one?");
    let named = |record| Named { station: None, record: Some(record) };
    assert_eq!(release(&mut stage, &shanghai.entry, 1, named(digest("another"))).code(), "TRN-1003");
    assert_eq!(released(release(&mut stage, &shanghai.entry, 1, named(row.hash)).reply()), Accepted);
    shanghai.exit.tap(&phone, Out, began + DurationMs::minutes(40));
    stage.pass(41);
    stage.upload(&shanghai.exit);
    stage.pass(60);
    let trips = stage.trips("310100", &phone);
    assert_eq!((trips.len(), trips[0].kind, trips[0].charge_fen), (1, TripKind::Paired, Fen(500)));
    assert!(stage.trips("310100", &stranger).is_empty(), "the other record stays in quarantine");
    check_invariants(&stage);
    stage.check();
}

#[test]
fn a_final_trip_whose_record_is_believed_again_costs_what_the_clerk_says() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 58);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = shanghai.ride(&mut stage, &phone).trip;
    let mut again = Gate::new("SH-PEOPLE-1", "310100", 207, 2);
    again.tap(&Phone::new("330100", 59), In, stage.now());
    stage.upload(&again);
    stage.pass(1);
    assert_eq!(stage.trips("310100", &phone)[0].charge_fen, Fen(0));
    let record = Some(held(&stage, &shanghai.entry, 1).hash);
    assert!(released(release(&mut stage, &shanghai.entry, 1, Named { station: None, record }).reply()).counts());
    stage.pass(FORGOTTEN);
    let after = stage.trips("310100", &phone);
    assert_eq!((after.len(), after[0].charge_fen), (1, Fen(0)), "what was decided stays until a clerk decides");
    let wish = AdjustWish::Charge { amount_fen: Fen(500) };
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip, wish }).reply();
    stage.pass(1);
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(4_500));
    check_invariants(&stage);
    stage.check();
}

#[test]
fn a_released_record_whose_code_was_used_elsewhere_is_never_charged() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 60);
    stage.account(&phone, 5_000);
    let (mut first, mut second) =
        (stage.gate("SH-PEOPLE-1", "310100", 207, 2), stage.gate("SH-HONGQIAO-1", "310100", 201, 2));
    let wish = OrderWish {
        network: division("310100"),
        station: Some(207),
        line: None,
        gate: None,
        from: stage.at(0),
        to: stage.at(60),
        kind: OrderKind::Closed,
        rule: FreeExitRule::default(),
        reason: "误发".to_owned(),
    };
    stage.region.call("310000", METRO, None, Command::Order(wish)).reply();
    let code = phone.code(stage.at(5));
    first.note(&code, In, stage.at(5), Note::default());
    second.note(&code, In, stage.at(5) + DurationMs::seconds(10), Note::default());
    stage.pass(6);
    assert_eq!((stage.upload(&first).impossible, stage.upload(&second).accepted), (1, 1));
    assert_eq!(released(release(&mut stage, &first, 1, Named::default()).reply()), Passback);
    assert_eq!(state(&stage, &first, 1), (Passback, Some("TRN-REPLAY".to_owned())));
    stage.pass(FORGOTTEN);
    assert_eq!(stage.trips("310100", &phone).len(), 1);
    check_invariants(&stage);
    stage.check();
}

#[test]
fn a_record_whose_bytes_were_erased_is_not_released_any_more() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 52);
    let mut gate = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    gate.tap(&phone, In, stage.at(0));
    stage.pass(91 * DAY);
    assert_eq!(stage.upload(&gate).impossible, 1);
    let key = gate.key_of(1);
    let code = |view: View<'_>| match verify::tap(view, &key) {
        Err(Stop::Refused(refusal)) => Some(refusal.code),
        Err(Stop::Failed(error)) => panic!("readable: {error}"),
        Ok(_) => None,
    };
    assert_eq!(code(stage.region.view("310000")), None);
    let erase = |file: &huitong_store::journal::Connection| {
        file.execute_batch("DELETE FROM attachment; INSERT INTO attachment_floor VALUES (1, 1000000)").expect("SQL");
    };
    assert_eq!(stage.tampered("310000", erase, code).as_deref(), Some("TRN-3009"));
}
