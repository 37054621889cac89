//! Orders that end before their time, or are withdrawn: what was decided stays, and nothing more is decided.

use huitong_kernel::money::Fen;
use huitong_service_kit::harness::Called;
use huitong_transit::command::{Command, OrderWish, Reply};
use huitong_transit::model::message::Message;
use huitong_transit::model::order::{FreeExitRule, OrderKind, ServiceOrder};
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::query::{dated, gate_tables, gates, orders};
use uuid::Uuid;

use super::desk::Shanghai;
use super::invariants::check_invariants;
use super::stage::{Gate, METRO, NODES, Phone, Stage, division, transit};

/// The trip limit, and the wait for late uploads.
const FORGOTTEN: i64 = (4 + 72) * 60;

/// An order from minute 0 to minute 60 of the morning.
fn order(stage: &mut Stage, kind: OrderKind, station: Option<u32>, rule: FreeExitRule) -> Uuid {
    let (network, reason) = (division("310100"), "演练".to_owned());
    let (from, to) = (stage.at(0), stage.at(60));
    let wish = OrderWish { network, station, line: None, gate: None, from, to, kind, rule, reason };
    match stage.region.call("310000", METRO, None, Command::Order(wish)).reply() {
        Reply::Ordered { order, .. } => order,
        other => panic!("an order was given: {other:?}"),
    }
}

/// Ends it at a minute of the morning; without one it is withdrawn.
fn end(stage: &mut Stage, order: Uuid, minute: Option<i64>) -> Called<Reply> {
    let to = minute.map(|minute| stage.at(minute));
    stage.region.call("310000", METRO, None, Command::EndOrder { order, to, reason: "误发".to_owned() })
}

fn version(reply: Reply) -> u32 {
    match reply {
        Reply::OrderEnded { version, .. } => version,
        other => panic!("an order was ended: {other:?}"),
    }
}

fn known(stage: &Stage, node: &str, order: Uuid) -> ServiceOrder {
    orders::order(stage.region.view(node), order).expect("readable").expect("known")
}

fn is_closed(stage: &Stage, gate: &Gate) -> bool {
    let view = stage.region.view("310000");
    let gate = gates::gate(view, &gate.name).expect("readable").expect("registered");
    let state = gate_tables::state(&transit(), view, &gate, None, stage.now()).expect("readable");
    state.expect("a state").is_closed
}

#[test]
fn a_station_that_opens_again_lets_riders_in_and_every_node_knows() {
    let mut stage = Stage::new();
    let (early, late) = (Phone::new("330100", 21), Phone::new("330100", 22));
    let mut gate = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    let order = order(&mut stage, OrderKind::Closed, Some(207), FreeExitRule::default());
    stage.pass(10);
    gate.tap(&early, In, stage.at(9));
    assert_eq!(stage.upload(&gate).impossible, 1);
    assert!(is_closed(&stage, &gate));
    assert_eq!(version(end(&mut stage, order, Some(10)).reply()), 2);
    assert_eq!(version(end(&mut stage, order, Some(10)).reply()), 2, "the same again changes nothing");
    stage.pass(1);
    assert!(!is_closed(&stage, &gate));
    let second = gate.tap(&late, In, stage.at(11));
    assert_eq!(stage.upload_part(&gate, second, second).accepted, 1);
    for node in NODES {
        let known = known(&stage, node, order);
        assert_eq!((known.version, known.to, known.given_to()), (2, stage.at(10), stage.at(60)), "{node}");
        assert_eq!(known.ending.expect("ended").reason, "误发");
    }
    // Then it proves to have been a mistake as a whole: what passed under it is believed from now on.
    assert_eq!(version(end(&mut stage, order, None).reply()), 3);
    stage.pass(1);
    let mut beside = stage.gate("SH-PEOPLE-2", "310100", 207, 2);
    beside.tap(&Phone::new("330100", 23), In, stage.at(8));
    assert_eq!(stage.upload(&beside).accepted, 1);
    for node in NODES {
        assert!(!known(&stage, node, order).is_in_force(), "{node}");
        assert_eq!(stage.unread(node), Vec::<String>::new(), "{node}");
    }
    stage.check();
}

#[test]
fn a_gate_fault_that_was_shorter_frees_only_who_passed_in_it() {
    let mut stage = Stage::new();
    let (inside, behind) = (Phone::new("330100", 24), Phone::new("330100", 25));
    stage.account(&inside, 5_000);
    stage.account(&behind, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let order = order(&mut stage, OrderKind::GateFault, Some(207), FreeExitRule::default());
    end(&mut stage, order, Some(20)).reply();
    for (phone, minute) in [(&inside, 10), (&behind, 30)] {
        shanghai.entry.tap(phone, In, stage.at(minute));
        shanghai.exit.tap(phone, Out, stage.at(minute + 40));
    }
    stage.pass(80);
    stage.upload(&shanghai.entry);
    stage.upload(&shanghai.exit);
    stage.pass(1);
    let charges = [&inside, &behind].map(|phone| stage.trips("310100", phone)[0].charge_fen);
    assert_eq!(charges, [Fen(0), Fen(500)]);
    assert_eq!(orders::sums(stage.region.view("310000"), order).expect("readable"), (1, Fen(-500)));
    check_invariants(&stage);
    stage.check();
}

#[test]
fn what_a_withdrawn_order_has_freed_stays_free_and_what_waits_is_charged() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 26);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    for minute in [0, 50] {
        shanghai.entry.tap(&phone, In, stage.at(minute));
        shanghai.exit.tap(&phone, Out, stage.at(minute + 40));
    }
    stage.pass(100);
    stage.upload(&shanghai.entry);
    stage.upload(&shanghai.exit);
    stage.pass(1);
    let order = order(&mut stage, OrderKind::GateFault, None, FreeExitRule::default());
    // Two trips of one rider are not changed in one decision: the second one waits, and the order is gone before its turn.
    assert!(orders::pending(stage.region.view("310000"), order).expect("readable").is_some());
    end(&mut stage, order, None).reply();
    stage.pass(10);
    let mut charges: Vec<Fen> = stage.trips("310100", &phone).iter().map(|trip| trip.charge_fen).collect();
    charges.sort_unstable();
    assert_eq!(charges, [Fen(0), Fen(500)]);
    assert_eq!(orders::pending(stage.region.view("310000"), order).expect("readable"), None);
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(4_500));
    stage.check();
}

#[test]
fn trips_that_a_free_exit_has_ended_stay_priced_by_it_after_it_was_withdrawn() {
    let mut stage = Stage::new();
    let (first, second) = (Phone::new("330100", 27), Phone::new("330100", 28));
    stage.account(&first, 5_000);
    stage.account(&second, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let order = order(&mut stage, OrderKind::FreeExit, Some(201), FreeExitRule::ToStation);
    shanghai.enter(&mut stage, &first);
    stage.pass(FORGOTTEN + 1);
    assert_eq!(stage.trips("310100", &first)[0].charge_fen, Fen(500));
    end(&mut stage, order, None).reply();
    stage.pass(1);
    // Another rider of that morning, whose gate was offline.
    let number = shanghai.entry.tap(&second, In, stage.at(0));
    stage.upload_part(&shanghai.entry, number, number);
    stage.pass(FORGOTTEN);
    let second = &stage.trips("310100", &second)[0];
    assert!(second.provisional && second.charge_fen > Fen(500), "no order ended it: {second:?}");
    let view = stage.region.view("310000");
    assert_eq!(dated::all_orders(view, division("310100")).expect("readable"), []);
    check_invariants(&stage);
    stage.check();
}

#[test]
fn only_its_operator_ends_an_order_and_only_earlier() {
    let mut stage = Stage::new();
    let order = order(&mut stage, OrderKind::Closed, Some(207), FreeExitRule::default());
    stage.region.carry_all();
    let code = |stage: &mut Stage, minute| end(stage, order, minute).code();
    assert_eq!(code(&mut stage, Some(60)), "TRN-1015", "that is its end already");
    assert_eq!(code(&mut stage, Some(0)), "TRN-1015", "nothing would be left");
    let unknown = Command::EndOrder { order: Uuid::from_u128(9), to: None, reason: "误发".to_owned() };
    assert_eq!(stage.region.call("310000", METRO, None, unknown).code(), "TRN-1019");
    let wish = || Command::EndOrder { order, to: None, reason: "误发".to_owned() };
    assert_eq!(stage.region.call("310000", "another", None, wish()).code(), "TRN-1007");
    assert_eq!(stage.region.call("330000", METRO, None, wish()).code(), "TRN-1006", "an order of another node");
    assert_eq!(known(&stage, "310000", order).version, 1);
    end(&mut stage, order, None).reply();
    assert_eq!(code(&mut stage, Some(30)), "TRN-1020");
    stage.check();
}

#[test]
fn a_later_version_of_an_order_can_say_nothing_but_that_it_ends() {
    let mut stage = Stage::new();
    let order = order(&mut stage, OrderKind::FreeExit, Some(201), FreeExitRule::ToStation);
    stage.region.carry_all();
    let first = known(&stage, "330000", order);
    let ended = first.ended(Some(stage.at(30)), "误发".to_owned());
    let longer = ServiceOrder { to: stage.at(90), ..first.ended(Some(stage.at(90)), "误发".to_owned()) };
    let other_rule = ServiceOrder { rule: FreeExitRule::Zero, ..ended.clone() };
    let without_ending = ServiceOrder { version: 2, ending: None, ..first.clone() };
    for (number, wrong) in [longer, other_rule, without_ending].into_iter().enumerate() {
        stage.forge("310000", "330000", Message::ServiceOrder(wrong));
        assert_eq!(stage.unread("330000"), vec!["TRN-1009"; number + 1]);
        assert_eq!(known(&stage, "330000", order), first);
    }
    stage.forge("320000", "330000", Message::ServiceOrder(ended.clone()));
    assert_eq!(stage.unread("330000").last().map(String::as_str), Some("TRN-1006"), "not the operator's node");
    stage.forge("310000", "330000", Message::ServiceOrder(ended.clone()));
    stage.forge("310000", "330000", Message::ServiceOrder(first));
    assert_eq!(known(&stage, "330000", order), ended, "an old version changes nothing");
    assert_eq!(stage.unread("330000").len(), 4);
}
