//! One post to the core system of a pool: bytes there, bytes and their signature back. What does not come as the contract says is no
//! answer.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use huitong_kernel::suite::Signer;
use huitong_medical::pool::ANSWER_BYTES_MAX;
use huitong_medical::query::pools::DuePost;
use reqwest::{Certificate, Client, StatusCode, Url, redirect};

use super::Office;
use super::config::PoolConfig;

/// A post that takes longer has no answer. Shorter than visited waits for a commit.
pub const POST_TIMEOUT: Duration = Duration::from_secs(3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Carries the signature over the body, in hexadecimal, both ways.
pub const SIGNATURE: &str = "huitong-signature";
/// Names the node that asks.
const NODE: &str = "huitong-node";
/// The same key and the same bytes: the same answer.
const KEY: &str = "idempotency-key";

/// Why a post has no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Nothing was sent.
    #[error("cannot be reached: {0}")]
    Unreached(String),
    #[error("{0}")]
    Unknown(String),
}

/// What came back.
pub struct Posted {
    pub answer: String,
    pub signature: String,
}

pub fn client(config: &PoolConfig) -> anyhow::Result<Client> {
    let builder = crate::tls::http_client()
        .timeout(POST_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(redirect::Policy::none());
    let builder = match &config.ca {
        Some(ca) => builder.tls_certs_only(certificates(ca)?),
        None => builder,
    };
    Ok(builder.build()?)
}

fn certificates(ca: &Path) -> anyhow::Result<Vec<Certificate>> {
    let pem =
        std::fs::read(ca).with_context(|| format!("cannot read the certificates {} / 无法读取证书", ca.display()))?;
    Ok(Certificate::from_pem_bundle(&pem)?)
}

pub async fn post(office: &Office, client: &Client, endpoint: &Url, due: &DuePost) -> Result<Posted, NoAnswer> {
    let signature = office.key.sign(due.body.as_bytes()).map_err(|error| NoAnswer::Unreached(error.to_string()))?;
    let request = client
        .post(format!("{endpoint}/{}", due.path))
        .header("content-type", "application/json")
        .header(KEY, format!("{}-{}", due.ask, due.step.name()))
        .header(NODE, &office.node)
        .header(SIGNATURE, String::from(signature))
        .body(due.body.clone());
    let unknown = |error: reqwest::Error| NoAnswer::Unknown(error.without_url().to_string());
    let mut response = request.send().await.map_err(|error| {
        let is_unreached = error.is_connect();
        let text = error.without_url().to_string();
        if is_unreached { NoAnswer::Unreached(text) } else { NoAnswer::Unknown(text) }
    })?;
    if response.status() != StatusCode::OK {
        return Err(NoAnswer::Unknown(format!("the endpoint answers {}", response.status())));
    }
    let signature = response.headers().get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signature = signature.to_owned();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unknown)? {
        if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(NoAnswer::Unknown("the answer is too large".to_owned()));
        }
        bytes.extend_from_slice(&chunk);
    }
    let answer = String::from_utf8(bytes).map_err(|_| NoAnswer::Unknown("the answer is not UTF-8".to_owned()))?;
    Ok(Posted { answer, signature })
}
