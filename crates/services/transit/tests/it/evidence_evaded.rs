//! Cities that try to get round it when home asks for the records of a trip, and cities that only seem to.

use base64::Engine as _;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_transit::command::{AdjustWish, Command, Reply};
use huitong_transit::model::contest::{ContestDecision, ContestState};
use huitong_transit::model::evidence::{AskCause, Evidence, EvidenceState, HeldRecord};
use huitong_transit::model::message::Message;
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::query::contests;
use huitong_transit::query::evidence::{self, EvidenceRow};
use uuid::Uuid;

use super::desk::Shanghai;
use super::evidence::{CLERK, ask, asked, asks_rarely, check_but_for_the_lies, contest, invented, unchanged};
use super::stage::{Gate, METRO, Phone, Stage};

fn change(stage: &mut Stage, trip: Digest, wish: AdjustWish) {
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip, wish }).reply();
}

/// The document of a contest that Zhejiang has opened.
fn contested(stage: &Stage, contest: Option<Uuid>) -> Digest {
    let row = contests::contest(stage.region.view("330000"), contest.expect("a contest")).expect("readable");
    row.expect("it is known").contest.document
}

#[test]
fn a_claim_that_is_taken_back_while_it_is_asked_for_and_made_anew_is_asked_for_again() {
    let mut stage = Stage::of(asks_rarely, unchanged);
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let lie = invented(&mut stage, &mut shanghai, &phone).trip;
    ask(&mut stage, lie);
    change(&mut stage, lie, AdjustWish::Cancel);
    stage.pass(1);
    assert_eq!((asked(&stage, lie)[0].state, asked(&stage, lie)[0].contest), (EvidenceState::NotVerified, None));
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(10_000));
    change(&mut stage, lie, AdjustWish::Charge { amount_fen: Fen(500) });
    stage.pass(1);
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(9_500));
    let found = asked(&stage, lie).remove(0);
    assert_eq!((found.cause, found.state), (AskCause::Sample, EvidenceState::NotVerified));
    assert_eq!(contested(&stage, found.contest), lie);
    check_but_for_the_lies(&stage);
}

#[test]
fn what_is_claimed_again_after_a_contest_took_it_back_is_contested_again() {
    let mut stage = Stage::of(asks_rarely, unchanged);
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let lie = invented(&mut stage, &mut shanghai, &phone).trip;
    ask(&mut stage, lie);
    stage.pass(1);
    let mut documents = Vec::new();
    for round in 1..=3 {
        let found = asked(&stage, lie).remove(0);
        assert_eq!((asked(&stage, lie).len(), found.state), (round, EvidenceState::NotVerified));
        documents.push(contested(&stage, found.contest));
        let answer = Command::AnswerContest {
            contest: found.contest.expect("a contest"),
            decision: ContestDecision::Withdrawn,
            explanation: "nobody was there".to_owned(),
            amount: None,
        };
        stage.region.call("310000", CLERK, None, answer).reply();
        stage.pass(1);
        assert_eq!(stage.account_of(&phone).balance_fen, Fen(10_000));
        change(&mut stage, lie, AdjustWish::Charge { amount_fen: Fen(500) });
        stage.pass(1);
    }
    assert_eq!(documents[0], lie);
    documents.sort();
    documents.dedup();
    assert_eq!(documents.len(), 3, "the claim, and each adjustment that claimed it anew");
    assert_eq!(contest(&stage, "330000", lie).expect("a contest").state, ContestState::Withdrawn);
    check_but_for_the_lies(&stage);
}

/// Of the node of 苏州.
fn of_suzhou(stage: &Stage, trip: Digest) -> EvidenceRow {
    evidence::of_trip(stage.region.view("320000"), trip).expect("readable").remove(0)
}

/// A rider of 苏州 rides through 杭州 under a key set, and its home asks for the records: the trip, the ask, and the gate of the exit.
fn asked_by_suzhou(stage: &mut Stage, key_set: u32) -> (Digest, Uuid, Gate) {
    let phone = Phone::new("320500", 7);
    stage.account(&phone, 10_000);
    let mut entry = stage.gate("HZ-FENGQI-1", "330100", 106, 1);
    let mut exit = stage.gate("HZ-EAST-1", "330100", 109, 1);
    (entry.key_set, exit.key_set) = (key_set, key_set);
    let ended = stage.now();
    entry.tap(&phone, In, Instant(ended.0 - 40 * 60_000));
    exit.tap(&phone, Out, ended);
    stage.upload(&entry);
    stage.upload(&exit);
    stage.pass(1);
    let trip = stage.trips("330100", &phone).remove(0).trip;
    match stage.region.call("320000", CLERK, None, Command::AskEvidence { trip }).reply() {
        Reply::EvidenceAsked { ask, .. } => (trip, ask, exit),
        other => panic!("records were asked for: {other:?}"),
    }
}

#[test]
fn a_city_whose_key_set_home_does_not_have_yet_is_not_accused() {
    let mut stage = Stage::of(asks_rarely, unchanged);
    stage.pass(120);
    let set = stage.key_set(2);
    stage.region.call("310000", "keeper", None, Command::PublishKeySet(set)).reply();
    stage.lose("310000", "320000");
    stage.pass(1);
    let (trip, ..) = asked_by_suzhou(&mut stage, 2);
    stage.region.carry("320000", "330000");
    stage.region.carry("330000", "320000");
    assert_eq!(of_suzhou(&stage, trip).state, EvidenceState::Asked, "home cannot tell yet");
    stage.pass(1);
    let found = of_suzhou(&stage, trip);
    assert_eq!((found.state, found.finding.as_str()), (EvidenceState::Genuine, ""));
    stage.check();
}

#[test]
fn a_city_that_names_a_key_set_which_nobody_published_is_as_good_as_silent() {
    let mut stage = Stage::of(asks_rarely, unchanged);
    let (trip_id, ask, mut exit) = asked_by_suzhou(&mut stage, 1);
    exit.key_set = 99;
    let number = exit.tap(&Phone::new("320500", 7), Out, stage.now());
    let record = base64::engine::general_purpose::STANDARD.encode(&exit.records[number as usize - 1]);
    let records = vec![HeldRecord { tap: exit.key_of(1), record: Some(record) }];
    stage.forge("330000", "320000", Message::Evidence(Evidence { ask, trip_id, records }));
    stage.pass(1);
    assert_eq!(of_suzhou(&stage, trip_id).state, EvidenceState::Asked);
    stage.pass(7 * 24 * 60);
    let found = of_suzhou(&stage, trip_id);
    assert_eq!(found.state, EvidenceState::Silent);
    let open = contests::of_document(stage.region.view("320000"), trip_id).expect("readable").expect("a contest");
    assert_eq!(Some(open.contest.contest), found.contest);
}
