//! Lines that cross a border: the operating node claims the whole trip, its partner gets a part by the rule of the day.

use huitong_kernel::money::Fen;
use huitong_service_kit::toml_data::json_text;
use huitong_transit::command::{AdjustWish, Command};
use huitong_transit::model::tap::Direction::{Boarding, In, Out};
use huitong_transit::query::trips::TripRow;
use huitong_transit::query::{documents, splits};

use super::stage::{METRO, Phone, Stage};

pub const LINE_11: &str = include_str!("../../../../../regions/yangtze/transit/splits/310100-line11-2018.toml");
pub const BUS_7618: &str = include_str!("../../../../../regions/yangtze/transit/splits/320509-7618-2019.toml");

fn publish(stage: &mut Stage, node: &str, rule: &str) {
    let text = json_text(rule).expect("TOML");
    stage.region.call(node, METRO, None, Command::PublishSplit { text }).reply();
}

/// A rider of Hangzhou from 花桥 (Jiangsu) to 安亭 (Shanghai) on metro line 11.
fn huaqiao_to_anting(stage: &mut Stage, phone: &Phone) -> TripRow {
    let mut entry = stage.gate("SH-HUAQIAO-1", "310100", 1101, 11);
    let mut exit = stage.gate("SH-ANTING-1", "310100", 1104, 11);
    entry.tap(phone, In, stage.at(-60));
    exit.tap(phone, Out, stage.at(-30));
    stage.upload(&entry);
    stage.upload(&exit);
    stage.pass(1);
    stage.trips("310100", phone).remove(0)
}

#[test]
fn a_ride_on_line_11_out_of_jiangsu_is_claimed_whole_and_shared_by_metres() {
    let mut stage = Stage::new();
    publish(&mut stage, "310000", LINE_11);
    let phone = Phone::new("330100", 1);
    stage.account(&phone, 10_000);
    let trip = huaqiao_to_anting(&mut stage, &phone);
    // 6 180 m: 4 yuan. In Jiangsu 5 075 m of it, in Shanghai 1 105 m.
    assert_eq!(trip.charge_fen, Fen(400));
    assert_eq!(stage.balances("310000", "receivable")["receivable/310100/330100"], Fen(400));
    assert_eq!(stage.balances("320000", "receivable")["receivable/320000/310100"], Fen(328));
    assert_eq!(stage.balances("310000", "payable")["payable/310100/320000"], Fen(-328));
    assert_eq!(stage.balances("310000", "revenue")["revenue/310100"], Fen(-72));
    let notices = splits::of_trip(stage.region.view("320000"), trip.trip).expect("readable");
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].parts.iter().map(|(_, part)| *part).sum::<Fen>(), Fen(400));
    stage.check();
}

#[test]
fn a_part_that_comes_after_the_partners_cut_is_booked_in_its_next_month_on_both_sides() {
    let mut stage = Stage::new();
    publish(&mut stage, "310000", LINE_11);
    let phone = Phone::new("330100", 1);
    stage.account(&phone, 10_000);
    // Late on 30 November; then the line from Shanghai to Jiangsu is down.
    let late = (6 * 24 + 13) * 60;
    stage.pass(late);
    let keys = stage.key_set(2);
    stage.region.call("310000", "keeper", None, Command::PublishKeySet(keys)).reply();
    stage.region.carry_all();
    let mut entry = stage.gate("SH-HUAQIAO-1", "310100", 1101, 11);
    let mut exit = stage.gate("SH-ANTING-1", "310100", 1104, 11);
    (entry.key_set, exit.key_set) = (2, 2);
    entry.tap(&phone, In, stage.at(late - 60));
    exit.tap(&phone, Out, stage.at(late - 30));
    stage.upload(&entry);
    stage.upload(&exit);
    let without_jiangsu = |stage: &mut Stage| {
        for (from, to) in [("310000", "330000"), ("330000", "310000"), ("330000", "320000"), ("320000", "330000")] {
            stage.region.carry(from, to);
        }
    };
    let pass = |stage: &mut Stage, minutes: i64| {
        stage.region.pass(huitong_kernel::time::DurationMs::minutes(minutes));
        for _ in 0..5 {
            without_jiangsu(stage);
            stage.region.pass(huitong_kernel::time::DurationMs::minutes(0));
        }
    };
    pass(&mut stage, 1);
    let trip = stage.trips("310100", &phone).remove(0);
    assert_eq!((trip.booking_day.to_string(), trip.charge_fen), ("2026-11-30".to_owned(), Fen(400)));
    let ages = |stage: &Stage| {
        let items = huitong_transit::query::ages::open_items(stage.region.view("310000"), stage.now());
        let split = items.expect("readable").into_iter().find(|item| item.item == "split").expect("an item");
        (split.count, split.amount_fen)
    };
    assert_eq!(ages(&stage), (1, Fen(328)), "Shanghai sees that a part waits");
    // 1 December, 10:00: November is over for all. Then the line is up again.
    pass(&mut stage, 12 * 60);
    stage.pass(1);
    assert_eq!(ages(&stage).0, 0);
    assert_eq!(stage.balances("310000", "payable")["payable/310100/320000"], Fen(-328));
    assert_eq!(stage.balances("320000", "receivable")["receivable/320000/310100"], Fen(328));
    for node in ["310000", "320000"] {
        let parts = documents::of_trip(stage.region.view(node), trip.trip).expect("readable");
        let days: Vec<_> =
            parts.iter().map(|part| (part.booking_day.to_string(), part.travel_day.to_string())).collect();
        assert_eq!(days, [("2026-12-01".to_owned(), "2026-11-30".to_owned())], "{node}");
    }
    stage.pass(2 * 24 * 60);
    let days = huitong_transit::query::totals::days(stage.region.view("320000"), ("", "", ""), 100);
    assert!(days.expect("readable").iter().all(|day| day.state == "matched"));
    super::invariants::check_invariants(&stage);
    stage.check();
}

#[test]
fn what_is_given_back_is_shared_by_the_weights_of_the_original() {
    let mut stage = Stage::new();
    publish(&mut stage, "310000", LINE_11);
    let phone = Phone::new("330100", 2);
    stage.account(&phone, 10_000);
    let trip = huaqiao_to_anting(&mut stage, &phone);
    let half = AdjustWish::Charge { amount_fen: Fen(200) };
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip: trip.trip, wish: half }).reply();
    stage.pass(1);
    assert_eq!(stage.balances("320000", "receivable")["receivable/320000/310100"], Fen(164));
    let nothing = AdjustWish::Cancel;
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip: trip.trip, wish: nothing }).reply();
    stage.pass(1);
    assert_eq!(stage.balances("320000", "receivable")["receivable/320000/310100"], Fen::ZERO);
    assert_eq!(stage.balances("310000", "revenue")["revenue/310100"], Fen::ZERO);
    stage.check();
}

#[test]
fn without_a_rule_the_trip_is_charged_and_the_duty_officer_is_told() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 3);
    stage.account(&phone, 10_000);
    let trip = huaqiao_to_anting(&mut stage, &phone);
    assert_eq!(stage.balances("310000", "receivable")["receivable/310100/330100"], trip.charge_fen);
    assert!(stage.balances("320000", "receivable").is_empty());
    assert!(stage.alarms("310000").iter().any(|alarm| alarm.starts_with("TRN-SPLIT")), "an alarm names the line");
    stage.check();
}

#[test]
fn a_ride_inside_shanghai_is_not_shared() {
    let mut stage = Stage::new();
    publish(&mut stage, "310000", LINE_11);
    let phone = Phone::new("330100", 4);
    stage.account(&phone, 10_000);
    let mut entry = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    let mut exit = stage.gate("SH-HONGQIAO-1", "310100", 201, 2);
    entry.tap(&phone, In, stage.at(-60));
    exit.tap(&phone, Out, stage.at(-20));
    stage.upload(&entry);
    stage.upload(&exit);
    stage.pass(1);
    assert!(stage.balances("320000", "receivable").is_empty());
    assert!(stage.alarms("310000").is_empty());
    stage.check();
}

#[test]
fn a_boarding_of_bus_7618_on_shanghai_ground_belongs_to_shanghai() {
    let mut stage = Stage::new();
    publish(&mut stage, "320000", BUS_7618);
    let phone = Phone::new("330100", 5);
    stage.account(&phone, 10_000);
    let mut bus = stage.gate("JS-BUS-7618-4", "320509", 4, 7618);
    bus.tap(&phone, Boarding, stage.at(-10));
    stage.upload(&bus);
    stage.pass(1);
    assert_eq!(stage.balances("320000", "receivable")["receivable/320509/330100"], Fen(500));
    assert_eq!(stage.balances("310000", "receivable")["receivable/310000/320509"], Fen(500));
    assert_eq!(stage.balances("320000", "revenue")["revenue/320509"], Fen::ZERO);
    stage.check();
}

#[test]
fn a_trip_that_is_completed_over_the_border_is_shared_when_it_is() {
    let mut stage = Stage::new();
    publish(&mut stage, "310000", LINE_11);
    let phone = Phone::new("330100", 6);
    stage.account(&phone, 10_000);
    let mut entry = stage.gate("SH-HUAQIAO-1", "310100", 1101, 11);
    let mut exit = stage.gate("SH-ANTING-1", "310100", 1104, 11);
    entry.tap(&phone, In, stage.at(-60));
    exit.tap(&phone, Out, stage.at(-30));
    stage.upload(&entry);
    // No exit in four hours and three days: the highest fare, until the gate is heard again.
    stage.pass(80 * 60);
    let highest = stage.trips("310100", &phone).remove(0);
    assert!(highest.provisional && stage.balances("320000", "receivable").is_empty());
    stage.upload(&exit);
    stage.pass(80 * 60);
    let trips = stage.trips("310100", &phone);
    assert_eq!((trips.len(), trips[0].charge_fen), (1, Fen(400)));
    assert_eq!(stage.balances("320000", "receivable")["receivable/320000/310100"], Fen(328));
    stage.check();
}
