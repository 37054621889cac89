//! Loading the profile into fresh nodes through their public API: institutions, persons, keys, dated data.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail};
use huitong_kernel::feed::Feed;
use huitong_service_kit::toml_data::json_text;
use reqwest::Method;
use serde_json::{Value, json, value::RawValue};

use super::Region;
use super::bills::{SamplePerson, Samples, persons};
use super::client::{ApiClient, CallError};
use crate::api::status::StatusWire;
use crate::keys::write_private;

/// How long the publications may take to reach every node.
const SPREAD_TIMEOUT: Duration = Duration::from_secs(60);

/// API keys of the cashiers, by institution.
pub type CashierKeys = BTreeMap<String, String>;

/// The operator's client for a jurisdiction's node.
pub fn operator(region: &Region, division: &str) -> anyhow::Result<ApiClient> {
    let path = region.node_folder(division).join("operator.key");
    let key = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(ApiClient::new(&region.api_url(division)?, &key))
}

/// Loads everything, once; a region that is loaded already gives its keys.
pub async fn load(region: &Region, samples: &Samples) -> anyhow::Result<CashierKeys> {
    let keys_path = region.data.join("region/cashiers.json");
    if let Ok(text) = std::fs::read_to_string(&keys_path) {
        return Ok(serde_json::from_str(&text)?);
    }
    let mut keys = CashierKeys::new();
    for division in region.divisions() {
        let operator = operator(region, &division)?;
        publish_dated_data(region, &operator, &division).await?;
        for institution in samples.institutions.iter().filter(|known| known.division[..2] == division[..2]) {
            let key = register(&operator, institution).await?;
            keys.insert(institution.code.clone(), key);
        }
        enrol(&operator, samples, &division).await?;
    }
    spread(region).await?;
    for division in region.divisions() {
        file_and_credit(&operator(region, &division)?, samples, &division).await?;
    }
    // Written last: a load that was interrupted is done again, and finds most of it there.
    write_private(&keys_path, serde_json::to_string_pretty(&keys)?.as_bytes())?;
    Ok(keys)
}

async fn publish_dated_data(region: &Region, operator: &ApiClient, division: &str) -> anyhow::Result<()> {
    for (folder, path) in [("policies", "/v1/medical/policies"), ("catalogues", "/v1/medical/catalogues")] {
        for (name, text) in region.profile.files(folder)?.iter().filter(|(name, _)| name[..2] == division[..2]) {
            let json = json_text(text).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
            let body = RawValue::from_string(json)?;
            let sent = operator.send::<_, Value>(Method::POST, path, None, &body).await;
            sent.with_context(|| format!("{name} was not published"))?;
        }
    }
    Ok(())
}

async fn register(operator: &ApiClient, institution: &super::bills::SampleInstitution) -> anyhow::Result<String> {
    let participant = json!({
        "code": institution.code, "kind": "hospital", "name_zh": institution.name_zh, "name_en": institution.name_en,
        "division": institution.division, "level": institution.level, "active": true,
    });
    principal(operator, &participant, "cashier", &["cashier", "hospital_it"]).await
}

/// A participant with a principal in these roles, both made if they are missing; gives a new API key of the principal.
pub async fn principal(
    operator: &ApiClient,
    participant: &Value,
    name: &str,
    roles: &[&str],
) -> anyhow::Result<String> {
    operator.send::<_, Value>(Method::PUT, "/v1/registry/participants", None, participant).await?;
    let code = participant["code"].as_str().context("a participant has a code")?;
    let id = format!("{name}@{code}");
    let principal = json!({ "id": id, "participant": code, "roles": roles });
    match operator.send::<_, Value>(Method::POST, "/v1/registry/principals", None, &principal).await {
        Err(CallError::Refused(problem)) if problem.code == "REG-3002" => {}
        other => drop(other?),
    }
    let path = format!("/v1/registry/principals/{id}/keys");
    let (_, issued) = operator.send::<_, Value>(Method::POST, &path, None, &json!({ "valid_days": 30 })).await?;
    Ok(issued["secret"].as_str().context("a key was issued")?.to_owned())
}

async fn enrol(operator: &ApiClient, samples: &Samples, division: &str) -> anyhow::Result<()> {
    let entries: Vec<Value> = persons(&samples.persons)
        .into_iter()
        .filter(|(person, _)| person.pool[..2] == division[..2])
        .enumerate()
        .map(|(index, (person, template))| {
            json!({
                "person": person.person, "pool": person.pool, "scheme": person.scheme, "certificate_type": "02",
                "certificate_number": person.certificate, "name": format!("演示{:03}", index + 1),
                "facts": {
                    "birth_date": template.birth_date, "retired": template.retired, "student": template.student,
                    "family_doctor": template.family_doctor,
                },
            })
        })
        .collect();
    for part in entries.chunks(500) {
        let body = json!({ "persons": part });
        operator.send::<_, Value>(Method::PUT, "/v1/registry/insured", None, &body).await?;
    }
    Ok(())
}

async fn file_and_credit(operator: &ApiClient, samples: &Samples, division: &str) -> anyhow::Result<()> {
    for (person, template) in persons(&samples.persons) {
        if person.pool[..2] != division[..2] {
            continue;
        }
        if let Some(kind) = &template.filing {
            let filing = json!({
                "home_area": person.pool, "certificate": { "type": "02", "number": person.certificate },
                "kind": kind, "areas": [], "valid_from": "2026-01-01",
            });
            let key = format!("demo-filing-{}", person.person);
            operator.send::<_, Value>(Method::POST, "/v1/medical/filings", Some(&key), &filing).await?;
        }
        if let Some(amount) = &template.account {
            let credit = json!({ "account": "history", "amount": amount });
            let path = format!("/v1/medical/accounts/{}/credits", person.person);
            let key = format!("demo-credit-{}", person.person);
            operator.send::<_, Value>(Method::POST, &path, Some(&key), &credit).await?;
        }
    }
    Ok(())
}

/// Waits until every node holds what the others published.
pub async fn spread(region: &Region) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + SPREAD_TIMEOUT;
    while tokio::time::Instant::now() < deadline {
        if unequal_feeds(region).await?.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("these feeds did not arrive in a minute: {:?}", unequal_feeds(region).await?)
}

/// Feeds of which the two ends hold different numbers of messages.
pub async fn unequal_feeds(region: &Region) -> anyhow::Result<Vec<String>> {
    let mut sizes: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for division in region.divisions() {
        let status: StatusWire = operator(region, &division)?.get("/v1/node/status").await?;
        for feed in status.feeds {
            sizes.entry(feed.feed).or_default().push(feed.size);
        }
    }
    // A feed within a node is listed by its two streams; one between nodes by one stream of each. What is for a service that the
    // receiving node does not run waits there, and nobody waits for it.
    let is_served = |feed: &str| {
        let to = feed.parse::<Feed>().ok().map(|feed| feed.to);
        to.is_none_or(|to| {
            region.manifest.node_of(to.jurisdiction).is_none_or(|node| node.parts(to.service_name()) > 0)
        })
    };
    let unequal = sizes.into_iter().filter(|(_, sizes)| sizes.len() != 2 || sizes[0] != sizes[1]);
    let unequal = unequal.filter(|(feed, _)| is_served(feed));
    Ok(unequal.map(|(feed, _)| feed).collect())
}

/// The persons without their templates.
pub fn sample_persons(samples: &Samples) -> Vec<SamplePerson> {
    persons(&samples.persons).into_iter().map(|(person, _)| person).collect()
}
