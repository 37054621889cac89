//! The morning at the cashiers: a region of real nodes played through its public API, and then audited.

pub mod audit;
pub mod bills;
pub mod client;
pub mod load;
pub mod morning;
pub mod report;

use std::path::{Path, PathBuf};

use huitong_kernel::manifest::Manifest;

use crate::region::profile::RegionProfile;
use crate::supervisor::NodeProcess;

/// A region on this machine: its folder, profile and manifest.
pub struct Region {
    pub data: PathBuf,
    pub profile: RegionProfile,
    pub manifest: Manifest,
}

impl Region {
    /// Opens the region in `data`.
    pub fn open(data: &Path, profile: RegionProfile) -> anyhow::Result<Region> {
        let manifest = crate::region::manage::read(&data.join("region/manifest.json"))?.content()?;
        Ok(Region { data: data.to_owned(), profile, manifest })
    }

    pub fn node_folder(&self, division: &str) -> PathBuf {
        self.data.join(division)
    }

    /// Base address of the API of a jurisdiction's node.
    pub fn api_url(&self, division: &str) -> anyhow::Result<String> {
        let division = division.parse()?;
        let node = self.manifest.node_of(division);
        Ok(node.ok_or_else(|| anyhow::anyhow!("no node answers for {division}"))?.api_url.clone())
    }

    pub fn divisions(&self) -> Vec<String> {
        self.manifest.jurisdictions.iter().map(|jurisdiction| jurisdiction.division.to_string()).collect()
    }

    /// Starts every node as a process of its own and waits until all are ready.
    pub async fn start(&self) -> anyhow::Result<Vec<NodeProcess>> {
        let mut processes = Vec::new();
        for division in self.divisions() {
            let config = self.node_folder(&division).join("node.toml");
            processes.push(NodeProcess::start(&config, &self.api_url(&division)?)?);
        }
        for process in &mut processes {
            process.ready().await?;
        }
        Ok(processes)
    }
}
