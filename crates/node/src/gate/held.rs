//! The tables that the gate has taken, kept in `tables.json`: after a restart an older one stays refused, as it was before.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huitong_transit_code::Reason;
use huitong_transit_code::deny::Delta;
use huitong_transit_code::key_set::KeySet;
use huitong_transit_code::signature::{Key, RustCrypto};
use huitong_transit_code::state::ServiceState;
use huitong_transit_code::table::{SIGNATURE_LENGTH, signed_body};
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
/// Deltas kept of a home behind its snapshot: a day of quarters of an hour. The file is written whole for each fetch, and each
/// start checks every signature in it.
const DELTAS_MAX: usize = 96;

/// A kept table that the gate does not take any more.
pub struct RefusedTable {
    pub kind: TableKind,
    /// For people, in both languages.
    pub why: String,
}

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
    /// The one in force, and one that is announced for later.
    key_sets: Vec<Signed>,
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

    /// Gives all to a gate that has none yet; tells what it does not take, and why.
    pub fn load(&self, gate: &mut TestGate, operator: &Key, network: u32, station: u32) -> Vec<RefusedTable> {
        let mut refused = Vec::new();
        let mut note = |kind: TableKind, table: &Signed, taken: Result<(), Reason>| {
            refused.extend(taken.err().map(|reason| RefusedTable { kind, why: why(&table.0, reason, operator) }));
        };
        for table in &self.key_sets {
            note(TableKind::KeySet, table, gate.load_key_set(&table.0).map(drop));
        }
        for chain in self.deny.values() {
            // Told once a home, for what follows a refused one seldom fits. Tried all the same: a list may begin anew.
            let taken = chain.iter().map(|table| (table, gate.apply_deny(&table.0)));
            let first = taken.fold(None, |first, (table, taken)| first.or(taken.is_err().then_some((table, taken))));
            if let Some((table, taken)) = first {
                note(TableKind::Deny, table, taken);
            }
        }
        if let Some(table) = &self.state {
            let taken = is_of_station(&table.0, network, station).and_then(|()| gate.load_state(&table.0));
            note(TableKind::State, table, taken);
        }
        refused
    }

    /// Keeps a table that the gate has taken.
    pub fn keep(&mut self, kind: TableKind, table: Vec<u8>) {
        match kind {
            TableKind::KeySet => self.key_sets.push(Signed(table)),
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

    /// Forgets the key sets that are neither in force nor the newest.
    pub fn drop_key_sets_but(&mut self, versions: &[Option<u32>]) {
        let version = |table: &Signed| KeySet::parse(body(&table.0)).ok().map(|set| set.version());
        self.key_sets.retain(|table| versions.contains(&version(table)));
    }

    pub fn homes(&self) -> impl Iterator<Item = u32> {
        self.deny.keys().copied()
    }

    /// Whether a home's list has grown so long that the next delta is better left for a snapshot.
    pub fn wants_snapshot(&self, home: u32) -> bool {
        self.deny.get(&home).is_some_and(|chain| chain.len() > DELTAS_MAX)
    }
}

/// What explains that a gate does not take a table which it took before.
fn why(table: &[u8], reason: Reason, operator: &Key) -> String {
    match reason {
        _ if signed_body(table, operator, &RustCrypto).is_err() => {
            "not signed by this gate's operator 非本闸机运营方签名".to_owned()
        }
        Reason::ReplayFull => "larger than the gate's tables: raise --deny-entries or --homes 超出表容量".to_owned(),
        Reason::Chain if ServiceState::parse(body(table)).is_ok() => "of another station 属于其他车站".to_owned(),
        reason => format!("{} {} {}", reason.name(), reason.chinese(), reason.english()),
    }
}

/// The home of a deny list.
pub fn deny_home(table: &[u8]) -> Option<u32> {
    Delta::parse(body(table)).ok().map(|delta| delta.home())
}

/// Whether a deny list is a delta, which is appended to what is kept.
pub fn is_delta(table: &[u8]) -> bool {
    Delta::parse(body(table)).is_ok_and(|delta| !delta.is_snapshot())
}

/// Whether a state is that of this station. Another station's is signed by the same operator, and must not open this one.
pub fn is_of_station(table: &[u8], network: u32, station: u32) -> Result<(), Reason> {
    let state = ServiceState::parse(body(table))?;
    if (state.network, state.station) == (network, station) { Ok(()) } else { Err(Reason::Chain) }
}
