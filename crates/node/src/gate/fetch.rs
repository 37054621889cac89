//! Asking the node for newer tables, and for its time.

use std::collections::BTreeSet;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huitong_transit_code::Reason;
use serde::Deserialize;

use super::device::Device;
use super::held::{TableKind, deny_home, is_delta};
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

/// Fetches and takes what is newer. A list whose delta does not fit, or that has too many, is asked for once more from its
/// beginning.
pub async fn fetch(device: &mut Device, client: &ApiClient) -> anyhow::Result<Result<Vec<Taken>, String>> {
    let mut fetched = Fetched::default();
    let outcome = fetched.all(device, client).await?;
    device.keep_tables()?;
    Ok(outcome.map(|()| fetched.taken))
}

#[derive(Default)]
struct Fetched {
    taken: Vec<Taken>,
    /// Homes whose whole list is wanted.
    whole: BTreeSet<u32>,
}

impl Fetched {
    async fn all(&mut self, device: &mut Device, client: &ApiClient) -> anyhow::Result<Result<(), String>> {
        for is_last in [false, true] {
            let tables = match ask(device, client, &self.whole).await? {
                Ok(tables) => tables,
                Err(fault) => return Ok(Err(fault)),
            };
            if let Err(fault) = self.take(device, tables, is_last) {
                return Ok(Err(fault));
            }
            if self.whole.is_empty() {
                break;
            }
        }
        Ok(Ok(()))
    }

    /// Gives the tables to the gate; a fault when the answer is not one for this gate.
    fn take(&mut self, device: &mut Device, tables: Tables, is_last: bool) -> Result<(), String> {
        let own_key = hex::encode(device.operator_key());
        if !tables.operator_key.eq_ignore_ascii_case(&own_key) {
            return Err(format!(
                "the node's tables are signed by {}, this gate takes those of {own_key}",
                tables.operator_key
            ));
        }
        let key_set = tables.key_set.into_iter().map(|table| (TableKind::KeySet, table));
        let deny = tables.deny.into_iter().map(|table| (TableKind::Deny, table));
        let state = tables.state.into_iter().map(|table| (TableKind::State, table));
        for (kind, table) in key_set.chain(deny).chain(state) {
            let Ok(table) = STANDARD.decode(table) else { return Err("a table is not base64".to_owned()) };
            let home = deny_home(&table).filter(|_| kind == TableKind::Deny);
            // A snapshot must be newer than what the gate has, so these deltas are left to it.
            if let Some(home) = home.filter(|home| !is_last && is_delta(&table) && device.held.wants_snapshot(*home)) {
                self.whole.insert(home);
                continue;
            }
            let outcome = device.take_table(kind, table);
            if let (Some(home), Err(Reason::Chain)) = (home, &outcome) {
                self.whole.insert(home);
            }
            self.taken.push((kind.word(), outcome));
        }
        Ok(())
    }
}

async fn ask(device: &mut Device, client: &ApiClient, whole: &BTreeSet<u32>) -> anyhow::Result<Result<Tables, String>> {
    let mut held: Vec<String> =
        device.key_set_version().map(|version| format!("key_set:{version}")).into_iter().collect();
    for home in device.held.homes().filter(|home| !whole.contains(home)) {
        held.extend(device.deny_sequence(home).map(|sequence| format!("deny:{home:06}:{sequence}")));
    }
    held.extend(device.state_sequence().map(|sequence| format!("state:{sequence}")));
    let path = format!("/v1/transit/gates/{}/tables?held={}", device.place.name, held.join(","));
    let (gate_time_ms, start) = (device.clock.time_ms(), Instant::now());
    let tables: Tables = match client.get(&path).await {
        Ok(tables) => tables,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let elapsed_ms = i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX);
    device.hear_time(gate_time_ms, elapsed_ms, tables.node_time_ms)?;
    Ok(Ok(tables))
}
