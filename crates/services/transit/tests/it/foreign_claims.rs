//! Claims that no honest node sends.

use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::Digest;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{Envelope, Service};
use huitong_transit::Transit;
use huitong_transit::model::message::{ChargeOutcome, Message};
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::model::trip::TripFinal;
use huitong_transit::query::{home_trips, trips};

use super::stage::{Phone, Stage, digest, division};

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
    let feed =
        Feed::new(Address::new(division("310000"), Transit::NAME), Address::new(division("330000"), Transit::NAME));
    let next = huitong_store::feeds::next_number(stage.region.view("330000"), &feed).expect("readable");
    let uuid = uuid::Uuid::from_u128(number);
    let message = Message::TripFinal(Box::new(trip));
    let envelope = Envelope { id: uuid, cycle: uuid, episode: uuid, at: stage.now(), message };
    stage.region.deliver(&feed, next, vec![serde_json::to_vec(&envelope).expect("JSON")]);
    let row = home_trips::trip(stage.region.view("330000"), id).expect("readable").expect("it is booked or contested");
    row.outcome().expect("an answer")
}

#[test]
fn a_claim_from_beyond_the_calendar_is_contested_and_the_node_serves_on() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut entry = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    let mut exit = stage.gate("SH-HONGQIAO-1", "310100", 201, 2);
    entry.tap(&phone, In, stage.at(-55));
    exit.tap(&phone, Out, stage.at(-10));
    stage.upload(&entry);
    stage.upload(&exit);
    stage.pass(1);
    let view = stage.region.view("310000");
    let row = trips::trip(view, stage.trips("310100", &phone)[0].trip).expect("readable").expect("the ride");
    let genuine = trips::content(view, &row).expect("readable");
    let last = Date::constant(9999, 12, 31);
    let contested = |outcome| match outcome {
        ChargeOutcome::Contested { reason, .. } => reason,
        owed => panic!("it is contested: {owed:?}"),
    };
    for (number, at) in (1..).zip([i64::MAX, i64::MIN, 0]) {
        let outcome = claimed(&mut stage, &genuine, number, |trip| trip.taps[1].at = Instant(at));
        assert_eq!(contested(outcome), "NOT_VERIFIED", "{at}");
    }
    let outcome = claimed(&mut stage, &genuine, 4, |trip| (trip.travel_day, trip.booking_day) = (last, last));
    assert_eq!(contested(outcome), "NOT_VERIFIED");
    assert_eq!(claimed(&mut stage, &genuine, 5, |_| {}), ChargeOutcome::Charged, "an honest one is paid");
}
