//! The gate's folder: which gate it is, its key, how far the node has acknowledged.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use huitong_transit_code::make::SigningKey;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{keys, transit_keys};

/// `gate.json`: whose memory the folder is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    gate: String,
    /// Of the store: a replaced store begins a new one.
    epoch: u32,
}

/// `acknowledged.json`: the last record the node is known to hold; all before it are held too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledged {
    pub epoch: u32,
    pub sequence: u64,
}

pub struct Folder {
    path: PathBuf,
}

impl Folder {
    pub fn new(path: &Path) -> anyhow::Result<Folder> {
        std::fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Folder { path: path.to_owned() })
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The gate's SM2 key; made when there is none.
    pub fn key(&self) -> anyhow::Result<SigningKey> {
        transit_keys::read_or_generate(&self.file("gate.key"))
    }

    /// Whether a gate has worked here before.
    pub fn is_used(&self) -> bool {
        self.file("gate.json").exists()
    }

    /// The store's epoch; 1 in a new folder. Another gate's folder is refused: its records would be taken for ours.
    pub fn epoch(&self, gate: &str) -> anyhow::Result<u32> {
        match self.read::<Identity>("gate.json")? {
            None => {
                self.set_epoch(gate, 1)?;
                Ok(1)
            }
            Some(identity) if identity.gate == gate => Ok(identity.epoch),
            Some(identity) => bail!("{} is the memory of gate {}, not of {gate}", self.path.display(), identity.gate),
        }
    }

    pub fn set_epoch(&self, gate: &str, epoch: u32) -> anyhow::Result<()> {
        self.write("gate.json", &Identity { gate: gate.to_owned(), epoch })
    }

    pub fn acknowledged(&self) -> anyhow::Result<Acknowledged> {
        Ok(self.read("acknowledged.json")?.unwrap_or_default())
    }

    pub fn set_acknowledged(&self, acknowledged: Acknowledged) -> anyhow::Result<()> {
        self.write("acknowledged.json", &acknowledged)
    }

    /// `None` when there is no such file.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> anyhow::Result<Option<T>> {
        let path = self.file(name);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        serde_json::from_slice(&text).map(Some).with_context(|| format!("{} cannot be understood", path.display()))
    }

    /// Whole or not at all, on disk when it returns.
    pub fn write<T: Serialize>(&self, name: &str, content: &T) -> anyhow::Result<()> {
        keys::write_public(&self.file(name), serde_json::to_string_pretty(content)?.as_bytes())
    }
}
