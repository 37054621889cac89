//! Contests: a debtor says of one document that it is not owed; the creditor answers in time, the debtor accepts that in time, or
//! the tribunal hears of it.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_transit::command::{AdjustWish, Command, Reply};
use huitong_transit::model::contest::{Contest, ContestDecision, ContestReason, ContestReply, ContestState, Party};
use huitong_transit::model::message::Message;
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::model::trip::TripState;
use huitong_transit::query::contests::{self, ContestRow};
use huitong_transit::query::{home_trips, trips};
use uuid::Uuid;

use super::stage::{METRO, Phone, Stage, division};

pub const CLERK: &str = "clearing";
pub const DAY: i64 = 24 * 60;

/// Rides at 5 yuan through Shanghai.
pub fn ridden(stage: &mut Stage, phones: &[&Phone]) -> Vec<Digest> {
    let mut entry = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
    let mut exit = stage.gate("SH-HONGQIAO-1", "310100", 201, 2);
    for (phone, minutes) in phones.iter().zip(0..) {
        entry.tap(phone, In, stage.at(-60 + minutes));
        exit.tap(phone, Out, stage.at(-20 + minutes));
    }
    stage.upload(&entry);
    stage.upload(&exit);
    stage.pass(1);
    phones.iter().map(|phone| stage.trips("310100", phone).remove(0).trip).collect()
}

pub fn ride(stage: &mut Stage, phone: &Phone) -> Digest {
    ridden(stage, &[phone]).remove(0)
}

pub fn of_document(stage: &Stage, node: &str, document: Digest) -> ContestRow {
    contests::of_document(stage.region.view(node), document).expect("readable").expect("a contest")
}

fn open(stage: &mut Stage, document: Digest) -> Uuid {
    let wish = Command::OpenContest { document, reason: ContestReason::FareWrong, evidence: "see photo 12".to_owned() };
    let Reply::Contested { contest, .. } = stage.region.call("330000", CLERK, None, wish).reply() else { panic!() };
    stage.region.carry_all();
    contest
}

fn answer(stage: &mut Stage, contest: Uuid, decision: ContestDecision, amount: Option<i64>) {
    let explanation = "looked at the records".to_owned();
    let wish = Command::AnswerContest { contest, decision, explanation, amount: amount.map(Fen) };
    stage.region.call("310000", CLERK, None, wish).reply();
    stage.pass(1);
}

fn reply(stage: &mut Stage, contest: Uuid, accepts: bool) {
    let wish = Command::ReplyContest { contest, accepts, explanation: "looked at theirs".to_owned() };
    stage.region.call("330000", CLERK, None, wish).reply();
    stage.pass(1);
}

/// The states that a contest had at a node.
fn history(stage: &Stage, node: &str, contest: Uuid) -> Vec<ContestState> {
    let steps = contests::steps(stage.region.view(node), contest).expect("readable");
    steps.into_iter().map(|step| step.state).collect()
}

pub fn books(stage: &Stage) -> (i64, i64) {
    let fen = |node: &str, account: &str| {
        stage.balances(node, account.split('/').next().expect("a class")).get(account).map_or(0, |fen| fen.0)
    };
    (fen("310000", "receivable/310100/330100"), fen("330000", "payable/330100/310100"))
}

/// A claim that home contests (no such account) is booked nowhere; then it is decided.
fn decided(decision: ContestDecision, amount: Option<i64>, state: TripState, booked: i64) {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 1);
    let trip = ride(&mut stage, &phone);
    assert_eq!(stage.trips("310100", &phone)[0].state, TripState::Disputed);
    assert_eq!(books(&stage), (0, 0));
    let (visited, home) = (of_document(&stage, "310000", trip), of_document(&stage, "330000", trip));
    assert_eq!(visited.contest, home.contest, "both sides see the same reason, evidence and clocks");
    assert_eq!((visited.role.as_str(), home.role.as_str()), ("creditor", "debtor"));
    assert_eq!(visited.contest.reason, ContestReason::NoAccount);
    let contest = visited.contest.contest;
    answer(&mut stage, contest, decision, amount);
    let mut states = vec![ContestState::Open];
    if decision != ContestDecision::Withdrawn {
        // The creditor's word alone makes nobody pay.
        assert_eq!(books(&stage), (0, 0));
        for node in ["310000", "330000"] {
            let row = of_document(&stage, node, trip);
            assert_eq!((row.state, row.awaits), (ContestState::Answered, Some(Party::Debtor)), "{node}");
        }
        reply(&mut stage, contest, true);
        states.push(ContestState::Answered);
    }
    states.push(decision.into());
    assert_eq!(stage.trips("310100", &phone)[0].state, state);
    assert_eq!(books(&stage), (booked, -booked));
    let home = home_trips::trip(stage.region.view("330000"), trip).expect("readable").expect("a trip");
    assert_eq!((home.is_disputed, home.charge_fen), (false, Fen(booked)), "home holds what is in force");
    for node in ["310000", "330000"] {
        let row = of_document(&stage, node, trip);
        assert_eq!((row.state, row.awaits), (decision.into(), None), "{node}");
        assert_eq!(history(&stage, node, contest), states, "{node}");
    }
    let lost = stage.balances("330000", "loss").get("loss/330100").map_or(0, |fen| fen.0);
    assert_eq!(lost, booked, "there is no account: home bears what it accepts");
    let again =
        Command::AnswerContest { contest, decision: ContestDecision::Upheld, explanation: String::new(), amount: None };
    assert_eq!(stage.region.call("310000", CLERK, None, again).code(), "TRN-4002");
    stage.check();
}

#[test]
fn a_contested_claim_that_is_upheld_is_owed_by_home_when_it_accepts_even_without_account() {
    decided(ContestDecision::Upheld, None, TripState::Charged, 500);
}

#[test]
fn a_contested_claim_that_is_withdrawn_costs_nothing() {
    decided(ContestDecision::Withdrawn, None, TripState::Cancelled, 0);
}

#[test]
fn a_contested_claim_that_is_adjusted_is_owed_as_far_as_it_stands() {
    decided(ContestDecision::Adjusted, Some(300), TripState::Charged, 300);
}

/// A rider with money, a charged trip, and what is left of both after the contest.
fn charged_and_then(decision: ContestDecision, amount: Option<i64>, state: TripState, booked: i64) {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 2);
    stage.account(&phone, 10_000);
    let trip = ride(&mut stage, &phone);
    assert_eq!(books(&stage), (500, -500));
    let contest = open(&mut stage, trip);
    assert_eq!(open(&mut stage, trip), contest, "the same document is contested once");
    assert_eq!(books(&stage), (500, -500), "what is charged stays booked while it is contested");
    answer(&mut stage, contest, decision, amount);
    assert_eq!(stage.trips("310100", &phone)[0].state, state, "what is given back is given back at once");
    assert_eq!(books(&stage), (booked, -booked));
    if decision != ContestDecision::Withdrawn {
        assert_eq!(of_document(&stage, "330000", trip).state, ContestState::Answered);
        reply(&mut stage, contest, true);
        assert_eq!(books(&stage), (booked, -booked));
    }
    let rider = format!("rider/{}", phone.account);
    assert_eq!(stage.balances("330000", "rider")[&rider], Fen(booked - 10_000));
    assert_eq!(of_document(&stage, "330000", trip).state, decision.into());
    stage.check();
}

#[test]
fn a_charged_trip_is_refunded_when_the_creditor_withdraws() {
    charged_and_then(ContestDecision::Withdrawn, None, TripState::Refunded, 0);
}

#[test]
fn a_charged_trip_is_refunded_in_part_when_the_creditor_adjusts() {
    charged_and_then(ContestDecision::Adjusted, Some(400), TripState::Refunded, 400);
}

#[test]
fn a_charged_trip_stays_when_the_creditor_upholds_it() {
    charged_and_then(ContestDecision::Upheld, None, TripState::Charged, 500);
}

#[test]
fn a_contest_that_nobody_answers_is_escalated_on_both_sides_and_can_still_be_settled() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 3);
    stage.account(&phone, 10_000);
    let trip = ride(&mut stage, &phone);
    let contest = open(&mut stage, trip);
    stage.pass(15 * DAY - 2);
    assert_eq!(of_document(&stage, "310000", trip).state, ContestState::Open);
    stage.pass(3);
    for node in ["310000", "330000"] {
        assert_eq!(of_document(&stage, node, trip).state, ContestState::Escalated, "{node}");
        assert!(stage.alarms(node).iter().any(|alarm| alarm.contains("escalated")), "{node}");
    }
    answer(&mut stage, contest, ContestDecision::Withdrawn, None);
    assert_eq!(of_document(&stage, "330000", trip).state, ContestState::Withdrawn);
    assert_eq!(books(&stage), (0, 0));
    stage.check();
}

#[test]
fn between_cities_of_one_node_a_contest_takes_both_clerks_too() {
    let mut stage = Stage::new();
    let phone = Phone::new("330200", 5);
    let station = super::published::first_station("330100");
    let mut entry = stage.gate("HZ-1", "330100", station, 1);
    entry.tap(&phone, In, stage.at(-60));
    stage.upload(&entry);
    stage.pass(80 * 60);
    let trip = stage.trips("330100", &phone).remove(0);
    assert_eq!(trip.state, TripState::Disputed);
    let contest = of_document(&stage, "330000", trip.trip);
    assert_eq!(contest.role, "both");
    let wish = Command::AnswerContest {
        contest: contest.contest.contest,
        decision: ContestDecision::Adjusted,
        explanation: String::new(),
        amount: Some(Fen(100)),
    };
    stage.region.call("330000", CLERK, None, wish).reply();
    assert_eq!(stage.trips("330100", &phone)[0].state, TripState::Disputed);
    reply(&mut stage, contest.contest.contest, true);
    assert_eq!(stage.trips("330100", &phone)[0].state, TripState::Charged);
    assert_eq!(stage.balances("330000", "receivable")["receivable/330100/330200"], Fen(100));
    assert_eq!(stage.balances("330000", "loss")["loss/330200"], Fen(100));
    super::invariants::check_invariants(&stage);
    stage.check();
}

#[test]
fn an_adjustment_while_the_claim_is_disputed_is_part_of_what_is_decided() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 6);
    let trip = ride(&mut stage, &phone);
    let wish = AdjustWish::Charge { amount_fen: Fen(350) };
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip, wish }).reply();
    stage.pass(1);
    assert_eq!(books(&stage), (0, 0));
    let contest = of_document(&stage, "310000", trip).contest.contest;
    answer(&mut stage, contest, ContestDecision::Upheld, None);
    reply(&mut stage, contest, true);
    assert_eq!(books(&stage), (350, -350));
    stage.check();
}

#[test]
fn an_adjustment_that_crosses_the_acceptance_is_booked_once() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    let trip = ride(&mut stage, &phone);
    let contest = of_document(&stage, "310000", trip).contest.contest;
    answer(&mut stage, contest, ContestDecision::Upheld, None);
    // Home accepts 5 yuan, and while that is on its way a clerk of Shanghai makes it 4.
    let wish = Command::ReplyContest { contest, accepts: true, explanation: String::new() };
    stage.region.call("330000", CLERK, None, wish).reply();
    let wish = AdjustWish::Charge { amount_fen: Fen(400) };
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip, wish }).reply();
    stage.pass(1);
    assert_eq!(books(&stage), (400, -400));
    assert_eq!(stage.balances("330000", "loss")["loss/330100"], Fen(400), "what home bore goes back to home");
    super::invariants::check_invariants(&stage);
    stage.check();
}

#[test]
fn a_debtor_that_does_not_accept_is_not_charged_and_the_contest_goes_on() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 8);
    let trip = ride(&mut stage, &phone);
    let contest = of_document(&stage, "310000", trip).contest.contest;
    answer(&mut stage, contest, ContestDecision::Upheld, None);
    let again = Command::AnswerContest {
        contest,
        decision: ContestDecision::Withdrawn,
        explanation: String::new(),
        amount: None,
    };
    assert_eq!(stage.region.call("310000", CLERK, None, again).code(), "TRN-4006", "it is home's turn");
    reply(&mut stage, contest, false);
    for node in ["310000", "330000"] {
        let row = of_document(&stage, node, trip);
        assert_eq!((row.state, row.awaits), (ContestState::Escalated, Some(Party::Creditor)), "{node}");
    }
    assert_eq!(books(&stage), (0, 0));
    let early = Command::ReplyContest { contest, accepts: true, explanation: String::new() };
    assert_eq!(stage.region.call("330000", CLERK, None, early).code(), "TRN-4006", "now it is Shanghai's");
    // The tribunal says 3 yuan: Shanghai answers so, and home accepts.
    answer(&mut stage, contest, ContestDecision::Adjusted, Some(300));
    reply(&mut stage, contest, true);
    assert_eq!(books(&stage), (300, -300));
    let (open, answered, escalated) = (ContestState::Open, ContestState::Answered, ContestState::Escalated);
    for node in ["310000", "330000"] {
        assert_eq!(
            history(&stage, node, contest),
            [open, answered, escalated, answered, ContestState::Adjusted],
            "{node}"
        );
    }
    stage.check();
}

#[test]
fn a_debtor_that_is_silent_has_not_accepted() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 9);
    let trip = ride(&mut stage, &phone);
    let contest = of_document(&stage, "310000", trip).contest.contest;
    answer(&mut stage, contest, ContestDecision::Upheld, None);
    stage.pass(15 * DAY - 3);
    assert_eq!(of_document(&stage, "330000", trip).state, ContestState::Answered);
    stage.pass(3);
    for node in ["310000", "330000"] {
        assert_eq!(of_document(&stage, node, trip).state, ContestState::Escalated, "{node}");
        assert!(stage.alarms(node).iter().any(|alarm| alarm.contains("escalated")), "{node}");
    }
    assert_eq!(of_document(&stage, "310000", trip).awaits, Some(Party::Creditor));
    assert_eq!(books(&stage), (0, 0));
    stage.check();
}

#[test]
fn a_debtor_whose_node_is_away_is_escalated_at_the_creditor_and_may_still_accept() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 10);
    let trip = ride(&mut stage, &phone);
    let contest = of_document(&stage, "310000", trip).contest.contest;
    answer(&mut stage, contest, ContestDecision::Upheld, None);
    // Home accepts on the last day; its line is down until the next week.
    stage.region.pass(DurationMs::days(14));
    let wish = Command::ReplyContest { contest, accepts: true, explanation: String::new() };
    stage.region.call("330000", CLERK, None, wish).reply();
    stage.region.pass(DurationMs::days(7));
    let row = of_document(&stage, "310000", trip);
    assert_eq!((row.state, row.awaits), (ContestState::Escalated, Some(Party::Debtor)));
    stage.pass(1);
    assert_eq!(of_document(&stage, "310000", trip).state, ContestState::Upheld);
    assert_eq!(books(&stage), (500, -500));
    stage.check();
}

#[test]
fn the_creditors_time_to_answer_runs_by_its_own_clock() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 12);
    stage.account(&phone, 10_000);
    let trip = ride(&mut stage, &phone);
    let document = of_trip_document(&stage, trip);
    // A month ago, says whoever has taken home over.
    let long_ago = huitong_kernel::time::Instant(stage.now().0 - 30 * 86_400_000);
    let contest = Contest {
        contest: Uuid::from_u128(77),
        opened_at: long_ago,
        answer_by: long_ago + DurationMs::days(15),
        ..document
    };
    stage.forge("330000", "310000", Message::Contest(contest));
    stage.region.pass(DurationMs::days(14));
    assert_eq!(of_document(&stage, "310000", trip).state, ContestState::Open);
    stage.region.pass(DurationMs::days(1));
    assert_eq!(of_document(&stage, "310000", trip).state, ContestState::Escalated);
}

/// What a contest of a trip of this morning says.
fn of_trip_document(stage: &Stage, document: Digest) -> Contest {
    Contest {
        contest: Uuid::nil(),
        document,
        booking_day: "2026-11-24".parse().expect("a date"),
        creditor: division("310100"),
        debtor: division("330100"),
        reason: ContestReason::FareWrong,
        amount_fen: Fen(500),
        evidence: String::new(),
        opened_at: stage.now(),
        answer_by: stage.now(),
    }
}

#[test]
fn a_debtor_cannot_accept_adjustments_that_were_never_made() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 13);
    let trip = ride(&mut stage, &phone);
    let contest = of_document(&stage, "310000", trip).contest.contest;
    let reply = |accepts, adjusts| {
        Message::ContestReply(ContestReply { contest, document: trip, accepts, adjusts, explanation: String::new() })
    };
    stage.forge("330000", "310000", reply(true, 0));
    assert_eq!(of_document(&stage, "310000", trip).state, ContestState::Open, "nothing was answered yet");
    let wish =
        Command::AnswerContest { contest, decision: ContestDecision::Upheld, explanation: String::new(), amount: None };
    stage.region.call("310000", CLERK, None, wish).reply();
    stage.forge("330000", "310000", reply(true, 3));
    assert_eq!(stage.unread("310000"), ["TRN-1003"]);
    assert_eq!(of_document(&stage, "310000", trip).state, ContestState::Answered);
}

/// A clerk of Shanghai sets what the trip costs.
fn set(stage: &mut Stage, trip: Digest, fen: i64) {
    let wish = AdjustWish::Charge { amount_fen: Fen(fen) };
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip, wish }).reply();
    stage.pass(1);
}

/// The document of a trip's adjustment.
fn adjustment(stage: &Stage, trip: Digest, number: usize) -> Digest {
    let adjusts = trips::adjustments(stage.region.view("310000"), trip).expect("readable");
    let name: &[u8] = b"huitong.transit.adjust.1";
    huitong_kernel::hash::HashFunction::Sha256.hash(&[name, adjusts[number - 1].adjust.as_bytes()])
}

#[test]
fn what_home_owes_without_an_account_is_its_own_loss_when_it_gets_cheaper_and_when_it_gets_dearer() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 8);
    let trip = ride(&mut stage, &phone);
    let contest = of_document(&stage, "310000", trip).contest.contest;
    answer(&mut stage, contest, ContestDecision::Upheld, None);
    reply(&mut stage, contest, true);
    let loss = |stage: &Stage| stage.balances("330000", "loss")["loss/330100"];
    assert_eq!((books(&stage), loss(&stage)), ((500, -500), Fen(500)));
    set(&mut stage, trip, 200);
    assert_eq!((books(&stage), loss(&stage)), ((200, -200), Fen(200)));
    stage.check();
    // More again: the books agree at once, and home contests it as it contested the trip.
    set(&mut stage, trip, 350);
    assert_eq!((books(&stage), loss(&stage)), ((350, -350), Fen(350)));
    let document = adjustment(&stage, trip, 2);
    let (visited, home) = (of_document(&stage, "310000", document), of_document(&stage, "330000", document));
    assert_eq!((visited.contest.reason, home.state), (ContestReason::NoAccount, ContestState::Open));
    answer(&mut stage, visited.contest.contest, ContestDecision::Withdrawn, None);
    assert_eq!((books(&stage), loss(&stage)), ((200, -200), Fen(200)));
    assert_eq!(of_document(&stage, "330000", document).state, ContestState::Withdrawn);
    stage.check();
}

#[test]
fn an_adjustment_that_another_has_replaced_is_not_taken_back_as_a_whole() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 9);
    stage.account(&phone, 10_000);
    let trip = ride(&mut stage, &phone);
    for fen in [300, 500] {
        set(&mut stage, trip, fen);
    }
    let document = adjustment(&stage, trip, 2);
    let contest = open(&mut stage, document);
    set(&mut stage, trip, 350);
    // Of the 200 that are contested 150 have been given back already.
    let withdraw = Command::AnswerContest {
        contest,
        decision: ContestDecision::Withdrawn,
        explanation: String::new(),
        amount: None,
    };
    assert_eq!(stage.region.call("310000", CLERK, None, withdraw).code(), "TRN-1003");
    answer(&mut stage, contest, ContestDecision::Adjusted, Some(300));
    reply(&mut stage, contest, true);
    assert_eq!(books(&stage), (300, -300));
    assert_eq!(stage.trips("310100", &phone)[0].charge_fen, Fen(300));
    stage.check();
}
