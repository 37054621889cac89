//! Orders of an operator: gates at fault, and whom they touch.

use huitong_kernel::money::Fen;
use huitong_transit::command::{Command, OrderWish, Reply};
use huitong_transit::model::order::{FreeExitRule, OrderKind};
use huitong_transit::model::tap::Direction::{In, Out};

use super::stage::{METRO, Phone, Stage, division};

/// Declares a gate at fault from 08:00 to 09:00; gives how many final trips lost their charge.
fn fault(stage: &mut Stage, gate: &str) -> usize {
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
        Reply::Ordered { affected, .. } => affected,
        other => panic!("an order was given: {other:?}"),
    }
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
    assert_eq!(fault(&mut stage, "SH-PEOPLE-1"), 1);
    stage.pass(1);
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
    assert_eq!(fault(&mut stage, "SH-PEOPLE-1"), 0);
    stage.upload(&entry);
    stage.upload(&exit);
    stage.pass(1);
    let trips = stage.trips("310100", &phone);
    assert_eq!(trips.iter().map(|trip| trip.charge_fen).collect::<Vec<_>>(), [Fen(0)]);
    assert!(trips[0].reason.as_deref().is_some_and(|reason| reason.starts_with("order:")), "{trips:?}");
    stage.check();
}
