//! The clearing centre of each jurisdiction: a clerk with a key, and an account at the demonstration's bank.

use std::collections::BTreeMap;

use anyhow::ensure;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Clerks, PAUSE, TIMEOUT};
use crate::demo::Region;
use crate::demo::client::ApiClient;
use crate::demo::load::{operator, principal};
use crate::keys::write_private;

/// Registers what is missing; a region that was cleared before gives its keys.
pub async fn open(region: &Region) -> anyhow::Result<Clerks> {
    let path = region.data.join("region/clearing-clerks.json");
    let known = std::fs::read_to_string(&path).ok();
    let mut keys: BTreeMap<String, String> = match &known {
        Some(text) => serde_json::from_str(text)?,
        None => BTreeMap::new(),
    };
    let mut clerks = Clerks::new();
    for (place, jurisdiction) in region.manifest.jurisdictions.iter().enumerate() {
        let division = jurisdiction.division.to_string();
        if !keys.contains_key(&division) {
            let key = enrol(region, &division, (&jurisdiction.name_zh, &jurisdiction.name_en)).await?;
            keys.insert(division.clone(), key);
        }
        let clerk = ApiClient::new(&region.api_url(&division)?, &keys[&division]);
        if known.is_none() {
            let account = json!({
                "division": division,
                "name": format!("{}跨地区清算中心（演示账户）", jurisdiction.name_zh),
                "account": format!("9900{place:04}{division}01"),
                "bank": format!("9990{division}01"),
            });
            clerk.send::<_, Value>(Method::PUT, "/v1/clearing/bank-accounts", None, &account).await?;
        }
        clerks.insert(division, clerk);
    }
    write_private(&path, serde_json::to_string_pretty(&keys)?.as_bytes())?;
    accounts_arrive(&clerks).await?;
    Ok(clerks)
}

async fn enrol(region: &Region, division: &str, (name_zh, name_en): (&str, &str)) -> anyhow::Result<String> {
    let operator = operator(region, division)?;
    let code = format!("centre-{division}");
    let participant = json!({
        "code": code, "kind": "clearing_centre", "name_zh": format!("{name_zh}清算中心"),
        "name_en": format!("{name_en} clearing centre"), "division": division, "active": true,
    });
    principal(&operator, &participant, "clerk", &["clearing_clerk"]).await
}

/// Every jurisdiction knows every account.
async fn accounts_arrive(clerks: &Clerks) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + TIMEOUT;
    for clerk in clerks.values() {
        loop {
            let known: Vec<Value> = clerk.get("/v1/clearing/bank-accounts").await?;
            if known.len() == clerks.len() {
                break;
            }
            ensure!(tokio::time::Instant::now() < deadline, "accounts of the other jurisdictions do not arrive");
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}
