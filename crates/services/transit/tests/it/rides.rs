//! A rider of Hangzhou in Shanghai: entries, exits, late uploads, forgotten taps.

use huitong_kernel::money::Fen;
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::model::trip::{TripKind, TripState};

use super::stage::{Phone, Stage};

#[test]
fn a_rider_of_hangzhou_passes_two_gates_of_shanghai_and_both_books_say_what_it_cost() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut entry = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    let mut exit = stage.gate("SH-HONGQIAO-1", "310100", 201, 2);
    entry.tap(&phone, In, stage.at(-60));
    exit.tap(&phone, Out, stage.at(-20));
    assert_eq!(stage.upload(&entry).accepted, 1);
    assert_eq!(stage.upload(&exit).accepted, 1);
    stage.pass(1);
    let trips = stage.trips("310100", &phone);
    assert_eq!(trips.len(), 1);
    // 人民广场–虹桥火车站 by the map: 3 010 + 1 590 + 11 850 m = 16 450 m: 5 yuan.
    assert_eq!((trips[0].kind, trips[0].state, trips[0].charge_fen), (TripKind::Paired, TripState::Charged, Fen(500)));
    assert_eq!(stage.balances("310000", "receivable")["receivable/310100/330100"], Fen(500));
    stage.check();
}

#[test]
fn taps_that_come_twice_and_in_any_order_make_one_trip() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 8);
    stage.account(&phone, 10_000);
    let mut entry = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    let mut exit = stage.gate("SH-HONGQIAO-1", "310100", 201, 2);
    entry.tap(&phone, In, stage.at(-60));
    exit.tap(&phone, Out, stage.at(-20));
    assert_eq!(stage.upload(&exit).accepted, 1);
    stage.pass(30);
    assert!(stage.trips("310100", &phone).is_empty(), "an exit waits for its entry");
    assert_eq!(stage.upload(&entry).accepted, 1);
    let again = stage.upload(&entry);
    assert_eq!((again.accepted, again.duplicate, again.held_to), (0, 1, 1));
    stage.pass(1);
    let trips = stage.trips("310100", &phone);
    assert_eq!(trips.iter().map(|trip| trip.kind).collect::<Vec<_>>(), [TripKind::Paired]);
    stage.upload(&exit);
    stage.pass(60);
    assert_eq!(stage.trips("310100", &phone).len(), 1);
    stage.check();
}
