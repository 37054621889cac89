//! Cities that try to get round it when home asks for the records of a trip.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_transit::command::{AdjustWish, Command};
use huitong_transit::model::contest::{ContestDecision, ContestState};
use huitong_transit::model::evidence::{AskCause, EvidenceState};
use huitong_transit::query::contests;
use uuid::Uuid;

use super::desk::Shanghai;
use super::evidence::{CLERK, ask, asked, asks_rarely, check_but_for_the_lies, contest, invented, unchanged};
use super::stage::{METRO, Phone, Stage};

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
