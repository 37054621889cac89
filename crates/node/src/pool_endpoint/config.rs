//! One line of `node.toml` for each pool that computes in a core system of its own:
//! `[pools]`, `330400 = { endpoint = "https://…", public_key = "ed25519:…" }`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use huitong_kernel::division::Division;
use huitong_kernel::suite::{PublicKey, Suite};
use reqwest::Url;
use serde::{Deserialize, Serialize};

/// Pools of one node.
pub const POOLS_MAX: usize = 64;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolConfig {
    /// Where the core system listens; the name of the call is added: `…/commit`.
    pub endpoint: String,
    /// Signs its answers.
    pub public_key: PublicKey,
    /// Whether it computes. `false`: the node does again; the endpoint still takes back what it has settled before.
    #[serde(default = "yes")]
    pub computes: bool,
    /// Certificates (PEM) of which one has signed the endpoint's; the machine's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
}

fn yes() -> bool {
    true
}

impl PoolConfig {
    /// The address of the endpoint, without a `/` at its end.
    pub fn url(&self) -> anyhow::Result<Url> {
        let text = self.endpoint.trim_end_matches('/');
        Url::parse(text).with_context(|| format!("endpoint {text:?} is no address / 不是有效的网址"))
    }

    pub fn check(&self, pool: Division) -> anyhow::Result<()> {
        let at = format!("[pools] {pool}");
        let url = self.url().with_context(|| at.clone())?;
        let is_here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && is_here) {
            bail!(
                "{at}: endpoint must begin with https:// (http:// only to this machine): personal data go there / \
                 endpoint必须以https://开头（http://只限本机）：传送的是个人信息"
            );
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            bail!("{at}: endpoint has only scheme, host, port and path / endpoint只含协议、主机、端口和路径");
        }
        if self.public_key.suite() != Suite::Ed25519Sha256 {
            bail!("{at}: public_key must be ed25519:HEX / public_key必须是ed25519:十六进制");
        }
        Ok(())
    }
}
