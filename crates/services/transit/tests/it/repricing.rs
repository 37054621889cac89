//! What a rider's trips cost depends on the others of the day or month: caps come out the same whatever changes later.

use huitong_kernel::money::Fen;
use huitong_transit::command::{AdjustWish, Command, OrderWish, Reply};
use huitong_transit::model::contest::{ContestDecision, ContestReason};
use huitong_transit::model::order::{FreeExitRule, OrderKind};
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::model::trip::TripKind;
use huitong_transit::query::trips;

use super::desk::Shanghai;
use super::invariants::check_invariants;
use super::stage::{Gate, METRO, Note, Phone, Stage, division};

/// The trip limit, and the wait for late uploads.
const FORGOTTEN: i64 = (4 + 72) * 60;

/// Shanghai's fares with a cap of 8 yuan a day.
fn cap(stage: &mut Stage) {
    cap_at(stage, 800);
}

fn cap_at(stage: &mut Stage, max_fen: i64) {
    let text = stage.pack_text("310100", "310100-metro", 1);
    let mut pack: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    (pack["version"], pack["valid_from"]) = (2.into(), "2026-11-24".into());
    pack["caps"] = serde_json::json!([{"name": "day", "window": "day", "max_fen": max_fen}]);
    stage.region.call("310000", METRO, None, Command::PublishPack { text: pack.to_string() }).reply();
    stage.region.carry_all();
}

#[test]
fn a_cap_comes_out_the_same_in_whatever_order_the_trips_arrive() {
    for late in [false, true] {
        let mut stage = Stage::new();
        cap(&mut stage);
        let phone = Phone::new("330100", 86);
        stage.account(&phone, 5_000);
        let mut shanghai = Shanghai::new(&mut stage);
        let at = |stage: &Stage, minutes: i64| stage.at(minutes);
        shanghai.entry.tap(&phone, In, at(&stage, 0));
        shanghai.exit.tap(&phone, Out, at(&stage, 40));
        shanghai.entry.tap(&phone, In, at(&stage, 120));
        // This gate knows of the cap, and shows what is left.
        shanghai.exit.note(
            &phone.code(at(&stage, 160)),
            Out,
            at(&stage, 160),
            Note { shown_fen: 300, ..Note::default() },
        );
        stage.pass(161);
        let order = if late { [2, 1] } else { [1, 2] };
        for number in order {
            stage.upload_part(&shanghai.entry, number, number);
            stage.upload_part(&shanghai.exit, number, number);
            stage.pass(1);
        }
        let trips = stage.trips("310100", &phone);
        let charges: Vec<Fen> = trips.iter().map(|trip| trip.charge_fen).collect();
        assert_eq!(charges, [Fen(500), Fen(300)], "late: {late}");
        assert_eq!(stage.account_of(&phone).balance_fen, Fen(4_200));
        check_invariants(&stage);
        stage.check();
    }
}

#[test]
fn a_late_tap_does_not_lose_the_cap() {
    let mut stage = Stage::new();
    cap(&mut stage);
    let phone = Phone::new("330100", 87);
    stage.account(&phone, 9_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.ride(&mut stage, &phone);
    shanghai.enter(&mut stage, &phone);
    stage.pass(30);
    let late = shanghai.exit.tap(&phone, Out, stage.now());
    stage.pass(FORGOTTEN + 1);
    stage.upload_part(&shanghai.exit, late, late);
    stage.pass(1);
    let charges: Vec<Fen> = stage.trips("310100", &phone).iter().map(|trip| trip.charge_fen).collect();
    assert_eq!(charges, [Fen(500), Fen(300)]);
    check_invariants(&stage);
    stage.check();
}

/// Two rides of one day: 5 yuan, and 3 that the cap leaves of 5.
fn two_rides(number: u8) -> (Stage, Phone, Shanghai) {
    let (stage, phone, shanghai) = two_rides_under(number, 800);
    assert_eq!(charges(&stage, &phone), [Fen(500), Fen(300)]);
    (stage, phone, shanghai)
}

fn two_rides_under(number: u8, max_fen: i64) -> (Stage, Phone, Shanghai) {
    let mut stage = Stage::new();
    cap_at(&mut stage, max_fen);
    let phone = Phone::new("330100", number);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    for minute in [0, 120] {
        shanghai.entry.tap(&phone, In, stage.at(minute));
        shanghai.exit.tap(&phone, Out, stage.at(minute + 40));
    }
    stage.pass(161);
    stage.upload(&shanghai.entry);
    stage.upload(&shanghai.exit);
    stage.pass(1);
    (stage, phone, shanghai)
}

fn charges(stage: &Stage, phone: &Phone) -> Vec<Fen> {
    stage.trips("310100", phone).iter().map(|trip| trip.charge_fen).collect()
}

/// After the first ride was changed: the second costs what it would have cost, and says why.
fn check_changed(stage: &mut Stage, phone: &Phone, expected: [i64; 2]) {
    stage.pass(1);
    assert_eq!(charges(stage, phone), expected.map(Fen));
    assert_eq!(stage.account_of(phone).balance_fen, Fen(5_000 - expected.iter().sum::<i64>()));
    let second = stage.trips("310100", phone)[1].trip;
    let adjusts = trips::adjustments(stage.region.view("310000"), second).expect("readable");
    let told: Vec<(&str, &str)> =
        adjusts.iter().map(|adjust| (adjust.reason.as_str(), adjust.state.as_str())).collect();
    assert_eq!(told, [("earlier_trip", "booked")]);
    check_invariants(stage);
    stage.check();
}

#[test]
fn what_a_clerk_gives_back_the_cap_does_not_give_twice() {
    for (wish, expected) in [(AdjustWish::Cancel, [0, 500]), (AdjustWish::Charge { amount_fen: Fen(400) }, [400, 400])]
    {
        let (mut stage, phone, _) = two_rides(40);
        let trip = stage.trips("310100", &phone)[0].trip;
        let reply = stage.region.call("310000", METRO, None, Command::AdjustTrip { trip, wish }).reply();
        let Reply::Adjusted { charge_fen, .. } = reply else { panic!("a trip was adjusted: {reply:?}") };
        assert_eq!(charge_fen, Fen(expected[0]), "the clerk is told of the trip asked for");
        check_changed(&mut stage, &phone, expected);
    }
}

#[test]
fn a_claim_that_is_taken_back_in_a_contest_leaves_the_cap_to_the_other_trips() {
    let (mut stage, phone, _) = two_rides(41);
    let document = stage.trips("310100", &phone)[0].trip;
    let (reason, evidence) = (ContestReason::FareWrong, "see photo 12".to_owned());
    let wish = Command::OpenContest { document, reason, evidence };
    let Reply::Contested { contest, .. } = stage.region.call("330000", "clearing", None, wish).reply() else {
        panic!()
    };
    stage.region.carry_all();
    let (decision, explanation) = (ContestDecision::Withdrawn, "looked at the records".to_owned());
    let answer = Command::AnswerContest { contest, decision, explanation, amount: None };
    stage.region.call("310000", "clearing", None, answer).reply();
    check_changed(&mut stage, &phone, [0, 500]);
}

#[test]
fn a_gate_fault_leaves_the_cap_to_trips_through_other_gates() {
    let (mut stage, phone, shanghai) = two_rides(42);
    fault(&mut stage, &shanghai.entry, 60);
    check_changed(&mut stage, &phone, [0, 500]);
}

/// The gate was at fault from the morning's beginning to this minute.
fn fault(stage: &mut Stage, gate: &Gate, until: i64) {
    let wish = OrderWish {
        network: division("310100"),
        station: None,
        line: None,
        gate: Some(gate.name.clone()),
        from: stage.at(-10),
        to: stage.at(until),
        kind: OrderKind::GateFault,
        rule: FreeExitRule::default(),
        reason: "读卡器故障".to_owned(),
    };
    stage.region.call("310000", METRO, None, Command::Order(wish)).reply();
}

#[test]
fn a_ride_that_the_cap_made_free_stays_free_when_its_own_gate_was_at_fault_too() {
    let (mut stage, phone, shanghai) = two_rides_under(48, 500);
    assert_eq!(charges(&stage, &phone), [Fen(500), Fen(0)]);
    fault(&mut stage, &shanghai.entry, 150);
    stage.pass(10);
    assert_eq!(charges(&stage, &phone), [Fen(0), Fen(0)]);
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(5_000));
    stage.check();
}

#[test]
fn a_ride_that_the_cap_made_free_stays_free_when_its_own_record_is_in_doubt_too() {
    let (mut stage, phone, _) = two_rides_under(49, 500);
    let mut again = Gate::new("SH-PEOPLE-1", "310100", 207, 2);
    for minute in [0, 1] {
        again.tap(&Phone::new("330100", 50), In, stage.at(200 + minute));
    }
    assert_eq!(stage.upload(&again).impossible, 2);
    stage.pass(1);
    assert_eq!(charges(&stage, &phone), [Fen(0), Fen(0)]);
    stage.check();
}

#[test]
fn a_record_in_doubt_leaves_the_cap_to_the_other_trips() {
    let (mut stage, phone, _) = two_rides(43);
    let mut again = Gate::new("SH-PEOPLE-1", "310100", 207, 2);
    again.tap(&Phone::new("330100", 44), In, stage.now());
    assert_eq!(stage.upload(&again).impossible, 1);
    check_changed(&mut stage, &phone, [0, 500]);
}

#[test]
fn two_records_in_doubt_of_one_rider_free_both_trips() {
    let (mut stage, phone, _) = two_rides(45);
    let mut again = Gate::new("SH-PEOPLE-1", "310100", 207, 2);
    for minute in [0, 1] {
        again.tap(&Phone::new("330100", 46), In, stage.at(200 + minute));
    }
    assert_eq!(stage.upload(&again).impossible, 2);
    stage.pass(1);
    assert_eq!(charges(&stage, &phone), [Fen(0), Fen(0)]);
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(5_000));
    stage.check();
}

#[test]
fn a_ride_that_the_rider_completes_leaves_more_of_the_cap_to_the_next() {
    let mut stage = Stage::new();
    cap(&mut stage);
    let phone = Phone::new("330100", 47);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    // The exit is forgotten, and the next entry, thirteen hours later, says nothing of it.
    shanghai.entry.tap(&phone, In, stage.at(-120));
    shanghai.entry.tap(&phone, In, stage.at(11 * 60 + 10));
    shanghai.exit.tap(&phone, Out, stage.at(11 * 60 + 50));
    stage.pass(12 * 60);
    stage.upload(&shanghai.entry);
    stage.upload(&shanghai.exit);
    stage.pass(FORGOTTEN);
    let before = stage.trips("310100", &phone);
    assert_eq!((before[0].kind, before[0].provisional), (TripKind::EntryOnly, true));
    assert_eq!(before[1].charge_fen, Fen(0), "the highest fare has used up the cap");
    let wish = Command::CompleteTrip { trip: before[0].trip, account: phone.account, station: 201 };
    stage.home("330100", wish).reply();
    stage.pass(1);
    assert_eq!(charges(&stage, &phone), [Fen(500), Fen(300)]);
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(4_200));
    check_invariants(&stage);
    stage.check();
}

#[test]
fn a_rider_who_cannot_be_freed_hides_nothing_that_others_have_taken_of_the_account() {
    let mut stage = Stage::new();
    cap(&mut stage);
    // Three tickets of one account of Shanghai, two rides each: 5 yuan and, under the cap, 3.
    let ticket = |number: u8| Phone::with("310100", 47, |fields| fields.custom[8] = number);
    let phones = [ticket(1), ticket(2), ticket(3)];
    stage.account(&phones[0], 3 * 800 + 300);
    let mut shanghai = Shanghai::new(&mut stage);
    for (rides, base) in [(0, 0), (1, 120)] {
        for (place, phone) in phones.iter().enumerate() {
            let began = stage.at(base + 2 * place as i64);
            shanghai.entry.tap(phone, In, began);
            let shown_fen = if rides == 0 { 500 } else { 300 };
            let ended = stage.at(base + 40 + 2 * place as i64);
            shanghai.exit.note(&phone.code(ended), Out, ended, Note { shown_fen, ..Note::default() });
        }
    }
    stage.pass(170);
    for (first, last) in [(1, 3), (4, 6)] {
        stage.upload_part(&shanghai.entry, first, last);
        stage.upload_part(&shanghai.exit, first, last);
        stage.pass(1);
    }
    for phone in &phones {
        assert_eq!(charges(&stage, phone), [Fen(500), Fen(300)]);
    }
    assert_eq!(stage.account_of(&phones[0]).balance_fen, Fen(300));
    // Home's view of one trip is damaged: home, which is the same node, refuses its adjustment.
    let damaged = stage.trips("310100", &phones[1])[0].trip;
    stage.tamper("310000", &format!("UPDATE home_trip SET adjusts = 7 WHERE trip = x'{damaged}'"));
    let mut again = Gate::new("SH-PEOPLE-1", "310100", 207, 2);
    for minute in 0..3 {
        again.tap(&Phone::new("330100", 46), In, stage.at(200 + minute));
    }
    assert_eq!(stage.upload(&again).impossible, 3);
    stage.pass(1);
    let charged = phones.each_ref().map(|phone| charges(&stage, phone));
    assert_eq!(charged, [[Fen(0), Fen(500)], [Fen(500), Fen(300)], [Fen(0), Fen(500)]]);
    // The first two yuan more were paid from the three that were there; the second are a debt.
    let debts: Vec<Fen> = stage.debts_of(&phones[0]).iter().map(|debt| debt.amount_fen).collect();
    assert_eq!((debts, stage.account_of(&phones[0]).balance_fen), (vec![Fen(200)], Fen(300 - 200 + 1_000)));
    let named = format!("TRN-TRIP-KNOWN: trips of a rider at SH-PEOPLE-1 keep their charge: {damaged}");
    assert!(stage.alarms("310000").contains(&named), "{:?}", stage.alarms("310000"));
}
