//! The configuration of one node: `node.toml`. Unknown settings are refused, so that a typing error does not go unnoticed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_transit::model::evidence::EVIDENCE_ONE_IN;
use serde::{Deserialize, Serialize};

use crate::pool_endpoint::config::{POOLS_MAX, PoolConfig};

/// Every service that a node can run.
pub const SERVICES: &[&str] = &["registry", "medical", "transit", "clearing"];

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// The node's name in the manifest.
    pub name: String,
    /// Folder of streams; relative paths are relative to this file.
    pub data: PathBuf,
    /// The region's manifest as this node has accepted it.
    pub manifest: PathBuf,
    pub key: PathBuf,
    pub tls_certificate: PathBuf,
    pub tls_key: PathBuf,
    pub api: ApiConfig,
    pub exchange: ExchangeConfig,
    /// Where the journals are: `sqlite` (a file per stream in `data`), or `postgres://user:password@host/database` when
    /// several members share them; `data` then holds copies and views.
    #[serde(default = "default_journal")]
    pub journal: String,
    /// Certificates (PEM) that the journal's server may show; without it the connection is not encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_ca: Option<PathBuf>,
    /// Tells the members of one node apart; the API's address when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Signs the tables that gates of transit take (SM2 scalar, hexadecimal); made when it is missing. All members of a node
    /// have the same.
    #[serde(default = "default_transit_tables_key")]
    pub transit_tables_key: PathBuf,
    /// Folder of ride-code issuers whose keys this node holds: one file per city, `330100.toml`. It need not exist.
    #[serde(default = "default_transit_issuers")]
    pub transit_issuers: PathBuf,
    /// Of so many claims on own riders transit asks the visited city for the records of one, by chance; 0: only when a clerk asks.
    #[serde(default = "default_transit_evidence_one_in")]
    pub transit_evidence_one_in: u32,
    /// Pools of this node that compute in a core system of their own, by their codes. All members of a node say the same.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pools: BTreeMap<Division, PoolConfig>,
    /// The services that this member may lead. With a shared journal it follows the node's others.
    #[serde(default = "default_services")]
    pub services: Vec<String>,
    #[serde(default)]
    pub log: LogFormat,
    /// The first operator's key, by its hash; used once, on an empty registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<Bootstrap>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub testing: Option<Testing>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiConfig {
    pub listen: SocketAddr,
    /// Serve HTTPS with the node's certificate. Mandatory where others than this machine can reach the address.
    #[serde(default)]
    pub tls: bool,
    #[serde(default = "default_body_bytes_max")]
    pub body_bytes_max: usize,
    #[serde(default = "default_requests_max")]
    pub requests_in_flight_max: usize,
    /// Requests per second of one API key, averaged over a second.
    #[serde(default = "default_rate_max")]
    pub requests_per_second_max: u32,
    /// Seconds a request may take, its body included; a peer's answer is waited for less long than that.
    #[serde(default = "default_request_seconds")]
    pub request_seconds_max: u64,
    /// Seconds a client may take to send its request's head.
    #[serde(default = "default_header_seconds")]
    pub header_seconds_max: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeConfig {
    pub listen: SocketAddr,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bootstrap {
    /// The id part of the key.
    pub key: String,
    pub hash: Digest,
}

/// Only for tests.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Testing {
    pub clock_offset_ms: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

fn default_journal() -> String {
    "sqlite".to_owned()
}

fn default_services() -> Vec<String> {
    SERVICES.iter().map(|service| (*service).to_owned()).collect()
}

fn default_transit_tables_key() -> PathBuf {
    "transit-tables.key".into()
}

fn default_transit_issuers() -> PathBuf {
    "transit-issuers".into()
}

fn default_transit_evidence_one_in() -> u32 {
    EVIDENCE_ONE_IN
}

fn default_body_bytes_max() -> usize {
    512 * 1024
}

fn default_requests_max() -> usize {
    4_096
}

fn default_request_seconds() -> u64 {
    30
}

fn default_header_seconds() -> u64 {
    10
}

fn default_rate_max() -> u32 {
    100_000
}

impl NodeConfig {
    /// Reads and checks the file; paths become absolute.
    pub fn read(path: &Path) -> anyhow::Result<NodeConfig> {
        let text = std::fs::read_to_string(path).with_context(|| {
            format!("cannot read {}; make a region with `huitong region init` first", path.display())
        })?;
        let mut config: NodeConfig =
            toml::from_str(&text).with_context(|| format!("{} has a setting that cannot be read", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new(".")).canonicalize()?;
        for part in [
            &mut config.data,
            &mut config.manifest,
            &mut config.key,
            &mut config.tls_certificate,
            &mut config.tls_key,
            &mut config.transit_tables_key,
            &mut config.transit_issuers,
        ] {
            *part = folder.join(&*part);
        }
        if let Some(ca) = &mut config.journal_ca {
            *ca = folder.join(&*ca);
        }
        for pool in config.pools.values_mut() {
            pool.ca = pool.ca.take().map(|ca| folder.join(ca));
        }
        config.check()?;
        Ok(config)
    }

    /// Whether several members share the journals.
    pub fn has_shared_journal(&self) -> bool {
        self.journal.starts_with("postgres://") || self.journal.starts_with("postgresql://")
    }

    /// This member's name among those of the node.
    pub fn member(&self) -> String {
        self.member.clone().unwrap_or_else(|| self.api.listen.to_string())
    }

    /// Whether this member may lead the service.
    pub fn leads(&self, service: &str) -> bool {
        self.services.iter().any(|known| known == service)
    }

    fn check(&self) -> anyhow::Result<()> {
        if self.journal != "sqlite" && !self.has_shared_journal() {
            bail!("journal is neither \"sqlite\" nor \"postgres://user@host/database\"");
        }
        if let Some(unknown) = self.services.iter().find(|service| !SERVICES.contains(&service.as_str())) {
            bail!("services names {unknown:?}; known are {}", SERVICES.join(", "));
        }
        let needs_registry = !self.has_shared_journal() && !self.services.iter().any(|service| service == "registry");
        if needs_registry {
            bail!("services must name registry: it holds the callers' keys (with a shared journal it may be followed)");
        }
        if !self.api.listen.ip().is_loopback() && !self.api.tls {
            bail!("[api] listens on {}, which others can reach: set tls = true", self.api.listen);
        }
        if self.api.body_bytes_max == 0 || self.api.requests_in_flight_max == 0 {
            bail!("[api] limits must be more than zero");
        }
        if self.pools.len() > POOLS_MAX {
            bail!("[pools] names {} pools; at most {POOLS_MAX} / 统筹区最多{POOLS_MAX}个", self.pools.len());
        }
        if !self.pools.is_empty() && !self.leads("medical") {
            bail!(
                "[pools] is for a member that runs medical: name it in services / 配置[pools]的成员须在services中列出medical"
            );
        }
        self.pools.iter().try_for_each(|(pool, config)| config.check(*pool))
    }
}
