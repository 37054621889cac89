//! What a node asks of a peer's publications: it says what it holds, and is given what follows.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use serde::{Deserialize, Serialize};

/// What the asker holds of the peer's. The answer is what it lacks, as the messages by which it is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum PublicationAsk {
    /// Of the keeper; version 0 where none is held.
    KeySets { version: u32 },
    /// Maps and fare packs that the peer published, with its orders.
    Networks { maps: Vec<HeldMap>, packs: Vec<HeldPack> },
    /// The last delta held of the peer's list; 0 and a hash of zeros where none is held.
    DenyList { sequence: u32, hash: Digest },
}

/// The newest version held of a network's map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldMap {
    pub network: Division,
    pub version: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPack {
    pub network: Division,
    pub pack: String,
    pub version: u32,
}

/// What is asked for by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublicationKind {
    KeySets,
    Networks,
    DenyList,
}

impl PublicationKind {
    pub fn name(self) -> &'static str {
        match self {
            PublicationKind::KeySets => "key_sets",
            PublicationKind::Networks => "networks",
            PublicationKind::DenyList => "deny_list",
        }
    }
}

impl std::str::FromStr for PublicationKind {
    type Err = ();
    fn from_str(name: &str) -> Result<PublicationKind, ()> {
        [PublicationKind::KeySets, PublicationKind::Networks, PublicationKind::DenyList]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or(())
    }
}

impl PublicationAsk {
    pub fn kind(&self) -> PublicationKind {
        match self {
            PublicationAsk::KeySets { .. } => PublicationKind::KeySets,
            PublicationAsk::Networks { .. } => PublicationKind::Networks,
            PublicationAsk::DenyList { .. } => PublicationKind::DenyList,
        }
    }
}
