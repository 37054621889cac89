//! An exit that does not close the latest entry: the nearest earlier one that it closes is its own (transit specification §6.4).

use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_transit::command::{AdjustWish, Command};
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::model::trip::{TripKind, TripState};
use huitong_transit::query::trips;

use super::invariants::check_invariants;
use super::stage::{Gate, METRO, Phone, Stage};

/// The trip limit, and the wait for late uploads.
const FORGOTTEN: i64 = (4 + 72) * 60;

/// Gates of Hangzhou's line 1: 湘湖, 凤起路, 火车东站.
struct Line {
    xianghu: Gate,
    fengqi: Gate,
    east: Gate,
}

impl Line {
    fn new(stage: &mut Stage) -> Line {
        Line {
            xianghu: stage.gate("HZ-XIANGHU-1", "330100", 101, 1),
            fengqi: stage.gate("HZ-FENGQI-1", "330100", 106, 1),
            east: stage.gate("HZ-EAST-1", "330100", 109, 1),
        }
    }
}

/// What anybody sees of the trips: kind, from, to, charge.
type Seen = Vec<(TripKind, Option<u32>, Option<u32>, Fen)>;

fn seen(stage: &Stage, phone: &Phone) -> Seen {
    let trips = stage.trips("330100", phone);
    let told = trips.iter().filter(|trip| trip.charge_fen > Fen(0));
    told.map(|trip| (trip.kind, trip.from, trip.to, trip.charge_fen)).collect()
}

/// In at 湘湖; in at 火车东站; a minute later out at 凤起路, where no train can have brought the rider from 火车东站; out at 湘湖.
fn two_rides(late: Option<&str>) -> (Seen, Stage, Phone) {
    let mut stage = Stage::new();
    let phone = Phone::new("310100", 91);
    stage.account(&phone, 9_000);
    let mut line = Line::new(&mut stage);
    line.xianghu.tap(&phone, In, stage.at(0));
    line.east.tap(&phone, In, stage.at(40));
    line.fengqi.tap(&phone, Out, stage.at(41));
    line.xianghu.tap(&phone, Out, stage.at(90));
    stage.pass(91);
    let parts = [
        ("entry", &line.xianghu, 1),
        ("between", &line.east, 1),
        ("exit", &line.fengqi, 1),
        ("last", &line.xianghu, 2),
    ];
    let is_late = |part: &str| late == Some(part);
    for (_, gate, number) in parts.iter().filter(|(part, _, _)| !is_late(part)) {
        stage.upload_part(gate, *number, *number);
    }
    stage.pass(FORGOTTEN);
    for (_, gate, number) in parts.iter().filter(|(part, _, _)| is_late(part)) {
        stage.upload_part(gate, *number, *number);
    }
    stage.pass(FORGOTTEN);
    check_invariants(&stage);
    stage.check();
    (seen(&stage, &phone), stage, phone)
}

#[test]
fn an_exit_that_cannot_be_of_the_latest_entry_closes_the_one_before_it_whenever_it_comes() {
    let (in_time, ..) = two_rides(None);
    let whole = |from, to, fen| (TripKind::Paired, Some(from), Some(to), Fen(fen));
    let [first, second] = in_time.as_slice() else { panic!("two trips: {in_time:?}") };
    assert_eq!((*first, *second), (whole(101, 106, first.3.0), whole(109, 101, second.3.0)));
    for late in ["entry", "exit"] {
        let (told, stage, phone) = two_rides(Some(late));
        assert_eq!(told, in_time, "{late} came late");
        let first = &stage.trips("330100", &phone)[0];
        let adjusts = trips::adjustments(stage.region.view("330000"), first.trip).expect("readable");
        assert_eq!(adjusts.iter().map(|adjust| adjust.reason.as_str()).collect::<Vec<_>>(), ["late_tap"]);
        assert_eq!(stage.account_of(&phone).balance_fen, Fen(9_000) - first.charge_fen - told[1].3);
    }
}

#[test]
fn an_exit_after_a_whole_trip_is_not_that_of_an_entry_before_it() {
    let mut stage = Stage::new();
    let phone = Phone::new("310100", 92);
    stage.account(&phone, 9_000);
    let mut line = Line::new(&mut stage);
    line.xianghu.tap(&phone, In, stage.at(0));
    line.fengqi.tap(&phone, In, stage.at(40));
    line.east.tap(&phone, Out, stage.at(60));
    // One rider is in one trip at a time (J8): this is the exit of a ride whose entry is missing.
    line.xianghu.tap(&phone, Out, stage.at(120));
    stage.pass(121);
    for gate in [&line.xianghu, &line.fengqi, &line.east] {
        stage.upload(gate);
    }
    stage.pass(FORGOTTEN);
    let kinds: Vec<TripKind> = stage.trips("330100", &phone).iter().map(|trip| trip.kind).collect();
    assert_eq!(kinds, [TripKind::EntryOnly, TripKind::Paired, TripKind::ExitOnly]);
    check_invariants(&stage);
    stage.check();
}

#[test]
fn a_tap_is_better_evidence_than_a_habit() {
    for is_tapped in [false, true] {
        let mut stage = Stage::new();
        let phone = Phone::new("310100", 93);
        stage.account(&phone, 15_000);
        let mut line = Line::new(&mut stage);
        let mut xixing = stage.gate("HZ-XIXING-1", "330100", 103, 1);
        // On Tuesday, Wednesday and Thursday from 湘湖 to 凤起路.
        for day in 0..3 {
            line.xianghu.tap(&phone, In, stage.at(day * 1_440));
            line.fengqi.tap(&phone, Out, stage.at(day * 1_440 + 40));
        }
        let friday = stage.at(3 * 1_440);
        if is_tapped {
            xixing.tap(&phone, In, friday);
        }
        line.east.tap(&phone, In, friday + DurationMs::minutes(40));
        line.fengqi.tap(&phone, Out, friday + DurationMs::minutes(41));
        line.xianghu.tap(&phone, Out, friday + DurationMs::minutes(90));
        stage.pass(3 * 1_440 + 91);
        for gate in [&line.xianghu, &line.fengqi, &line.east] {
            stage.upload(gate);
        }
        if is_tapped {
            stage.upload(&xixing);
        }
        // The pairs are final before the exit is given up on.
        stage.pass(1);
        stage.pass(FORGOTTEN);
        let last = stage.trips("330100", &phone).into_iter().rfind(|trip| trip.to == Some(106)).expect("a trip");
        let expected = if is_tapped { (TripKind::Paired, Some(103)) } else { (TripKind::ExitOnly, Some(101)) };
        assert_eq!((last.kind, last.from), expected);
        check_invariants(&stage);
        stage.check();
    }
}

#[test]
fn an_exit_of_an_entry_that_a_clerk_has_decided_on_is_kept_with_it_without_effect() {
    let mut stage = Stage::new();
    let phone = Phone::new("310100", 94);
    stage.account(&phone, 9_000);
    let mut line = Line::new(&mut stage);
    line.xianghu.tap(&phone, In, stage.at(0));
    line.east.tap(&phone, In, stage.at(40));
    line.fengqi.tap(&phone, Out, stage.at(41));
    line.xianghu.tap(&phone, Out, stage.at(90));
    stage.pass(91);
    stage.upload(&line.xianghu);
    stage.upload(&line.east);
    stage.pass(FORGOTTEN);
    let before = stage.trips("330100", &phone);
    assert_eq!((before[0].kind, before[0].state), (TripKind::EntryOnly, TripState::Charged));
    let wish = AdjustWish::Charge { amount_fen: Fen(100) };
    stage.region.call("330000", METRO, None, Command::AdjustTrip { trip: before[0].trip, wish }).reply();
    stage.pass(1);
    stage.upload(&line.fengqi);
    stage.pass(FORGOTTEN);
    let after = stage.trips("330100", &phone);
    assert_eq!(after.len(), 2, "no trip of the exit alone: {after:?}");
    assert_eq!((after[0].charge_fen, after[0].adjusts), (Fen(100), 1));
    check_invariants(&stage);
    stage.check();
}
