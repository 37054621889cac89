//! The morning at the cashiers: a region of real nodes played through its public API, and then audited.

pub mod audit;
pub mod bills;
pub mod clearing;
pub mod client;
pub mod load;
pub mod morning;
pub mod report;
pub mod transit;

use std::path::{Path, PathBuf};

use huitong_kernel::manifest::Manifest;

use crate::region::init::second_member;
use crate::region::profile::RegionProfile;
use crate::supervisor::NodeProcess;

/// A member must lead by then.
const LEADER_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);
const ASK_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(1);

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
        let node = self.manifest.jurisdiction_for(division).and_then(|found| self.manifest.node_of(found.division));
        Ok(node.ok_or_else(|| anyhow::anyhow!("no node answers for {division}"))?.api_url.clone())
    }

    pub fn divisions(&self) -> Vec<String> {
        self.manifest.jurisdictions.iter().map(|jurisdiction| jurisdiction.division.to_string()).collect()
    }

    /// The folder of each member of a jurisdiction's node, with the URL of its API.
    pub fn members(&self, division: &str) -> anyhow::Result<Vec<(PathBuf, String)>> {
        let first = self.node_folder(division);
        let folders = [first.clone(), second_member(&first)];
        let urls = self.api_url(division)?;
        Ok(folders.into_iter().zip(urls.split(',').map(str::to_owned)).collect())
    }

    /// Starts every member of every node as a process of its own and waits until all serve.
    pub async fn start(&self) -> anyhow::Result<Vec<NodeProcess>> {
        let mut processes = Vec::new();
        for division in self.divisions() {
            for (folder, url) in self.members(&division)? {
                processes.push(NodeProcess::start(&folder.join("node.toml"), &url)?);
            }
        }
        for process in &mut processes {
            process.ready().await?;
        }
        for division in self.divisions() {
            self.leader(&division).await?;
            self.knows_operator(&division).await?;
        }
        Ok(processes)
    }

    /// Waits until every member of a new node knows its first operator.
    async fn knows_operator(&self, division: &str) -> anyhow::Result<()> {
        let key = std::fs::read_to_string(self.node_folder(division).join("operator.key"))?;
        let deadline = tokio::time::Instant::now() + LEADER_TIMEOUT;
        for (_, url) in self.members(division)? {
            let client = client::ApiClient::new(&url, &key);
            while let Err(error) = client.get::<serde_json::Value>("/v1/node/status").await {
                anyhow::ensure!(tokio::time::Instant::now() < deadline, "the operator is not known at {url}: {error}");
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
        Ok(())
    }

    /// Waits until a member of a jurisdiction's node leads; gives its place among the members.
    pub async fn leader(&self, division: &str) -> anyhow::Result<usize> {
        let client = crate::tls::http_client().build()?;
        let deadline = tokio::time::Instant::now() + LEADER_TIMEOUT;
        while tokio::time::Instant::now() < deadline {
            for (place, (_, url)) in self.members(division)?.iter().enumerate() {
                let asked = client.get(format!("{url}/health/leading")).timeout(ASK_TIMEOUT).send().await;
                if asked.is_ok_and(|answer| answer.status().is_success()) {
                    return Ok(place);
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        anyhow::bail!("no member of the node of {division} leads after a minute")
    }
}
