//! The tables that the gate has taken, kept in `tables.json`: after a restart an older one stays refused, as it was before.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huitong_transit_code::Reason;
use huitong_transit_code::deny::Delta;
use huitong_transit_code::state::ServiceState;
use huitong_transit_code::table::SIGNATURE_LENGTH;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::folder::Folder;
use super::memory::TestGate;

/// The kinds of tables that a node gives its gates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    KeySet,
    Deny,
    State,
}

impl TableKind {
    pub fn word(self) -> &'static str {
        match self {
            TableKind::KeySet => "key-set",
            TableKind::Deny => "deny",
            TableKind::State => "state",
        }
    }
}

const FILE: &str = "tables.json";

/// A table with its signature; base64 in the file.
#[derive(Clone)]
struct Signed(Vec<u8>);

impl Serialize for Signed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Signed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Signed, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Signed).map_err(serde::de::Error::custom)
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    key_set: Option<Signed>,
    /// Per home: the last snapshot, and the deltas after it.
    deny: BTreeMap<u32, Vec<Signed>>,
    state: Option<Signed>,
}

/// The body of a table whose signature the gate has checked.
fn body(table: &[u8]) -> &[u8] {
    table.get(..table.len().saturating_sub(SIGNATURE_LENGTH)).unwrap_or_default()
}

impl Held {
    pub fn read(folder: &Folder) -> anyhow::Result<Held> {
        Ok(folder.read(FILE)?.unwrap_or_default())
    }

    pub fn write(&self, folder: &Folder) -> anyhow::Result<()> {
        folder.write(FILE, self)
    }

    /// Gives all to a gate that has none yet; tells what it does not take, which a change of the operator's key explains.
    pub fn load(&self, gate: &mut TestGate) -> Vec<&'static str> {
        let mut refused = Vec::new();
        if self.key_set.as_ref().is_some_and(|table| gate.load_key_set(&table.0).is_err()) {
            refused.push("key-set");
        }
        // Each home's list stands for itself: one that is refused must not keep the others out.
        if self.deny.values().flatten().filter(|table| gate.apply_deny(&table.0).is_err()).count() > 0 {
            refused.push("deny");
        }
        if self.state.as_ref().is_some_and(|table| gate.load_state(&table.0).is_err()) {
            refused.push("state");
        }
        refused
    }

    /// Keeps a table that the gate has taken.
    pub fn keep(&mut self, kind: TableKind, table: Vec<u8>) {
        match kind {
            TableKind::KeySet => self.key_set = Some(Signed(table)),
            TableKind::State => self.state = Some(Signed(table)),
            TableKind::Deny => {
                let Ok((home, is_snapshot)) =
                    Delta::parse(body(&table)).map(|delta| (delta.home(), delta.is_snapshot()))
                else {
                    return;
                };
                let chain = self.deny.entry(home).or_default();
                if is_snapshot {
                    chain.clear();
                }
                chain.push(Signed(table));
            }
        }
    }

    pub fn homes(&self) -> impl Iterator<Item = u32> {
        self.deny.keys().copied()
    }
}

/// The home of a deny list.
pub fn deny_home(table: &[u8]) -> Option<u32> {
    Delta::parse(body(table)).ok().map(|delta| delta.home())
}

/// Whether a state is that of this station. Another station's is signed by the same operator, and must not open this one.
pub fn is_of_station(table: &[u8], network: u32, station: u32) -> Result<(), Reason> {
    let state = ServiceState::parse(body(table))?;
    if (state.network, state.station) == (network, station) { Ok(()) } else { Err(Reason::Chain) }
}
