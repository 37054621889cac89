//! Records on demand: home asks for what a claim rests on, and verifies it itself.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_transit::Transit;
use huitong_transit::command::{AdjustWish, Command, Reply};
use huitong_transit::model::contest::{ContestDecision, ContestReason, ContestState};
use huitong_transit::model::evidence::{AskCause, Evidence, EvidenceAsk, EvidenceState};
use huitong_transit::model::message::Message;
use huitong_transit::model::tap::Direction::{Boarding, In, Out};
use huitong_transit::model::trip::{TripKind, TripState};
use huitong_transit::query::contests::{self, ContestRow};
use huitong_transit::query::evidence::{self, EvidenceRow};
use huitong_transit::query::{taps, trips::TripRow};
use huitong_transit::verify::{CheckedBatch, Outcome, Verified};
use huitong_transit_code::chain::Checked;
use huitong_transit_code::code::Code;
use huitong_transit_code::profile::Profile;
use huitong_transit_code::record::TapRecord;
use uuid::Uuid;

use super::desk::{Shanghai, phone_of};
use super::invariants::audited;
use super::stage::{METRO, Note, Phone, Stage, digest, division, key, transit};

pub const CLERK: &str = "clearing";

/// Home asks for the records of every claim.
fn asks_all() -> Transit {
    transit().asking_one_in(1)
}

/// Home asks by chance for practically none.
pub fn asks_rarely() -> Transit {
    transit().asking_one_in(u32::MAX)
}

fn asks_one_in_three() -> Transit {
    transit().asking_one_in(3)
}

pub fn unchanged(_: &str, _: &mut serde_json::Value) {}

pub fn ask(stage: &mut Stage, trip: Digest) -> Uuid {
    match stage.region.call("330000", CLERK, None, Command::AskEvidence { trip }).reply() {
        Reply::EvidenceAsked { ask, .. } => ask,
        other => panic!("records were asked for: {other:?}"),
    }
}

/// What Zhejiang asked for a trip, newest first.
pub fn asked(stage: &Stage, trip: Digest) -> Vec<EvidenceRow> {
    evidence::of_trip(stage.region.view("330000"), trip).expect("readable")
}

pub fn contest(stage: &Stage, node: &str, document: Digest) -> Option<ContestRow> {
    contests::of_document(stage.region.view(node), document).expect("readable")
}

/// A city that lies: it has seen what the rider's phone shows, and signs the rest itself.
fn copied(phone: &Phone) -> Phone {
    let code = phone.code(Instant(0));
    Phone::of_authorisation(phone.city, phone.account, key("liar"), code[..code.len() - 69].to_vec())
}

/// What its node would have found, had it not been told to believe.
pub fn believed(record: &TapRecord<'_>, phone: &Phone) -> Outcome {
    let code = Code::parse(record.code).expect("it looks like a code");
    let checked = Checked {
        profile: Profile::Jtt1179,
        account: code.account(),
        platform: code.platform(),
        account_type: code.account_type(),
        certificate_issuer: code.account().issuer,
        serial: [0, 0, 1],
        home: 330_000,
        limit_fen: code.limit_fen(),
        ticket_number: phone.ticket,
        generation_time: i64::from(code.generation_time()),
        age_s: 0,
        replay_key: code.replay_key(),
    };
    Outcome::Verified(Box::new(Verified { code: checked, city: division(phone.city) }))
}

/// A ride of 5 yuan that nobody made, in the books of Shanghai and claimed.
pub fn invented(stage: &mut Stage, shanghai: &mut Shanghai, phone: &Phone) -> TripRow {
    stage.pass(60);
    let (liar, ended) = (copied(phone), stage.now());
    let began = Instant(ended.0 - 40 * 60_000);
    let first = shanghai.entry.note(&liar.code(began), In, began, Note::default());
    let last = shanghai.exit.note(&liar.code(ended), Out, ended, Note::default());
    for (gate, number) in [(&shanghai.entry, first), (&shanghai.exit, last)] {
        let batch = gate.batch(number, number);
        let believed = |record: &TapRecord<'_>| believed(record, &liar);
        let checked = CheckedBatch::trusted(&batch, division("310100"), believed).expect("records as of a gate");
        stage.region.call("310000", METRO, None, Command::TakeTaps(Box::new(checked))).reply();
    }
    stage.pass(1);
    let trip = stage.trips("310100", phone).pop().expect("a trip");
    assert_eq!((trip.state, trip.charge_fen), (TripState::Charged, Fen(500)), "home believes it first");
    trip
}

/// All is well but for the codes that Shanghai has invented, which its own audit names.
pub fn check_but_for_the_lies(stage: &Stage) {
    stage.check_books();
    let named = audited(stage, "310000").violations;
    assert!(!named.is_empty() && named.iter().all(|violation| violation.invariant == "J9"), "{named:#?}");
    for node in ["320000", "330000"] {
        assert!(audited(stage, node).violations.is_empty(), "{node}");
    }
}

#[test]
fn an_invented_ride_is_found_when_a_clerk_asks_and_its_money_comes_back() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let genuine = shanghai.ride(&mut stage, &phone);
    let lie = invented(&mut stage, &mut shanghai, &phone);
    assert!(asked(&stage, lie.trip).is_empty());
    ask(&mut stage, genuine.trip);
    ask(&mut stage, lie.trip);
    assert_eq!(asked(&stage, lie.trip)[0].state, EvidenceState::Asked);
    stage.pass(1);
    assert_eq!(asked(&stage, genuine.trip)[0].state, EvidenceState::Genuine);
    assert!(contest(&stage, "330000", genuine.trip).is_none());
    let found = asked(&stage, lie.trip).remove(0);
    assert_eq!((found.state, found.cause), (EvidenceState::NotVerified, AskCause::Clerk));
    assert!(found.finding.contains("does not verify: TRN-USER-SIG"), "{}", found.finding);
    for node in ["310000", "330000"] {
        let open = contest(&stage, node, lie.trip).expect("a contest");
        assert_eq!((open.contest.reason, open.state), (ContestReason::NotVerified, ContestState::Open), "{node}");
        assert_eq!((Some(open.contest.contest), &open.contest.evidence), (found.contest, &found.finding), "{node}");
    }
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(9_000), "what was charged stays booked until it is decided");
    assert!(stage.alarms("330000").iter().any(|alarm| alarm.contains("TRN-USER-SIG")));
    check_but_for_the_lies(&stage);
    // Shanghai takes it back.
    let answer = Command::AnswerContest {
        contest: found.contest.expect("a contest"),
        decision: ContestDecision::Withdrawn,
        explanation: "nobody was there".to_owned(),
        amount: None,
    };
    stage.region.call("310000", CLERK, None, answer).reply();
    stage.pass(1);
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(9_500));
    assert_eq!(contest(&stage, "330000", lie.trip).expect("a contest").state, ContestState::Withdrawn);
    check_but_for_the_lies(&stage);
}

#[test]
fn genuine_trips_of_every_kind_pass_and_are_not_asked_for_twice() {
    let mut stage = Stage::of(asks_all, unchanged);
    let (phone, other) = (Phone::new("330100", 7), Phone::new("330100", 8));
    stage.account(&phone, 10_000);
    stage.account(&other, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let paired = shanghai.ride(&mut stage, &phone);
    let mut bus = stage.gate("JS-BUS-1", "320509", 1, 7_618);
    let boarded = bus.tap(&phone, Boarding, stage.now());
    stage.upload_part(&bus, boarded, boarded);
    stage.pass(5);
    // Two forgotten exits: one comes late, of the other nobody hears again.
    shanghai.enter(&mut stage, &other);
    shanghai.enter(&mut stage, &phone);
    let late = shanghai.exit.tap(&other, Out, stage.now() + DurationMs::minutes(40));
    stage.pass(77 * 60);
    let (row, boarding) = (stage.trips("310100", &other).remove(0), stage.trips("320509", &phone).remove(0));
    assert_eq!((row.kind, boarding.kind), (TripKind::EntryOnly, TripKind::SingleTap));
    let forgotten = stage.trips("310100", &phone).pop().expect("a trip");
    assert_eq!(forgotten.kind, TripKind::EntryOnly);
    for trip in [&paired, &boarding, &row, &forgotten] {
        let found = asked(&stage, trip.trip);
        assert_eq!((found.len(), found[0].state, found[0].cause), (1, EvidenceState::Genuine, AskCause::Sample));
    }
    let first = ask(&mut stage, row.trip);
    assert_eq!(first, asked(&stage, row.trip)[0].ask, "it stands as it was found");
    stage.upload_part(&shanghai.exit, late, late);
    stage.pass(1);
    let row = stage.trips("310100", &other).remove(0);
    assert_eq!((row.kind, row.adjusts), (TripKind::Paired, 1));
    assert_ne!(ask(&mut stage, row.trip), first, "there is a tap more now");
    stage.pass(1);
    assert!(asked(&stage, row.trip).iter().all(|found| found.state == EvidenceState::Genuine));
    let contested = stage.region.view("330000").one("SELECT COUNT(*) FROM contest", [], |row| row.get::<_, u32>(0));
    assert_eq!(contested.expect("readable"), Some(0));
    stage.check();
}

#[test]
fn under_model_p_the_visited_city_can_sign_everything_but_with_the_phones_key() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 51);
    stage.account(&phone, 10_000);
    let Reply::Granted { authorisation, .. } = stage.pull(&phone, "310100", "pocket").reply() else { panic!() };
    let pulled = phone_of("310100", "pocket", &authorisation);
    let mut shanghai = Shanghai::new(&mut stage);
    let genuine = shanghai.ride(&mut stage, &pulled);
    // Shanghai issues its codes itself: it makes one for a phone of its own, and its gates and node verify it.
    let liar = Phone::with("310100", 77, |fields| {
        (fields.account, fields.account_type) = (pulled.account.account(), 0);
    });
    let lie = shanghai.ride(&mut stage, &liar);
    assert_eq!((lie.state, lie.charge_fen), (TripState::Charged, Fen(500)));
    ask(&mut stage, genuine.trip);
    ask(&mut stage, lie.trip);
    stage.pass(1);
    assert_eq!(asked(&stage, genuine.trip)[0].state, EvidenceState::Genuine);
    let found = asked(&stage, lie.trip).remove(0);
    assert_eq!(found.state, EvidenceState::NotVerified);
    assert!(found.finding.ends_with("does not say what is claimed: phone"), "{}", found.finding);
    assert_eq!(contest(&stage, "310000", lie.trip).map(|open| open.contest.contest), found.contest);
    stage.check();
}

#[test]
fn a_city_that_is_heard_and_silent_is_contested_and_what_it_shows_late_is_looked_at() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = shanghai.ride(&mut stage, &phone).trip;
    let first = ask(&mut stage, trip);
    // Nothing passes the link, or Zhejiang's node stands: it cannot know what Shanghai would say.
    stage.region.pass(DurationMs::minutes(7 * 24 * 60 + 1));
    assert_eq!(asked(&stage, trip)[0].state, EvidenceState::Asked);
    assert!(contest(&stage, "330000", trip).is_none());
    assert_eq!(ask(&mut stage, trip), first, "it is under way");
    // Shanghai is heard again, for a day, and says nothing of the trip.
    for hour in 1..=24 {
        assert_eq!(asked(&stage, trip)[0].state, EvidenceState::Asked, "hour {hour}");
        stage.region.pass(DurationMs::minutes(60));
        stage.region.carry("310000", "330000");
    }
    stage.region.pass(DurationMs(0));
    let silent = asked(&stage, trip).remove(0);
    assert_eq!(silent.state, EvidenceState::Silent);
    let open = contest(&stage, "330000", trip).expect("a contest");
    assert_eq!((Some(open.contest.contest), open.contest.reason), (silent.contest, ContestReason::NotVerified));
    assert!(stage.alarms("330000").iter().any(|alarm| alarm.contains("did not come by")));
    stage.region.pass(DurationMs::minutes(60));
    assert_eq!(asked(&stage, trip).len(), 1, "it is told once");
    // What Zhejiang sends arrives again too.
    stage.pass(1);
    assert_eq!(asked(&stage, trip)[0].state, EvidenceState::Genuine);
    assert_eq!(asked(&stage, trip)[0].contest, silent.contest);
    assert!(stage.alarms("330000").iter().any(|alarm| alarm.contains("came late and are genuine")));
    let (contest, explanation) = (open.contest.contest, "here they are".to_owned());
    let upheld = Command::AnswerContest {
        contest,
        decision: ContestDecision::Upheld,
        explanation: explanation.clone(),
        amount: None,
    };
    stage.region.call("310000", CLERK, None, upheld).reply();
    stage.pass(1);
    stage.region.call("330000", CLERK, None, Command::ReplyContest { contest, accepts: true, explanation }).reply();
    stage.pass(1);
    assert_eq!(self::contest(&stage, "310000", trip).expect("a contest").state, ContestState::Upheld);
    assert_eq!(stage.account_of(&phone).balance_fen, Fen(9_500));
    stage.check();
}

#[test]
fn a_city_that_has_erased_a_record_before_its_time_is_contested() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = shanghai.ride(&mut stage, &phone).trip;
    let exit = shanghai.exit.key_of(1);
    let entry = taps::tap(stage.region.view("310000"), &exit).expect("readable").expect("the tap").entry;
    // Where the entry of the journal has no such record any more.
    stage.tamper("310000", "UPDATE tap SET entry = (SELECT MIN(entry) FROM tap) WHERE gate = 'SH-HONGQIAO-1'");
    ask(&mut stage, trip);
    stage.pass(1);
    stage.tamper("310000", &format!("UPDATE tap SET entry = {entry} WHERE gate = 'SH-HONGQIAO-1'"));
    let found = asked(&stage, trip).remove(0);
    assert_eq!((found.state, found.finding), (EvidenceState::Erased, format!("the record of tap {exit} was erased")));
    let told = format!("the record of tap {exit} was lost: it is asked for, and no decision erased it");
    assert!(stage.alarms("310000").contains(&told), "the city itself knows better");
    assert_eq!(contest(&stage, "310000", trip).map(|open| open.contest.contest), found.contest);
    // Asked anew a day later it has the record after all: what was found is kept beside it.
    assert_eq!(ask(&mut stage, trip), found.ask, "today it would show nothing else");
    stage.pass(24 * 60);
    assert_ne!(ask(&mut stage, trip), found.ask);
    stage.pass(1);
    let states: Vec<EvidenceState> = asked(&stage, trip).iter().map(|found| found.state).collect();
    assert_eq!(states, [EvidenceState::Genuine, EvidenceState::Erased]);
    stage.check();
}

#[test]
fn answers_of_others_strange_ones_and_repeated_ones_have_no_effect() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = shanghai.ride(&mut stage, &phone).trip;
    assert_eq!(
        stage.region.call("330000", CLERK, None, Command::AskEvidence { trip: digest("no trip") }).code(),
        "TRN-3001"
    );
    assert_eq!(stage.region.call("310000", CLERK, None, Command::AskEvidence { trip }).code(), "TRN-3001", "not home");
    let ask = ask(&mut stage, trip);
    let nothing = |ask, trip_id| Message::Evidence(Evidence { ask, trip_id, records: Vec::new() });
    stage.forge("320000", "330000", nothing(ask, trip));
    stage.forge("310000", "330000", nothing(Uuid::from_u128(5), trip));
    stage.forge("310000", "330000", nothing(ask, digest("another trip")));
    assert_eq!(stage.unread("330000"), vec!["TRN-3001"; 3]);
    assert_eq!(asked(&stage, trip)[0].state, EvidenceState::Asked);
    // The forged ones took the numbers of what Shanghai sends next: its answer comes behind deny lists.
    for _ in 0..4 {
        stage.region.pass(DurationMs::minutes(60));
    }
    stage.pass(1);
    let found = asked(&stage, trip).remove(0);
    assert_eq!(found.state, EvidenceState::Genuine);
    stage.forge("310000", "330000", nothing(ask, trip));
    assert_eq!(asked(&stage, trip), [found], "it was answered");
    assert!(contest(&stage, "330000", trip).is_none());
    // Jiangsu learns nothing of a trip that is not its own riders'.
    stage.forge("320000", "310000", Message::EvidenceAsk(EvidenceAsk { ask, trip_id: trip, adjusts: 0 }));
    let feed = huitong_kernel::feed::Feed::new(
        huitong_kernel::feed::Address::new(division("310000"), "transit"),
        huitong_kernel::feed::Address::new(division("320000"), "transit"),
    );
    let view = stage.region.view("310000");
    let last = huitong_store::feeds::next_number(view, &feed).expect("readable") - 1;
    let sent = huitong_store::feeds::message(view, &feed, last).expect("readable").expect("sent");
    let sent: serde_json::Value = serde_json::from_slice(&sent).expect("JSON");
    assert_eq!(sent["message"]["name"], "transit.evidence.v1");
    assert_eq!(sent["message"]["body"]["records"], serde_json::json!([]));
    stage.check();
}

#[test]
fn a_late_tap_that_comes_while_home_waits_is_shown_too() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.enter(&mut stage, &phone);
    let late = shanghai.exit.tap(&phone, Out, stage.now() + DurationMs::minutes(40));
    stage.pass(77 * 60);
    let trip = stage.trips("310100", &phone).remove(0).trip;
    ask(&mut stage, trip);
    stage.upload_part(&shanghai.exit, late, late);
    stage.pass(1);
    let found = asked(&stage, trip).remove(0);
    assert_eq!((found.state, found.adjusts), (EvidenceState::Genuine, 0), "{}", found.finding);
    assert_eq!(stage.trips("310100", &phone)[0].kind, TripKind::Paired);
    stage.check();
}

#[test]
fn an_account_in_two_cities_at_once_is_asked_for_in_both() {
    let mut stage = Stage::of(asks_rarely, unchanged);
    let (phone, other) = (Phone::new("330100", 7), Phone::new("330100", 8));
    stage.account(&phone, 10_000);
    stage.account(&other, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let trip = shanghai.ride(&mut stage, &phone);
    let alone = shanghai.ride(&mut stage, &other);
    // Boarded in Jiangsu while the ride through Shanghai was under way.
    let mut bus = stage.gate("JS-BUS-1", "320509", 1, 7_618);
    let boarded = bus.tap(&phone, Boarding, Instant(trip.began.0 + 20 * 60_000));
    stage.upload_part(&bus, boarded, boarded);
    stage.pass(1);
    let boarding = stage.trips("320509", &phone).remove(0);
    for trip in [&trip, &boarding] {
        let found = asked(&stage, trip.trip);
        assert_eq!((found.len(), found[0].cause, found[0].state), (1, AskCause::Overlap, EvidenceState::Genuine));
    }
    // At home in Hangzhou while a ride through Shanghai was under way: the own city's records are at hand.
    let mut gates = (stage.gate("HZ-FENGQI-1", "330100", 106, 1), stage.gate("HZ-EAST-1", "330100", 109, 1));
    let second = gates.0.tap(&other, In, Instant(alone.began.0 + 10 * 60_000));
    gates.1.tap(&other, Out, Instant(alone.began.0 + 30 * 60_000));
    stage.upload_part(&gates.0, second, second);
    assert!(asked(&stage, alone.trip).is_empty());
    stage.upload(&gates.1);
    stage.pass(1);
    let at_home = stage.trips("330100", &other).remove(0);
    assert_eq!(at_home.kind, TripKind::Paired);
    assert_eq!(asked(&stage, alone.trip)[0].cause, AskCause::Overlap);
    assert!(asked(&stage, at_home.trip).is_empty());
    // A clerk may look at them all the same, and at what is contested.
    ask(&mut stage, at_home.trip);
    assert_eq!(asked(&stage, at_home.trip)[0].state, EvidenceState::Genuine);
    stage.pass(60);
    let document = shanghai.ride(&mut stage, &phone).trip;
    assert!(asked(&stage, document).is_empty(), "not drawn, and nowhere else at the time");
    let (reason, evidence) = (ContestReason::FareWrong, "see photo 12".to_owned());
    stage.region.call("330000", CLERK, None, Command::OpenContest { document, reason, evidence }).reply();
    stage.pass(1);
    assert_eq!(asked(&stage, document)[0].cause, AskCause::Contest);
    assert_eq!(asked(&stage, document)[0].state, EvidenceState::Genuine);
    stage.check();
}

#[test]
fn an_invented_ride_is_found_without_anybody_asking_and_about_one_claim_in_three_is_looked_at() {
    let mut stage = Stage::of(asks_one_in_three, unchanged);
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 20_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let mut rides = Vec::new();
    for _ in 0..12 {
        stage.pass(60);
        rides.push(shanghai.ride(&mut stage, &phone));
    }
    let drawn: Vec<&TripRow> = rides.iter().filter(|ride| !asked(&stage, ride.trip).is_empty()).collect();
    assert!((2..=7).contains(&drawn.len()), "{} of 12", drawn.len());
    assert!(drawn.iter().all(|ride| asked(&stage, ride.trip)[0].cause == AskCause::Sample));
    let found = (0..12).any(|_| {
        let lie = invented(&mut stage, &mut shanghai, &phone);
        contest(&stage, "330000", lie.trip).is_some_and(|open| open.contest.reason == ContestReason::NotVerified)
    });
    assert!(found);
    check_but_for_the_lies(&stage);
}

#[test]
fn what_a_claim_says_otherwise_than_its_record_is_found() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 20_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let genuine = shanghai.ride(&mut stage, &phone);
    // Shanghai has the record, and claims something else of it: its views are changed before it claims.
    for (sql, field) in [("station = 208", "station"), ("line = 9", "line"), ("at = at - 60000", "time")] {
        stage.pass(60);
        let (began, ended) = (Instant(stage.now().0 - 40 * 60_000), stage.now());
        let first = shanghai.entry.tap(&phone, In, began);
        let last = shanghai.exit.tap(&phone, Out, ended);
        stage.upload_part(&shanghai.entry, first, first);
        stage.upload_part(&shanghai.exit, last, last);
        stage.tamper("310000", &format!("UPDATE tap SET {sql} WHERE gate = 'SH-PEOPLE-1' AND sequence = {first}"));
        stage.pass(1);
        let trip = stage.trips("310100", &phone).pop().expect("a trip");
        assert_ne!(trip.trip, genuine.trip);
        ask(&mut stage, trip.trip);
        stage.pass(1);
        let found = asked(&stage, trip.trip).remove(0);
        assert!(found.finding.ends_with(&format!("does not say what is claimed: {field}")), "{}", found.finding);
        assert!(found.contest.is_some(), "{field}");
    }
    assert!(huitong_ledger::report::adds_up(stage.region.view("330000")).expect("readable"));
}

#[test]
fn a_trip_that_costs_nothing_any_more_is_looked_at_and_not_contested() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    shanghai.ride(&mut stage, &phone);
    let lie = invented(&mut stage, &mut shanghai, &phone).trip;
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip: lie, wish: AdjustWish::Cancel }).reply();
    stage.pass(1);
    ask(&mut stage, lie);
    stage.pass(1);
    let found = asked(&stage, lie).remove(0);
    assert_eq!((found.state, found.contest), (EvidenceState::NotVerified, None));
    assert!(stage.alarms("330000").iter().any(|alarm| alarm.ends_with("no contest is opened")));
    check_but_for_the_lies(&stage);
}

#[test]
fn a_month_after_its_booking_a_trip_is_looked_at_still_and_contested_no_more() {
    let mut stage = Stage::new();
    let phone = Phone::new("330100", 7);
    stage.account(&phone, 10_000);
    let mut shanghai = Shanghai::new(&mut stage);
    let genuine = shanghai.ride(&mut stage, &phone).trip;
    let lie = invented(&mut stage, &mut shanghai, &phone).trip;
    stage.pass(31 * 24 * 60);
    for trip in [genuine, lie] {
        ask(&mut stage, trip);
    }
    stage.pass(1);
    assert_eq!(asked(&stage, genuine)[0].state, EvidenceState::Genuine, "by the key set of its day");
    assert_eq!((asked(&stage, lie)[0].state, asked(&stage, lie)[0].contest), (EvidenceState::NotVerified, None));
    check_but_for_the_lies(&stage);
}
