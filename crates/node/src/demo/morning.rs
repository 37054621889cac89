//! Playing the morning: many cashiers at once, each waiting for its answer, repeating under the same key when it is told to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use huitong_kernel::random::RandomSource;
use indicatif::ProgressBar;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Region;
use super::bills::{Play, Samples, draw};
use super::client::{ApiClient, CallError};
use super::load::{CashierKeys, sample_persons};

/// A cashier asks again for at most this long.
const PATIENCE: Duration = Duration::from_secs(120);
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// What to play.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub bills: usize,
    pub seed: u64,
    pub cashiers: usize,
}

/// What the cashiers were told.
#[derive(Debug, Default)]
pub struct Morning {
    /// Institution and message id of every settlement that was acknowledged, with its number.
    pub settled: BTreeMap<(String, String), String>,
    /// Refusals by code.
    pub refused: BTreeMap<String, u64>,
    /// Message ids whose outcome was still unknown when the patience ended.
    pub unknown: Vec<String>,
    pub latencies_ms: Vec<f64>,
    pub seconds: f64,
}

struct Cashiers {
    clients: BTreeMap<String, ApiClient>,
    plays: Vec<(String, Play)>,
    next: std::sync::atomic::AtomicUsize,
    told: Mutex<Morning>,
    progress: ProgressBar,
}

pub async fn play(
    region: &Region,
    samples: &Samples,
    keys: &CashierKeys,
    settings: Settings,
    progress: ProgressBar,
) -> anyhow::Result<Morning> {
    let mut random = RandomSource::from_number(settings.seed);
    let persons = sample_persons(samples);
    // A second morning on the same folder is another morning: its ids differ.
    let morning = huitong_kernel::id::new_uuid(
        huitong_service_kit::http::Clock::now(&crate::clock::SystemClock { offset_ms: 0 }),
        &mut crate::entropy::random_source()?,
    );
    let morning = morning.simple().to_string();
    let mut plays = Vec::with_capacity(settings.bills);
    for number in 0..settings.bills {
        let message_id = format!("{}-{number}", &morning[20..]);
        plays.push((message_id, draw(samples, &persons, number, &mut random)?));
    }
    let mut clients = BTreeMap::new();
    for (institution, key) in keys {
        let client = ApiClient::new(&region.api_url(&format!("{}0000", &institution[1..3]))?, key);
        clients.insert(institution.clone(), client);
    }
    let cashiers = Arc::new(Cashiers { clients, plays, next: Default::default(), told: Mutex::default(), progress });
    let start = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..settings.cashiers.max(1) {
        let cashiers = Arc::clone(&cashiers);
        tasks.push(tokio::spawn(async move { work(&cashiers).await }));
    }
    for task in tasks {
        task.await?;
    }
    cashiers.progress.finish_and_clear();
    let mut told = cashiers.told.lock().await;
    told.seconds = start.elapsed().as_secs_f64();
    Ok(std::mem::take(&mut told))
}

async fn work(cashiers: &Cashiers) {
    loop {
        let next = cashiers.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let Some((message_id, play)) = cashiers.plays.get(next) else { return };
        let Some(client) = cashiers.clients.get(&play.institution) else { continue };
        let start = Instant::now();
        let outcome = settle(client, message_id, play, start + PATIENCE).await;
        let latency_ms = start.elapsed().as_secs_f64() * 1_000.0;
        let mut told = cashiers.told.lock().await;
        match outcome {
            Outcome::Settled(settlement) => {
                told.latencies_ms.push(latency_ms);
                told.settled.insert((play.institution.clone(), message_id.clone()), settlement);
            }
            Outcome::Refused(code) => *told.refused.entry(code).or_default() += 1,
            Outcome::Unknown => told.unknown.push(message_id.clone()),
        }
        cashiers.progress.inc(1);
    }
}

enum Outcome {
    Settled(String),
    Refused(String),
    Unknown,
}

async fn settle(client: &ApiClient, message_id: &str, play: &Play, deadline: Instant) -> Outcome {
    let (path, body) = if play.stepwise {
        match quoted(client, play, message_id, deadline).await {
            Ok(body) => ("/v1/medical/settlements", body),
            Err(code) => return Outcome::Refused(code),
        }
    } else {
        ("/v1/medical/bills", play.body.clone())
    };
    loop {
        match client.send::<_, Value>(Method::POST, path, Some(message_id), &body).await {
            Ok((StatusCode::OK, answer)) => {
                let settlement = answer["settlement"]["settlement"].as_str().unwrap_or_default();
                return Outcome::Settled(settlement.to_owned());
            }
            // 202: wait, do not collect yet.
            Ok(_) => {}
            Err(CallError::Refused(problem)) if problem.status < 500 && problem.status != 429 => {
                return Outcome::Refused(problem.code);
            }
            Err(_) => {}
        }
        if Instant::now() > deadline {
            return Outcome::Unknown;
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// Visit, lines and quote; gives the body of the settlement.
async fn quoted(client: &ApiClient, play: &Play, message_id: &str, deadline: Instant) -> Result<Value, String> {
    let post = async |method: Method, path: String, step: &str, body: &Value| loop {
        let key = format!("{message_id}-{step}");
        match client.send::<_, Value>(method.clone(), &path, Some(&key), body).await {
            Ok((_, answer)) => return Ok(answer),
            Err(CallError::Refused(problem)) if problem.status < 500 && problem.status != 429 => {
                return Err(problem.code);
            }
            Err(error) if Instant::now() > deadline => return Err(error.to_string()),
            Err(_) => tokio::time::sleep(ASK_AGAIN).await,
        }
    };
    let visit = post(Method::POST, "/v1/medical/visits".to_owned(), "visit", &play.body["visit"]).await?;
    let visit = visit["visit"].as_str().unwrap_or_default().to_owned();
    let batch = format!("/v1/medical/visits/{visit}/batches/1");
    let lines = json!({ "lines": play.body["lines"] });
    post(Method::PUT, format!("{batch}/lines"), "lines", &lines).await?;
    let ask = json!({ "account_wanted": play.body["account_wanted"], "total_fee": play.body["total_fee"] });
    let quote = post(Method::POST, format!("{batch}/quotes"), "quote", &ask).await?;
    Ok(json!({ "visit": visit, "batch": "1", "quote": quote["quote"], "total_fee": play.body["total_fee"] }))
}
