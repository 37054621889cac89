//! What the threat model claims to stop, tried against a real node. Each test names its threat (docs/internals/threat-model.md).

use std::time::{Duration, Instant};

use huitong_node::demo::client::{ApiClient, CallError};
use hyper::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::stage::{Stage, consultation};

const CASHIER: &str = "H31010100001";

/// A region whose first node has small limits.
async fn stage_with_limits() -> Stage {
    let mut stage = Stage::new(&[]).await;
    let config = stage.region.node_folder("310000").join("node.toml");
    let text = std::fs::read_to_string(&config).expect("a configuration");
    let text = text
        .replace("request_seconds_max = 30", "request_seconds_max = 2")
        .replace("header_seconds_max = 10", "header_seconds_max = 1")
        .replace("requests_per_second_max = 100000", "requests_per_second_max = 20");
    std::fs::write(&config, text).expect("writable");
    stage.kill("310000").await;
    stage.restart("310000").await;
    stage
}

fn address(stage: &Stage) -> String {
    stage.url("310000").trim_start_matches("http://").to_owned()
}

/// Sends bytes as they are; gives everything that comes back until the node closes or is silent for a while.
async fn raw(stage: &Stage, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address(stage)).await.expect("the node listens");
    stream.write_all(bytes).await.expect("sent");
    read_all(&mut stream, Duration::from_millis(700)).await
}

async fn read_all(stream: &mut TcpStream, patience: Duration) -> String {
    let mut answer = Vec::new();
    let mut buffer = [0; 4_096];
    while let Ok(Ok(count)) = tokio::time::timeout(patience, stream.read(&mut buffer)).await {
        if count == 0 {
            break;
        }
        answer.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn answers(text: &str) -> usize {
    text.matches("HTTP/1.1 ").count()
}

/// T1: two ideas of where a request ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_smuggled_second_request_is_never_answered() {
    let stage = Stage::new(&[]).await;
    let smuggled = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    let both = format!(
        "POST /v1/medical/bills HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}",
        5 + smuggled.len()
    );
    let reversed = both
        .replace("Content-Length", "X")
        .replace("Transfer-Encoding: chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked");
    for request in [both, reversed] {
        let answer = raw(&stage, request.as_bytes()).await;
        assert!(answers(&answer) <= 1 && !answer.contains("live\n"), "{answer}");
    }
    let malformed = [
        "POST /v1/medical/bills HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST /v1/medical/bills HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello",
        "POST /v1/medical/bills HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
        "POST /v1/medical/bills HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked, identity\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nX-Folded: a\r\n b\r\n\r\n",
    ];
    for request in malformed {
        let answer = raw(&stage, request.as_bytes()).await;
        assert!(!answer.contains(" 200 ") && answers(&answer) <= 1, "{request}: {answer}");
    }
    stage.stop().await;
}

/// T2: bodies that are too large, or never end; heads that never end.
#[tokio::test(flavor = "multi_thread")]
async fn oversized_and_slow_requests_are_cut_off_and_others_are_served_meanwhile() {
    let stage = stage_with_limits().await;
    let key = &stage.keys[CASHIER];
    let head = format!(
        "POST /v1/medical/bills HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    );
    let large = raw(&stage, format!("{head}Content-Length: 600000\r\n\r\n{}", "x".repeat(600_000)).as_bytes()).await;
    assert!(large.contains(" 413 ") && large.contains("MED-1014"), "{large}");

    let begin = Instant::now();
    let mut slow_body = TcpStream::connect(address(&stage)).await.expect("the node listens");
    slow_body.write_all(format!("{head}Content-Length: 100\r\n\r\n{{").as_bytes()).await.expect("sent");
    let mut slow_heads = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(address(&stage)).await.expect("the node listens");
        stream.write_all(b"GET /health/live HTTP/1.1\r\nHost").await.expect("sent");
        slow_heads.push(stream);
    }
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(TcpStream::connect(address(&stage)).await.expect("the node listens"));
    }
    let live = raw(&stage, b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(live.ends_with("live\n"), "others are served: {live}");
    let answer = read_all(&mut slow_body, Duration::from_secs(5)).await;
    assert!(answer.contains(" 408 ") && answer.contains("API-1014"), "{answer}");
    for mut stream in slow_heads {
        let answer = read_all(&mut stream, Duration::from_secs(5)).await;
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    for mut stream in silent {
        let mut byte = [0];
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut byte)).await;
        assert!(matches!(read, Ok(Ok(0) | Err(_))), "a connection that says nothing is closed: {read:?}");
    }
    assert!(begin.elapsed() < Duration::from_secs(20), "all were cut off by their limits");
    stage.stop().await;
}

/// T5: a stolen key makes no more than its rate, and nobody else notices. (Revocation: `endpoints::a_revoked_key…`.)
#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_key_is_slowed_down_and_other_keys_are_not() {
    let stage = stage_with_limits().await;
    let thief = stage.cashier(CASHIER);
    let mut slowed = 0;
    for _ in 0..60 {
        match thief.get::<Value>("/v1/medical/settlements").await {
            Err(CallError::Refused(problem)) if problem.code == "API-1012" => slowed += 1,
            other => drop(other.expect("granted within the rate")),
        }
    }
    assert!(slowed > 10, "{slowed} of 60 were refused");
    stage.operator("310000").get::<Value>("/v1/node/status").await.expect("another key is not slowed down");
    stage.stop().await;
}

/// T6: keys that are nearly right, or no keys at all.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_nearly_right_are_refused_without_a_hint() {
    let stage = Stage::new(&[]).await;
    let key = stage.keys[CASHIER].clone();
    let last = if key.ends_with('0') { "1" } else { "0" };
    let nearly = format!("{}{last}", &key[..key.len() - 1]);
    let unknown = key.replace(&key[3..19], "0123456789abcdef");
    let mut told = Vec::new();
    for wrong in [nearly, unknown, key.to_uppercase(), "ht_".to_owned(), "x".repeat(10_000), "ht_é_é".to_owned()] {
        let client = ApiClient::new(&stage.url("310000"), &wrong);
        match client.get::<Value>("/v1/medical/settlements").await {
            Err(CallError::Refused(problem)) => told.push((problem.status, problem.code, problem.title)),
            Err(CallError::Unreachable(_)) => {}
            Ok(_) => panic!("a wrong key was taken"),
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1, "every wrong key is told the same: {told:?}");
    assert_eq!((told[0].0, told[0].1.as_str()), (401, "API-1001"));
    stage.stop().await;
}

/// T7: paths that climb out, bytes that would forge a line of the log.
#[tokio::test(flavor = "multi_thread")]
async fn paths_lead_nowhere_and_logs_hold_one_line_an_event_without_secrets() {
    let stage = Stage::new(&[]).await;
    let key = stage.keys[CASHIER].clone();
    let paths = [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/v1/..%2f..%2fnode.toml",
        "/docs/../../keys/node.key",
    ];
    for path in paths {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n");
        let answer = raw(&stage, request.as_bytes()).await;
        assert!(answer.contains(" 404 ") || answer.contains(" 400 "), "{path}: {answer}");
        assert!(!answer.contains("root:") && !answer.contains("secret"), "{path}: {answer}");
    }
    let forged = "GET /v1/%0d%0aFORGED%1b[31m HTTP/1.1\r\nHost: x\r\nX-Request-Id: a%0aFORGED\r\nUser-Agent: FORGED\x1b[31m\r\n\r\n";
    raw(&stage, forged.as_bytes()).await;
    raw(&stage, b"F\x00RGED /\x1b[31mFORGED HTTP/1.1\r\n\r\n").await;
    let cashier = stage.cashier(CASHIER);
    let bill = consultation();
    let sent = cashier.send::<_, Value>(Method::POST, "/v1/medical/bills", Some("security-bill-01"), &bill).await;
    sent.expect("settled");
    let mut wrong = consultation();
    wrong["visit"]["certificate"]["number"] = json!("33010019920416001X");
    let refused = cashier.send::<_, Value>(Method::POST, "/v1/medical/bills", Some("security-bill-02"), &wrong).await;
    refused.expect_err("nobody has this number");
    for division in stage.region.divisions() {
        let log = std::fs::read_to_string(stage.region.node_folder(&division).join("node.log")).expect("a log");
        assert!(!log.contains("FORGED"), "what callers type is not in the log: {log}");
        for personal in ["330100199204160018", "33010019920416001X", &key, &key[20..]] {
            assert!(!log.contains(personal), "neither personal data nor keys are in the log of {division}");
        }
    }
    stage.stop().await;
}

/// T8: callers cannot fill the memory with labels of their own.
#[tokio::test(flavor = "multi_thread")]
async fn invented_methods_and_paths_make_no_new_metrics() {
    let stage = Stage::new(&[]).await;
    for number in 0..50 {
        raw_quick(
            &stage,
            &format!("INVENTED{number} /invented/{number} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        )
        .await;
    }
    let metrics = raw(&stage, b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(metrics.contains("huitong_http_requests_total"));
    assert!(!metrics.to_lowercase().contains("invented"), "{metrics}");
    stage.stop().await;
}

async fn raw_quick(stage: &Stage, request: &str) {
    let mut stream = TcpStream::connect(address(stage)).await.expect("the node listens");
    stream.write_all(request.as_bytes()).await.expect("sent");
    read_all(&mut stream, Duration::from_millis(200)).await;
}
