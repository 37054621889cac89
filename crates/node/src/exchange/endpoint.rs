//! What peers call: `POST /exchange/v1/parcels`, and `GET` of the manifest and its versions.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Router};
use huitong_exchange::link::Channel;
use huitong_exchange::parcel::{PARCEL_BYTES_MAX, Parcel};

use super::links::Links;
use crate::region::keeper::ManifestKeeper;
use crate::transport::PeerNode;

#[derive(Clone)]
struct Exchange {
    links: Arc<Links>,
    keeper: Arc<ManifestKeeper>,
}

pub fn router(links: Arc<Links>, keeper: Arc<ManifestKeeper>) -> Router {
    Router::new()
        .route("/exchange/v1/parcels", post(parcels))
        .route("/exchange/v1/manifest", get(manifest))
        .route("/exchange/v1/manifests/{version}", get(manifest_version))
        .layer(DefaultBodyLimit::max(PARCEL_BYTES_MAX))
        .with_state(Exchange { links, keeper })
}

/// *Here is my next batch and my receipt for yours* → *here is my receipt and what I have for you*.
async fn parcels(
    State(exchange): State<Exchange>,
    Extension(PeerNode(peer)): Extension<PeerNode>,
    body: Bytes,
) -> Result<Vec<u8>, StatusCode> {
    let link = exchange.links.get(&peer).ok_or(StatusCode::FORBIDDEN)?;
    let parcel = Parcel::decode(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    // In a task of its own: a peer that hangs up does not stop half way what it has sent.
    let taking = Arc::clone(&link);
    tokio::spawn(async move { taking.take(parcel).await }).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let answer = link.collect(Channel::Answer).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(answer.encode())
}

/// A version that was in force here, for a peer that was away when it was published.
async fn manifest_version(State(exchange): State<Exchange>, Path(version): Path<u64>) -> Result<String, StatusCode> {
    let keeper = Arc::clone(&exchange.keeper);
    let text = tokio::task::spawn_blocking(move || keeper.version(version)).await;
    text.ok().flatten().ok_or(StatusCode::NOT_FOUND)
}

async fn manifest(State(exchange): State<Exchange>) -> String {
    exchange.keeper.text()
}
