//! Where questions to a pool's core system end: too many, too long an answer, no line for the pool any more.

use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::money::Fen;
use huitong_kernel::time::DurationMs;
use huitong_medical::command::{Command, Reply};
use huitong_medical::event::CallState;
use huitong_medical::model::message::{Cancel, EligibilityAsk, Message, Wants};
use huitong_medical::model::person::CareType;
use huitong_medical::pool::ask::Step;
use huitong_medical::pool::request::{Question, Request};
use huitong_medical::pool::{ANSWER_BYTES_MAX, LINES_MAX, OPEN_ASKS_MAX};
use huitong_medical::query::pools::{self, OpenCounts};
use huitong_service_kit::Envelope;
use huitong_store::feeds;
use uuid::Uuid;

use super::calculation::fen;
use super::country::{HOSPITAL, certificate, division, line, visit};
use super::pool_stage::{Delegated, HOME, VISITED, pool};
use super::pools::state;

fn counts(stage: &Delegated) -> OpenCounts {
    pools::count_by_step(stage.country.region.view(HOME), pool()).expect("readable")
}

fn lane(from: &str, to: &str) -> Feed {
    let address = |code| Address::new(division(code), "medical");
    Feed::new(address(from), address(to))
}

/// Messages that come to home at once, past the node of treatment, which from then on is not heard any more.
fn flood(stage: &mut Delegated, messages: impl Iterator<Item = Message>) {
    let (lane, at) = (lane(VISITED, HOME), stage.country.region.now);
    let first = feeds::next_number(stage.country.region.view(HOME), &lane).expect("readable");
    let entries = (0..).zip(messages).map(|(number, message)| {
        let id = Uuid::from_u128(number);
        serde_json::to_vec(&Envelope { id, cycle: id, episode: id, at, message }).expect("plain data")
    });
    stage.country.region.deliver(&lane, first, entries.collect());
}

fn last_answer(stage: &Delegated) -> String {
    let (view, lane) = (stage.country.region.view(HOME), lane(HOME, VISITED));
    let last = feeds::next_number(view, &lane).expect("readable") - 1;
    String::from_utf8(feeds::message(view, &lane, last).expect("readable").expect("sent")).expect("UTF-8")
}

fn check_of_benefit(number: u64) -> Message {
    Message::EligibilityAsk(EligibilityAsk {
        correlation: number.to_string(),
        institution: HOSPITAL.to_owned(),
        home_area: pool(),
        certificate: certificate(),
        care_type: CareType::Outpatient,
        care_date: "2026-11-24".parse().expect("a date"),
        visited_area: division("310101"),
        wants: Wants::default(),
    })
}

#[test]
fn when_too_much_waits_for_a_pool_the_next_is_refused_and_what_takes_back_is_not() {
    let mut stage = Delegated::new();
    let settlement = stage.settled("message-0001").settlement;
    flood(&mut stage, (0..OPEN_ASKS_MAX).map(check_of_benefit));
    assert_eq!(counts(&stage).at_call, OPEN_ASKS_MAX);
    flood(&mut stage, (0..1).map(check_of_benefit));
    assert!(last_answer(&stage).contains("MED-8006"), "{}", last_answer(&stage));
    assert_eq!(counts(&stage).at_call, OPEN_ASKS_MAX, "nothing more waits");
    let cancel = Cancel { correlation: "c".to_owned(), settlement, institution: HOSPITAL.to_owned(), refund: false };
    flood(&mut stage, std::iter::once(Message::Cancel(cancel)));
    assert_eq!(counts(&stage).at_call, OPEN_ASKS_MAX + 1);
}

#[test]
fn the_lines_of_a_very_long_batch_stay_here() {
    let mut stage = Delegated::new();
    let opened = stage.ask(None, Command::OpenVisit(visit())).reply();
    let Reply::Visit { visit, .. } = opened else { panic!("a visit") };
    let mut sent = 0;
    for (count, travel) in [(100, true), (LINES_MAX + 1, false)] {
        while sent < count {
            let more = sent + 1..=count.min(sent + 100);
            sent = *more.end();
            let lines = more.map(|number| line(&number.to_string(), "F002431", "1", "20.00", "20.00")).collect();
            let add = Command::AddLines { visit, batch: "1".to_owned(), replaces: false, lines };
            stage.country.region.call(VISITED, HOSPITAL, None, add).reply();
        }
        let total = Some(Fen(2_000 * count as i64));
        let ask = Command::AskQuote { visit, batch: "1".to_owned(), interim: false, account_wanted: false, total };
        stage.country.region.call(VISITED, HOSPITAL, None, ask);
        stage.country.region.carry_all();
        let request: Request = serde_json::from_str(&stage.due().remove(0).body).expect("a request");
        let Question::Quote(bill) = request.question else { panic!("a quote") };
        assert_eq!((bill.lines.is_some(), Some(bill.sums.total_fen)), (travel, total), "{count}");
        stage.work();
    }
}

#[test]
fn an_answer_that_is_too_long_is_none_however_well_it_is_signed() {
    let mut stage = Delegated::new();
    stage.send("message-0001");
    let post = stage.due().remove(0);
    let (answer, _) = stage.core.answer(&post.body);
    let padded = |length: usize| {
        let more = length - answer.len() - r#""more":"","#.len();
        answer.replacen('{', &format!(r#"{{"more":"{}","#, "x".repeat(more)), 1)
    };
    let longer = stage.core.sign(padded(ANSWER_BYTES_MAX + 1));
    assert!(!stage.give(&post, longer));
    assert_eq!(stage.step(), [Step::Query], "what it may have booked is looked after");
    assert!(stage.alarms().iter().any(|sentence| sentence.contains("too large")));
    let longest = stage.core.sign(padded(ANSWER_BYTES_MAX));
    assert!(stage.give(&post, longest), "an unknown field is passed over");
    stage.work();
    assert_eq!(state(&stage, "message-0001"), CallState::Settled);
    stage.check_books(1, 0);
}

/// What the operator should have left in place: nothing is lost, everybody is told, and it goes on when the line is back.
#[test]
fn when_a_pools_line_is_removed_what_waits_is_told_and_goes_on_when_it_is_back() {
    let mut stage = Delegated::new();
    let first = stage.settled("message-0001");
    stage.send("message-0002");
    let told = |stage: &Delegated| stage.alarms().iter().filter(|sentence| sentence.contains("no line for it")).count();
    stage.remove_line();
    assert_eq!((told(&stage), counts(&stage).at_call), (1, 1), "at once");
    assert_eq!(stage.country.settled("message-0003").total_fen, fen("249.00"), "computed here");
    let cancel = Command::Cancel { settlement: first.settlement.clone() };
    stage.country.region.call(VISITED, HOSPITAL, None, cancel);
    stage.country.region.carry_all();
    assert_eq!(counts(&stage).at_call, 2, "what the pool has settled it must take back itself");
    stage.country.region.pass(DurationMs::minutes(2));
    assert_eq!(told(&stage), 1, "once an hour");
    stage.country.region.pass(DurationMs::minutes(61));
    assert_eq!(told(&stage), 2);
    assert_eq!(
        stage.alarms().iter().filter(|sentence| sentence.contains("is silent")).count(),
        0,
        "that is not the cause"
    );
    stage.set(false);
    stage.work();
    assert_eq!(counts(&stage), OpenCounts::default());
    assert_eq!(stage.core.contras, 1);
    let Reply::Call { .. } = stage.ask(None, Command::Reverse { message_id: "message-0002".to_owned() }).reply() else {
        panic!("it has an end")
    };
}
