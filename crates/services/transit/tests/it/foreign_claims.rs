//! Claims that no honest node sends.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::harness::Called;
use huitong_transit::command::{AccountWish, AdjustWish, Command, Reply};
use huitong_transit::model::contest::{ContestAnswer, ContestDecision};
use huitong_transit::model::evidence::{Evidence, EvidenceState};
use huitong_transit::model::fare::ride::{DiscountLine, Fare};
use huitong_transit::model::message::{AdjustResult, ChargeOutcome, Message, TripAdjust};
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::model::trip::{TripFinal, TripKind, TripState};
use huitong_transit::query::{contests, evidence, home_trips, trips};

use super::desk::Shanghai;
use super::stage::{METRO, Phone, Stage, account_wish, digest, division};

/// What is changed about a claim.
type Change<'c> = dyn Fn(&mut TripFinal) + 'c;

/// The ride of 5 yuan as Shanghai has claimed it.
fn ride(stage: &mut Stage, shanghai: &mut Shanghai, phone: &Phone) -> TripFinal {
    let row = shanghai.ride(stage, phone);
    trips::content(stage.region.view("310000"), &row).expect("readable")
}

/// A ride from Shanghai's books, claimed once more with a change and under an id of its own; gives what Zhejiang answers.
fn claimed(stage: &mut Stage, genuine: &TripFinal, number: u128, change: impl FnOnce(&mut TripFinal)) -> ChargeOutcome {
    let mut trip = genuine.clone();
    trip.taps.iter_mut().enumerate().for_each(|(place, tap)| {
        tap.hash = digest(&format!("tap {number} {place}"));
        tap.replay_key = digest(&format!("code {number} {place}"));
    });
    change(&mut trip);
    trip.trip_id = trip.id_of_taps();
    let id: Digest = trip.trip_id;
    stage.forge("310000", "330000", Message::TripFinal(Box::new(trip)));
    let row = home_trips::trip(stage.region.view("330000"), id).expect("readable").expect("it is booked or contested");
    row.outcome().expect("an answer")
}

fn contested(outcome: ChargeOutcome) -> String {
    match outcome {
        ChargeOutcome::Contested { reason, .. } => reason,
        owed => panic!("it is contested: {owed:?}"),
    }
}

#[test]
fn a_claim_from_beyond_the_calendar_is_contested_and_the_node_serves_on() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let genuine = ride(&mut stage, &mut shanghai, &phone);
    let last = Date::constant(9999, 12, 31);
    for (number, at) in (1..).zip([i64::MAX, i64::MIN, 0]) {
        let outcome = claimed(&mut stage, &genuine, number, |trip| trip.taps[1].at = Instant(at));
        assert_eq!(contested(outcome), "NOT_VERIFIED", "{at}");
    }
    let outcome = claimed(&mut stage, &genuine, 4, |trip| (trip.travel_day, trip.booking_day) = (last, last));
    assert_eq!(contested(outcome), "NOT_VERIFIED");
    assert_eq!(claimed(&mut stage, &genuine, 5, |_| {}), ChargeOutcome::Charged, "an honest one is paid");
}

#[test]
fn a_claim_is_paid_only_for_what_home_authorised() {
    let mut stage = Stage::new();
    let (phone, other) = (Phone::new("330100", 7), Phone::new("330100", 8));
    stage.account(&phone, 10_000);
    stage.open(&other, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let genuine = ride(&mut stage, &mut shanghai, &phone);
    let reason = |stage: &mut Stage, number, change: &Change<'_>| contested(claimed(stage, &genuine, number, change));
    assert_eq!(reason(&mut stage, 1, &|trip| trip.rider = other.rider()), "NOT_VERIFIED", "nothing was authorised");
    assert_eq!(reason(&mut stage, 2, &|trip| trip.limit_fen = Fen(2_001)), "OVER_LIMIT");
    assert_eq!(reason(&mut stage, 3, &|trip| trip.taps.truncate(1)), "NOT_VERIFIED", "a pair has two taps");
    assert_eq!(reason(&mut stage, 4, &|trip| trip.taps.swap(0, 1)), "NOT_VERIFIED");
    // What a city says of a rider who was authorised at that time is paid, until home asks for the records.
    stage.authorise(&other, "pocket").reply();
    let mut invented = Digest::default();
    let outcome = claimed(&mut stage, &genuine, 5, |trip| {
        trip.rider = other.rider();
        invented = trip.id_of_taps();
    });
    assert_eq!(outcome, ChargeOutcome::Charged);
    assert_eq!(stage.account_of(&other).balance_fen, Fen(9_500));
    let asked = stage.region.call("330000", "clearing", None, Command::AskEvidence { trip: invented }).reply();
    let Reply::EvidenceAsked { ask, .. } = asked else { panic!("{asked:?}") };
    stage.forge("310000", "330000", Message::Evidence(Evidence { ask, trip_id: invented, records: Vec::new() }));
    let found = evidence::of_trip(stage.region.view("330000"), invented).expect("readable").remove(0);
    assert_eq!(found.state, EvidenceState::NotVerified);
    assert!(found.finding.starts_with("there is no record of tap SH-PEOPLE-1/1/1"), "{}", found.finding);
    assert!(found.contest.is_some(), "it is contested");
    assert!(stage.region.replay_differences().is_empty());
}

#[test]
fn a_ride_after_the_authorisation_has_ended_is_not_paid() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 9);
    stage.open(&phone, 10_000);
    stage.authorise(&phone, "pocket").reply();
    let mut shanghai = Shanghai::new(&mut stage);
    stage.pass(3 * 24 * 60);
    let last = shanghai.ride(&mut stage, &phone);
    assert_eq!(last.state, TripState::Charged, "it ended while the rider was under way");
    stage.pass(60);
    let late = shanghai.ride(&mut stage, &phone);
    assert_eq!(late.state, TripState::Disputed);
    assert_eq!(contested(stage.home_trip(&phone, &late).outcome().expect("an answer")), "NOT_VERIFIED");
    stage.check();
}

#[test]
fn no_flag_and_no_line_of_a_claim_hides_its_fare() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let genuine = ride(&mut stage, &mut shanghai, &phone);
    let flat = |fen| Fare::flat(16_450, Fen(fen));
    let minus = |name: &str, fen| DiscountLine { name: name.to_owned(), minus_fen: Fen(fen) };
    let order = "order:00000000-0000-0000-0000-000000000001".to_owned();
    let changes: [(&str, &Change<'_>); 6] = [
        ("more", &|trip| trip.fare = flat(600)),
        ("an order that nobody gave", &|trip| (trip.flags, trip.fare) = (vec![order.clone()], flat(900))),
        ("a clerk's case", &|trip| (trip.flags, trip.fare) = (vec!["fare_mismatch".to_owned()], flat(900))),
        ("lines that do not add up", &|trip| {
            (trip.flags, trip.fare.charge_fen) = (vec![order.clone()], Fen(900));
        }),
        ("a discount of nobody", &|trip| {
            trip.fare = Fare { discounts: vec![minus("gift", 500)], charge_fen: Fen(0), ..flat(500) }
        }),
        ("a discount without its line", &|trip| trip.fare.charge_fen = Fen(400)),
    ];
    for (number, (name, change)) in (1..).zip(changes) {
        assert_eq!(contested(claimed(&mut stage, &genuine, number, change)), "FARE_WRONG", "{name}");
    }
    let refused = stage.unread("330000").len();
    let below = |trip: &mut TripFinal| {
        trip.fare = Fare { discounts: vec![minus("gift", -400)], charge_fen: Fen(900), ..flat(500) }
    };
    let negative = |trip: &mut TripFinal| trip.fare = flat(-500);
    for change in [&below as &Change<'_>, &negative] {
        let mut trip = genuine.clone();
        change(&mut trip);
        stage.forge("310000", "330000", Message::TripFinal(Box::new(trip)));
    }
    assert_eq!(stage.unread("330000")[refused..], ["TRN-1003", "TRN-1003"]);
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(9_500));
    assert!(stage.region.replay_differences().is_empty());
}

/// The next adjustment of a trip as Shanghai might send it.
pub fn next(before: &TripFinal, original: Fen, number: u32, change: impl FnOnce(&mut TripFinal)) -> TripAdjust {
    let mut trip = before.clone();
    change(&mut trip);
    TripAdjust {
        adjust: uuid::Uuid::from_u128(u128::from(number)),
        trip_id: before.trip_id,
        number,
        added_taps: trip.taps.iter().filter(|tap| !before.taps.contains(tap)).cloned().collect(),
        delta_fen: trip.charge_fen() - original,
        change_fen: trip.charge_fen() - before.charge_fen(),
        trip: Box::new(trip),
        reason: "clerk".to_owned(),
        evidence: String::new(),
        booking_day: before.booking_day,
    }
}

#[test]
fn an_adjustment_changes_neither_the_rider_nor_the_limit_nor_what_was_tapped() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let genuine = ride(&mut stage, &mut shanghai, &phone);
    let changes: [&Change<'_>; 7] = [
        &|trip| trip.limit_fen = Fen(9_000),
        &|trip| trip.rider = Phone::new("330100", 8).rider(),
        &|trip| trip.travel_day = trip.travel_day.tomorrow().expect("a day"),
        &|trip| trip.account_type = 2,
        &|trip| trip.taps[1].at = Instant(trip.taps[1].at.0 - 60_000),
        &|trip| trip.taps.truncate(1),
        &|trip| trip.fare.charge_fen = Fen(400),
    ];
    for change in changes {
        stage.forge("310000", "330000", Message::TripAdjust(Box::new(next(&genuine, Fen(500), 1, change))));
    }
    assert_eq!(stage.unread("330000"), vec!["TRN-TRIP-KNOWN"; 7]);
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(9_500));
    assert!(stage.region.replay_differences().is_empty());
}

#[test]
fn more_than_the_pack_says_is_homes_loss_until_the_contest_ends_and_never_the_riders() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let genuine = ride(&mut stage, &mut shanghai, &phone);
    let dearer = next(&genuine, Fen(500), 1, |trip| trip.fare = Fare::flat(16_450, Fen(900)));
    stage.forge("310000", "330000", Message::TripAdjust(Box::new(dearer.clone())));
    let view = stage.region.view("330000");
    let booked = home_trips::trip(view, genuine.trip_id).expect("readable").expect("the trip");
    assert_eq!((booked.charge_fen, booked.borne_by_home()), (Fen(900), Fen(400)));
    let name: &[u8] = b"huitong.transit.adjust.1";
    let document = huitong_kernel::hash::HashFunction::Sha256.hash(&[name, dearer.adjust.as_bytes()]);
    let contest = contests::of_document(view, document).expect("readable").expect("a contest");
    assert_eq!((contest.contest.reason.name(), contest.contest.amount_fen), ("FARE_WRONG", Fen(400)));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(9_500));
    assert_eq!(stage.balances("330000", "payable")["payable/330100/310100"], Fen(-900));
    // Of the day's limit the rider has used what the rider pays, and no more.
    for (day_limit, is_over) in [(2_500, false), (2_499, true)] {
        let wish = AccountWish { day_limit_fen: Fen(day_limit), ..account_wish(&phone) };
        stage.home("330100", Command::OpenAccount(wish)).reply();
        let called = stage.authorise(&phone, "pocket");
        assert_eq!(matches!(called, Called::Refused(_)), is_over, "{day_limit}: {called:?}");
    }
    // What is given back goes to the loss first, the rest to the rider.
    let less = next(&dearer.trip, Fen(500), 2, |trip| trip.fare = Fare::flat(16_450, Fen(200)));
    stage.forge("310000", "330000", Message::TripAdjust(Box::new(less)));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(9_800));
    assert_eq!(stage.balances("330000", "loss")["loss/330100"], Fen::ZERO);
    assert!(huitong_ledger::report::adds_up(stage.region.view("330000")).expect("readable"));
    assert!(stage.region.replay_differences().is_empty());
}

#[test]
fn the_class_of_a_rider_is_the_one_that_home_authorised() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let genuine = ride(&mut stage, &mut shanghai, &phone);
    assert_eq!(genuine.account_type, 1);
    assert_eq!(contested(claimed(&mut stage, &genuine, 1, |trip| trip.account_type = 2)), "FARE_WRONG");
    // The rider is of another class from now on: what was given before goes on being of the old one.
    stage.home("330100", Command::OpenAccount(AccountWish { account_type: 2, ..account_wish(&phone) })).reply();
    assert_eq!(claimed(&mut stage, &genuine, 2, |_| {}), ChargeOutcome::Charged);
    assert_eq!(contested(claimed(&mut stage, &genuine, 3, |trip| trip.account_type = 2)), "FARE_WRONG");
    stage.authorise(&phone, "pocket").reply();
    assert_eq!(claimed(&mut stage, &genuine, 4, |trip| trip.account_type = 2), ChargeOutcome::Charged);
    assert!(stage.region.replay_differences().is_empty());
}

#[test]
fn what_is_added_wrongly_to_a_disputed_claim_is_contested_and_never_the_riders() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let genuine = ride(&mut stage, &mut shanghai, &phone);
    let mut claim = None;
    let outcome = claimed(&mut stage, &genuine, 1, |trip| {
        trip.fare = Fare::flat(16_450, Fen(600));
        claim = Some(TripFinal { trip_id: trip.id_of_taps(), ..trip.clone() });
    });
    let (claim, ChargeOutcome::Contested { contest, .. }) = (claim.expect("a claim"), outcome) else { panic!() };
    let dearer = next(&claim, Fen(600), 1, |trip| trip.fare = Fare::flat(16_450, Fen(900)));
    stage.forge("310000", "330000", Message::TripAdjust(Box::new(dearer.clone())));
    let name: &[u8] = b"huitong.transit.adjust.1";
    let document = huitong_kernel::hash::HashFunction::Sha256.hash(&[name, dearer.adjust.as_bytes()]);
    let added = contests::of_document(stage.region.view("330000"), document).expect("readable").expect("a contest");
    assert_eq!((added.contest.reason.name(), added.contest.amount_fen), ("FARE_WRONG", Fen(300)));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(9_500), "nothing is booked of either");
    // In the end home accepts the claim as it stands: of what was added wrongly the rider pays nothing.
    let answer = ContestAnswer {
        contest,
        document: claim.trip_id,
        decision: ContestDecision::Upheld,
        explanation: String::new(),
    };
    stage.forge("310000", "330000", Message::ContestAnswer(answer));
    let accepted = Command::ReplyContest { contest, accepts: true, explanation: String::new() };
    stage.region.call("330000", "clearing", None, accepted).reply();
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(8_900));
    assert_eq!(stage.balances("330000", "loss")["loss/330100"], Fen(300));
    assert_eq!(stage.balances("330000", "payable")["payable/330100/310100"], Fen(-1_400));
    assert!(huitong_ledger::report::adds_up(stage.region.view("330000")).expect("readable"));
    assert!(stage.region.replay_differences().is_empty());
}

#[test]
fn a_code_that_opened_elsewhere_completes_no_trip() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let whole = ride(&mut stage, &mut shanghai, &phone);
    // Much later than the exit before: not the same again.
    stage.pass(60);
    let left = shanghai.exit.tap(&phone, Out, stage.now());
    stage.upload_part(&shanghai.exit, left, left);
    stage.pass(73 * 60);
    let row = stage.trips("310100", &phone).pop().expect("a trip");
    assert_eq!((row.kind, row.charge_fen), (TripKind::ExitOnly, Fen(300)));
    let exit_only = trips::content(stage.region.view("310000"), &row).expect("readable");
    let completed = |code: Digest| {
        next(&exit_only, Fen(300), 1, |trip| {
            let mut entry = whole.taps[0].clone();
            (entry.at, entry.hash) = (Instant(trip.taps[0].at.0 - 30 * 60_000), digest("a late tap"));
            (entry.key.epoch, entry.replay_key) = (2, code);
            trip.taps.insert(0, entry);
            (trip.kind, trip.provisional) = (TripKind::Paired, false);
            (trip.from, trip.to) = (Some(207), Some(201));
            trip.fare = Fare::flat(16_450, Fen(500));
        })
    };
    let again = completed(whole.taps[0].replay_key);
    assert_eq!(whole.taps[0].direction, In);
    stage.forge("310000", "330000", Message::TripAdjust(Box::new(again)));
    let booked = home_trips::trip(stage.region.view("330000"), row.trip).expect("readable").expect("the trip");
    assert_eq!((booked.charge_fen, booked.borne_by_home()), (Fen(500), Fen(200)));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(9_200));
    let contest = stage.region.view("330000").all("SELECT reason FROM contest", [], |row| row.get::<_, String>(0));
    assert_eq!(contest.expect("readable"), ["DUPLICATE"]);
    assert!(stage.region.replay_differences().is_empty());
}

#[test]
fn a_free_exit_costs_what_the_order_says() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.enter(&mut stage, &phone);
    let from = stage.now();
    let order = huitong_transit::command::OrderWish {
        network: division("310100"),
        station: Some(201),
        line: None,
        gate: None,
        from,
        to: from + huitong_kernel::time::DurationMs::minutes(60),
        kind: huitong_transit::model::order::OrderKind::FreeExit,
        rule: huitong_transit::model::order::FreeExitRule::Minimum,
        reason: "crowd at the station".to_owned(),
    };
    stage.region.call("310000", METRO, None, Command::Order(order)).reply();
    stage.pass(77 * 60);
    let row = stage.trips("310100", &phone).pop().expect("a trip");
    let genuine = trips::content(stage.region.view("310000"), &row).expect("readable");
    assert_eq!(stage.home_trip(&phone, &row).outcome().expect("an answer"), ChargeOutcome::Charged);
    assert_eq!(row.charge_fen, Fen(300));
    let dearer = |trip: &mut TripFinal| trip.fare = Fare::flat(0, Fen(500));
    assert_eq!(contested(claimed(&mut stage, &genuine, 1, dearer)), "FARE_WRONG");
    let elsewhere = |trip: &mut TripFinal| trip.to = Some(208);
    assert_eq!(contested(claimed(&mut stage, &genuine, 2, elsewhere)), "FARE_WRONG");
    // A clerk may go below it, and up to it again.
    for fen in [0, 300] {
        let wish = AdjustWish::Charge { amount_fen: Fen(fen) };
        stage.region.call("310000", METRO, None, Command::AdjustTrip { trip: row.trip, wish }).reply();
    }
    assert!(stage.region.replay_differences().is_empty());
}

#[test]
fn an_answer_that_comes_twice_is_booked_once() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = ride(&mut stage, &mut shanghai, &phone).trip_id;
    let wish = AdjustWish::Charge { amount_fen: Fen(300) };
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip, wish }).reply();
    stage.pass(1);
    let adjust = trips::adjustments(stage.region.view("310000"), trip).expect("readable").remove(0).adjust;
    let result = AdjustResult { adjust, trip_id: trip, outcome: ChargeOutcome::Charged };
    stage.forge("330000", "310000", Message::AdjustResult(result));
    assert_eq!(stage.balances("310000", "receivable")["receivable/310100/330100"], Fen(300));
    stage.check();
}
