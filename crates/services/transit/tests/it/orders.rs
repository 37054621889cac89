//! Orders of an operator: gates at fault, and whom they touch.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::params;
use huitong_transit::command::{Command, OrderWish, Reply};
use huitong_transit::model::order::{FreeExitRule, OrderKind};
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::query::{orders, taps};
use uuid::Uuid;

use super::invariants::check_each;
use super::stage::{Gate, METRO, Phone, Stage, division};

/// Declares a gate at fault from 08:00 to 09:00; gives the order, and how many final trips lost their charge at once.
fn ordered(stage: &mut Stage, gate: &str) -> (Uuid, usize) {
    let wish = OrderWish {
        network: division("310100"),
        station: None,
        line: None,
        gate: Some(gate.to_owned()),
        from: stage.at(-60),
        to: stage.at(0),
        kind: OrderKind::GateFault,
        rule: FreeExitRule::default(),
        reason: "读卡器故障".to_owned(),
    };
    match stage.region.call("310000", METRO, None, Command::Order(wish)).reply() {
        Reply::Ordered { order, affected, .. } => (order, affected),
        other => panic!("an order was given: {other:?}"),
    }
}

fn fault(stage: &mut Stage, gate: &str) -> usize {
    ordered(stage, gate).1
}

/// The list of an order at Shanghai's node: each trip with its effect and change; count and sum tell the same.
fn list(stage: &Stage, order: Uuid) -> Vec<(Digest, String, Fen)> {
    let view = stage.region.view("310000");
    let (mut list, mut after) = (Vec::new(), None);
    loop {
        let page = orders::touched(view, order, after, 7).expect("readable");
        list.extend(page.iter().map(|row| (row.trip.trip, row.effect.clone(), row.change_fen)));
        after = page.last().map(|row| row.trip.trip);
        if page.len() < 7 {
            break;
        }
    }
    let sum = list.iter().map(|(_, _, change)| *change).sum();
    assert_eq!(orders::sums(view, order).expect("readable"), (list.len() as u64, sum));
    list
}

#[test]
fn a_gate_at_fault_costs_only_those_nothing_who_passed_it() {
    let mut stage = Stage::new();
    let (broken, sound) = (Phone::new("330100", 7), Phone::new("330100", 8));
    let mut entry = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    let mut neighbour = stage.gate("SH-PEOPLE-2", "310100", 207, 2);
    let mut exit = stage.gate("SH-HONGQIAO-1", "310100", 201, 2);
    for (phone, gate) in [(&broken, &mut entry), (&sound, &mut neighbour)] {
        stage.account(phone, 10_000);
        gate.tap(phone, In, stage.at(-55));
        exit.tap(phone, Out, stage.at(-10));
    }
    for gate in [&entry, &neighbour, &exit] {
        stage.upload(gate);
    }
    stage.pass(1);
    let charge = |stage: &Stage, phone: &Phone| stage.trips("310100", phone)[0].charge_fen;
    assert_eq!((charge(&stage, &broken), charge(&stage, &sound)), (Fen(500), Fen(500)));
    let (order, affected) = ordered(&mut stage, "SH-PEOPLE-1");
    assert_eq!(affected, 1);
    stage.pass(1);
    let free = stage.trips("310100", &broken)[0].trip;
    assert_eq!(list(&stage, order), [(free, "adjusted".to_owned(), Fen(-500))]);
    assert_eq!((charge(&stage, &broken), charge(&stage, &sound)), (Fen(0), Fen(500)));
    assert_eq!(fault(&mut stage, "SH-PEOPLE-1"), 0, "what costs nothing is not cancelled again");
    stage.pass(1);
    assert_eq!(stage.balances("310000", "receivable")["receivable/310100/330100"], Fen(500));
    stage.check();
}

#[test]
fn a_trip_that_is_not_final_when_its_gate_is_declared_at_fault_never_costs_anything() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut entry = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    let mut exit = stage.gate("SH-HONGQIAO-1", "310100", 201, 2);
    entry.tap(&phone, In, stage.at(-55));
    exit.tap(&phone, Out, stage.at(-10));
    let (order, affected) = ordered(&mut stage, "SH-PEOPLE-1");
    assert_eq!(affected, 0);
    stage.upload(&entry);
    stage.upload(&exit);
    stage.pass(1);
    let trips = stage.trips("310100", &phone);
    assert_eq!(trips.iter().map(|trip| trip.charge_fen).collect::<Vec<_>>(), [Fen(0)]);
    assert!(trips[0].reason.as_deref().is_some_and(|reason| reason.starts_with("order:")), "{trips:?}");
    assert_eq!(list(&stage, order), [(trips[0].trip, "cancelled".to_owned(), Fen(-500))], "what it would have cost");
    check_each(&stage, &[("J4", "list does not name it", "DELETE FROM order_trip")]);
    stage.check();
}

/// So many riders of 杭州 and 上海 went through one gate between 08:00 and 09:00, each twice: 5 yuan a ride.
fn crowd(stage: &mut Stage, riders: u8) -> (Vec<Phone>, [Gate; 2]) {
    let mut entry = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    let mut exit = stage.gate("SH-HONGQIAO-1", "310100", 201, 2);
    let city = |number: u8| if number.is_multiple_of(2) { "330100" } else { "310100" };
    let phones: Vec<Phone> = (0..riders).map(|number| Phone::new(city(number), 30 + number)).collect();
    for phone in &phones {
        stage.account(phone, 10_000);
        for minute in [-58, -30] {
            entry.tap(phone, In, stage.at(minute));
        }
        for minute in [-40, -12] {
            exit.tap(phone, Out, stage.at(minute));
        }
    }
    (phones, [entry, exit])
}

#[test]
fn a_gate_fault_frees_every_trip_without_being_given_again_and_one_list_names_them_all() {
    let mut stage = Stage::new();
    let (phones, gates) = crowd(&mut stage, 12);
    for gate in &gates {
        stage.upload(gate);
    }
    stage.pass(1);
    let charged = |stage: &Stage| -> Fen {
        phones.iter().flat_map(|phone| stage.trips("310100", phone)).map(|trip| trip.charge_fen).sum()
    };
    assert_eq!(charged(&stage), Fen(12 * 2 * 500));
    // Two trips of a rider are never changed in one decision: the second one waits.
    let (order, at_once) = ordered(&mut stage, "SH-PEOPLE-1");
    assert!((1..24).contains(&at_once), "{at_once}");
    stage.pass(1);
    assert_eq!(charged(&stage), Fen(0));
    let named = list(&stage, order);
    assert_eq!(named.len(), 24);
    assert!(named.iter().all(|(_, effect, change)| (effect.as_str(), *change) == ("adjusted", Fen(-500))));
    let view = stage.region.view("310000");
    assert_eq!(orders::pending(view, order).expect("readable"), None);
    for phone in &phones {
        assert_eq!(stage.account_of(phone).balance_fen, Fen(10_000));
    }
    stage.check();
    check_each(&stage, &[("J4", "was not made, or another change", "UPDATE order_trip SET change_fen = -1")]);
}

#[test]
fn a_trip_that_cannot_be_made_free_keeps_no_other_from_it() {
    let mut stage = Stage::new();
    let (phones, gates) = crowd(&mut stage, 6);
    for gate in &gates {
        stage.upload(gate);
    }
    stage.pass(1);
    // Home's view of one trip is damaged: home, which is the same node, refuses its adjustment.
    let damaged = stage.trips("310100", &phones[1])[0].trip;
    stage.tamper("310000", &format!("UPDATE home_trip SET adjusts = 7 WHERE trip = x'{damaged}'"));
    let (order, _) = ordered(&mut stage, "SH-PEOPLE-1");
    stage.pass(1);
    assert_eq!(list(&stage, order).len(), 11);
    let charged: Vec<Digest> = phones
        .iter()
        .flat_map(|phone| stage.trips("310100", phone))
        .filter(|trip| trip.charge_fen > Fen(0))
        .map(|trip| trip.trip)
        .collect();
    assert_eq!(charged, [damaged]);
    let told = stage.alarms("310000");
    assert_eq!(told.iter().filter(|alarm| alarm.contains("keeps its charge under the order")).count(), 1, "{told:?}");
}

#[test]
fn two_orders_over_the_same_trips_free_each_once_also_over_a_crash() {
    let mut stage = Stage::new();
    let (phones, gates) = crowd(&mut stage, 6);
    for gate in &gates {
        stage.upload(gate);
    }
    stage.pass(1);
    stage.pass(7 * 24 * 60);
    let (first, at_once) = ordered(&mut stage, "SH-PEOPLE-1");
    let (second, at_once_too) = ordered(&mut stage, "SH-HONGQIAO-1");
    assert!(at_once + at_once_too < 12, "some wait");
    stage.region.restart(division("310000"));
    stage.pass(1);
    let mut freed: Vec<Digest> = Vec::new();
    for order in [first, second] {
        let named = list(&stage, order);
        assert!(named.iter().all(|(_, effect, change)| (effect.as_str(), *change) == ("adjusted", Fen(-500))));
        freed.extend(named.into_iter().map(|(trip, _, _)| trip));
        assert_eq!(orders::pending(stage.region.view("310000"), order).expect("readable"), None);
    }
    freed.sort();
    freed.dedup();
    assert_eq!(freed.len(), 12, "each trip is on one list");
    for phone in &phones {
        assert_eq!(stage.account_of(phone).balance_fen, Fen(10_000));
    }
    stage.check();
}

#[test]
fn an_order_that_nothing_prices_any_more_does_not_wait_for_ever() {
    let mut stage = Stage::new();
    let (_, gates) = crowd(&mut stage, 3);
    for gate in &gates {
        stage.upload(gate);
    }
    stage.pass(1);
    let (order, _) = ordered(&mut stage, "SH-PEOPLE-1");
    assert!(orders::pending(stage.region.view("310000"), order).expect("readable").is_some());
    stage.tamper("310000", "DELETE FROM station_map WHERE network = '310100'");
    stage.region.pass(DurationMs::minutes(1));
    assert_eq!(orders::pending(stage.region.view("310000"), order).expect("readable"), None);
    let told = format!("310100 has no map: what waits under the order {order} keeps its charge");
    assert_eq!(stage.alarms("310000").iter().filter(|alarm| **alarm == told).count(), 1);
}

#[test]
fn a_gates_trips_of_an_hour_are_found_in_every_epoch_among_records_of_other_days() {
    let mut stage = Stage::new();
    let phone = Phone::new("310100", 60);
    stage.account(&phone, 50_000);
    let mut entry = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    let mut exit = stage.gate("SH-HONGQIAO-1", "310100", 201, 2);
    let began = stage.now();
    for ride in 0..15 {
        if ride % 6 == 0 {
            entry = Gate::new("SH-PEOPLE-1", "310100", 207, 2);
            entry.epoch = 1 + ride / 6;
        }
        let (entered, left) = (stage.now() + DurationMs::minutes(-40), stage.now());
        let number = entry.tap(&phone, In, entered);
        // A clock that is broken for a moment: quarantined, or believed.
        let other = Phone::new("310100", 61 + ride as u8);
        entry.tap(&other, In, entered + DurationMs::days([400, -30, -400][ride as usize % 3]));
        let exit_number = exit.tap(&phone, Out, left);
        stage.upload_part(&entry, number, number + 1);
        stage.upload_part(&exit, exit_number, exit_number);
        stage.pass(8 * 60);
    }
    let view = stage.region.view("310000");
    let found = |from: Instant, to: Instant| {
        taps::trips_at(view, "SH-PEOPLE-1", from, to, Digest::ZERO, 100).expect("readable")
    };
    let all_read = |from: Instant, to: Instant| {
        let sql = "SELECT DISTINCT trip FROM held_tap WHERE gate = 'SH-PEOPLE-1' AND at >= ?1 AND at < ?2
             AND trip IS NOT NULL ORDER BY trip";
        view.all(sql, params![from.0, to.0], |row| Ok(Digest(row.get(0)?))).expect("readable")
    };
    assert_eq!(found(began + DurationMs::days(-1), stage.now()).len(), 15);
    for hours in (-31 * 24..160).step_by(7) {
        for span in [1, 9, 60] {
            let from = began + DurationMs::minutes(60 * hours);
            let to = from + DurationMs::minutes(60 * span);
            assert_eq!(found(from, to), all_read(from, to), "{span} hours from {from}");
        }
    }
}
