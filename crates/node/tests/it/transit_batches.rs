//! Batches that a gate should not send: each is refused with its code and changes nothing, or its records are quarantined.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huitong_transit_code::Reason;
use huitong_transit_code::gate::Direction;
use huitong_transit_code::make::{Sign, SigningKey};
use huitong_transit_code::record::{RECORD_LENGTH_MAX, TapRecord, batch_message, text_field};
use reqwest::Method;
use serde_json::{Value, json};

use super::transit_city::{City, now_s, principal};

const GATE: &str = "SH-0001-C";

/// A gate that a test can make say anything.
struct Liar(SigningKey);

impl Liar {
    fn new() -> Liar {
        Liar(SigningKey::of_test("huitong transit test gate").expect("a key"))
    }

    fn record(&self, sequence: u64, previous: [u8; 32], gate_time_ms: i64, code: &[u8]) -> Vec<u8> {
        let record = TapRecord {
            gate: text_field(GATE).expect("a name"),
            epoch: 1,
            sequence,
            station: 1,
            line: 1,
            direction: Direction::In,
            vehicle: [0; 12],
            gate_time_ms,
            drift_ms: 0,
            uncertainty_ms: 0,
            reason: Reason::Ok,
            flags: 0,
            amount_fen: -1,
            key_set_version: 1,
            deny_home: 0,
            deny_sequence: 0,
            deny_age_s: 0,
            fare_pack_version: 1,
            previous,
            code,
        };
        let mut buffer = [0; RECORD_LENGTH_MAX];
        let length = record.write(&mut buffer).expect("it fits");
        buffer[..length].to_vec()
    }

    fn batch(&self, first: u64, records: &[Vec<u8>]) -> Value {
        let last = first.saturating_add(records.len() as u64 - 1);
        let hash = TapRecord::hash(records.last().expect("a record"));
        let message = batch_message(&text_field(GATE).expect("a name"), 1, first, last, &hash);
        json!({
            "gate": GATE, "epoch": 1, "first": first, "last": last,
            "records": records.iter().map(|record| STANDARD.encode(record)).collect::<Vec<_>>(),
            "signature": hex::encode(self.0.sign(&message)),
        })
    }
}

/// The batch with one field changed.
fn with(batch: &Value, field: &str, value: Value) -> Value {
    let mut changed = batch.clone();
    changed[field] = value;
    changed
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_and_malformed_batches_get_their_codes_and_change_nothing() {
    let city = City::new().await;
    let liar = Liar::new();
    city.register(GATE, 1, &hex::encode(liar.0.key().compressed())).await;
    let now_ms = now_s() * 1_000;
    let first = liar.record(1, [0; 32], now_ms, b"no code");
    let second = liar.record(2, TapRecord::hash(&first), now_ms, b"no code");
    let torn = liar.record(2, [7; 32], now_ms, b"no code");
    let good = liar.batch(1, &[first.clone(), second.clone()]);
    let end = liar.record(u64::MAX, [7; 32], now_ms, b"no code");
    let cases = [
        ("another's signature", with(&good, "signature", json!("11".repeat(64))), "TRN-BATCH-SIG"),
        ("an altered range", with(&liar.batch(1, std::slice::from_ref(&first)), "epoch", json!(2)), "TRN-CHAIN"),
        ("no such gate", with(&good, "gate", json!("SH-9999-X")), "TRN-GATE-UNKNOWN"),
        ("a chain that is broken inside", liar.batch(1, &[first.clone(), torn]), "TRN-CHAIN"),
        ("numbers that do not fit", with(&good, "last", json!(3)), "TRN-CHAIN"),
        ("a first record in the middle", liar.batch(2, std::slice::from_ref(&first)), "TRN-CHAIN"),
        ("the end of numbers", liar.batch(u64::MAX, &[end]), "TRN-CHAIN"),
        ("noise", with(&good, "records", json!([STANDARD.encode("noise"), "AA=="])), "TRN-CHAIN"),
        ("no base64", with(&good, "records", json!(["!", "!"])), "TRN-1003"),
        ("no records", with(&good, "records", json!([])), "TRN-1003"),
        ("too many", with(&good, "records", json!(vec!["AA=="; 501])), "TRN-1011"),
        ("a signature cut short", with(&good, "signature", json!("11")), "TRN-1003"),
        ("an unknown field", with(&good, "colour", json!("red")), "TRN-1004"),
        ("a field of another type", with(&good, "first", json!("1")), "TRN-1003"),
    ];
    let send =
        async |batch: &Value| city.gates.send::<_, Value>(Method::POST, "/v1/transit/tap-batches", None, batch).await;
    for (story, batch, code) in &cases {
        let refused = send(batch).await.expect_err(story);
        assert!(refused.to_string().starts_with(&format!("{code} ")), "{story}: {refused}");
    }
    let other = city.gates.with_key(&principal(&city.stage, "othermetro", "gate_system").await);
    for (method, path, body) in [
        (Method::POST, "/v1/transit/tap-batches".to_owned(), Some(&good)),
        (Method::GET, format!("/v1/transit/gates/{GATE}/tables"), None),
    ] {
        let refused = match body {
            Some(body) => other.send::<_, Value>(method, &path, None, body).await.expect_err("not theirs"),
            None => other.get::<Value>(&path).await.expect_err("not theirs"),
        };
        assert!(refused.to_string().starts_with("TRN-1007 "), "{path}: {refused}");
    }
    let taps = format!("/v1/transit/taps?gate={GATE}&epoch=1");
    let page: Value = city.metro.get(&taps).await.expect("a list");
    assert_eq!(page["items"], json!([]), "nothing was booked");

    // What opened a gate without reason is quarantined: the gate has handed it over, nobody pays.
    let (_, taken) = send(&good).await.expect("taken");
    assert_eq!((&taken["impossible"], &taken["held_to"]), (&2.into(), &2.into()), "{taken}");
    let page: Value = city.metro.get(&taps).await.expect("a list");
    assert_eq!(page["items"][1]["reason"], "TRN-FORMAT", "{page}");
    city.stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_beyond_all_days_and_two_records_under_one_number_are_quarantined_and_the_node_serves_on() {
    let city = City::new().await;
    let liar = Liar::new();
    city.register(GATE, 1, &hex::encode(liar.0.key().compressed())).await;
    let send = async |batch: Value| {
        let sent = city.gates.send::<_, Value>(Method::POST, "/v1/transit/tap-batches", None, &batch).await;
        sent.expect("taken").1
    };
    let (mut previous, mut records) = ([0; 32], Vec::new());
    for (sequence, time) in (1..).zip([i64::MAX, i64::MIN, 0, now_s() * 1_000]) {
        let record = liar.record(sequence, previous, time, b"no code");
        previous = TapRecord::hash(&record);
        records.push(record);
    }
    assert_eq!(send(liar.batch(1, &records)).await["impossible"], 4);
    assert_eq!(send(liar.batch(1, &records)).await["duplicate"], 4);
    let other = liar.record(4, TapRecord::hash(&records[2]), now_s() * 1_000, b"other code");
    assert_eq!(send(liar.batch(4, &[other])).await["impossible"], 1);
    // A hole: the node says how far it holds the records.
    let late = liar.record(9, [9; 32], now_s() * 1_000, b"no code");
    assert_eq!(send(liar.batch(9, &[late])).await["held_to"], 4);
    let page: Value = city.metro.get(&format!("/v1/transit/taps?gate={GATE}&epoch=1")).await.expect("a list");
    assert_eq!(page["items"].as_array().map(Vec::len), Some(5), "{page}");
    let gates: Value = city.metro.get("/v1/transit/gates?network=310100").await.expect("gates");
    assert_eq!(gates["items"][0]["epochs"][0]["highest"], 9, "{gates}");
    // The operator is told of the two records, page by page.
    let operator = city.stage.operator("310000");
    let page: Value = operator.get("/v1/node/alarms?limit=1").await.expect("alarms");
    let alarm = &page["items"][0];
    assert_eq!(alarm["stream"], "310000/transit", "{page}");
    let sentence = alarm["sentence"].as_str().expect("a sentence");
    assert!(sentence.starts_with("TRN-TAP-CONFLICT") && sentence.contains("SH-0001-C/1/4"), "{page}");
    let before = operator.get::<Value>("/v1/node/alarms?after=1/1/0/310000/transit").await.expect("alarms");
    assert_eq!(before["items"], json!([]), "{before}");
    assert!(operator.get::<Value>("/v1/node/alarms?after=yesterday").await.is_err());
    city.stage.stop().await;
}
