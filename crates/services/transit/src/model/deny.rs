//! Deny lists (黑名单) as nodes send them: one chain of deltas per home jurisdiction. The bytes are those of the gates.

use std::collections::HashSet;

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_transit_code::deny::{self, DenyKind, Entry};
use huitong_transit_code::make::{self, DeltaContent};
use serde::{Deserialize, Serialize};

use super::key_set::number;
use super::rider::AccountToken;

/// A delta, readable. What is hashed and chained are the bytes made from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeltaText {
    pub home: Division,
    pub sequence: u32,
    /// Hash of the delta that it follows; of a snapshot, of the last delta that its receiver holds.
    pub previous: Digest,
    pub as_of: Instant,
    /// Of a snapshot: all that holds.
    pub adds: Vec<DenyAdd>,
    pub removes: Vec<DenyEntry>,
    /// Set: a snapshot, which stands for all deltas up to the one of this number, whose hash this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_hash: Option<Digest>,
}

/// Changes of one delta, and entries of one snapshot: a message of half a megabyte.
pub const CHANGES_MAX: usize = 5_000;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DenyEntry {
    pub kind: DenyClass,
    /// Hexadecimal: account 28 digits, platform 8, issuer 8, certificate 14 (issuer and serial).
    pub key: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DenyAdd {
    #[serde(flatten)]
    pub entry: DenyEntry,
    pub valid_from: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DenyClass {
    Account,
    Platform,
    Issuer,
    Certificate,
}

impl DenyClass {
    pub fn name(self) -> &'static str {
        match self {
            DenyClass::Account => "account",
            DenyClass::Platform => "platform",
            DenyClass::Issuer => "issuer",
            DenyClass::Certificate => "certificate",
        }
    }

    pub fn parse(name: &str) -> Option<DenyClass> {
        [DenyClass::Account, DenyClass::Platform, DenyClass::Issuer, DenyClass::Certificate]
            .into_iter()
            .find(|class| class.name() == name)
    }

    fn kind(self) -> DenyKind {
        match self {
            DenyClass::Account => DenyKind::Account,
            DenyClass::Platform => DenyKind::Platform,
            DenyClass::Issuer => DenyKind::Issuer,
            DenyClass::Certificate => DenyKind::Certificate,
        }
    }

    /// Bytes of a key.
    pub fn key_length(self) -> usize {
        match self {
            DenyClass::Account => 14,
            DenyClass::Platform | DenyClass::Issuer => 4,
            DenyClass::Certificate => 7,
        }
    }
}

impl std::str::FromStr for DenyClass {
    type Err = ();
    fn from_str(name: &str) -> Result<DenyClass, ()> {
        DenyClass::parse(name).ok_or(())
    }
}

impl DenyEntry {
    pub fn account(account: &AccountToken) -> DenyEntry {
        DenyEntry { kind: DenyClass::Account, key: account.to_string() }
    }

    /// The issuer that an entry speaks of; a platform belongs to none.
    pub fn issuer(&self) -> Option<[u8; 4]> {
        let mut issuer = [0; 4];
        hex::decode_to_slice(self.key.get(..8)?, &mut issuer).ok()?;
        (self.kind != DenyClass::Platform).then_some(issuer)
    }

    /// The entry as gates hold it; `None` unless the key has its length.
    pub fn to_bytes(&self) -> Option<Entry> {
        let key = hex::decode(&self.key).ok().filter(|key| key.len() == self.kind.key_length())?;
        Some(deny::entry(self.kind.kind(), &key))
    }
}

impl DeltaText {
    /// The bytes of the delta or snapshot; `None` if an entry is malformed.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        match self.snapshot_hash {
            Some(hash) => self.snapshot(hash, &self.adds),
            None => Some(make::deny_delta(&self.content(false)?)),
        }
    }

    /// A snapshot that stands for this delta, with all entries that hold after it.
    pub fn snapshot(&self, hash: Digest, holding: &[DenyAdd]) -> Option<Vec<u8>> {
        let all = DeltaText { previous: hash, adds: holding.to_vec(), removes: Vec::new(), ..self.clone() };
        Some(make::deny_delta(&all.content(true)?))
    }

    fn content(&self, is_snapshot: bool) -> Option<DeltaContent> {
        let adds = self.adds.iter().map(|add| Some((add.entry.to_bytes()?, add.valid_from.0.div_euclid(1_000))));
        Some(DeltaContent {
            home: number(self.home),
            sequence: self.sequence,
            is_snapshot,
            previous: self.previous.0,
            as_of: self.as_of.0.div_euclid(1_000),
            adds: adds.collect::<Option<_>>()?,
            removes: self.removes.iter().map(DenyEntry::to_bytes).collect::<Option<_>>()?,
        })
    }

    /// What a snapshot changes where `holding` is held: the same as a delta would say.
    pub fn changes(self, holding: &[DenyAdd]) -> DeltaText {
        let (said, held): (HashSet<_>, HashSet<_>) = (self.adds.iter().collect(), holding.iter().collect());
        let removes = holding.iter().filter(|held| !said.contains(held)).map(|held| held.entry.clone()).collect();
        let adds = self.adds.iter().filter(|add| !held.contains(add)).cloned().collect();
        DeltaText { adds, removes, ..self }
    }

    /// The hash that the next delta names: SM3 of the bytes, or what a snapshot says.
    pub fn hash(&self) -> Option<Digest> {
        if self.snapshot_hash.is_some() {
            return self.snapshot_hash;
        }
        Some(Digest(huitong_transit_code::signature::sm3(&[&self.to_bytes()?])))
    }
}
