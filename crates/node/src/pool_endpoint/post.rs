//! One post to the core system of a pool: bytes there, bytes and their signature back. What does not come as the contract says is no
//! answer.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use huitong_kernel::suite::{Signer, SoftwareKey};
use huitong_medical::pool::ANSWER_BYTES_MAX;
use huitong_medical::query::pools::DuePost;
use reqwest::{Certificate, Client, StatusCode, Url, redirect};

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

/// The node in whose name a pool is asked.
pub struct Sender {
    /// Its name in the manifest.
    pub node: String,
    pub key: SoftwareKey,
}

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

pub async fn post(sender: &Sender, client: &Client, endpoint: &Url, due: &DuePost) -> Result<Posted, NoAnswer> {
    let signature = sender.key.sign(due.body.as_bytes()).map_err(|error| NoAnswer::Unreached(error.to_string()))?;
    // An address without a path reads as one that ends with `/`.
    let request = client
        .post(format!("{}/{}", endpoint.as_str().trim_end_matches('/'), due.path))
        .header("content-type", "application/json")
        .header(KEY, format!("{}-{}", due.ask, due.step.name()))
        .header(NODE, &sender.node)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Router;
    use axum::body::Bytes;
    use axum::http::{HeaderMap, header};
    use axum::response::{IntoResponse, Response};
    use huitong_kernel::random::RandomSource;
    use huitong_kernel::suite::{Signature, Suite};
    use huitong_medical::pool::ask::Step;
    use tokio::net::TcpListener;
    use tokio::sync::watch;
    use tokio_rustls::TlsAcceptor;
    use uuid::Uuid;

    use super::*;
    use crate::tls::Identity;
    use crate::transport::{HEADER_TIMEOUT, Security, serve};

    fn key() -> SoftwareKey {
        SoftwareKey::generate(Suite::Ed25519Sha256, &mut RandomSource::from_number(1))
    }

    /// A core system that says one thing to every call, by the name of the call.
    async fn answer(uri: axum::http::Uri, headers: HeaderMap, body: Bytes) -> Response {
        let text = |length: usize| ([(SIGNATURE, "00")], "x".repeat(length)).into_response();
        match uri.path() {
            "/well" => {
                let named = |name: &str| headers[name].to_str().expect("text").to_owned();
                let signature: Signature = named(SIGNATURE).parse().expect("a signature");
                assert!(key().public_key().verify(&body, &signature).is_ok(), "the node signs the very bytes");
                format!("{} {}", named(NODE), named(KEY)).into_response()
            }
            "/longest" => text(ANSWER_BYTES_MAX),
            "/longer" => text(ANSWER_BYTES_MAX + 1),
            "/bytes" => Bytes::from_static(b"\xff\xfe").into_response(),
            "/moved" => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/well")]).into_response(),
            "/created" => (StatusCode::CREATED, "{}").into_response(),
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }

    async fn listening(security: Security) -> (String, watch::Sender<bool>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound").to_string();
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(serve(listener, Router::new().fallback(answer), security, HEADER_TIMEOUT, stopped));
        (address, stop)
    }

    fn config(endpoint: String, ca: Option<&Path>) -> PoolConfig {
        let ca = ca.map(Path::to_owned);
        PoolConfig { endpoint, public_key: key().public_key().clone(), computes: true, ca }
    }

    async fn posted(config: &PoolConfig, path: &'static str) -> Result<Posted, NoAnswer> {
        let sender = Sender { node: "zhejiang".to_owned(), key: key() };
        let (ask, pool, body) = (Uuid::from_u128(7), "330100".parse().expect("a code"), "{}".to_owned());
        let due = DuePost { ask, pool, step: Step::Query, path, body, books: false };
        post(&sender, &client(config).expect("a client"), &config.url().expect("an address"), &due).await
    }

    fn unknown(posted: Result<Posted, NoAnswer>) -> String {
        match posted {
            Err(NoAnswer::Unknown(why)) => why,
            Err(NoAnswer::Unreached(why)) => panic!("it was reached: {why}"),
            Ok(Posted { answer, .. }) => panic!("no answer, not {} bytes", answer.len()),
        }
    }

    #[tokio::test]
    async fn what_does_not_come_as_the_contract_says_is_no_answer() {
        let (address, stop) = listening(Security::Plain).await;
        let config = config(format!("http://{address}/"), None);
        let Posted { answer, signature } = posted(&config, "well").await.expect("an answer");
        assert_eq!(answer, format!("zhejiang {}-query", Uuid::from_u128(7)));
        assert_eq!(signature, "", "whether it is signed by its key, medical says");
        assert_eq!(posted(&config, "longest").await.expect("an answer").answer.len(), ANSWER_BYTES_MAX);
        assert!(unknown(posted(&config, "longer").await).contains("too large"));
        assert!(unknown(posted(&config, "bytes").await).contains("UTF-8"));
        for (path, status) in [("moved", "307"), ("created", "201"), ("gone", "404")] {
            assert!(unknown(posted(&config, path).await).contains(status), "{path}");
        }
        drop(stop);
        let nobody = self::config("http://127.0.0.1:1".to_owned(), None);
        assert!(matches!(posted(&nobody, "well").await, Err(NoAnswer::Unreached(_))));
    }

    #[tokio::test]
    async fn an_endpoint_of_ones_own_authority_is_believed_where_the_line_says_so_and_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let certified = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
        let other = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
        std::fs::write(path("ca.pem"), certified.cert.pem()).expect("writable");
        std::fs::write(path("key.pem"), certified.signing_key.serialize_pem()).expect("writable");
        std::fs::write(path("other.pem"), other.cert.pem()).expect("writable");
        let identity = Identity::read(&path("ca.pem"), &path("key.pem")).expect("an identity");
        let server = identity.api_server().expect("a server");
        let (address, stop) = listening(Security::Tls(TlsAcceptor::from(Arc::new(server)))).await;
        let ask = async |ca: Option<&str>| {
            let ca = ca.map(path);
            posted(&config(format!("https://{address}"), ca.as_deref()), "well").await
        };
        assert!(ask(Some("ca.pem")).await.is_ok());
        for ca in [None, Some("other.pem")] {
            assert!(matches!(ask(ca).await, Err(NoAnswer::Unreached(_))), "{ca:?}: nothing was sent");
        }
        let missing = config(format!("https://{address}"), Some(&path("missing.pem")));
        let fault = format!("{:#}", client(&missing).expect_err("refused"));
        assert!(fault.contains("missing.pem") && fault.contains("无法读取证书"), "{fault}");
        drop(stop);
    }
}
