//! The manifest in force at a node: accepted step by step, kept in the node's own folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context;
use huitong_kernel::calendar::Calendar;
use huitong_kernel::clearing::ClearingRule;
use huitong_kernel::division::Division;
use huitong_kernel::manifest::{Manifest, SignedManifest, TrustError};
use huitong_kernel::time::Instant;
use huitong_service_kit::Directory;

use crate::keys;

pub struct ManifestKeeper {
    path: PathBuf,
    current: RwLock<(SignedManifest, Arc<Manifest>)>,
}

impl std::fmt::Debug for ManifestKeeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ManifestKeeper({})", self.path.display())
    }
}

impl ManifestKeeper {
    /// Opens the manifest that this node trusts.
    pub fn open(path: &Path) -> anyhow::Result<ManifestKeeper> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the manifest {}; run `huitong region init`", path.display()))?;
        let signed = SignedManifest::read(&text)?;
        let manifest = Arc::new(signed.content()?);
        // The first version is trusted by its own signatures; a later one was checked when it was accepted.
        if manifest.version == 1 {
            signed.open()?;
        }
        let keeper = ManifestKeeper { path: path.to_owned(), current: RwLock::new((signed, manifest)) };
        keeper.remember(keeper.current().version, &text)?;
        Ok(keeper)
    }

    /// Every version that was in force here is kept: a peer that was away takes them one after the other.
    fn remember(&self, version: u64, text: &str) -> anyhow::Result<()> {
        let path = self.history(version);
        if path.exists() { Ok(()) } else { keys::write_public(&path, text.as_bytes()) }
    }

    fn history(&self, version: u64) -> PathBuf {
        self.path.with_file_name("manifests").join(format!("{version}.json"))
    }

    /// The file form of a version that was in force here.
    pub fn version(&self, version: u64) -> Option<String> {
        std::fs::read_to_string(self.history(version)).ok()
    }

    pub fn current(&self) -> Arc<Manifest> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).1)
    }

    /// The file form of the manifest in force, for peers.
    pub fn text(&self) -> String {
        self.current.read().unwrap_or_else(PoisonError::into_inner).0.write()
    }

    /// Takes a newer manifest if enough jurisdictions of the one in force signed it. `false`: not newer.
    pub fn offer(&self, text: &str) -> Result<bool, TrustError> {
        let offered = SignedManifest::read(text)?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if offered.content()?.version <= current.1.version {
            return Ok(false);
        }
        let manifest = offered.accept_after(&current.0)?;
        let failed = |error: anyhow::Error| TrustError::Malformed(error.to_string());
        self.remember(manifest.version, text).map_err(failed)?;
        keys::write_public(&self.path, text.as_bytes()).map_err(failed)?;
        *current = (offered, Arc::new(manifest));
        Ok(true)
    }

    /// Looks whether a newer manifest was published as `NAME.next` beside the one in force.
    pub fn poll(&self) -> Result<bool, TrustError> {
        let next = self.path.with_extension("next.json");
        match std::fs::read_to_string(&next) {
            Ok(text) => {
                let taken = self.offer(&text);
                // Versions between are fetched from peers first; the file waits.
                if matches!(taken, Ok(true | false)) {
                    let _ = std::fs::remove_file(&next);
                }
                taken
            }
            Err(_) => Ok(false),
        }
    }
}

impl Directory for ManifestKeeper {
    fn jurisdiction_of(&self, division: Division) -> Option<Division> {
        self.current().jurisdiction_for(division).map(|jurisdiction| jurisdiction.division)
    }

    fn parts(&self, jurisdiction: Division, service: &str) -> u8 {
        self.current().node_of(jurisdiction).map_or(1, |node| node.parts(service))
    }

    fn calendar(&self, division: Division, known_at: Instant) -> Calendar {
        Calendar::effective(&self.current().calendars, division, known_at)
    }

    fn clearing_rules(&self) -> Vec<ClearingRule> {
        self.current().clearing.clone()
    }

    fn jurisdictions(&self) -> Vec<Division> {
        self.current().jurisdictions.iter().map(|jurisdiction| jurisdiction.division).collect()
    }
}
