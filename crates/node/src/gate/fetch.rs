//! Asking the node for newer tables, and for its time.

use std::collections::BTreeSet;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huitong_transit_code::Reason;
use serde::Deserialize;

use super::device::Device;
use super::held::{TableKind, deny_home};
use crate::demo::client::ApiClient;

#[derive(Deserialize)]
struct Tables {
    operator_key: String,
    #[serde(default)]
    key_set: Option<String>,
    #[serde(default)]
    deny: Vec<String>,
    #[serde(default)]
    state: Option<String>,
    node_time_ms: i64,
}

/// A table that came, and what the gate did with it.
pub type Taken = (&'static str, Result<String, Reason>);

/// Fetches and takes what is newer. A list whose delta does not fit is asked for once more from its beginning.
pub async fn fetch(device: &mut Device, client: &ApiClient) -> anyhow::Result<Result<Vec<Taken>, String>> {
    let mut taken = Vec::new();
    let mut broken = BTreeSet::new();
    for _ in 0..2 {
        let tables = match ask(device, client, &broken).await {
            Ok(tables) => tables,
            Err(fault) => return Ok(Err(fault)),
        };
        let before = broken.len();
        if let Err(fault) = take(device, tables, &mut taken, &mut broken)? {
            return Ok(Err(fault));
        }
        if broken.len() == before {
            break;
        }
    }
    Ok(Ok(taken))
}

async fn ask(device: &mut Device, client: &ApiClient, broken: &BTreeSet<u32>) -> Result<Tables, String> {
    let mut held: Vec<String> =
        device.key_set_version().map(|version| format!("key_set:{version}")).into_iter().collect();
    for home in device.held.homes().filter(|home| !broken.contains(home)) {
        held.extend(device.deny_sequence(home).map(|sequence| format!("deny:{home:06}:{sequence}")));
    }
    held.extend(device.state_sequence().map(|sequence| format!("state:{sequence}")));
    let path = format!("/v1/transit/gates/{}/tables?held={}", device.place.name, held.join(","));
    let (gate_time_ms, start) = (device.clock.time_ms(), Instant::now());
    let tables: Tables = client.get(&path).await.map_err(|error| error.to_string())?;
    let elapsed_ms = i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX);
    device.clock.hear(gate_time_ms, elapsed_ms, tables.node_time_ms);
    Ok(tables)
}

/// Gives the tables to the gate; a fault when the answer is not one for this gate.
fn take(
    device: &mut Device,
    tables: Tables,
    taken: &mut Vec<Taken>,
    broken: &mut BTreeSet<u32>,
) -> anyhow::Result<Result<(), String>> {
    let own_key = hex::encode(device.operator_key());
    if !tables.operator_key.eq_ignore_ascii_case(&own_key) {
        return Ok(Err(format!(
            "the node's tables are signed by {}, this gate takes those of {own_key}",
            tables.operator_key
        )));
    }
    let key_set = tables.key_set.into_iter().map(|table| (TableKind::KeySet, table));
    let deny = tables.deny.into_iter().map(|table| (TableKind::Deny, table));
    let state = tables.state.into_iter().map(|table| (TableKind::State, table));
    for (kind, table) in key_set.chain(deny).chain(state) {
        let Ok(table) = STANDARD.decode(table) else { return Ok(Err("a table is not base64".to_owned())) };
        let home = deny_home(&table).filter(|_| kind == TableKind::Deny);
        let outcome = device.take_table(kind, table)?;
        if let (Some(home), Err(Reason::Chain)) = (home, &outcome) {
            broken.insert(home);
        }
        taken.push((kind.word(), outcome));
    }
    Ok(Ok(()))
}
