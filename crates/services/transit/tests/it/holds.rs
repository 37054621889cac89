//! What is contested is held by the debtor's clearing, until the contest ends.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_transit::command::{AdjustWish, Command, Reply};
use huitong_transit::model::contest::{ContestDecision, ContestReason};
use huitong_transit::query::contests;
use uuid::Uuid;

use super::desk::Shanghai;
use super::stage::{METRO, Phone, Stage};

const CLERK: &str = "clearing";
const SHANGHAI: &str = "310000";
const ZHEJIANG: &str = "330000";
const DAY: i64 = 24 * 60;

/// A ride of 5 yuan of a rider of Hangzhou, with money or without an account.
fn ridden(has_account: bool) -> (Stage, Digest) {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 1);
    if has_account {
        stage.account(&phone, 10_000);
    }
    let trip = Shanghai::new(&mut stage).ride(&mut stage, &phone).trip;
    (stage, trip)
}

fn wish(document: Digest) -> Command {
    Command::OpenContest { document, reason: ContestReason::FareWrong, evidence: String::new() }
}

fn open(stage: &mut Stage, document: Digest) -> Uuid {
    let opened = stage.region.call(ZHEJIANG, CLERK, None, wish(document)).reply();
    let Reply::Contested { contest, .. } = opened else { panic!("{opened:?}") };
    stage.pass(1);
    contest
}

fn answer(stage: &mut Stage, contest: Uuid, decision: ContestDecision, amount: Option<i64>) {
    let amount = amount.map(Fen);
    let wish = Command::AnswerContest { contest, decision, explanation: String::new(), amount };
    stage.region.call(SHANGHAI, CLERK, None, wish).reply();
    stage.pass(1);
}

fn reply(stage: &mut Stage, contest: Uuid, accepts: bool) {
    let wish = Command::ReplyContest { contest, accepts, explanation: String::new() };
    stage.region.call(ZHEJIANG, CLERK, None, wish).reply();
    stage.pass(1);
}

/// What Zhejiang's clearing was told to hold, and to hold no more. The creditor's is told nothing.
#[track_caller]
fn check_holds(stage: &Stage, expected: &[(Digest, Uuid, bool)]) {
    let holds: Vec<_> = stage.told_holds(ZHEJIANG);
    let holds: Vec<_> = holds.into_iter().map(|hold| (hold.document, hold.contest, hold.is_held)).collect();
    assert_eq!(holds, expected);
    assert!(stage.told_holds(SHANGHAI).is_empty());
}

fn ended_by(decision: ContestDecision, amount: Option<i64>) {
    let (mut stage, trip) = ridden(true);
    let contest = open(&mut stage, trip);
    check_holds(&stage, &[(trip, contest, true)]);
    answer(&mut stage, contest, decision, amount);
    if decision != ContestDecision::Withdrawn {
        check_holds(&stage, &[(trip, contest, true)]);
        reply(&mut stage, contest, true);
    }
    check_holds(&stage, &[(trip, contest, true), (trip, contest, false)]);
    stage.check();
}

#[test]
fn a_contest_of_what_is_booked_holds_it_until_it_ends_however_it_ends() {
    ended_by(ContestDecision::Upheld, None);
    ended_by(ContestDecision::Adjusted, Some(200));
    ended_by(ContestDecision::Withdrawn, None);
}

#[test]
fn a_contest_that_the_creditor_does_not_take_holds_nothing_any_more() {
    let (mut stage, trip) = ridden(true);
    stage.pass(30 * DAY);
    let opened = stage.region.call(ZHEJIANG, CLERK, None, wish(trip)).reply();
    let Reply::Contested { contest, .. } = opened else { panic!("{opened:?}") };
    check_holds(&stage, &[(trip, contest, true)]);
    stage.region.pass(DurationMs::days(2));
    stage.pass(1);
    check_holds(&stage, &[(trip, contest, true), (trip, contest, false)]);
    stage.check();
}

#[test]
fn what_is_escalated_stays_held() {
    let (mut stage, trip) = ridden(true);
    let contest = open(&mut stage, trip);
    answer(&mut stage, contest, ContestDecision::Upheld, None);
    reply(&mut stage, contest, false);
    stage.pass(40 * DAY);
    check_holds(&stage, &[(trip, contest, true)]);
    answer(&mut stage, contest, ContestDecision::Withdrawn, None);
    check_holds(&stage, &[(trip, contest, true), (trip, contest, false)]);
    stage.check();
}

/// A clerk of Shanghai sets what a trip costs; gives the adjustment that home contests, if it does.
fn set(stage: &mut Stage, trip: Digest, fen: i64) -> Option<(Digest, Uuid)> {
    let wish = AdjustWish::Charge { amount_fen: Fen(fen) };
    stage.region.call(SHANGHAI, METRO, None, Command::AdjustTrip { trip, wish }).reply();
    stage.pass(1);
    let last = huitong_transit::query::documents::of_trip(stage.region.view(ZHEJIANG), trip).expect("readable");
    let mut contests = last.into_iter().filter_map(|change| {
        let row = contests::of_document(stage.region.view(ZHEJIANG), change.id).expect("readable")?;
        Some((change.id, row.contest.contest))
    });
    contests.next_back()
}

#[test]
fn an_adjustment_that_home_does_not_believe_is_held_behind_the_document_itself() {
    let (mut stage, trip) = ridden(false);
    let claim = contests::of_document(stage.region.view(ZHEJIANG), trip).expect("readable").expect("no account");
    answer(&mut stage, claim.contest.contest, ContestDecision::Upheld, None);
    reply(&mut stage, claim.contest.contest, true);
    assert_eq!(set(&mut stage, trip, 200), None, "less is believed");
    check_holds(&stage, &[]);
    let (document, contest) = set(&mut stage, trip, 350).expect("more is not, without an account");
    check_holds(&stage, &[(document, contest, true)]);
    let told = stage.told(ZHEJIANG);
    let place = |wanted: &str| {
        told.iter().rposition(|message| serde_json::to_value(message).expect("JSON")["name"] == wanted).expect("told")
    };
    assert!(place("clearing.documents.v1") < place("clearing.hold.v1"));
    answer(&mut stage, contest, ContestDecision::Withdrawn, None);
    check_holds(&stage, &[(document, contest, true), (document, contest, false)]);
    stage.check();
}

#[test]
fn what_was_added_while_the_claim_was_contested_is_held_when_home_accepts_the_claim() {
    let (mut stage, trip) = ridden(false);
    let claim = contests::of_document(stage.region.view(ZHEJIANG), trip).expect("readable").expect("no account");
    assert_eq!(set(&mut stage, trip, 200), None);
    let (document, contest) = set(&mut stage, trip, 350).expect("more is contested by itself");
    check_holds(&stage, &[]);
    answer(&mut stage, claim.contest.contest, ContestDecision::Upheld, None);
    reply(&mut stage, claim.contest.contest, true);
    check_holds(&stage, &[(document, contest, true)]);
    answer(&mut stage, contest, ContestDecision::Upheld, None);
    reply(&mut stage, contest, true);
    check_holds(&stage, &[(document, contest, true), (document, contest, false)]);
    stage.check();
}
