//! Clearing is told of every document that moves money between two nodes, on both sides of a feed the same, and the cut of a period
//! has one place among them.

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::{Cut, Document};
use huitong_service_kit::toml_data::json_text;
use huitong_transit::command::{AdjustWish, Command, Reply};
use huitong_transit::model::contest::{ContestDecision, ContestReason};
use huitong_transit::model::message::Message;
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::query::contests;
use uuid::Uuid;

use super::clearing_desk::CARRIERS;
use super::cross_border::LINE_11;
use super::desk::Shanghai;
use super::stage::{METRO, Phone, Stage};

const CLERK: &str = "clearing";
const SHANGHAI: &str = "310000";
const ZHEJIANG: &str = "330000";

fn set(stage: &mut Stage, trip: Digest, fen: i64) {
    let wish = AdjustWish::Charge { amount_fen: Fen(fen) };
    stage.region.call(SHANGHAI, METRO, None, Command::AdjustTrip { trip, wish }).reply();
    stage.pass(1);
}

fn contest_of(stage: &Stage, document: Digest) -> Uuid {
    let row = contests::of_document(stage.region.view(ZHEJIANG), document).expect("readable").expect("a contest");
    row.contest.contest
}

fn open(stage: &mut Stage, document: Digest) -> Uuid {
    let wish = Command::OpenContest { document, reason: ContestReason::FareWrong, evidence: String::new() };
    let Reply::Contested { contest, .. } = stage.region.call(ZHEJIANG, CLERK, None, wish).reply() else { panic!() };
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

/// Kind and amount of what a message made final.
fn brief(documents: &[Document]) -> Vec<(&str, i64)> {
    documents.iter().map(|document| (document.kind.as_str(), document.amount_fen.0)).collect()
}

/// What Zhejiang's answers to Shanghai made final, message by message.
fn answers(stage: &Stage) -> Vec<Vec<(String, i64)>> {
    let lane = stage.told_lane(SHANGHAI, ZHEJIANG, SHANGHAI);
    let owned = |(kind, amount): (&str, i64)| (kind.to_owned(), amount);
    lane.iter().map(|(_, documents)| brief(documents).into_iter().map(owned).collect()).collect()
}

#[test]
fn a_ride_is_told_on_both_sides_when_home_has_charged_it_or_noted_a_debt() {
    let mut stage = Stage::new();
    let (rich, poor) = (Phone::new("330100", 1), Phone::new("330100", 2));
    stage.account(&rich, 10_000);
    stage.account(&poor, 0);
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = shanghai.ride(&mut stage, &rich);
    shanghai.ride(&mut stage, &poor);
    let lane = stage.told_lane(ZHEJIANG, ZHEJIANG, SHANGHAI);
    let told = &lane[0].1[0];
    assert_eq!((told.id, told.number.as_str(), told.kind.as_str(), told.of), (trip.trip, "", "trip", None));
    assert_eq!((told.creditor.as_str(), told.debtor.as_str()), ("310100", "330100"), "cities");
    assert_eq!((told.day, told.amount_fen, told.parts.len()), (trip.travel_day, Fen(500), 0));
    assert_eq!(lane.len(), 2, "home owes what its rider does not pay");
    stage.check();
}

#[test]
fn a_ride_between_cities_of_one_node_is_told_nobody() {
    let mut stage = Stage::new();
    let phone = Phone::new("310100", 3);
    stage.account(&phone, 10_000);
    Shanghai::new(&mut stage).ride(&mut stage, &phone);
    assert!(stage.told(SHANGHAI).is_empty());
    stage.check();
}

#[test]
fn adjustments_are_told_with_what_they_change_and_a_late_tap_too() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 4);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = shanghai.ride(&mut stage, &phone).trip;
    set(&mut stage, trip, 350);
    set(&mut stage, trip, 450);
    shanghai.enter(&mut stage, &phone);
    let left = stage.now();
    stage.pass(77 * 60);
    let exit = shanghai.exit.tap(&phone, Out, huitong_kernel::time::Instant(left.0 + 40 * 60_000));
    stage.upload_part(&shanghai.exit, exit, exit);
    stage.pass(1);
    let told = answers(&stage);
    let kinds: Vec<&str> = told.iter().flatten().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["trip", "adjust", "adjust", "trip", "adjust"]);
    assert_eq!((told[1][0].1, told[2][0].1), (-150, 100));
    assert_eq!(told[3][0].1 + told[4][0].1, 500, "the ride with its late exit");
    let documents = stage.told_lane(SHANGHAI, ZHEJIANG, SHANGHAI);
    assert_eq!(documents[1].1[0].of, Some(trip));
    stage.check();
}

#[test]
fn a_contested_claim_is_told_when_home_accepts_it_with_the_adjustments_that_it_knew() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 5);
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = shanghai.ride(&mut stage, &phone).trip;
    set(&mut stage, trip, 350);
    let contest = contest_of(&stage, trip);
    answer(&mut stage, contest, ContestDecision::Adjusted, Some(300));
    assert!(
        stage.told(SHANGHAI).is_empty() && stage.told(ZHEJIANG).is_empty(),
        "nothing is owed yet, and nothing held"
    );
    reply(&mut stage, contest, true);
    let told = answers(&stage);
    assert_eq!(told.len(), 1, "one message, one word of it");
    let mut amounts: Vec<i64> = told[0].iter().map(|(_, amount)| *amount).collect();
    amounts.sort_unstable();
    assert_eq!((told[0][0].clone(), amounts), (("trip".to_owned(), 500), vec![-150, -50, 500]));
    stage.check();
    // From now on it is a document like any other.
    set(&mut stage, trip, 250);
    assert_eq!(answers(&stage)[1], [("adjust".to_owned(), -50)]);
    assert!(stage.told_holds(ZHEJIANG).is_empty());
    stage.check();
}

#[test]
fn a_contested_claim_that_is_taken_back_is_told_nobody() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 6);
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = shanghai.ride(&mut stage, &phone).trip;
    let contest = contest_of(&stage, trip);
    answer(&mut stage, contest, ContestDecision::Withdrawn, None);
    assert!(stage.told(SHANGHAI).is_empty() && stage.told(ZHEJIANG).is_empty());
    stage.check();
}

/// Rides of every kind: paid, owed, contested and accepted, adjusted, shared, given back.
fn of_every_kind() -> Stage {
    let mut stage = Stage::new();
    let text = json_text(LINE_11).expect("TOML");
    stage.region.call(SHANGHAI, METRO, None, Command::PublishSplit { text }).reply();
    let (rich, poor, nobody) = (Phone::new("330100", 1), Phone::new("330200", 2), Phone::new("330100", 3));
    stage.account(&rich, 10_000);
    stage.account(&poor, 0);
    let mut entry = stage.gate("SH-HUAQIAO-1", "310100", 1101, 11);
    let mut exit = stage.gate("SH-ANTING-1", "310100", 1104, 11);
    for (phone, minutes) in [(&rich, -90), (&poor, -89), (&nobody, -88)] {
        entry.tap(phone, In, stage.at(minutes));
        exit.tap(phone, Out, stage.at(minutes + 40));
    }
    stage.upload(&entry);
    stage.upload(&exit);
    stage.pass(1);
    let trip = |stage: &Stage, phone: &Phone| stage.trips("310100", phone).remove(0).trip;
    let accepted = contest_of(&stage, trip(&stage, &nobody));
    answer(&mut stage, accepted, ContestDecision::Upheld, None);
    reply(&mut stage, accepted, true);
    let of_rich = trip(&stage, &rich);
    let given_back = open(&mut stage, of_rich);
    answer(&mut stage, given_back, ContestDecision::Adjusted, Some(100));
    reply(&mut stage, given_back, true);
    let cancelled = Command::AdjustTrip { trip: trip(&stage, &poor), wish: AdjustWish::Cancel };
    stage.region.call(SHANGHAI, METRO, None, cancelled).reply();
    stage.pass(1);
    stage
}

#[test]
fn all_kinds_of_documents_are_told_and_sum_to_what_the_books_say() {
    let stage = of_every_kind();
    let mut carriers = BTreeSet::new();
    for (from, to) in [(ZHEJIANG, SHANGHAI), ("320000", SHANGHAI)] {
        let lane = stage.told_lane(SHANGHAI, from, to);
        carriers.extend(lane.iter().map(|(number, _)| stage.name_of(from, to, *number)));
    }
    assert_eq!(carriers.into_iter().collect::<Vec<_>>(), CARRIERS, "every message that makes documents final");
    let parts = stage.told_lane("320000", "320000", SHANGHAI);
    let all = |(kind, amount)| (kind, amount);
    let brief: Vec<(&str, i64)> = parts.iter().flat_map(|(_, documents)| brief(documents)).map(all).collect();
    let sum = |sign: i64| brief.iter().filter(|(_, amount)| amount.signum() == sign).count();
    assert!(brief.iter().all(|(kind, _)| *kind == "split"), "{brief:?}");
    assert_eq!((sum(1), sum(-1)), (3, 2), "a part of each ride, and of what was given back");
    stage.check();
}

/// Where money between cities is booked, and by which message the two nodes' clearings hear of it. Who books anywhere else tells it
/// there, and in this table.
const BOOKED: [(&str, &str); 8] = [
    ("answers.rs", "claim: ChargeResult, AdjustResult, taken at the visited node"),
    ("charge.rs", "charge, loss: ChargeResult as it is sent; a claim that was contested: ContestReply"),
    ("charge_adjust.rs", "charge, refund, loss: AdjustResult as it is sent"),
    ("clearing/cleared.rs", "cleared: clearing knows"),
    ("clearing/contest_reply.rs", "claim: ContestReply, taken at the visited node"),
    ("clearing/split.rs", "split_due, split_owed: SplitAnswer; within one node nobody is told"),
    ("home/account.rs", "payment, settle_debt: between a rider and home"),
    ("home/debt.rs", "settle_debt: between a rider and home"),
];

#[test]
fn whoever_books_between_cities_is_in_the_table() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/decide");
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.clone()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path).expect("text").contains("Postings::new(") {
                found.insert(path.strip_prefix(&folder).expect("below").display().to_string(), ());
            }
        }
    }
    let known: Vec<&str> = BOOKED.iter().map(|(file, _)| *file).collect();
    assert_eq!(found.into_keys().collect::<Vec<_>>(), known);
}

/// Shanghai and Zhejiang cut the story's day.
fn cut(stage: &mut Stage, node: &str) {
    stage.clearing_says(node, Message::Cut(Cut { period: "2026-11-24".parse().expect("a day") }));
}

#[test]
fn a_cut_has_one_place_among_the_documents_of_a_feed() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.ride(&mut stage, &phone);
    // The second ride is claimed and on its way when Zhejiang cuts.
    stage.pass(3);
    let began = huitong_kernel::time::Instant(stage.now().0 - 40 * 60_000);
    let first = shanghai.entry.tap(&phone, In, began);
    let last = shanghai.exit.tap(&phone, Out, stage.now());
    stage.upload_part(&shanghai.entry, first, first);
    stage.upload_part(&shanghai.exit, last, last);
    stage.region.pass(huitong_kernel::time::DurationMs::minutes(1));
    cut(&mut stage, ZHEJIANG);
    stage.pass(1);
    for node in [SHANGHAI, ZHEJIANG] {
        let of_lane = |marker: &huitong_ledger::clearing::Marker| {
            marker.from.as_str() == ZHEJIANG && marker.to.as_str() == SHANGHAI
        };
        let markers: Vec<_> = stage.told_markers(node).into_iter().filter(of_lane).collect();
        assert_eq!(markers.len(), 1, "{node}");
        assert_eq!(stage.name_of(ZHEJIANG, SHANGHAI, markers[0].number), "clearing.period_marker.v1");
        let lane = stage.told_lane(node, ZHEJIANG, SHANGHAI);
        let numbers: Vec<u64> = lane.iter().map(|(number, _)| *number).collect();
        assert!(numbers[0] < markers[0].number && markers[0].number < numbers[1], "{node}: {numbers:?}, {markers:?}");
        assert_eq!(lane[1].1[0].day.to_string(), "2026-11-24", "it keeps its day");
        // In the order in which they are told, too.
        let order: Vec<bool> = stage.told(node).iter().map(|told| matches!(told, Message::Documents(_))).collect();
        assert_eq!((order.first(), order.last()), (Some(&true), Some(&true)), "{node}");
    }
    assert_eq!(stage.told_markers(ZHEJIANG).len(), 2, "towards every other jurisdiction");
    stage.check();
}

#[test]
fn a_period_is_cut_once() {
    let mut stage = Stage::new();
    cut(&mut stage, SHANGHAI);
    stage.pass(1);
    let (told, sent) = (stage.told(SHANGHAI).len(), stage.sent(SHANGHAI, ZHEJIANG));
    assert_eq!(told, 2);
    cut(&mut stage, SHANGHAI);
    stage.pass(1);
    assert_eq!((stage.told(SHANGHAI).len(), stage.sent(SHANGHAI, ZHEJIANG)), (told, sent), "the same again is nothing");
    // A peer that sends a second marker moves nothing.
    let period = "2026-11-24".parse().expect("a day");
    stage.forge(SHANGHAI, ZHEJIANG, Message::PeriodMarker { period });
    assert_eq!(stage.told_markers(ZHEJIANG).len(), 1);
    assert!(stage.region.replay_differences().is_empty());
}

#[test]
fn a_jurisdiction_that_joined_after_a_cut_is_told_when_clearing_asks_again() {
    let mut stage = Stage::new();
    cut(&mut stage, SHANGHAI);
    stage.region.join("340000");
    cut(&mut stage, SHANGHAI);
    let to: Vec<String> = stage.told_markers(SHANGHAI).iter().map(|marker| marker.to.to_string()).collect();
    assert_eq!(to, ["320000", "330000", "340000"]);
}

#[test]
fn only_the_own_clearing_cuts_gives_back_and_clears() {
    let mut stage = Stage::new();
    let period = "2026-11-24".parse().expect("a day");
    stage.forge(ZHEJIANG, SHANGHAI, Message::Cut(Cut { period }));
    let marker = huitong_ledger::clearing::Marker {
        from: super::stage::division(ZHEJIANG),
        to: super::stage::division(SHANGHAI),
        period,
        number: 1,
    };
    stage.forge(ZHEJIANG, SHANGHAI, Message::Marker(marker));
    stage.clearing_says(SHANGHAI, Message::PeriodMarker { period });
    assert_eq!(stage.unread(SHANGHAI), ["TRN-1006", "TRN-1006", "TRN-1006"]);
    assert!(stage.told(SHANGHAI).is_empty());
}
