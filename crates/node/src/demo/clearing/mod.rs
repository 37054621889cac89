//! The end of the day: every service's period is cut, stated, confirmed, netted and paid, through the nodes' public API.

mod bank;
mod centre;
pub mod report;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use huitong_kernel::clearing::{Period, PeriodKind};
use huitong_kernel::time::Date;
use reqwest::Method;
use serde_json::{Value, json};

use super::Region;
use super::client::{ApiClient, CallError};
use report::{Cleared, ClearingReport};

/// Statements, batches and payments must be there by then.
const TIMEOUT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// The clerks of every jurisdiction's clearing centre, by division.
type Clerks = BTreeMap<String, ApiClient>;

/// Clears the day that has been played.
pub async fn play(region: &Region) -> anyhow::Result<ClearingReport> {
    let clerks = centre::open(region).await?;
    let now = huitong_service_kit::http::Clock::now(&crate::clock::SystemClock { offset_ms: 0 });
    let mut report = ClearingReport::default();
    for rule in &region.manifest.clearing {
        let cleared = clear(&clerks, &rule.service, rule.period, now.business_date()).await?;
        report.services.extend(cleared);
    }
    report.mirrored = mirrored(&clerks).await?;
    report.views_equal_replay = super::audit::views_equal_replay(region)?;
    Ok(report)
}

/// Clears a service's open period; `None` if this day's was cleared before.
async fn clear(clerks: &Clerks, service: &str, kind: PeriodKind, today: Date) -> anyhow::Result<Option<Cleared>> {
    let period = Period::of(kind, today).to_string();
    let first = clerks.values().next().context("a region has jurisdictions")?;
    let path = format!("/v1/clearing/periods/{service}/{period}/closing");
    let key = format!("end-of-day-{service}-{period}");
    match first.send::<_, Value>(Method::POST, &path, Some(&key), &json!({ "early": true })).await {
        Err(CallError::Refused(problem)) if ["CLR-2002", "CLR-2003", "CLR-2004"].contains(&problem.code.as_str()) => {
            return Ok(None);
        }
        other => drop(other?),
    }
    let is_of = |item: &Value| item["service"] == service && item["period"] == period.as_str();
    for (division, clerk) in clerks {
        let peers = clerks.len() - 1;
        let stated = wait(clerk, "statements", |items| {
            let of = items.iter().filter(|item| is_of(item) && item["state"] != "stated" && item["state"] != "differs");
            of.count() == peers
        });
        for item in stated.await?.iter().filter(|item| is_of(item) && item["state"] == "matched") {
            if item["payable"].is_null() {
                let peer = item["peer"].as_str().context("a statement names the other jurisdiction")?;
                let path = format!("/v1/clearing/statements/{service}/{period}/{peer}/confirmation");
                let key = format!("confirm-{division}-{service}-{period}-{peer}");
                clerk.send::<_, Value>(Method::POST, &path, Some(&key), &Value::Null).await?;
            }
        }
    }
    let mut batches: BTreeMap<String, Value> = BTreeMap::new();
    for clerk in clerks.values() {
        let is_paid = |state: &Value| state == "batched" || state == "closed";
        let all_in = |items: &[Value]| items.iter().filter(|item| is_of(item)).all(|item| is_paid(&item["state"]));
        wait(clerk, "statements", all_in).await?;
        for batch in clerk.all("/v1/clearing/batches").await?.into_iter().filter(is_of) {
            if batch["state"] == "final" || batch["state"] == "closed" {
                batches.insert(batch["scope"].as_str().unwrap_or_default().to_owned(), batch);
            }
        }
    }
    bank::pay(clerks).await?;
    for clerk in clerks.values() {
        let closed = |items: &[Value]| items.iter().filter(|item| is_of(item)).all(|item| item["state"] == "closed");
        wait(clerk, "statements", closed).await?;
    }
    let documents = documents(clerks, service, &period).await?;
    Ok(Some(Cleared::of(service, &period, documents, batches.into_values().collect())))
}

/// Documents of a period over all pairs, each counted once.
async fn documents(clerks: &Clerks, service: &str, period: &str) -> anyhow::Result<u64> {
    let mut count = 0;
    for (division, clerk) in clerks {
        let statements = clerk.all("/v1/clearing/statements").await?;
        let counted = statements.iter().filter(|item| {
            let peer = item["peer"].as_str().unwrap_or_default();
            item["service"] == service && item["period"] == period && division.as_str() < peer
        });
        count += counted.map(|item| item["documents"].as_u64().unwrap_or(0)).sum::<u64>();
    }
    Ok(count)
}

/// Asks for a list until it is as it should be.
async fn wait(clerk: &ApiClient, list: &str, is_there: impl Fn(&[Value]) -> bool) -> anyhow::Result<Vec<Value>> {
    let deadline = tokio::time::Instant::now() + TIMEOUT;
    loop {
        let items = clerk.all(&format!("/v1/clearing/{list}")).await?;
        if is_there(&items) {
            return Ok(items);
        }
        ensure!(tokio::time::Instant::now() < deadline, "{list} of clearing wait: {}", Value::Array(items));
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether what each says it owes is what the other says it is owed, over every statement.
async fn mirrored(clerks: &Clerks) -> anyhow::Result<bool> {
    let mut sides: BTreeMap<(String, String, String, String), (Value, Value)> = BTreeMap::new();
    for (division, clerk) in clerks {
        for item in clerk.all("/v1/clearing/statements").await? {
            let text = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
            let key = (text("service"), text("period"), division.clone(), text("peer"));
            sides.insert(key, (item["payable"].clone(), item["receivable"].clone()));
        }
    }
    let is_mirrored = |((service, period, division, peer), (payable, receivable)): (
        &(String, String, String, String),
        &(Value, Value),
    )| {
        let other = sides.get(&(service.clone(), period.clone(), peer.clone(), division.clone()));
        other
            .is_some_and(|(their_payable, their_receivable)| their_payable == receivable && their_receivable == payable)
    };
    Ok(!sides.is_empty() && sides.iter().all(is_mirrored))
}
