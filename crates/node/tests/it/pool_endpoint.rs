//! Hangzhou's pool computes in a core system of its own, over HTTP: the node asks, the core signs, the books of both nodes agree.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use huitong_kernel::suite::{PublicKey, Signature, Signer, Suite};
use huitong_medical::pool::ANSWER_BYTES_MAX;
use huitong_medical::pool::answer::Answer;
use huitong_node::demo::client::CallError;
use huitong_node::entropy;
use huitong_node::transport::{HEADER_TIMEOUT, Security, serve};
use huitong_service_kit::toml_data::json_text;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::stage::{Stage, consultation, huitong, profile_folder, text};

#[allow(dead_code, reason = "the stories of medical use more of the reference implementation")]
#[path = "../../../services/medical/tests/it/pool_core.rs"]
mod pool_core;

use pool_core::{Core, Signed};

/// How the core system is today.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    /// Commits are booked, and their answers lost.
    LosesAnswers,
    /// … or signed by another key, about another question, or longer than any answer.
    Forges,
    AnswersAnother,
    TalksTooMuch,
    Down,
}

#[derive(Clone)]
struct Pool {
    core: Arc<Mutex<Core>>,
    mood: Arc<Mutex<Mood>>,
    /// The node's key: the core hears nobody else.
    node: PublicKey,
}

impl Pool {
    fn mood(&self, mood: Mood) {
        *self.mood.lock().expect("no test panics with it") = mood;
    }

    fn booked(&self) -> (u64, u64) {
        let core = self.core.lock().expect("no test panics with it");
        (core.booked, core.contras)
    }
}

/// The whole endpoint: one address, five names.
async fn endpoint(State(pool): State<Pool>, Path(call): Path<String>, headers: HeaderMap, body: String) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let signature = header("huitong-signature").parse::<Signature>();
    if !signature.is_ok_and(|signature| pool.node.verify(body.as_bytes(), &signature).is_ok()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mood = *pool.mood.lock().expect("no test panics with it");
    if mood == Mood::Down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let mut core = pool.core.lock().expect("no test panics with it");
    let (answer, signature) = core.answer(&body);
    let signed = |(answer, signature): Signed| ([("huitong-signature", signature)], answer).into_response();
    match mood {
        _ if call != "commit" => signed((answer, signature)),
        Mood::LosesAnswers => StatusCode::BAD_GATEWAY.into_response(),
        Mood::Forges => signed((answer.replace("POOL-", "P00L-"), signature)),
        Mood::AnswersAnother => {
            let mut other: Answer = serde_json::from_str(&answer).expect("an answer");
            other.ask = uuid::Uuid::nil();
            signed(core.sign(serde_json::to_string(&other).expect("plain data")))
        }
        Mood::TalksTooMuch => signed(core.sign(format!("{answer}{}", " ".repeat(ANSWER_BYTES_MAX)))),
        Mood::Well | Mood::Down => signed((answer, signature)),
    }
}

/// Starts the core system and points Zhejiang's node to it.
async fn delegated(stage: &mut Stage) -> (Pool, watch::Sender<bool>) {
    let policy = profile_folder().join("policies/330100-employee-2025.toml");
    let pack = json_text(&std::fs::read_to_string(policy).expect("part of the profile")).expect("TOML");
    let node = stage.region.manifest.node_of("330000".parse().expect("a code")).expect("a node");
    let core = Core::new(&pack);
    let public_key = core.public_key();
    let pool = Pool {
        core: Arc::new(Mutex::new(core)),
        mood: Arc::new(Mutex::new(Mood::Well)),
        node: node.keys[0].key.clone(),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let router = Router::new().route("/pool/{call}", post(endpoint)).with_state(pool.clone());
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(serve(listener, router, Security::Plain, HEADER_TIMEOUT, stopped));
    configure(
        stage,
        &format!("\n[pools]\n330100 = {{ endpoint = \"http://{address}/pool\", public_key = \"{public_key}\" }}\n"),
    );
    stage.kill("330000").await;
    stage.restart("330000").await;
    // The worker says so within a moment of its start.
    tokio::time::sleep(Duration::from_secs(2)).await;
    (pool, stop)
}

fn configure(stage: &Stage, more: &str) {
    let config = stage.region.node_folder("330000").join("node.toml");
    let text = std::fs::read_to_string(&config).expect("readable");
    std::fs::write(&config, format!("{text}{more}")).expect("writable");
}

/// Sends a bill until it has an outcome.
async fn outcome(stage: &Stage, key: &str) -> Result<Value, String> {
    let cashier = stage.cashier("H31010100001");
    for _ in 0..60 {
        let sent = cashier.send::<_, Value>(Method::POST, "/v1/medical/bills", Some(key), &consultation()).await;
        match sent {
            Ok((StatusCode::OK | StatusCode::CREATED, answer)) => return Ok(answer),
            Err(CallError::Refused(problem)) if problem.status < 500 => return Err(problem.code),
            _ => tokio::time::sleep(Duration::from_millis(500)).await,
        }
    }
    panic!("{key} has no outcome after a long while");
}

async fn documents(stage: &Stage, division: &str, role: &str) -> Vec<Value> {
    let operator = stage.operator(division);
    let page: Value = operator.get(&format!("/v1/medical/audit/settlements?role={role}")).await.expect("a list");
    let mut documents = Vec::new();
    for item in page["items"].as_array().expect("items") {
        let settlement = item["settlement"].as_str().expect("a number").to_owned();
        let path = format!("/v1/medical/audit/settlements/{role}/{settlement}/document");
        documents.push(operator.get::<Value>(&path).await.expect("the auditor reads it"));
    }
    documents
}

/// The operator of home sees what waits at the pool, since when, and why.
async fn what_waits_is_shown(stage: &Stage) {
    let operator = stage.operator("330000");
    let pools: Value = operator.get("/v1/medical/pools").await.expect("the pools");
    let pool = &pools["items"][0];
    assert_eq!((&pool["pool"], &pool["has_endpoint"]), (&json!("330100"), &json!(true)), "{pools}");
    assert_eq!((&pool["core_system_computes"], &pool["at_query"]), (&json!(true), &json!(1)), "{pools}");
    let asks: Value = operator.get("/v1/medical/pools/330100/asks").await.expect("what waits");
    let [ask] = asks["items"].as_array().expect("items").as_slice() else { panic!("one question: {asks}") };
    assert_eq!((&ask["call"], &ask["step"]), (&json!("commit"), &json!("query")), "{ask}");
    assert_eq!((&ask["message_id"], &ask["asked_at"]), (&json!("pool-down-0001"), &pool["oldest_at"]));
    assert!(ask["posts_in_vain"].as_u64().is_some_and(|posts| posts > 0), "{ask}");
    assert!(ask["last_fault"].as_str().is_some_and(|fault| fault.contains("503")), "{ask}");
    for personal in ["P33", "330100199204160018"] {
        assert!(!asks.to_string().contains(personal), "{asks}");
    }
    let unknown = operator.get::<Value>("/v1/medical/pools/330200/asks").await.expect_err("no such pool");
    assert!(unknown.to_string().contains("MED-8008"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_core_system_of_a_pool_settles_loses_answers_and_falls_silent() {
    let mut stage = Stage::new(&[]).await;
    let (pool, stop) = delegated(&mut stage).await;

    let settled = outcome(&stage, "pool-well-0001").await.expect("settled");
    assert_eq!(settled["answer"], json!("collect"), "{settled}");
    assert_eq!(pool.booked(), (1, 0));

    pool.mood(Mood::LosesAnswers);
    let settled = outcome(&stage, "pool-lost-0001").await.expect("the query has found it");
    assert_eq!(settled["answer"], json!("collect"), "{settled}");
    assert_eq!(pool.booked(), (2, 0), "booked once");

    // Whatever comes instead of a good answer, the query that follows is answered well.
    let faults = [Mood::Forges, Mood::AnswersAnother, Mood::TalksTooMuch];
    for (number, mood) in faults.into_iter().enumerate() {
        pool.mood(mood);
        let settled = outcome(&stage, &format!("pool-fault-{number:04}")).await.expect("the query has found it");
        assert_eq!(settled["answer"], json!("collect"), "{settled}");
    }
    assert_eq!(pool.booked(), (5, 0), "each booked once");
    let told: Value = stage.operator("330000").get("/v1/node/alarms").await.expect("the duty officer reads");
    for fault in ["is not signed by its key", "does not answer what was asked"] {
        assert!(told.to_string().contains(fault), "{fault}: {told}");
    }

    pool.mood(Mood::Down);
    let (cashier, bill) = (stage.cashier("H31010100001"), consultation());
    let first = cashier.send::<_, Value>(Method::POST, "/v1/medical/bills", Some("pool-down-0001"), &bill).await;
    assert!(!matches!(first, Ok((StatusCode::OK, _))), "do not collect yet");
    what_waits_is_shown(&stage).await;
    stage.kill("330000").await;
    pool.mood(Mood::Well);
    stage.restart("330000").await;
    assert_eq!(outcome(&stage, "pool-down-0001").await, Err("MED-4005".to_owned()), "the tombstone is set");
    assert_eq!(pool.booked(), (5, 0), "nothing there either");

    let settled = outcome(&stage, "pool-well-0002").await.expect("settled");
    let number = settled["settlement"]["settlement"].as_str().expect("a number");
    let cancellation = format!("/v1/medical/settlements/{number}/cancellation");
    let cancelled = cashier.send::<_, Value>(Method::POST, &cancellation, Some("pool-cancel-1"), &json!(null)).await;
    assert_eq!(cancelled.expect("cancelled").1["contra_of"], json!(number));
    assert_eq!(pool.booked(), (6, 1));

    let (visited, home) = (documents(&stage, "310000", "visited").await, documents(&stage, "330000", "home").await);
    assert_eq!(visited, home, "both nodes hold the same documents");
    assert_eq!(home.len(), 7);
    assert!(home.iter().all(|document| document["computed_by"]["reference"].is_string()), "{home:?}");
    let data = stage.region.node_folder("330000").display().to_string();
    let folder = stage.stop().await;
    let recomputed = huitong(&["medical", "recompute", "--data", &data]);
    assert!(
        recomputed.status.success() && text(&recomputed).contains("6 of them by core systems"),
        "{}",
        text(&recomputed)
    );
    drop((folder, stop));
}

#[test]
fn a_faulty_line_for_a_pool_is_refused_in_both_languages() {
    use huitong_node::pool_endpoint::config::PoolConfig;
    let key = Core::new(
        &json_text(include_str!("../../../../regions/yangtze/policies/330100-employee-2025.toml")).expect("TOML"),
    );
    let key = key.public_key();
    let check = |endpoint: &str, key: &str| {
        let line = format!("endpoint = {endpoint:?}\npublic_key = {key:?}");
        let config: PoolConfig = toml::from_str(&line).map_err(|error| error.to_string())?;
        config.check("330100".parse().expect("a code")).map_err(|error| format!("{error:#}"))
    };
    assert_eq!(check("https://core.example/huitong", &key), Ok(()));
    assert_eq!(check("http://127.0.0.1:9000/", &key), Ok(()));
    for endpoint in
        ["http://core.example", "core.example", "https://me:secret@core.example", "https://core.example/?a=b"]
    {
        let fault = check(endpoint, &key).expect_err(endpoint);
        assert!(fault.contains("endpoint") && !fault.is_ascii(), "{fault}");
    }
    assert!(check("https://core.example", "ed25519:00").expect_err("no key").contains("public key"));
}

/// A core system as the pool sandbox finds it.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Good,
    /// Its books are gone after each call.
    Forgets,
    /// It does not look who signs.
    HearsAnybody,
    /// It answers under another key than its pool has told.
    OtherKey,
}

async fn core_of(State((pool, kind)): State<(Pool, Kind)>, headers: HeaderMap, body: String) -> Response {
    let signature = headers.get("huitong-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signature = signature.parse::<Signature>();
    let is_node = signature.is_ok_and(|signature| pool.node.verify(body.as_bytes(), &signature).is_ok());
    if !is_node && kind != Kind::HearsAnybody {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let (mut core, mut forgetful) = (pool.core.lock().expect("no test panics with it"), Core::new(&hangzhou()));
    let (answer, signature) = if kind == Kind::Forgets { forgetful.answer(&body) } else { core.answer(&body) };
    ([("huitong-signature", signature)], answer).into_response()
}

fn hangzhou() -> String {
    json_text(include_str!("../../../../regions/yangtze/policies/330100-employee-2025.toml")).expect("TOML")
}

/// Plays the sandbox against a core system; gives whether it was found good, and the report.
async fn sandbox(kind: Kind) -> (bool, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut random = entropy::random_source().expect("chance");
    let node =
        huitong_node::keys::generate(&folder.path().join("key"), Suite::Ed25519Sha256, "pool sandbox", &mut random);
    let node = node.expect("a key").public_key().clone();
    let core = Core::new(&hangzhou());
    let public_key = if kind == Kind::OtherKey { node.to_string() } else { core.public_key() };
    let pool = Pool { core: Arc::new(Mutex::new(core)), mood: Arc::new(Mutex::new(Mood::Well)), node };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}/pool", listener.local_addr().expect("bound"));
    let router = Router::new().route("/pool/{call}", post(core_of)).with_state((pool.clone(), kind));
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(serve(listener, router, Security::Plain, HEADER_TIMEOUT, stopped));
    let (key, report) = (path("key"), path("report.json"));
    let played = tokio::task::spawn_blocking(move || {
        let asked = ["medical", "pool-sandbox", "--endpoint", &endpoint, "--public-key", &public_key];
        let output = huitong(&[&asked[..], &["--key", &key, "--report", &report]].concat());
        let report = std::fs::read(&report).unwrap_or_else(|error| panic!("{error}: {}", text(&output)));
        (output.status.success(), serde_json::from_slice::<Value>(&report).expect("JSON"))
    });
    let played = played.await.expect("played");
    if kind == Kind::Good {
        let (booked, contras) = pool.booked();
        assert!(booked > 5 && booked == contras, "{booked} settled, {contras} taken back");
    }
    drop(stop);
    played
}

fn verdicts(report: &Value, verdict: &str) -> Vec<String> {
    let rules = report["rules"].as_array().expect("rules").iter();
    let found = rules.filter(|rule| rule["verdict"] == verdict);
    found.map(|rule| rule["rule"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_sandbox_tells_a_good_core_system_from_bad_ones() {
    let (good, report) = sandbox(Kind::Good).await;
    assert!(good && verdicts(&report, "kept").len() == 15, "{report:#}");

    let (good, report) = sandbox(Kind::Forgets).await;
    let broken = verdicts(&report, "broken");
    assert!(!good, "{report:#}");
    for rule in ["lost_answer_is_found", "reversed_for_good", "late_original_is_refused"] {
        assert!(broken.iter().any(|broken| broken == rule), "{rule}: {report:#}");
    }

    let (good, report) = sandbox(Kind::HearsAnybody).await;
    assert!(!good && verdicts(&report, "broken") == ["stranger_not_heard"], "{report:#}");

    let (good, report) = sandbox(Kind::OtherKey).await;
    assert!(!good && verdicts(&report, "broken") == ["signed"], "{report:#}");
    assert_eq!(verdicts(&report, "kept"), ["answered"], "what is not signed tries nothing");
}
