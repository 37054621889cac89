//! A contest of the day: a home city looks at the records behind what was charged and contests it, and the visited city takes its claim
//! back.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::Method;
use serde_json::{Value, json};

use super::audit::owed_abroad;
use super::load::Cities;
use crate::demo::Region;
use crate::demo::client::{ApiClient, CallError};

/// How long a contest may be under way to its creditor.
const PATIENCE: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// Contests a trip that a city owes to a city of another node, and has it taken back; gives the trip.
pub async fn play(region: &Region, cities: &Cities) -> anyhow::Result<Option<String>> {
    for city in &cities.cities {
        let debtor = city.city.to_string();
        let Some((trip, creditor)) = owed_abroad(region, &debtor)? else { continue };
        let debtor = cities.client(region, &cities.keys.clerk, &debtor)?;
        shown(&debtor, &trip).await?;
        let wish = json!({ "document": trip, "reason": "FARE_WRONG", "evidence": "演示 / of the demonstration" });
        let opened = debtor.send::<_, Value>(Method::POST, "/v1/transit/contests", None, &wish).await;
        let (_, opened) = opened.context("a contest")?;
        let contest = opened["contest"].as_str().context("a contest has an id")?.to_owned();
        take_back(&cities.client(region, &cities.keys.clerk, &creditor)?, &contest).await?;
        return Ok(Some(trip));
    }
    Ok(None)
}

/// The records behind a trip, which home verifies when they have come.
async fn shown(debtor: &ApiClient, trip: &str) -> anyhow::Result<()> {
    let path = format!("/v1/transit/trips/{trip}/evidence");
    debtor.send::<_, Value>(Method::POST, &path, None, &json!({})).await.context("an ask for records")?;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let asked: Value = debtor.get(&path).await.context("what came of it")?;
        match asked[0]["state"].as_str() {
            Some("genuine") => return Ok(()),
            Some("asked") if tokio::time::Instant::now() < deadline => tokio::time::sleep(ASK_AGAIN).await,
            _ => bail!("the records behind trip {trip} are not genuine: {}", asked[0]),
        }
    }
}

/// The creditor's answer, once the contest has come to it.
async fn take_back(creditor: &ApiClient, contest: &str) -> anyhow::Result<()> {
    let path = format!("/v1/transit/contests/{contest}/answer");
    let answer = json!({ "decision": "withdrawn", "explanation": "演示 / of the demonstration" });
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match creditor.send::<_, Value>(Method::POST, &path, None, &answer).await {
            Err(CallError::Refused(problem))
                if problem.code == "TRN-4001" && tokio::time::Instant::now() < deadline =>
            {
                tokio::time::sleep(ASK_AGAIN).await;
            }
            answered => return answered.map(drop).context("the answer to a contest"),
        }
    }
}
