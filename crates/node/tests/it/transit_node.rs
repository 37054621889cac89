//! A small stand-in for a gate's node: takes tap batches as a node must, gives tables, and has mishaps.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huitong_transit_code::attack::{Bench, NOW, Step};
use huitong_transit_code::make::{self, DeltaContent, SigningKey};
use huitong_transit_code::record::{TapRecord, batch_message, text_field};
use huitong_transit_code::signature::{Key, RustCrypto, Signatures, sm3};
use serde::Deserialize;
use serde_json::{Value, json};

/// What goes wrong with one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    None,
    /// Booked, but the answer does not come through.
    AnswerLost,
    /// Not booked; answered with 503.
    Unavailable,
    /// Not booked; a proxy answers with 413.
    TooLarge,
}

struct Inside {
    bench: Bench,
    gate_key: Key,
    mishaps: VecDeque<Mishap>,
    records: BTreeMap<(u32, u64), Vec<u8>>,
    keys: Vec<String>,
    asked: Vec<String>,
    deny_is_broken: bool,
    /// The list's last sequence, if it grows by deltas.
    deny_highest: Option<u32>,
    operator_is_another: bool,
}

type Shared = Arc<Mutex<Inside>>;

pub struct StubNode {
    inside: Shared,
    url: String,
    _runtime: tokio::runtime::Runtime,
}

/// What the node got.
pub struct Held {
    /// By epoch and sequence.
    pub records: Vec<Vec<u8>>,
    /// The idempotency keys, in the order of the calls.
    pub keys: Vec<String>,
}

impl StubNode {
    /// Knows the gate by its public key in hexadecimal; the mishaps happen to the first batches.
    pub fn start(gate_key: &str, mishaps: Vec<Mishap>) -> StubNode {
        let gate_key: [u8; 33] = hex::decode(gate_key).expect("hexadecimal").try_into().expect("33 bytes");
        let inside = Arc::new(Mutex::new(Inside {
            bench: Bench::new(),
            gate_key: Key::from_compressed(&gate_key).expect("a key on the curve"),
            mishaps: mishaps.into(),
            records: BTreeMap::new(),
            keys: Vec::new(),
            asked: Vec::new(),
            deny_is_broken: false,
            deny_highest: None,
            operator_is_another: false,
        }));
        let routes = Router::new()
            .route("/v1/transit/tap-batches", post(take_batch))
            .route("/v1/transit/gates/{gate}/tables", get(give_tables))
            .with_state(Arc::clone(&inside));
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        runtime.spawn(async move { axum::serve(listener, routes).await });
        StubNode { inside, url, _runtime: runtime }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        lock(&self.inside)
    }

    /// Options of the gate that make it call this node.
    pub fn options(&self) -> [&str; 4] {
        ["--node", &self.url, "--key", "ht_gate"]
    }

    pub fn held(&self) -> Held {
        let inside = self.inside();
        Held { records: inside.records.values().cloned().collect(), keys: inside.keys.clone() }
    }

    /// The `held` of each question for tables.
    pub fn asked(&self) -> Vec<String> {
        self.inside().asked.clone()
    }

    /// As after a restore from an old backup.
    pub fn forget_after(&self, sequence: u64) {
        self.inside().records.retain(|(_, kept), _| *kept <= sequence);
    }

    pub fn break_the_deny_chain(&self) {
        self.inside().deny_is_broken = true;
    }

    /// The list is that of the bench with deltas behind it to this sequence, all empty.
    pub fn lengthen_the_deny_list(&self, highest: u32) {
        self.inside().deny_highest = Some(highest);
    }

    pub fn change_operator(&self) {
        self.inside().operator_is_another = true;
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, Inside> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Deserialize)]
struct Batch {
    gate: String,
    epoch: u32,
    first: u64,
    last: u64,
    records: Vec<String>,
    signature: String,
}

async fn take_batch(State(shared): State<Shared>, headers: HeaderMap, Json(batch): Json<Batch>) -> Response {
    let mut inside = lock(&shared);
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    assert_eq!(key, format!("tb-{}-{}-{}-{}", batch.gate, batch.epoch, batch.first, batch.last));
    assert_eq!(headers["authorization"], "Bearer ht_gate");
    inside.keys.push(key);
    let mishap = inside.mishaps.pop_front().unwrap_or(Mishap::None);
    if mishap == Mishap::Unavailable {
        let problem = json!({
            "type": "urn:huitong:problem:API-0000", "title": "busy", "title_zh": "繁忙", "status": 503, "code": "API-0000",
        });
        return (StatusCode::SERVICE_UNAVAILABLE, Json(problem)).into_response();
    }
    if mishap == Mishap::TooLarge {
        return (StatusCode::PAYLOAD_TOO_LARGE, "a proxy's words").into_response();
    }
    let (accepted, duplicate) = book(&mut inside, &batch);
    if mishap == Mishap::AnswerLost {
        return (StatusCode::BAD_GATEWAY, "a proxy's words").into_response();
    }
    let held_to = (1..).find(|number| !inside.records.contains_key(&(batch.epoch, *number))).unwrap_or(1) - 1;
    let answer = json!({
        "held_to": held_to, "accepted": accepted, "duplicate": duplicate, "impossible": 0, "refused": 0,
    });
    Json(answer).into_response()
}

/// Checks the batch as a node must, and keeps what is new.
fn book(inside: &mut Inside, batch: &Batch) -> (u64, u64) {
    assert!(batch.records.len() <= 500);
    let records: Vec<Vec<u8>> = batch.records.iter().map(|record| STANDARD.decode(record).expect("base64")).collect();
    let gate = text_field(&batch.gate).expect("a gate's name");
    let last_hash = TapRecord::hash(records.last().expect("a record"));
    let message = batch_message(&gate, batch.epoch, batch.first, batch.last, &last_hash);
    let signature: [u8; 64] = hex::decode(&batch.signature).expect("hexadecimal").try_into().expect("64 bytes");
    let hash = inside.gate_key.signed_hash(&message);
    assert!(RustCrypto.verifies(&inside.gate_key, &hash, &signature), "the gate signs its batches");
    let (mut accepted, mut duplicate) = (0, 0);
    for (number, bytes) in (batch.first..=batch.last).zip(&records) {
        let record = TapRecord::parse(bytes).expect("a record");
        assert_eq!((record.gate, record.epoch, record.sequence), (gate, batch.epoch, number));
        match inside.records.insert((batch.epoch, number), bytes.clone()) {
            None => accepted += 1,
            Some(before) => {
                assert_eq!(&before, bytes, "the same number, the same bytes");
                duplicate += 1;
            }
        }
    }
    assert_eq!(accepted + duplicate, records.len() as u64);
    (accepted, duplicate)
}

#[derive(Deserialize)]
struct HeldTables {
    held: String,
}

async fn give_tables(
    State(shared): State<Shared>,
    Path(gate): Path<String>,
    Query(HeldTables { held }): Query<HeldTables>,
) -> Json<Value> {
    let mut inside = lock(&shared);
    assert_eq!(gate, "SH-0101-A07");
    inside.asked.push(held.clone());
    let bench = &inside.bench;
    let (mut key_set, mut deny, mut state) = (None, Vec::new(), None);
    for step in bench.tables() {
        match step {
            Step::KeySet(table) if !held.contains("key_set:2") => key_set = Some(STANDARD.encode(table)),
            Step::Deny(table) if !held.contains("deny:") && !inside.deny_is_broken => deny.push(STANDARD.encode(table)),
            Step::State(table) if !held.contains("state:") => state = Some(STANDARD.encode(table)),
            _ => {}
        }
    }
    if let Some(highest) = inside.deny_highest {
        deny = lengthened(bench, highest, &held);
    }
    if inside.deny_is_broken && !held.contains("deny:310000:3") {
        // A delta that does not follow; or, to a gate that holds nothing of the home, all of it.
        let content = DeltaContent {
            home: bench.key_set_content().issuers[0].home,
            sequence: 3,
            is_snapshot: !held.contains("deny:"),
            previous: [7; 32],
            as_of: NOW,
            ..DeltaContent::default()
        };
        let operator = SigningKey::of_test("huitong transit test operator").expect("a key");
        deny.push(STANDARD.encode(make::signed_table(&make::deny_delta(&content), &operator)));
    }
    let mut operator_key = bench.operator_key();
    operator_key[0] ^= u8::from(inside.operator_is_another);
    Json(json!({
        "operator_key": hex::encode(operator_key), "key_set": key_set, "deny": deny, "state": state,
        "node_time_ms": NOW * 1_000,
    }))
}

/// The deltas behind what the gate holds, or a snapshot of all.
fn lengthened(bench: &Bench, highest: u32, held: &str) -> Vec<String> {
    let home = bench.key_set_content().issuers[0].home;
    let from = held.split(',').find_map(|held| held.strip_prefix(&format!("deny:{home}:"))?.parse::<u32>().ok());
    let operator = SigningKey::of_test("huitong transit test operator").expect("a key");
    let content = |sequence, is_snapshot, previous| {
        make::deny_delta(&DeltaContent { home, sequence, is_snapshot, previous, as_of: NOW, ..DeltaContent::default() })
    };
    let (mut previous, mut deltas) = ([0; 32], Vec::new());
    for sequence in 2..=highest {
        let delta = content(sequence, false, previous);
        previous = sm3(&[&delta]);
        if from.is_some_and(|from| from < sequence) {
            deltas.push(delta);
        }
    }
    if from.is_none() {
        deltas.push(content(highest, true, previous));
    }
    deltas.iter().map(|delta| STANDARD.encode(make::signed_table(delta, &operator))).collect()
}
