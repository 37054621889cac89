//! Records that home cannot judge yet, as they name a key set that it does not hold; and asks that are repeated.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_transit::command::Command;
use huitong_transit::model::contest::ContestReason;
use huitong_transit::model::evidence::{EvidenceAsk, EvidenceState};
use huitong_transit::model::message::Message;
use huitong_transit::model::tap::Direction::Boarding;
use huitong_transit::model::trip::TripState;
use huitong_transit::query::dated;
use huitong_transit::verify::CheckedBatch;
use huitong_transit_code::record::TapRecord;
use uuid::Uuid;

use super::desk::Shanghai;
use super::evidence::{ask, asked, believed, contest};
use super::stage::{METRO, Phone, Stage, division};

fn key_set(stage: &Stage, node: &str) -> Option<u32> {
    dated::key_set(stage.region.view(node)).expect("readable").map(|set| set.version)
}

/// A bus ride in Jiangsu whose record names this key set, paid by Zhejiang, which Jiangsu's node was made to believe.
fn boarded(stage: &mut Stage, phone: &Phone, key_set: u32) -> Digest {
    let mut bus = stage.gate("JS-BUS-1", "320509", 1, 7_618);
    bus.key_set = key_set;
    let boarded = bus.tap(phone, Boarding, stage.now());
    let believed = |record: &TapRecord<'_>| believed(record, phone);
    let batch =
        CheckedBatch::trusted(&bus.batch(boarded, boarded), division("320509"), believed).expect("as of a gate");
    stage.region.call("320000", METRO, None, Command::TakeTaps(Box::new(batch))).reply();
    stage.pass(5);
    let trip = stage.trips("320509", phone).pop().expect("a trip");
    assert_eq!((trip.state, trip.charge_fen), (TripState::Charged, Fen(500)));
    trip.trip
}

#[test]
fn records_under_a_key_set_that_has_not_come_yet_are_kept_until_it_has() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    stage.pass(1);
    // Jiangsu has the second key set; on its way to Zhejiang it is lost.
    let set = stage.key_set(2);
    stage.region.call("310000", "keeper", None, Command::PublishKeySet(set)).reply();
    stage.lose("310000", "330000");
    stage.pass(1);
    assert_eq!((key_set(&stage, "320000"), key_set(&stage, "330000")), (Some(2), Some(1)));
    let trip = boarded(&mut stage, &phone, 2);
    ask(&mut stage, trip);
    stage.region.carry("330000", "320000");
    stage.region.carry("320000", "330000");
    stage.region.pass(DurationMs(0));
    assert_eq!(asked(&stage, trip)[0].state, EvidenceState::Asked, "nobody can tell yet");
    assert!(contest(&stage, "330000", trip).is_none());
    stage.pass(1);
    assert_eq!(key_set(&stage, "330000"), Some(2), "its keeper was asked for it");
    assert_eq!((asked(&stage, trip)[0].state, asked(&stage, trip)[0].contest), (EvidenceState::Genuine, None));
    stage.check();
}

#[test]
fn records_under_a_key_set_that_its_keeper_never_published_are_contested_once_the_keeper_was_heard() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    stage.pass(1);
    let trip = boarded(&mut stage, &phone, 9);
    ask(&mut stage, trip);
    stage.pass(1);
    assert_eq!(asked(&stage, trip)[0].state, EvidenceState::Asked);
    let alarm = "key_sets of 310000: what came does not follow what is held; asked for the rest";
    assert!(stage.alarms("330000").iter().any(|told| told == alarm), "{:?}", stage.alarms("330000"));
    stage.region.pass(DurationMs::days(8));
    assert_eq!(asked(&stage, trip)[0].state, EvidenceState::Asked, "the keeper was not heard");
    for _ in 0..25 {
        stage.pass(60);
    }
    let found = asked(&stage, trip).remove(0);
    assert_eq!(found.state, EvidenceState::NotVerified);
    assert_eq!(found.finding, "the record of tap JS-BUS-1/1/1 names key set 9, which 310000 has not published");
    let open = contest(&stage, "320000", trip).expect("a contest");
    assert_eq!((Some(open.contest.contest), open.contest.reason), (found.contest, ContestReason::NotVerified));
    assert_eq!(stage.region.replay_differences(), []);
}

#[test]
fn a_trip_is_shown_once_a_day_however_often_home_asks() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = shanghai.ride(&mut stage, &phone).trip;
    let sent = stage.sent("310000", "330000");
    for number in 0..20 {
        // Under other names, and as if Zhejiang knew of adjustments that were never made.
        let (ask, adjusts) = (Uuid::from_u128(number), number as u32);
        stage.forge("330000", "310000", Message::EvidenceAsk(EvidenceAsk { ask, trip_id: trip, adjusts }));
    }
    assert_eq!(stage.sent("310000", "330000") - sent, 1);
    stage.region.pass(DurationMs::days(1));
    let sent = stage.sent("310000", "330000");
    stage.forge(
        "330000",
        "310000",
        Message::EvidenceAsk(EvidenceAsk { ask: Uuid::from_u128(1), trip_id: trip, adjusts: 0 }),
    );
    assert_eq!(stage.sent("310000", "330000") - sent, 1);
    stage.check_books();
}
