//! The load: whole bills settled in one call each, across borders, drawn from the sample bills.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use huitong_kernel::random::RandomSource;
use huitong_node::demo::Region;
use huitong_node::demo::bills::{Play, Samples, draw};
use huitong_node::demo::client::ApiClient;
use huitong_node::demo::load::{CashierKeys, sample_persons};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::memory::processor_seconds;

/// Bills drawn beforehand; each use has a message id of its own.
const BILLS: usize = 5_000;

#[derive(Clone)]
pub struct Load {
    bills: Arc<Vec<(ApiClient, Play)>>,
    next: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Told {
    latencies_ms: Vec<f64>,
    refused: u64,
    failed: u64,
}

impl Load {
    /// Bills for which `between` holds.
    pub fn new(
        region: &Region,
        samples: &Samples,
        keys: &CashierKeys,
        between: fn(&Play) -> bool,
    ) -> anyhow::Result<Load> {
        let (persons, mut random) = (sample_persons(samples), RandomSource::from_number(1));
        let mut clients = std::collections::BTreeMap::new();
        for (institution, key) in keys {
            let division = format!("{}0000", &institution[1..3]);
            clients.insert(institution.clone(), ApiClient::new(&region.api_url(&division)?, key));
        }
        let mut bills = Vec::with_capacity(BILLS);
        while bills.len() < BILLS {
            let play = draw(samples, &persons, 0, &mut random)?;
            if !between(&play) {
                continue;
            }
            bills.push((clients[&play.institution].clone(), play));
        }
        Ok(Load { bills: Arc::new(bills), next: Arc::default() })
    }

    /// Bills sent so far.
    pub fn sent(&self) -> usize {
        self.next.load(Ordering::Relaxed)
    }

    async fn one(&self, told: &Mutex<Told>, start: Instant) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (client, play) = &self.bills[number % self.bills.len()];
        let message_id = format!("bench-{number:08}");
        let answer = client.send::<_, Value>(Method::POST, "/v1/medical/bills", Some(&message_id), &play.body).await;
        let latency_ms = start.elapsed().as_secs_f64() * 1_000.0;
        let mut told = told.lock().await;
        match answer {
            Ok((StatusCode::OK, _)) => told.latencies_ms.push(latency_ms),
            Err(error) if !error.may_pass() => told.refused += 1,
            Ok(_) | Err(_) => told.failed += 1,
        }
    }

    /// Bills arrive at a fixed rate, however long their answers take; latency counts from the arrival.
    pub async fn open_loop(&self, rate: u32, time: Duration, ids: &[u32]) -> anyhow::Result<String> {
        let told = Arc::new(Mutex::new(Told::default()));
        let (start, before) = (Instant::now(), processor_seconds(ids)?);
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..(f64::from(rate) * time.as_secs_f64()) as u32 {
            let due = start + Duration::from_secs_f64(f64::from(number) / f64::from(rate));
            tokio::time::sleep_until(due).await;
            let (load, told) = (self.clone(), Arc::clone(&told));
            tasks.spawn(async move { load.one(&told, due).await });
        }
        while tasks.join_next().await.is_some() {}
        let seconds = start.elapsed().as_secs_f64();
        let used = processor_seconds(ids)? - before;
        Ok(format!("{rate:>5}/s offered: {}", describe(&mut *told.lock().await, seconds, used)))
    }

    /// Each caller sends its next bill when the last is answered.
    pub async fn closed_loop(&self, callers: usize, time: Duration, ids: &[u32]) -> anyhow::Result<String> {
        let told = Arc::new(Mutex::new(Told::default()));
        let (start, before) = (Instant::now(), processor_seconds(ids)?);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..callers {
            let (load, told) = (self.clone(), Arc::clone(&told));
            tasks.spawn(async move {
                while start.elapsed() < time {
                    load.one(&told, Instant::now()).await;
                }
            });
        }
        while tasks.join_next().await.is_some() {}
        let seconds = start.elapsed().as_secs_f64();
        let used = processor_seconds(ids)? - before;
        Ok(format!("{callers:>5} callers: {}", describe(&mut *told.lock().await, seconds, used)))
    }
}

fn describe(told: &mut Told, seconds: f64, processor_seconds: f64) -> String {
    told.latencies_ms.sort_by(f64::total_cmp);
    let settled = told.latencies_ms.len();
    let at = |percent: usize| {
        let rank = (settled * percent).div_ceil(100).max(1);
        told.latencies_ms.get(rank - 1).copied().unwrap_or(f64::NAN)
    };
    format!(
        "{:.0} settled/s, p50 {:.1} ms, p99 {:.1} ms, {:.0} settled per node-core-second, refused {}, failed {}",
        settled as f64 / seconds,
        at(50),
        at(99),
        settled as f64 / processor_seconds.max(0.01),
        told.refused,
        told.failed
    )
}
