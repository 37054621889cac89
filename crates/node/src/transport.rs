//! Bytes between nodes: a TLS server that knows which node called, and a client with one kept connection per peer.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use axum::body::Body;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rustls::pki_types::ServerName;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tower::ServiceExt;

use crate::region::keeper::ManifestKeeper;
use crate::tls::{Identity, pin_of};

/// A handshake that takes longer is given up.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// A machine that does not answer at all in this time is taken for down.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A call to a peer that takes longer is given up and repeated later.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for a peer to send its request's head.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections served at once.
const CONNECTIONS_MAX: usize = 4_096;

/// The node that called, from its TLS certificate.
#[derive(Clone, Debug)]
pub struct PeerNode(pub String);

/// How a listener speaks.
#[derive(Clone)]
pub enum Security {
    /// Loopback only.
    Plain,
    /// Callers authenticate by key.
    Tls(TlsAcceptor),
    /// Peers authenticate by pinned certificate.
    Mutual(TlsAcceptor, Arc<ManifestKeeper>),
}

/// Serves `router` until `stop` turns true; then lets running requests end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    security: Security,
    header_timeout: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = told_to_stop(&mut stop) => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, or the peer has gone: the next one may fare better.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else { continue };
        let (router, security, stop) = (router.clone(), security.clone(), stop.clone());
        tokio::spawn(async move {
            if let Err(error) = connection(stream, router, security, header_timeout, stop).await {
                tracing::debug!(%error, "a connection ended");
            }
            drop(slot);
        });
    }
    // Wait until all connections have ended, but not for ever.
    let all = u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(CALL_TIMEOUT, slots.acquire_many(all)).await;
}

/// Ends when the node is told to stop.
pub async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    // A dropped sender means the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn connection(
    stream: TcpStream,
    router: Router,
    security: Security,
    header_timeout: Duration,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    match security {
        Security::Plain => http(TokioIo::new(stream), router, header_timeout, stop).await,
        Security::Tls(acceptor) => {
            let stream = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await??;
            http(TokioIo::new(stream), router, header_timeout, stop).await
        }
        Security::Mutual(acceptor, keeper) => {
            let stream = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await??;
            let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let certificate = certificates.first().context("a client certificate was demanded")?;
            let manifest = keeper.current();
            let node = manifest.node_by_certificate(&pin_of(certificate)).context("the pin was removed")?;
            let router = router.layer(axum::Extension(PeerNode(node.name.clone())));
            http(TokioIo::new(stream), router, header_timeout, stop).await
        }
    }
}

async fn http<S>(
    stream: TokioIo<S>,
    router: Router,
    header_timeout: Duration,
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<()>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(router.map_request(|request: Request<_>| request.map(Body::new)));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(hyper_util::rt::TokioTimer::new())
        .header_read_timeout(header_timeout)
        .serve_connection(stream, service);
    tokio::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => ended?,
        () = told_to_stop(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await?;
        }
    }
    Ok(())
}

type Connection = SendRequest<Full<Bytes>>;

/// A peer, with a connection to each of its members kept open between calls.
pub struct PeerClient {
    peer: String,
    connector: TlsConnector,
    keeper: Arc<ManifestKeeper>,
    kept: Mutex<BTreeMap<String, Connection>>,
}

impl PeerClient {
    pub fn new(identity: &Identity, keeper: &Arc<ManifestKeeper>, peer: &str) -> anyhow::Result<PeerClient> {
        let connector = TlsConnector::from(Arc::new(identity.exchange_client(keeper, peer)?));
        Ok(PeerClient { peer: peer.to_owned(), connector, keeper: Arc::clone(keeper), kept: Mutex::default() })
    }

    fn addresses(&self) -> Vec<String> {
        let manifest = self.keeper.current();
        manifest.node(&self.peer).map(|node| node.exchange_addresses().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// How many members of the peer's node can be called.
    pub fn members(&self) -> usize {
        self.addresses().len().max(1)
    }

    /// Calls a member of the peer; at most `limit` bytes of answer are read.
    pub async fn call(
        &self,
        member: usize,
        method: Method,
        path: &str,
        body: Vec<u8>,
        limit: usize,
    ) -> anyhow::Result<Vec<u8>> {
        let address = self.addresses().into_iter().nth(member).context("the peer is no longer in the manifest")?;
        let answer = tokio::time::timeout(CALL_TIMEOUT, self.try_call(&address, method, path, body, limit)).await;
        answer.context("the peer did not answer in time")?
    }

    async fn try_call(
        &self,
        address: &str,
        method: Method,
        path: &str,
        body: Vec<u8>,
        limit: usize,
    ) -> anyhow::Result<Vec<u8>> {
        let kept = self.kept.lock().await.remove(address);
        let mut sender = match kept {
            Some(sender) if !sender.is_closed() => sender,
            _ => self.connect(address).await?,
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(hyper::header::HOST, format!("{}.huitong.invalid", self.peer))
            .body(Full::new(Bytes::from(body)))?;
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), limit).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("the answer cannot be read: {error}"))?.to_bytes();
        if status != StatusCode::OK {
            bail!("the peer answered {status}");
        }
        self.kept.lock().await.insert(address.to_owned(), sender);
        Ok(body.to_vec())
    }

    async fn connect(&self, address: &str) -> anyhow::Result<Connection> {
        let address: SocketAddr =
            tokio::net::lookup_host(address).await?.next().context("the peer's address cannot be resolved")?;
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await??;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(format!("{}.huitong.invalid", self.peer))?;
        let stream = tokio::time::timeout(HANDSHAKE_TIMEOUT, self.connector.connect(name, stream)).await??;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the connection to a peer ended");
            }
        });
        Ok(sender)
    }
}
