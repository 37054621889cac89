//! Completions: by the rider, within limits; and by itself, from orders, next entries and habits.

use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::harness::Called;
use huitong_transit::command::{AdjustWish, Command, OrderWish, Reply};
use huitong_transit::model::contest::ContestDecision;
use huitong_transit::model::order::{FreeExitRule, OrderKind};
use huitong_transit::model::tap::Direction::In;
use huitong_transit::model::trip::{CompletionKind, TripFinal, TripKind, TripState};
use huitong_transit::query::contests;
use huitong_transit::query::orders;
use huitong_transit::query::trips::{self, TripRow};

use super::desk::Shanghai;
use super::stage::{METRO, Phone, Stage, digest, division};

/// The trip limit, and the wait for late uploads.
const FORGOTTEN: i64 = (4 + 72) * 60;

fn complete(stage: &mut Stage, phone: &Phone, trip: &TripRow, station: u32) -> Called<Reply> {
    let called = stage.home(phone.city, Command::CompleteTrip { trip: trip.trip, account: phone.account, station });
    stage.pass(0);
    called
}

fn content(stage: &Stage, trip: &TripRow) -> TripFinal {
    trips::content(stage.region.view("310000"), trip).expect("readable")
}

fn forgotten(stage: &mut Stage, shanghai: &mut Shanghai, phone: &Phone) -> TripRow {
    shanghai.enter(stage, phone);
    stage.pass(FORGOTTEN + 1);
    let trip = stage.trips("310100", phone).pop().expect("a trip");
    assert_eq!((trip.kind, trip.state, trip.provisional), (TripKind::EntryOnly, TripState::Charged, true));
    trip
}

#[test]
fn a_rider_says_where_the_trip_ended_and_gets_the_difference_back() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 61);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = forgotten(&mut stage, &mut shanghai, &phone);
    let highest = trip.charge_fen;
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(5_000) - highest);
    complete(&mut stage, &phone, &trip, 201).reply();
    let after = stage.trips("310100", &phone).pop().expect("a trip");
    assert_eq!((after.charge_fen, after.state, after.adjusts), (Fen(500), TripState::Refunded, 1));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(4_500));
    let told = content(&stage, &after);
    assert_eq!(told.taps[0].key, shanghai.entry.key_of(1), "the evidence stays");
    let told = told.completion.expect("a completion");
    assert_eq!((told.how, told.station), (CompletionKind::Rider, 201));
    let shown = stage.home_adjusts(&phone, &trip);
    assert_eq!(shown.iter().map(|adjust| adjust.change_fen).collect::<Vec<_>>(), [Fen(500) - highest]);
    // On second thought it was further: the latest adjustment replaces the earlier one.
    complete(&mut stage, &phone, &trip, 208).reply();
    let again = stage.home_trip(&phone, &trip);
    assert_eq!((again.adjusts, again.charge_fen, again.original_fen), (2, Fen(300), highest));
    stage.check();
}

#[test]
fn the_fourth_completion_of_a_month_is_refused_and_so_is_one_that_comes_too_late() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 62);
    stage.account(&phone, 20_000);
    let mut shanghai = Shanghai::new(&mut stage);
    // Four trips on one morning, forgotten all: each ends where the next began, so the rider corrects them.
    let mut trips = Vec::new();
    for _ in 0..4 {
        shanghai.enter(&mut stage, &phone);
        stage.pass(13 * 60);
    }
    stage.pass(FORGOTTEN);
    trips.extend(stage.trips("310100", &phone));
    assert_eq!(trips.len(), 4);
    // A station that is not on the map is refused by the city; that does not count.
    complete(&mut stage, &phone, &trips[0], 9_999).reply();
    assert_eq!(stage.home_trip(&phone, &trips[0]).adjusts, 0);
    for trip in &trips[..3] {
        complete(&mut stage, &phone, trip, 201).reply();
    }
    assert_eq!(complete(&mut stage, &phone, &trips[3], 201).code(), "TRN-COMPLETE-LIMIT");
    // December brings new ones, until eight weeks are over.
    let december = Instant::start_of("2026-12-02".parse().expect("a date"));
    stage.pass((december - stage.now()).0 / 60_000);
    complete(&mut stage, &phone, &trips[3], 201).reply();
    assert_eq!(stage.home_trip(&phone, &trips[3]).charge_fen, Fen(500));
    stage.pass(8 * 7 * 24 * 60);
    assert_eq!(complete(&mut stage, &phone, &trips[3], 208).code(), "TRN-COMPLETE-LIMIT");
    stage.check();
}

#[test]
fn a_claim_that_was_taken_back_stays_free_whoever_completes_it() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 69);
    let mut shanghai = Shanghai::new(&mut stage);
    // Home does not know the account yet, and contests the claim; the city takes it back.
    shanghai.enter(&mut stage, &phone);
    stage.pass(FORGOTTEN + 1);
    let trip = stage.trips("310100", &phone).pop().expect("a trip");
    let contest = contests::of_document(stage.region.view("310000"), trip.trip).expect("readable").expect("a contest");
    let withdraw = Command::AnswerContest {
        contest: contest.contest.contest,
        decision: ContestDecision::Withdrawn,
        explanation: "no such rider".to_owned(),
        amount: None,
    };
    stage.region.call("310000", METRO, None, withdraw).reply();
    stage.pass(1);
    stage.account(&phone, 5_000);
    // Each wish is refused by the city: none waits for ever, and none counts.
    for station in [201, 208, 201, 208] {
        complete(&mut stage, &phone, &trip, station).reply();
    }
    let clerk = |wish: AdjustWish| Command::AdjustTrip { trip: trip.trip, wish };
    for wish in [AdjustWish::Complete { station: 201 }, AdjustWish::Charge { amount_fen: Fen(100) }] {
        assert_eq!(stage.region.call("310000", METRO, None, clerk(wish)).code(), "TRN-3008");
    }
    stage.region.call("310000", METRO, None, clerk(AdjustWish::Cancel)).reply();
    let (visited, home) = (stage.trips("310100", &phone).remove(0), stage.home_trip(&phone, &trip));
    assert_eq!((visited.state, visited.charge_fen, visited.adjusts), (TripState::Cancelled, Fen::ZERO, 1));
    assert_eq!((home.is_disputed, home.charge_fen, home.adjusts), (false, Fen::ZERO, 1));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(5_000));
    stage.check();
}

/// A rider of a city whose map says how often and how many days after the trip riders complete.
fn under_rules(per_month: u32, days: u32) -> (Stage, Phone, Shanghai) {
    let rules = |network: &str, map: &mut serde_json::Value| {
        if network == "310100" {
            let parameters = &mut map["parameters"];
            (parameters["completions_per_month"], parameters["completion_days"]) = (per_month.into(), days.into());
        }
    };
    let mut stage = Stage::with(rules);
    let phone = Phone::new("330100", 66);
    stage.account(&phone, 20_000);
    let shanghai = Shanghai::new(&mut stage);
    (stage, phone, shanghai)
}

#[test]
fn how_often_and_how_long_a_rider_completes_is_the_visited_citys_rule() {
    let (mut stage, phone, mut shanghai) = under_rules(1, 5);
    let first = forgotten(&mut stage, &mut shanghai, &phone);
    complete(&mut stage, &phone, &first, 201).reply();
    let second = forgotten(&mut stage, &mut shanghai, &phone);
    assert_eq!(complete(&mut stage, &phone, &second, 201).code(), "TRN-COMPLETE-LIMIT", "one a month");
    let december = Instant::start_of("2026-12-01".parse().expect("a date"));
    stage.pass((december - stage.now()).0 / 60_000);
    complete(&mut stage, &phone, &second, 201).reply();
    assert_eq!(stage.home_trip(&phone, &second).charge_fen, Fen(500));
    stage.check();
    let (mut stage, phone, mut shanghai) = under_rules(3, 3);
    let trip = forgotten(&mut stage, &mut shanghai, &phone);
    assert_eq!(complete(&mut stage, &phone, &trip, 201).code(), "TRN-COMPLETE-LIMIT", "three days are over");
    stage.check();
}

#[test]
fn a_rider_completes_only_trips_of_the_own_account_that_want_it() {
    let mut stage = Stage::new();
    let (phone, other) = (Phone::new("330100", 63), Phone::new("330100", 64));
    stage.account(&phone, 5_000);
    stage.account(&other, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let whole = shanghai.ride(&mut stage, &phone);
    assert_eq!(complete(&mut stage, &phone, &whole, 208).code(), "TRN-3002");
    assert_eq!(complete(&mut stage, &other, &whole, 208).code(), "TRN-3001");
    let unknown = Command::CompleteTrip { trip: digest("no trip"), account: phone.account, station: 208 };
    assert_eq!(stage.home("330100", unknown).code(), "TRN-3001");
    stage.check();
}

#[test]
fn within_one_node_a_completion_is_made_at_once() {
    let mut stage = Stage::new();
    let phone = Phone::new("330200", 65);
    stage.account(&phone, 5_000);
    let mut gate = stage.gate("HZ-FENGQI-1", "330100", 106, 1);
    gate.tap(&phone, In, stage.now());
    stage.upload(&gate);
    stage.pass(FORGOTTEN + 1);
    let trip = stage.trips("330100", &phone).pop().expect("a trip");
    let wrong = Command::CompleteTrip { trip: trip.trip, account: phone.account, station: 9_999 };
    assert_eq!(stage.home("330200", wrong).code(), "TRN-1013");
    complete(&mut stage, &phone, &trip, 109).reply();
    assert_eq!(stage.home_trip(&phone, &trip).charge_fen, Fen(300));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(4_700));
    stage.check();
}

#[test]
fn the_next_entry_shows_where_a_trip_ended() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 66);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.enter(&mut stage, &phone);
    stage.pass(3 * 60);
    let mut airport = stage.gate("SH-HONGQIAO-2", "310100", 201, 2);
    airport.tap(&phone, In, stage.now());
    stage.upload(&airport);
    stage.pass(FORGOTTEN);
    let first = stage.trips("310100", &phone).remove(0);
    let completion = content(&stage, &first).completion.expect("a completion");
    assert_eq!((completion.how, completion.station, first.charge_fen), (CompletionKind::NextEntry, 201, Fen(500)));
    stage.check();
}

#[test]
fn a_habit_shows_where_a_trip_ended() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 67);
    stage.account(&phone, 9_000);
    let mut shanghai = Shanghai::new(&mut stage);
    // Tuesday to Thursday.
    for _ in 0..3 {
        shanghai.ride(&mut stage, &phone);
        stage.pass(24 * 60);
    }
    shanghai.enter(&mut stage, &phone);
    stage.pass(FORGOTTEN + 1);
    let last = stage.trips("310100", &phone).pop().expect("a trip");
    let completion = content(&stage, &last).completion.expect("a completion");
    assert_eq!((completion.how, completion.station, last.charge_fen), (CompletionKind::Habit, 201, Fen(500)));
    // It was another way that day: the rider corrects it.
    complete(&mut stage, &phone, &last, 208).reply();
    assert_eq!(stage.home_trip(&phone, &last).charge_fen, Fen(300));
    stage.check();
}

#[test]
fn gates_opened_by_order_end_a_trip_by_the_ordered_rule() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 68);
    stage.account(&phone, 5_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.enter(&mut stage, &phone);
    let from = stage.now() + DurationMs::minutes(30);
    let order = OrderWish {
        network: division("310100"),
        station: Some(201),
        line: None,
        gate: None,
        from,
        to: from + DurationMs::minutes(60),
        kind: OrderKind::FreeExit,
        rule: FreeExitRule::ToStation,
        reason: "crowd at the station".to_owned(),
    };
    let reply = stage.region.call("310000", METRO, None, Command::Order(order)).reply();
    let Reply::Ordered { order, .. } = reply else { panic!("an order was given: {reply:?}") };
    stage.pass(FORGOTTEN + 1);
    let trip = stage.trips("310100", &phone).pop().expect("a trip");
    let completion = content(&stage, &trip).completion.expect("a completion");
    assert_eq!((completion.how, trip.charge_fen, trip.state), (CompletionKind::FreeExit, Fen(500), TripState::Charged));
    let listed = orders::touched(stage.region.view("310000"), order, None, 10).expect("readable");
    assert_eq!(
        listed.iter().map(|row| (row.trip.trip, row.effect.as_str())).collect::<Vec<_>>(),
        [(trip.trip, "closed")]
    );
    stage.check();
}
