//! Hangzhou's pool computes in a core system of its own, over HTTP: the node asks, the core signs, the books of both nodes agree.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use huitong_kernel::suite::{PublicKey, Signature};
use huitong_node::demo::client::CallError;
use huitong_node::transport::{HEADER_TIMEOUT, Security, serve};
use huitong_service_kit::toml_data::json_text;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::stage::{Stage, consultation, huitong, profile_folder, text};

#[allow(dead_code, reason = "the stories of medical use more of the reference implementation")]
#[path = "../../../services/medical/tests/it/pool_core.rs"]
mod pool_core;

use pool_core::Core;

/// How the core system is today.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    /// Commits are booked, and their answers lost.
    LosesAnswers,
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
    let (answer, signature) = pool.core.lock().expect("no test panics with it").answer(&body);
    if mood == Mood::LosesAnswers && call == "commit" {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    ([("huitong-signature", signature)], answer).into_response()
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

    pool.mood(Mood::Down);
    let (cashier, bill) = (stage.cashier("H31010100001"), consultation());
    let first = cashier.send::<_, Value>(Method::POST, "/v1/medical/bills", Some("pool-down-0001"), &bill).await;
    assert!(!matches!(first, Ok((StatusCode::OK, _))), "do not collect yet");
    stage.kill("330000").await;
    pool.mood(Mood::Well);
    stage.restart("330000").await;
    assert_eq!(outcome(&stage, "pool-down-0001").await, Err("MED-4005".to_owned()), "the tombstone is set");
    assert_eq!(pool.booked(), (2, 0), "nothing there either");

    let settled = outcome(&stage, "pool-well-0002").await.expect("settled");
    let number = settled["settlement"]["settlement"].as_str().expect("a number");
    let cancellation = format!("/v1/medical/settlements/{number}/cancellation");
    let cancelled = cashier.send::<_, Value>(Method::POST, &cancellation, Some("pool-cancel-1"), &json!(null)).await;
    assert_eq!(cancelled.expect("cancelled").1["contra_of"], json!(number));
    assert_eq!(pool.booked(), (3, 1));

    let (visited, home) = (documents(&stage, "310000", "visited").await, documents(&stage, "330000", "home").await);
    assert_eq!(visited, home, "both nodes hold the same documents");
    assert_eq!(home.len(), 4);
    assert!(home.iter().all(|document| document["computed_by"]["reference"].is_string()), "{home:?}");
    let data = stage.region.node_folder("330000").display().to_string();
    let folder = stage.stop().await;
    let recomputed = huitong(&["medical", "recompute", "--data", &data]);
    assert!(
        recomputed.status.success() && text(&recomputed).contains("3 of them by core systems"),
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
