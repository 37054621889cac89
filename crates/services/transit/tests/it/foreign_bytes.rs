//! Messages of a peer that are bent: every number, text and list of every kind of message, in turn. Whatever comes, nothing
//! panics, the books add up and equal replay, and the node serves on.

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::Cut;
use huitong_service_kit::Service;
use huitong_service_kit::toml_data::json_text;
use huitong_transit::Transit;
use huitong_transit::command::{AdjustWish, Command, OrderWish, Reply};
use huitong_transit::model::contest::{Contest, ContestDecision, ContestReason};
use huitong_transit::model::message::Message;
use huitong_transit::model::order::{FreeExitRule, OrderKind};
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::model::trip::{TripFinal, TripState};
use huitong_transit::query::trips::TripRow;
use serde_json::{Value, json};

use super::cross_border::LINE_11;
use super::desk::phone_of;
use super::stage::{Gate, METRO, NODES, Phone, Stage, digest, division};

/// What stands in the place of a value.
fn bent(value: &Value) -> Vec<Value> {
    match value {
        Value::Number(_) => {
            let mut numbers: Vec<Value> =
                [i64::MIN, i64::MAX, -1, 0, 1 << 24, i64::from(u32::MAX)].map(Value::from).to_vec();
            numbers.extend([json!(9_999_999_999_999_999_i64), json!(-9_999_999_999_999_999_i64)]);
            numbers.extend([json!(u64::MAX), json!(1e300), json!("7")]);
            numbers
        }
        Value::String(_) => {
            ["", "0", "9999-12-31", "-009999-01-01", "1970-01-01", "999999", "行程"].map(Value::from).to_vec()
        }
        Value::Array(items) => {
            let many = items.iter().cycle().take(if items.is_empty() { 0 } else { 700 }).cloned().collect();
            vec![json!([]), Value::Array(many)]
        }
        Value::Bool(is) => vec![json!(!is)],
        Value::Null | Value::Object(_) => vec![json!({})],
    }
}

/// The value with each of its parts bent, and each of its fields left out.
fn all_bent(value: &Value) -> Vec<Value> {
    let mut found = bent(value);
    found.push(Value::Null);
    match value {
        Value::Object(fields) => {
            for (name, part) in fields {
                let with = |new: Option<Value>| {
                    let mut fields = fields.clone();
                    match new {
                        Some(new) => fields.insert(name.clone(), new),
                        None => fields.remove(name),
                    };
                    Value::Object(fields)
                };
                found.push(with(None));
                found.extend(all_bent(part).into_iter().map(|new| with(Some(new))));
            }
        }
        Value::Array(items) => {
            for (place, part) in items.iter().enumerate().take(2) {
                found.extend(all_bent(part).into_iter().map(|new| {
                    let mut items = items.clone();
                    items[place] = new;
                    Value::Array(items)
                }));
            }
        }
        // Published data are text in a message.
        Value::String(text) => {
            if let Ok(inner @ Value::Object(_)) = serde_json::from_str::<Value>(text) {
                found.extend(all_bent(&inner).into_iter().map(|new| Value::String(new.to_string())));
            }
        }
        _ => {}
    }
    found
}

/// A claim under an id of its own: not the same again.
fn fresh(message: Value, number: usize) -> Value {
    let Ok(Message::TripFinal(mut trip)) = serde_json::from_value::<Message>(message.clone()) else { return message };
    for (place, tap) in trip.taps.iter_mut().enumerate() {
        tap.hash = digest(&format!("tap {number} {place}"));
        tap.replay_key = digest(&format!("code {number} {place}"));
    }
    let id = TripFinal::id_of_taps(&trip);
    serde_json::to_value(Message::TripFinal(Box::new(TripFinal { trip_id: id, ..*trip }))).unwrap_or(message)
}

/// Carries messages between the nodes, each behind all of its bent copies.
#[derive(Default)]
struct Courier {
    /// How many messages of a feed were carried.
    carried: BTreeMap<(&'static str, &'static str), u64>,
    seen: BTreeSet<String>,
    number: usize,
}

impl Courier {
    /// From where the stage has carried by itself.
    fn takes_over(stage: &Stage) -> Courier {
        let mut courier = Courier::default();
        for from in NODES {
            for to in NODES.into_iter().filter(|to| *to != from) {
                courier.carried.insert((from, to), sent(stage, from, to));
            }
        }
        courier
    }

    fn carry(&mut self, stage: &mut Stage, bends: bool) {
        for _ in 0..12 {
            for from in NODES {
                for to in NODES.into_iter().filter(|to| *to != from) {
                    while self.carried[&(from, to)] < sent(stage, from, to) {
                        let number = self.carried[&(from, to)] + 1;
                        let bytes = huitong_store::feeds::message(stage.region.view(from), &feed(from, to), number);
                        self.deliver(stage, from, to, bytes.expect("readable").expect("sent"), bends);
                        self.carried.insert((from, to), number);
                    }
                }
            }
            stage.region.pass(huitong_kernel::time::DurationMs(0));
        }
    }

    fn deliver(&mut self, stage: &mut Stage, from: &str, to: &str, bytes: Vec<u8>, bends: bool) {
        let mut entries = Vec::new();
        let mut envelope: Value = serde_json::from_slice(&bytes).expect("an honest message");
        let message = envelope["message"].clone();
        let name = message["name"].as_str().expect("a name").to_owned();
        // A list without changes would leave its entries unbent.
        let is_whole = message["body"]["adds"] != json!([]);
        if bends && is_whole && self.seen.insert(name) {
            for body in all_bent(&message["body"]) {
                self.number += 1;
                envelope["message"] = fresh(json!({ "name": message["name"], "body": body }), self.number);
                entries.push(envelope.to_string().into_bytes());
            }
        }
        entries.push(bytes);
        let next = huitong_store::feeds::next_number(stage.region.view(to), &feed(from, to)).expect("readable");
        let count = entries.len() as u64;
        stage.region.deliver(&feed(from, to), next, entries);
        let after = huitong_store::feeds::next_number(stage.region.view(to), &feed(from, to)).expect("readable");
        assert_eq!(after, next + count, "a message that is refused does not stop the feed");
        assert!(huitong_ledger::report::adds_up(stage.region.view(to)).expect("readable"), "the book of {to}");
    }

    /// Time passes, and what is due happens.
    fn pass(&mut self, stage: &mut Stage, minutes: i64) {
        stage.region.pass(huitong_kernel::time::DurationMs::minutes(minutes));
        self.carry(stage, true);
    }
}

fn feed(from: &str, to: &str) -> Feed {
    Feed::new(Address::new(division(from), Transit::NAME), Address::new(division(to), Transit::NAME))
}

fn sent(stage: &Stage, from: &str, to: &str) -> u64 {
    huitong_store::feeds::next_number(stage.region.view(from), &feed(from, to)).expect("readable") - 1
}

/// A ride of a rider of Zhejiang on line 11, out of Jiangsu.
fn ride(stage: &mut Stage, gates: &mut (Gate, Gate), phone: &Phone) {
    let now = stage.now();
    let began = huitong_kernel::time::Instant(now.0 - 30 * 60_000);
    let first = gates.0.tap(phone, In, began);
    let last = gates.1.tap(phone, Out, now);
    stage.upload_part(&gates.0, first, first);
    stage.upload_part(&gates.1, last, last);
}

fn last(stage: &Stage, phone: &Phone) -> TripRow {
    stage.trips("310100", phone).pop().expect("a trip")
}

#[test]
fn whatever_a_peer_sends_nothing_panics_and_the_node_serves_on() {
    let mut stage = Stage::new();
    let (phone, other) = (Phone::new("330100", 1), Phone::new("330100", 2));
    stage.account(&phone, 20_000);
    stage.account(&other, 20_000);
    let text = json_text(LINE_11).expect("TOML");
    stage.region.call("310000", METRO, None, Command::PublishSplit { text }).reply();
    let mut gates = (stage.gate("SH-HUAQIAO-1", "310100", 1101, 11), stage.gate("SH-ANTING-1", "310100", 1104, 11));
    let mut courier = Courier::takes_over(&stage);

    published(&mut stage, &mut courier);
    ride(&mut stage, &mut gates, &phone);
    courier.pass(&mut stage, 1);
    pulled(&mut stage, &mut courier, &mut gates, &other);
    changed(&mut stage, &mut courier, &phone);
    shown(&mut stage, &mut courier, &phone);
    forgotten(&mut stage, &mut courier, &mut gates, &other);
    ended(&mut stage, &mut courier, &other);
    let bent: Vec<&str> = courier.seen.iter().map(String::as_str).collect();
    assert_eq!(bent, KINDS, "every kind of message was bent");
    assert!(stage.region.replay_differences().is_empty(), "views equal replay");
    serves_on(&mut stage, &mut courier, &mut gates);
}

/// Key set, map and pack: the next versions, bent on their way.
fn published(stage: &mut Stage, courier: &mut Courier) {
    let set = stage.key_set(2);
    stage.region.call("310000", "keeper", None, Command::PublishKeySet(set)).reply();
    let view = stage.region.view("310000");
    let map = view.one("SELECT text FROM station_map WHERE network = '310100'", [], |row| row.get::<_, String>(0));
    let mut map: Value = serde_json::from_str(&map.expect("readable").expect("a map")).expect("JSON");
    let pack = view.one("SELECT text FROM fare_pack WHERE network = '310100'", [], |row| row.get::<_, String>(0));
    let mut pack: Value = serde_json::from_str(&pack.expect("readable").expect("a pack")).expect("JSON");
    (map["version"], map["stations"][0]["name_en"]) = (2.into(), "Renamed".into());
    (pack["version"], pack["network_version"], pack["valid_from"]) = (2.into(), 2.into(), "2027-01-01".into());
    stage.region.call("310000", METRO, None, Command::PublishMap { text: map.to_string() }).reply();
    stage.region.call("310000", METRO, None, Command::PublishPack { text: pack.to_string() }).reply();
    courier.carry(stage, true);
}

/// A rider rides with the code of Shanghai.
fn pulled(stage: &mut Stage, courier: &mut Courier, gates: &mut (Gate, Gate), other: &Phone) {
    let wish = huitong_transit::command::GrantWish {
        account: other.account,
        network: division("310100"),
        user_key: huitong_transit_code::make::Sign::key(&super::stage::key("pocket")).compressed(),
        expiry: None,
    };
    stage.region.call("330000", super::stage::HOME, None, Command::AskGrant(wish));
    courier.carry(stage, true);
    let pulled = stage.region.view("330000").one(
        "SELECT authorisation FROM code_grant WHERE authorisation IS NOT NULL",
        [],
        |row| row.get::<_, String>(0),
    );
    let pulled = pulled.expect("readable");
    if let Some(authorisation) = pulled.filter(|text| text.len() > 300) {
        ride(stage, gates, &phone_of("310100", "pocket", &authorisation));
        courier.pass(stage, 1);
    }
}

/// An order, a change of the ride, a contest of it.
fn changed(stage: &mut Stage, courier: &mut Courier, phone: &Phone) {
    let now = stage.now();
    let order = OrderWish {
        network: division("310100"),
        station: Some(207),
        line: None,
        gate: None,
        from: now,
        to: now + huitong_kernel::time::DurationMs::minutes(10),
        kind: OrderKind::FreeExit,
        rule: FreeExitRule::Zero,
        reason: "drill".to_owned(),
    };
    stage.region.call("310000", METRO, None, Command::Order(order)).reply();
    let (trip, wish) = (last(stage, phone).trip, AdjustWish::Charge { amount_fen: Fen(200) });
    stage.region.call("310000", METRO, None, Command::AdjustTrip { trip, wish }).reply();
    courier.pass(stage, 1);
    let wish = Command::OpenContest { document: trip, reason: ContestReason::FareWrong, evidence: "photo".to_owned() };
    stage.region.call("330000", "clearing", None, wish);
    courier.carry(stage, true);
    let open = huitong_transit::query::contests::of_document(stage.region.view("310000"), trip).expect("readable");
    if let Some(open) = open.filter(|open| !open.has_ended()) {
        let (contest, document) = (uuid::Uuid::from_u128(77), digest("of nobody"));
        let unknown = Contest { contest, document, ..open.contest.clone() };
        stage.forge("330000", "310000", Message::Contest(unknown));
        courier.carry(stage, true);
        let answer = Command::AnswerContest {
            contest: open.contest.contest,
            decision: ContestDecision::Adjusted,
            explanation: "as shown".to_owned(),
            amount: Some(Fen(100)),
        };
        stage.region.call("310000", "clearing", None, answer);
        courier.carry(stage, true);
        let reply = Command::ReplyContest {
            contest: open.contest.contest,
            accepts: true,
            explanation: "as they say".to_owned(),
        };
        stage.region.call("330000", "clearing", None, reply);
        courier.carry(stage, true);
    }
}

/// A clerk wants to see the records behind the ride.
fn shown(stage: &mut Stage, courier: &mut Courier, phone: &Phone) {
    let trip = last(stage, phone).trip;
    stage.region.call("330000", "clearing", None, Command::AskEvidence { trip });
    courier.carry(stage, true);
}

/// A forgotten exit that the rider completes; first at no station.
fn forgotten(stage: &mut Stage, courier: &mut Courier, gates: &mut (Gate, Gate), other: &Phone) {
    let number = gates.0.tap(other, In, stage.now());
    stage.upload_part(&gates.0, number, number);
    courier.pass(stage, 77 * 60);
    let forgotten = last(stage, other).trip;
    for station in [9_999, 1104] {
        let wish = Command::CompleteTrip { trip: forgotten, account: other.account, station };
        stage.region.call("330000", super::stage::HOME, None, wish);
        courier.carry(stage, true);
    }
}

/// The rider behind the token is denied and released; days and the month end.
fn ended(stage: &mut Stage, courier: &mut Courier, other: &Phone) {
    for lifts in [false, true] {
        let entry = huitong_transit::model::deny::DenyEntry::account(&other.account);
        let cause = "lost".to_owned();
        let wish = if lifts { Command::Lift { entry, cause } } else { Command::Deny { entry, cause } };
        stage.region.call("330000", super::stage::HOME, None, wish).reply();
        courier.pass(stage, 1);
    }
    courier.pass(stage, 7 * 24 * 60);
    for node in NODES {
        let period = "2026-11".parse().expect("a month");
        stage.clearing_says(node, Message::Cut(Cut { period }));
        courier.carry(stage, true);
    }
}

/// With a new key set, which is due after a week, an honest rider of a new account rides and is charged.
fn serves_on(stage: &mut Stage, courier: &mut Courier, gates: &mut (Gate, Gate)) {
    let set = stage.key_set(3);
    stage.region.call("310000", "keeper", None, Command::PublishKeySet(set)).reply();
    courier.carry(stage, false);
    (gates.0.key_set, gates.1.key_set) = (3, 3);
    let honest = Phone::new("330100", 3);
    stage.account(&honest, 5_000);
    ride(stage, gates, &honest);
    stage.region.pass(huitong_kernel::time::DurationMs::minutes(1));
    courier.carry(stage, false);
    assert_eq!((last(stage, &honest).state, last(stage, &honest).charge_fen), (TripState::Charged, Fen(400)));
    let paid = stage.pay(&honest, 100, "afterwards").reply();
    assert!(matches!(paid, Reply::Paid { balance_fen: Fen(4_700), .. }), "{paid:?}");
}

const KINDS: [&str; 27] = [
    "clearing.period_marker.v1",
    "transit.adjust_result.v1",
    "transit.charge_result.v1",
    "transit.code_ask.v1",
    "transit.code_grant.v1",
    "transit.completion_ask.v1",
    "transit.completion_refused.v1",
    "transit.contest.v1",
    "transit.contest_answer.v1",
    "transit.contest_refused.v1",
    "transit.contest_reply.v1",
    "transit.day_documents.v1",
    "transit.day_totals.v1",
    "transit.debt_notice.v1",
    "transit.debt_release.v1",
    "transit.deny_delta.v1",
    "transit.evidence.v1",
    "transit.evidence_ask.v1",
    "transit.fare_pack.v1",
    "transit.key_set.v1",
    "transit.publication_ask.v1",
    "transit.service_order.v1",
    "transit.split_answer.v1",
    "transit.split_notice.v1",
    "transit.station_map.v1",
    "transit.trip_adjust.v1",
    "transit.trip_final.v1",
];
