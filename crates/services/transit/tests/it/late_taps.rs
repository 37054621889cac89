//! Taps that come after their trip was final: the trip gets them, nobody pays twice, and one rider's trouble is no other's.

use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_transit::command::{Command, OrderWish, Reply};
use huitong_transit::model::order::{FreeExitRule, OrderKind};
use huitong_transit::model::tap::Direction::{self, In, Out};
use huitong_transit::model::trip::{TripFinal, TripKind, TripState};
use huitong_transit::query::orders;
use huitong_transit::query::trips::{self, TripRow};
use huitong_transit_code::gate::FLAG_DENY_STALE;

use super::desk::Shanghai;
use super::invariants::check_invariants;
use super::stage::{Gate, METRO, Note, Phone, Stage, division};

/// The trip limit, and the wait for late uploads.
const FORGOTTEN: i64 = (4 + 72) * 60;

fn only(stage: &Stage, phone: &Phone) -> TripRow {
    let trips = stage.trips("310100", phone);
    assert_eq!(trips.len(), 1, "{trips:?}");
    trips.into_iter().next().expect("a trip")
}

fn content(stage: &Stage, trip: &TripRow) -> TripFinal {
    trips::content(stage.region.view("310000"), trip).expect("readable")
}

/// Records the tap, and gives it to the node at once.
fn tap(stage: &mut Stage, gate: &mut Gate, phone: &Phone, direction: Direction, at: Instant) -> u64 {
    let number = gate.tap(phone, direction, at);
    stage.upload_part(gate, number, number);
    number
}

#[test]
fn a_late_entry_under_a_higher_limit_costs_no_more_than_was_claimed_and_the_node_goes_on() {
    let mut stage = Stage::new();
    // Home and network are one node.
    let poor = Phone::with("310100", 71, |fields| fields.limit_fen = 100);
    let rich = Phone::with("310100", 71, |fields| fields.limit_fen = 3_000);
    let other = Phone::new("310100", 72);
    stage.account(&poor, 5_000);
    stage.account(&other, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let (began, ended) = (stage.now(), stage.now() + DurationMs::minutes(40));
    let late = shanghai.entry.tap(&rich, In, began);
    stage.pass(40);
    tap(&mut stage, &mut shanghai.exit, &poor, Out, ended);
    stage.pass(FORGOTTEN);
    let alone = only(&stage, &poor);
    assert_eq!((alone.kind, alone.charge_fen), (TripKind::ExitOnly, Fen(100)));
    stage.upload_part(&shanghai.entry, late, late);
    stage.pass(1);
    let whole = only(&stage, &poor);
    assert_eq!((whole.kind, whole.state, whole.charge_fen), (TripKind::Paired, TripState::Charged, Fen(100)));
    assert_eq!(stage.account_of(&poor).balance_fen, Fen(4_900));
    let after = shanghai.ride(&mut stage, &other);
    assert_eq!((after.state, after.charge_fen), (TripState::Charged, Fen(500)));
    check_invariants(&stage);
    stage.check();
}

#[test]
fn a_late_exit_under_a_lower_limit_lowers_what_is_charged() {
    let mut stage = Stage::new();
    let (entering, leaving) = (Phone::new("330100", 73), Phone::with("330100", 73, |fields| fields.limit_fen = 200));
    stage.account(&entering, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.enter(&mut stage, &entering);
    stage.pass(30);
    let late = shanghai.exit.tap(&leaving, Out, stage.now());
    stage.pass(FORGOTTEN + 1);
    assert_eq!(only(&stage, &entering).kind, TripKind::EntryOnly);
    stage.upload_part(&shanghai.exit, late, late);
    stage.pass(1);
    assert_eq!(only(&stage, &entering).charge_fen, Fen(200));
    assert_eq!(stage.account_of(&entering).balance_fen, Fen(4_800));
    check_invariants(&stage);
    stage.check();
}

#[test]
fn a_stay_over_the_limit_of_time_costs_no_more_than_the_limit_of_the_code() {
    let mut stage = Stage::with(|_, map| map["parameters"]["overstay_charge_fen"] = 700.into());
    let phone = Phone::with("330100", 74, |fields| fields.limit_fen = 800);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.enter(&mut stage, &phone);
    stage.pass(5 * 60);
    let ended = stage.now();
    tap(&mut stage, &mut shanghai.exit, &phone, Out, ended);
    stage.pass(1);
    let trip = only(&stage, &phone);
    assert_eq!((trip.state, trip.charge_fen), (TripState::Charged, Fen(800)), "home does not contest it");
    let fare = content(&stage, &trip).fare;
    assert!(fare.adds_up() && fare.overstay_fen <= Fen(700), "{fare:?}");
    check_invariants(&stage);
    stage.check();
}

#[test]
fn trips_of_one_rider_that_cannot_be_booked_stop_nobody_else() {
    let mut stage = Stage::new();
    let (broken, sound) = (Phone::new("310100", 75), Phone::new("310100", 76));
    stage.account(&broken, 5_000);
    stage.account(&sound, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.enter(&mut stage, &broken);
    stage.pass(30);
    let late = shanghai.exit.tap(&broken, Out, stage.now());
    stage.pass(FORGOTTEN + 1);
    // Home's view of the trip is damaged: it refuses the adjustment.
    stage.tamper("310000", "UPDATE home_trip SET adjusts = 7");
    stage.upload_part(&shanghai.exit, late, late);
    let began = stage.now();
    let first = shanghai.entry.tap(&sound, In, Instant(began.0 - 40 * 60_000));
    let last = shanghai.exit.tap(&sound, Out, began);
    stage.upload_part(&shanghai.entry, first, first);
    stage.upload_part(&shanghai.exit, last, last);
    stage.pass(1);
    assert_eq!(only(&stage, &sound).charge_fen, Fen(500));
    assert_eq!(only(&stage, &broken).kind, TripKind::EntryOnly);
    let told = |stage: &Stage| stage.alarms("310000").iter().filter(|alarm| alarm.contains("trips of a rider")).count();
    assert_eq!(told(&stage), 1);
    stage.pass(60);
    assert_eq!(told(&stage), 1, "the rider is looked at again a day later");
    stage.pass(24 * 60);
    assert_eq!(told(&stage), 2);
    stage.tamper("310000", "UPDATE home_trip SET adjusts = 0");
    stage.pass(24 * 60);
    assert_eq!(only(&stage, &broken).kind, TripKind::Paired, "once it is mended the trip is booked");
}

#[test]
fn a_second_exit_that_comes_after_the_trip_was_final_is_never_charged() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 77);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.enter(&mut stage, &phone);
    stage.pass(30);
    let ended = stage.now();
    tap(&mut stage, &mut shanghai.exit, &phone, Out, ended);
    // At another gate of the station, half a minute before and half a minute after.
    let mut beside = stage.gate("SH-HONGQIAO-9", "310100", 201, 2);
    beside.tap(&phone, Out, Instant(ended.0 - 30_000));
    beside.tap(&phone, Out, ended + DurationMs::seconds(30));
    stage.pass(1);
    let trip = only(&stage, &phone);
    stage.upload(&beside);
    stage.pass(FORGOTTEN);
    assert_eq!(only(&stage, &phone), trip, "nothing has changed");
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(4_500));
    check_invariants(&stage);
    stage.check();
}

#[test]
fn an_exit_without_entry_made_twice_costs_once_whenever_it_comes() {
    for late in [false, true] {
        let mut stage = Stage::new();
        let phone = Phone::new("330100", 88);
        stage.account(&phone, 5_000);
        let mut gate = stage.gate("SH-HONGQIAO-1", "310100", 201, 2);
        let mut beside = stage.gate("SH-HONGQIAO-9", "310100", 201, 2);
        gate.tap(&phone, Out, stage.at(0));
        beside.tap(&phone, Out, stage.at(0) + DurationMs::seconds(40));
        stage.pass(1);
        stage.upload(&gate);
        stage.pass(if late { FORGOTTEN } else { 1 });
        stage.upload(&beside);
        stage.pass(FORGOTTEN);
        let trip = only(&stage, &phone);
        assert_eq!((trip.kind, trip.charge_fen), (TripKind::ExitOnly, Fen(300)), "late: {late}");
        check_invariants(&stage);
        stage.check();
    }
}

#[test]
fn a_second_entry_that_comes_after_the_trip_was_final_is_never_charged() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 78);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let entered = stage.now();
    shanghai.enter(&mut stage, &phone);
    let mut beside = stage.gate("SH-PEOPLE-9", "310100", 207, 2);
    beside.tap(&phone, In, Instant(entered.0 - 50_000));
    beside.tap(&phone, In, entered + DurationMs::seconds(50));
    stage.pass(30);
    let ended = stage.now();
    tap(&mut stage, &mut shanghai.exit, &phone, Out, ended);
    stage.pass(1);
    let trip = only(&stage, &phone);
    stage.upload(&beside);
    stage.pass(FORGOTTEN + 60);
    assert_eq!(only(&stage, &phone), trip);
    check_invariants(&stage);
    stage.check();
}

#[test]
fn the_same_code_at_two_gates_is_found_at_the_node_and_charged_once() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 79);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let code = phone.code(stage.now());
    shanghai.entry.note(&code, In, stage.now(), Note::default());
    let mut elsewhere = stage.gate("SH-LUJIAZUI-1", "310100", 208, 2);
    elsewhere.note(&code, In, stage.now() + DurationMs::seconds(5), Note::default());
    stage.upload(&shanghai.entry);
    stage.pass(30);
    let ended = stage.now();
    tap(&mut stage, &mut shanghai.exit, &phone, Out, ended);
    stage.pass(60);
    let taken = stage.upload(&elsewhere);
    assert_eq!((taken.accepted, taken.passback), (0, 1));
    stage.pass(FORGOTTEN);
    assert_eq!(only(&stage, &phone).charge_fen, Fen(500));
    check_invariants(&stage);
    stage.check();
}

#[test]
fn a_late_exit_belongs_to_the_latest_entry_before_it() {
    let mut stage = Stage::new();
    let phone = Phone::new("310100", 80);
    stage.account(&phone, 5_000);
    let mut xianghu = stage.gate("HZ-XIANGHU-1", "330100", 101, 1);
    let mut fengqi = stage.gate("HZ-FENGQI-1", "330100", 106, 1);
    let mut east = stage.gate("HZ-EAST-1", "330100", 109, 1);
    let first = stage.now();
    tap(&mut stage, &mut xianghu, &phone, In, first);
    stage.pass(30);
    tap(&mut stage, &mut fengqi, &phone, In, first + DurationMs::minutes(30));
    stage.pass(21);
    east.tap(&phone, Out, first + DurationMs::minutes(51));
    stage.pass(FORGOTTEN + 40);
    let before = stage.trips("330100", &phone);
    assert_eq!(before.iter().map(|trip| trip.kind).collect::<Vec<_>>(), [TripKind::EntryOnly, TripKind::EntryOnly]);
    stage.upload(&east);
    stage.pass(1);
    let after = stage.trips("330100", &phone);
    assert_eq!(after[0], before[0], "the entry before it stays as it was");
    assert_eq!((after[1].kind, after[1].from, after[1].to), (TripKind::Paired, Some(106), Some(109)));
    check_invariants(&stage);
    stage.check();
}

/// An entry that is final, and the exit that did not come in time.
fn late_exit(stage: &mut Stage, phone: &Phone, note: Note) -> (Shanghai, TripRow) {
    let mut shanghai = Shanghai::new(stage);
    shanghai.enter(stage, phone);
    stage.pass(30);
    shanghai.exit.note(&phone.code(stage.now()), Out, stage.now(), note);
    stage.pass(FORGOTTEN + 1);
    let trip = only(stage, phone);
    assert_eq!((trip.kind, trip.state), (TripKind::EntryOnly, TripState::Charged));
    (shanghai, trip)
}

#[test]
fn a_late_exit_that_shows_another_fare_leaves_both_taps_to_a_clerk() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 81);
    stage.account(&phone, 5_000);
    let (shanghai, _) = late_exit(&mut stage, &phone, Note { shown_fen: 900, ..Note::default() });
    stage.upload(&shanghai.exit);
    stage.pass(60);
    let trips = stage.trips("310100", &phone);
    assert_eq!(trips.iter().map(|trip| trip.charge_fen).collect::<Vec<_>>(), [Fen(0), Fen(0)]);
    assert_eq!(trips[1].reason.as_deref(), Some("fare_mismatch"));
    assert!(content(&stage, &trips[0]).flags.contains(&"fare_mismatch".to_owned()));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(5_000));
    check_invariants(&stage);
    stage.check();
}

#[test]
fn a_late_exit_at_a_gate_at_fault_makes_the_trip_free() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 82);
    stage.account(&phone, 5_000);
    let (shanghai, _) = late_exit(&mut stage, &phone, Note::default());
    let wish = OrderWish {
        network: division("310100"),
        station: None,
        line: None,
        gate: Some(shanghai.exit.name.clone()),
        from: stage.at(0),
        to: stage.at(60),
        kind: OrderKind::GateFault,
        rule: FreeExitRule::default(),
        reason: "读卡器故障".to_owned(),
    };
    let reply = stage.region.call("310000", METRO, None, Command::Order(wish)).reply();
    let Reply::Ordered { order, .. } = reply else { panic!("an order was given: {reply:?}") };
    let before = only(&stage, &phone).charge_fen;
    stage.upload(&shanghai.exit);
    stage.pass(1);
    let trip = only(&stage, &phone);
    let sums = orders::sums(stage.region.view("310000"), order).expect("readable");
    assert_eq!(sums, (1, Fen(0) - before), "its list names the trip");
    assert_eq!((trip.kind, trip.state, trip.charge_fen), (TripKind::Paired, TripState::Refunded, Fen(0)));
    check_invariants(&stage);
    stage.check();
}

#[test]
fn a_late_exit_under_an_old_deny_list_is_the_citys_own_risk() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 83);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.enter(&mut stage, &phone);
    stage.pass(1);
    stage.deny(&phone, "lost").reply();
    stage.pass(1);
    stage.pass(28);
    let stale = Note { flags: FLAG_DENY_STALE, deny_age_s: 90_000, ..Note::default() };
    shanghai.exit.note(&phone.code(stage.now()), Out, stage.now(), stale);
    stage.pass(FORGOTTEN + 1);
    assert!(only(&stage, &phone).charge_fen > Fen(0), "the entry was before the account was denied");
    stage.upload(&shanghai.exit);
    stage.pass(1);
    let trip = only(&stage, &phone);
    assert_eq!((trip.kind, trip.state, trip.charge_fen), (TripKind::Paired, TripState::Refunded, Fen(0)));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(5_000));
    check_invariants(&stage);
    stage.check();
}

#[test]
fn what_a_clerk_has_decided_stays_when_the_missing_tap_comes() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 84);
    stage.account(&phone, 5_000);
    let (shanghai, trip) = late_exit(&mut stage, &phone, Note::default());
    let wish = huitong_transit::command::AdjustWish::Charge { amount_fen: Fen(400) };
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip: trip.trip, wish }).reply();
    stage.pass(1);
    stage.upload(&shanghai.exit);
    stage.pass(FORGOTTEN);
    let after = only(&stage, &phone);
    assert_eq!((after.charge_fen, after.adjusts), (Fen(400), 1), "no second trip, no other amount");
    check_invariants(&stage);
    stage.check();
}

#[test]
fn an_entry_and_an_exit_that_prove_to_be_one_trip_are_merged() {
    let mut stage = Stage::with(|network, map| {
        if network == "310100" {
            (map["parameters"]["trip_limit_min"], map["parameters"]["pair_limit_min"]) = (60.into(), 60.into());
        }
    });
    let phone = Phone::new("330100", 85);
    stage.account(&phone, 9_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.enter(&mut stage, &phone);
    stage.pass(90);
    let ended = stage.now();
    tap(&mut stage, &mut shanghai.exit, &phone, Out, ended);
    let mut beside = stage.gate("SH-HONGQIAO-9", "310100", 201, 2);
    beside.tap(&phone, Out, ended + DurationMs::seconds(30));
    stage.pass(FORGOTTEN);
    let kinds = |stage: &Stage| stage.trips("310100", &phone).iter().map(|trip| trip.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&stage), [TripKind::EntryOnly, TripKind::ExitOnly], "too long for a trip");
    // The city finds its limit too strict; then the tap of a neighbouring gate comes.
    let mut map: serde_json::Value = serde_json::from_str(&stage.map_text("310100", 1)).expect("JSON");
    map["version"] = 2.into();
    (map["parameters"]["trip_limit_min"], map["parameters"]["pair_limit_min"]) = (240.into(), 480.into());
    stage.region.call("310000", METRO, None, Command::PublishMap { text: map.to_string() }).reply();
    stage.upload(&beside);
    stage.pass(1);
    let trips = stage.trips("310100", &phone);
    assert_eq!(trips.iter().map(|trip| trip.charge_fen).collect::<Vec<_>>(), [Fen(500), Fen(0)]);
    assert_eq!((trips[0].kind, trips[1].state), (TripKind::Paired, TripState::Refunded));
    assert_eq!(stage.home_adjusts(&phone, &trips[1])[0].reason, "merged");
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(8_500));
    stage.pass(60);
    assert_eq!(stage.trips("310100", &phone).len(), 2);
    check_invariants(&stage);
    stage.check();
}

#[test]
fn a_late_exit_with_a_code_that_another_city_is_paid_for_gives_back_and_is_paid_no_second_time() {
    let mut stage = Stage::new();
    let phone = Phone::new("320500", 79);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.enter(&mut stage, &phone);
    // The same screen opens a gate in Shanghai, which is offline, and one in Hangzhou.
    let mut hangzhou = (stage.gate("HZ-FENGQI-1", "330100", 106, 1), stage.gate("HZ-2", "330100", 109, 1));
    let (began, ended) = (stage.now() + DurationMs::minutes(10), stage.now() + DurationMs::minutes(40));
    stage.pass(40);
    tap(&mut stage, &mut hangzhou.0, &phone, In, began);
    let late = shanghai.exit.tap(&phone, Out, ended);
    tap(&mut stage, &mut hangzhou.1, &phone, Out, ended);
    stage.pass(FORGOTTEN + 1);
    let (paid, alone) = (stage.trips("330100", &phone).remove(0), only(&stage, &phone));
    assert_eq!((paid.kind, paid.state), (TripKind::Paired, TripState::Charged));
    assert_eq!((alone.kind, alone.state), (TripKind::EntryOnly, TripState::Charged));
    stage.upload_part(&shanghai.exit, late, late);
    stage.pass(1);
    let whole = only(&stage, &phone);
    assert_eq!((whole.kind, whole.state, whole.charge_fen), (TripKind::Paired, TripState::Refunded, Fen(500)));
    assert!(alone.charge_fen > Fen(500), "what came late gave back");
    let in_hangzhou = trips::content(stage.region.view("330000"), &paid).expect("readable");
    assert_eq!(in_hangzhou.taps[1].replay_key, content(&stage, &whole).taps[1].replay_key, "one code, two exits");
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(10_000 - 500) - paid.charge_fen);
    stage.check();
}
