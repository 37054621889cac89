//! Loading transit into fresh nodes through their public API: key set, maps, fares, gates, riders' accounts.

use std::collections::BTreeMap;

use anyhow::Context;
use huitong_service_kit::toml_data::json_text;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::demo::Region;
use crate::demo::client::ApiClient;
use crate::demo::load::{operator, principal};
use crate::keys::write_private;
use crate::region::transit_issuers::{City, cities};

/// What the demonstration sets otherwise than a city would: hours instead of days, so that a day's trips are final now.
const PARAMETERS: [(&str, i64); 4] =
    [("final_wait_min", 0), ("trip_limit_min", 60), ("pair_limit_min", 120), ("upload_wait_h", 3)];

/// The same, to be printed.
pub fn shortened() -> String {
    PARAMETERS.map(|(name, value)| format!("{name} {value}")).join(", ")
}

/// Fare tables that nobody has confirmed are charged by too.
pub const ASSUMED: &str =
    "unconfirmed fare tables are charged by decision of the demonstration 未确认票价表按演示决定计费";

/// Keys of the demonstration's principals, by city.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TransitKeys {
    /// 到访地运营方, with its gates.
    pub metro: BTreeMap<String, String>,
    /// 归属地运营方
    pub home: BTreeMap<String, String>,
    /// 清分员
    pub clerk: BTreeMap<String, String>,
}

pub struct Cities {
    pub cities: Vec<City>,
    pub keys: TransitKeys,
}

impl Cities {
    pub fn client(&self, region: &Region, keys: &BTreeMap<String, String>, city: &str) -> anyhow::Result<ApiClient> {
        let key = keys.get(city).with_context(|| format!("no key for {city}"))?;
        Ok(ApiClient::new(&region.api_url(city)?, key))
    }
}

/// Loads everything, once; a region that is loaded already gives its keys.
pub async fn load(region: &Region) -> anyhow::Result<Cities> {
    let cities = cities(&region.profile)?;
    let path = region.data.join("transit/keys.json");
    if let Ok(text) = std::fs::read_to_string(&path) {
        return Ok(Cities { cities, keys: serde_json::from_str(&text)? });
    }
    let mut keys = TransitKeys::default();
    for City { city, name_zh, name_en, .. } in &cities {
        let city = city.to_string();
        let name = |zh: &str, en: &str| (format!("{name_zh}{zh}"), format!("{name_en} {en}"));
        let roles = ["transit_operator", "gate_system"];
        let metro = enrol(region, &city, "metro", name("地铁", "Metro"), &roles).await?;
        let home = enrol(region, &city, "ride", name("乘车码", "ride codes"), &["home_operator"]).await?;
        let roles = ["clearing_clerk", "city_planner"];
        let clerk = enrol(region, &city, "clearing", name("清分", "clearing"), &roles).await?;
        keys.metro.insert(city.clone(), metro);
        keys.home.insert(city.clone(), home);
        keys.clerk.insert(city, clerk);
    }
    let loaded = Cities { cities, keys };
    publish_key_set(region, &loaded).await?;
    publish_dated_data(region, &loaded).await?;
    crate::demo::load::spread(region).await?;
    write_private(&path, serde_json::to_string_pretty(&loaded.keys)?.as_bytes())?;
    Ok(loaded)
}

/// A participant of the city with a principal in these roles; gives its API key.
async fn enrol(
    region: &Region,
    city: &str,
    what: &str,
    (name_zh, name_en): (String, String),
    roles: &[&str],
) -> anyhow::Result<String> {
    let operator = operator(region, &node_of(region, city)?)?;
    let code = format!("{what}-{city}");
    let participant = json!({
        "code": code, "kind": "transit_operator", "name_zh": name_zh, "name_en": name_en, "division": city, "active": true,
    });
    principal(&operator, &participant, "system", roles).await
}

/// The jurisdiction whose node answers for a city.
pub fn node_of(region: &Region, city: &str) -> anyhow::Result<String> {
    let city = city.parse()?;
    let found = region.manifest.jurisdiction_for(city).with_context(|| format!("no node answers for {city}"))?;
    Ok(found.division.to_string())
}

async fn publish_key_set(region: &Region, loaded: &Cities) -> anyhow::Result<()> {
    let keeper = region.divisions().into_iter().min().context("a region has jurisdictions")?;
    let key =
        enrol(region, &keeper, "keeper", ("密钥管理中心".to_owned(), "Key keeper".to_owned()), &["key_keeper"]).await?;
    let client = ApiClient::new(&region.api_url(&keeper)?, &key);
    let root = std::fs::read_to_string(region.data.join("transit/root.hex"))?;
    let now = huitong_service_kit::http::Clock::now(&crate::clock::SystemClock { offset_ms: 0 });
    let issuers: Vec<Value> = loaded
        .cities
        .iter()
        .map(|city| {
            json!({ "issuer": city.issuer, "city": city.city, "name_zh": city.name_zh, "account_types": [0, 1], "same_issuer": true })
        })
        .collect();
    let set = json!({
        "version": 1, "not_before": now.0 - 86_400_000, "not_after": now.0 + 30 * 86_400_000_i64,
        "roots": [root.trim()], "issuers": issuers, "revocations": [], "platforms": [], "uic_keys": [],
    });
    client.send::<_, Value>(Method::POST, "/v1/transit/key-sets", None, &set).await.context("the key set")?;
    Ok(())
}

/// Maps first, then what refers to them. The border buses are the metro operator's of the city around them.
async fn publish_dated_data(region: &Region, loaded: &Cities) -> anyhow::Result<()> {
    let folders = [
        ("transit/maps", "/v1/transit/maps"),
        ("transit/fares", "/v1/transit/fare-packs"),
        ("transit/splits", "/v1/transit/split-rules"),
    ];
    for (folder, path) in folders {
        for (name, text) in region.profile.files(folder)? {
            let mut body: Value =
                serde_json::from_str(&json_text(&text).map_err(|error| anyhow::anyhow!("{name}: {error}"))?)?;
            let network = name.get(..6).context("files are named after their network")?;
            match folder {
                "transit/maps" => shorten(&mut body),
                _ => charge_anyway(&mut body),
            }
            let city = format!("{}00", &network[..4]);
            let client = loaded.client(region, &loaded.keys.metro, &city)?;
            let sent = client.send::<_, Value>(Method::POST, path, None, &body).await;
            sent.with_context(|| format!("{name} was not published"))?;
        }
    }
    Ok(())
}

/// The demonstration's parameters.
fn shorten(map: &mut Value) {
    for (name, value) in PARAMETERS {
        map["parameters"][name] = value.into();
    }
}

/// Tables that nobody has confirmed price nothing; the demonstration decides for itself, and says so.
fn charge_anyway(table: &mut Value) {
    if table["grade"] == "unconfirmed" && table["override_decision"].is_null() {
        table["override_decision"] = "演示决定，不代表真实运营方 / for the demonstration, of no real operator".into();
    }
}
