//! The region's signed constitution: who is a jurisdiction, which node answers for it, which keys speak when.
//!
//! A manifest is JSON signed by the jurisdictions' root keys. The first is trusted by its own signatures (each operator
//! compares its hash by telephone); every later one is accepted because enough jurisdictions of the one in force signed it.

use serde::{Deserialize, Serialize};

use crate::calendar::CalendarNotice;
use crate::clearing::{self, ClearingRule};
use crate::division::Division;
use crate::hash::{Digest, HashFunction};
use crate::split::PARTS_MAX;
use crate::suite::{PublicKey, Suite};
use crate::time::Instant;

mod next;
mod signed;

pub use signed::{ManifestSignature, SignedManifest};

/// Jurisdictions and nodes of a region at most.
pub const MEMBERS_MAX: usize = 64;
/// Keys a node may list: the current one, the next one, and those of the past that old receipts need.
pub const NODE_KEYS_MAX: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub region: String,
    pub version: u64,
    /// SHA-256 of the bytes of version − 1.
    pub previous: Option<Digest>,
    pub suite: Suite,
    /// Jurisdictions that must sign the next version.
    pub threshold: usize,
    pub valid_from: Instant,
    /// Exclusive.
    pub valid_to: Instant,
    pub jurisdictions: Vec<Jurisdiction>,
    pub nodes: Vec<NodeRecord>,
    #[serde(default)]
    pub calendars: Vec<CalendarNotice>,
    /// How each service's periods are cut and paid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clearing: Vec<ClearingRule>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jurisdiction {
    pub division: Division,
    pub name_zh: String,
    pub name_en: String,
    /// Signs manifests, nothing else; kept off the node.
    pub root_key: PublicKey,
    /// Name of the node that answers.
    pub node: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeRecord {
    pub name: String,
    /// Where callers find its HTTP API; one per member of the node's process group, separated by commas.
    pub api_url: String,
    /// Where peers deliver: `host:port`, TLS; one per member of the node's process group, separated by commas.
    pub exchange_address: String,
    /// SHA-256 of the DER bytes of its TLS certificates; several while one replaces another.
    pub tls_certificates: Vec<Digest>,
    pub services: Vec<String>,
    pub keys: Vec<NodeKey>,
}

/// A key that signs a node's checkpoints and receipts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeKey {
    pub key: PublicKey,
    pub valid_from: Instant,
    /// Exclusive.
    pub valid_to: Instant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Instant>,
}

/// Why a manifest or a key is not trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    #[error("the manifest cannot be read: {0}")]
    Malformed(String),
    #[error("the manifest breaks a rule: {0}")]
    Inconsistent(&'static str),
    #[error("the manifest has {found} of {needed} signatures; have more jurisdictions run `huitong region sign`")]
    TooFewSignatures { found: usize, needed: usize },
    #[error("the signature of {0} does not verify; sign the exact draft file again")]
    WrongSignature(Division),
    #[error("{0} signed but is no jurisdiction of the manifest in force")]
    ForeignSignature(Division),
    #[error("version {offered} does not follow version {current}; fetch the versions between")]
    NotNext { current: u64, offered: u64 },
    #[error(
        "the manifest does not build on the one in force: two drafts of one version exist; ask the region's office"
    )]
    Forked,
    #[error("the manifest is not in force at this time")]
    NotInForce,
    #[error("no node answers for {0}")]
    UnknownJurisdiction(Division),
    #[error("the key does not belong to the node of {0}")]
    UnknownKey(Division),
    #[error("the key is not valid yet")]
    KeyNotYetValid,
    #[error("the key has expired")]
    KeyExpired,
    #[error("the key was revoked")]
    KeyRevoked,
}

impl NodeRecord {
    /// The exchange address of each member.
    pub fn exchange_addresses(&self) -> impl Iterator<Item = &str> {
        self.exchange_address.split(',').map(str::trim).filter(|address| !address.is_empty())
    }

    /// In how many parts the node runs a service: 0 when it does not. Written `medical`, or `transit/8` when split.
    pub fn parts(&self, service: &str) -> u8 {
        let found = self.services.iter().find_map(|listed| {
            let (name, parts) = listed.split_once('/').unwrap_or((listed, "1"));
            (name == service).then(|| parts.parse().unwrap_or(1))
        });
        found.unwrap_or(0)
    }

    /// Every stream of the node: its services, of a split one each part.
    pub fn streams(&self) -> Vec<String> {
        let parts = |listed: &String| match listed.split_once('/') {
            Some((name, parts)) if parts != "1" => {
                (0..parts.parse::<u8>().unwrap_or(1)).map(|part| format!("{name}/{part}")).collect()
            }
            Some((name, _)) => vec![name.to_owned()],
            None => vec![listed.clone()],
        };
        self.services.iter().flat_map(parts).collect()
    }

    /// The API's URL of each member.
    pub fn api_urls(&self) -> impl Iterator<Item = &str> {
        self.api_url.split(',').map(str::trim).filter(|url| !url.is_empty())
    }
}

impl NodeKey {
    pub fn check(&self, at: Instant) -> Result<(), TrustError> {
        if self.revoked_at.is_some_and(|revoked_at| at >= revoked_at) {
            Err(TrustError::KeyRevoked)
        } else if at < self.valid_from {
            Err(TrustError::KeyNotYetValid)
        } else if at >= self.valid_to {
            Err(TrustError::KeyExpired)
        } else {
            Ok(())
        }
    }
}

impl Manifest {
    pub fn hash_function(&self) -> HashFunction {
        self.suite.hash_function()
    }

    pub fn check_in_force(&self, at: Instant) -> Result<(), TrustError> {
        if self.valid_from <= at && at < self.valid_to { Ok(()) } else { Err(TrustError::NotInForce) }
    }

    /// The jurisdiction that answers for `division`: the longest match wins, so a city may get a node of its own.
    pub fn jurisdiction_for(&self, division: Division) -> Option<&Jurisdiction> {
        let serving = self.jurisdictions.iter().filter(|jurisdiction| jurisdiction.division.contains(division));
        serving.max_by_key(|jurisdiction| jurisdiction.division.prefix().len())
    }

    pub fn jurisdiction(&self, division: Division) -> Option<&Jurisdiction> {
        self.jurisdictions.iter().find(|jurisdiction| jurisdiction.division == division)
    }

    pub fn node(&self, name: &str) -> Option<&NodeRecord> {
        self.nodes.iter().find(|node| node.name == name)
    }

    pub fn node_of(&self, division: Division) -> Option<&NodeRecord> {
        self.node(&self.jurisdiction(division)?.node)
    }

    pub fn node_by_certificate(&self, certificate: &Digest) -> Option<&NodeRecord> {
        self.nodes.iter().find(|node| node.tls_certificates.contains(certificate))
    }

    /// The key with note id `key_id` of the node that answers for `division`, if it speaks at `at`.
    pub fn speaking_key(&self, division: Division, key_id: u32, at: Instant) -> Result<&PublicKey, TrustError> {
        let node = self.node_of(division).ok_or(TrustError::UnknownJurisdiction(division))?;
        let key = node.keys.iter().find(|key| key.key.note_key_id(&node.name) == key_id);
        let key = key.ok_or(TrustError::UnknownKey(division))?;
        key.check(at)?;
        Ok(&key.key)
    }

    /// The rules that a manifest must keep by itself.
    pub fn check(&self) -> Result<(), TrustError> {
        let rule = |holds: bool, text: &'static str| if holds { Ok(()) } else { Err(TrustError::Inconsistent(text)) };
        let members = |count: usize| (1..=MEMBERS_MAX).contains(&count);
        rule(members(self.jurisdictions.len()) && members(self.nodes.len()), "1 to 64 jurisdictions and nodes")?;
        rule(
            (1..=self.jurisdictions.len()).contains(&self.threshold),
            "the threshold is 1 to the number of jurisdictions",
        )?;
        rule(self.valid_from < self.valid_to, "valid_from lies before valid_to")?;
        rule((self.version == 1) == self.previous.is_none(), "every version but the first names the previous")?;
        rule(self.version > 0, "versions count from 1")?;
        rule(is_name(&self.region), "the region's name has 1 to 32 small letters, digits and hyphens")?;
        rule(unique(self.jurisdictions.iter().map(|j| j.division.as_str())), "a division stands once")?;
        rule(unique(self.nodes.iter().map(|node| node.name.as_str())), "a node stands once")?;
        for jurisdiction in &self.jurisdictions {
            rule(self.node(&jurisdiction.node).is_some(), "each jurisdiction's node is listed")?;
            rule(jurisdiction.root_key.suite() == self.suite, "root keys are of the region's suite")?;
        }
        if let Some(fault) = clearing::fault(&self.clearing) {
            return Err(TrustError::Inconsistent(fault));
        }
        let is_agent = |rule: &ClearingRule| rule.agent.is_none_or(|agent| self.jurisdiction(agent).is_some());
        rule(self.clearing.iter().all(is_agent), "the agent of a clearing rule is a jurisdiction")?;
        for node in &self.nodes {
            rule(is_name(&node.name), "a node's name has 1 to 32 small letters, digits and hyphens")?;
            rule((1..=NODE_KEYS_MAX).contains(&node.keys.len()), "a node has 1 to 32 keys")?;
            rule(!node.tls_certificates.is_empty(), "a node pins a TLS certificate")?;
            let parts = |service: &String| service.split_once('/').is_none_or(|(_, parts)| is_part_count(parts));
            rule(node.services.iter().all(parts), "a split service has 1 to 64 parts")?;
            for key in &node.keys {
                rule(key.key.suite() == self.suite, "node keys are of the region's suite")?;
                rule(key.valid_from < key.valid_to, "a key is valid for some time")?;
            }
        }
        Ok(())
    }
}

fn is_part_count(text: &str) -> bool {
    text.parse::<u8>().is_ok_and(|parts| (1..=PARTS_MAX).contains(&parts))
}

fn is_name(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(letters)
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().all(|name| seen.insert(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::RandomSource;
    use crate::suite::{Signer, SoftwareKey};

    pub fn root_key(index: usize) -> SoftwareKey {
        SoftwareKey::generate(Suite::Ed25519Sha256, &mut RandomSource::from_number(index as u64))
    }

    /// A region of `count` jurisdictions, one node each.
    pub fn region_of(count: usize, threshold: usize) -> Manifest {
        let (valid_from, valid_to) = (Instant(0), Instant(1_000_000));
        let jurisdictions = (0..count).map(|index| Jurisdiction {
            division: format!("3{}0000", index + 1).parse().expect("a code"),
            name_zh: format!("地区{index}"),
            name_en: format!("Area {index}"),
            root_key: root_key(index).public_key().clone(),
            node: format!("node-{index}"),
        });
        let nodes = (0..count).map(|index| NodeRecord {
            name: format!("node-{index}"),
            api_url: format!("http://127.0.0.1:{}", 7_000 + index),
            exchange_address: format!("127.0.0.1:{}", 7_100 + index),
            tls_certificates: vec![Digest([index as u8; 32])],
            services: vec!["medical".to_owned()],
            keys: vec![NodeKey {
                key: root_key(100 + index).public_key().clone(),
                valid_from,
                valid_to,
                revoked_at: None,
            }],
        });
        Manifest {
            region: "test".to_owned(),
            version: 1,
            previous: None,
            suite: Suite::Ed25519Sha256,
            threshold,
            valid_from,
            valid_to,
            jurisdictions: jurisdictions.collect(),
            nodes: nodes.collect(),
            calendars: Vec::new(),
            clearing: Vec::new(),
        }
    }

    #[test]
    fn the_longest_match_answers_so_a_city_may_get_its_own_node() {
        let mut manifest = region_of(2, 1);
        let city: Division = "310100".parse().expect("a code");
        assert_eq!(manifest.jurisdiction_for(city).map(|j| j.node.as_str()), Some("node-0"));
        manifest.jurisdictions.push(Jurisdiction { division: city, ..manifest.jurisdictions[1].clone() });
        assert_eq!(manifest.jurisdiction_for(city).map(|j| j.node.as_str()), Some("node-1"));
        assert!(manifest.jurisdiction_for("440000".parse().expect("a code")).is_none());
    }

    #[test]
    fn a_manifest_is_in_force_from_its_first_to_before_its_last_instant() {
        let manifest = region_of(1, 1);
        assert_eq!(manifest.check_in_force(Instant(0)), Ok(()));
        assert_eq!(manifest.check_in_force(Instant(-1)), Err(TrustError::NotInForce));
        assert_eq!(manifest.check_in_force(Instant(1_000_000)), Err(TrustError::NotInForce), "expired");
    }

    #[test]
    fn a_manifest_that_breaks_a_rule_is_refused() {
        let faults: [fn(&mut Manifest); 6] = [
            |manifest| manifest.threshold = 3,
            |manifest| manifest.threshold = 0,
            |manifest| manifest.valid_to = manifest.valid_from,
            |manifest| manifest.jurisdictions[1].node = "nobody".to_owned(),
            |manifest| manifest.nodes[1].name = "node-0".to_owned(),
            |manifest| manifest.nodes[0].keys.clear(),
        ];
        for (number, fault) in faults.iter().enumerate() {
            let mut manifest = region_of(2, 1);
            fault(&mut manifest);
            assert!(matches!(manifest.check(), Err(TrustError::Inconsistent(_))), "fault {number}");
        }
    }
}
