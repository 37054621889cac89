//! What a contest of clearing gives back is an adjustment of the trip, made once, and told as any other.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::{GiveBack, GivenBack};
use huitong_transit::command::{AdjustWish, Command};
use huitong_transit::model::message::Message;
use huitong_transit::query::documents;
use uuid::Uuid;

use super::desk::Shanghai;
use super::stage::{METRO, Phone, Stage, digest};

const SHANGHAI: &str = "310000";
const ZHEJIANG: &str = "330000";

/// A ride of 5 yuan.
fn ridden(city: &'static str, has_account: bool) -> (Stage, Digest) {
    let mut stage = Stage::new();
    let phone = Phone::new(city, 1);
    if has_account {
        stage.account(&phone, 10_000);
    }
    let trip = Shanghai::new(&mut stage).ride(&mut stage, &phone).trip;
    (stage, trip)
}

/// Shanghai's clearing wants so much to stay owed; gives the answer.
fn give_back(stage: &mut Stage, contest: u128, document: Digest, stays: i64) -> Option<String> {
    let contest = Uuid::from_u128(contest);
    let wish = GiveBack { contest, document, number: String::new(), amount_fen: Fen(stays) };
    stage.clearing_says(SHANGHAI, Message::GiveBack(wish));
    let mut answers = stage.told(SHANGHAI).into_iter().filter_map(|message| match message {
        Message::GivenBack(answer) => Some(answer),
        _ => None,
    });
    let GivenBack { contest: answered, refused } = answers.next_back().expect("an answer");
    assert_eq!(answered, contest);
    stage.pass(1);
    refused
}

fn set(stage: &mut Stage, trip: Digest, wish: AdjustWish) {
    stage.region.call(SHANGHAI, METRO, None, Command::AdjustTrip { trip, wish }).reply();
    stage.pass(1);
}

fn due(stage: &Stage) -> Fen {
    stage.balances(SHANGHAI, "receivable")["receivable/310100/330100"]
}

#[test]
fn a_part_of_a_ride_is_given_back_once() {
    let (mut stage, trip) = ridden("330100", true);
    assert_eq!(give_back(&mut stage, 1, trip, 200), None);
    assert_eq!(due(&stage), Fen(200));
    assert_eq!(give_back(&mut stage, 1, trip, 200), None, "the same answer");
    assert_eq!(give_back(&mut stage, 1, trip, 100), None, "to the same contest");
    assert_eq!(due(&stage), Fen(200), "and nothing more is given back");
    for node in [SHANGHAI, ZHEJIANG] {
        let last = stage.told_lane(node, ZHEJIANG, SHANGHAI).pop().expect("told").1.remove(0);
        assert_eq!((last.kind.as_str(), last.amount_fen, last.of), ("adjust", Fen(-300), Some(trip)), "{node}");
    }
    assert_eq!(give_back(&mut stage, 2, trip, 0), None);
    assert_eq!(
        stage.balances(SHANGHAI, "receivable").get("receivable/310100/330100").copied().unwrap_or_default(),
        Fen(0)
    );
    stage.check();
}

#[test]
fn of_an_adjustment_what_was_in_force_before_it_stays() {
    let (mut stage, trip) = ridden("330100", true);
    set(&mut stage, trip, AdjustWish::Charge { amount_fen: Fen(200) });
    set(&mut stage, trip, AdjustWish::Charge { amount_fen: Fen(450) });
    let changes = documents::of_trip(stage.region.view(SHANGHAI), trip).expect("readable");
    let raised = changes.iter().find(|change| change.amount_fen == Fen(250)).expect("an adjustment").id;
    let lowered = changes.iter().find(|change| change.amount_fen == Fen(-300)).expect("an adjustment").id;
    assert_eq!(give_back(&mut stage, 1, lowered, -400).as_deref(), Some("TRN-1003"), "it is in force no more");
    assert_eq!(give_back(&mut stage, 2, raised, 50), None);
    assert_eq!(due(&stage), Fen(250), "200 before it, and 50 of it");
    stage.check();
}

#[test]
fn what_cannot_be_given_back_is_refused_with_its_code() {
    let (mut stage, trip) = ridden("330100", true);
    assert_eq!(give_back(&mut stage, 1, digest("nothing"), 0).as_deref(), Some("TRN-4003"), "unknown");
    assert_eq!(give_back(&mut stage, 2, trip, 500).as_deref(), Some("TRN-1003"), "nothing is left to give back");
    assert_eq!(give_back(&mut stage, 3, trip, -1).as_deref(), Some("TRN-1003"));
    assert_eq!(due(&stage), Fen(500));
    assert_eq!(
        give_back(&mut stage, 3, trip, 100).as_deref(),
        Some("TRN-1003"),
        "the same answer, whatever it says now"
    );
    assert!(stage.alarms(SHANGHAI).iter().any(|alarm| alarm.contains("nothing was given back")));
    stage.check();
}

#[test]
fn a_claim_that_home_has_not_accepted_is_not_owed_and_cannot_be_given_back() {
    let (mut stage, trip) = ridden("330100", false);
    assert_eq!(give_back(&mut stage, 1, trip, 100).as_deref(), Some("TRN-3003"));
    stage.check();
}

#[test]
fn between_cities_of_one_node_nothing_is_cleared_and_nothing_given_back() {
    let (mut stage, trip) = ridden("310100", true);
    assert_eq!(give_back(&mut stage, 1, trip, 100).as_deref(), Some("TRN-4003"));
    stage.check();
}
