//! GET /v1/node/status: what an operator looks at first.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use huitong_exchange::link::acknowledged;
use huitong_kernel::feed::Address;
use huitong_service_kit::endpoint;
use huitong_service_kit::http::{Endpoint, Problem, kit_refusals};
use serde::{Deserialize, Serialize};

use crate::exchange::streams::Streams;
use crate::region::keeper::ManifestKeeper;

#[derive(Clone)]
pub struct NodeStatus {
    pub name: String,
    pub streams: Streams,
    pub keeper: Arc<ManifestKeeper>,
    /// The services that this member may lead.
    pub services: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StatusWire {
    pub node: String,
    pub manifest_version: u64,
    pub streams: Vec<StreamWire>,
    pub feeds: Vec<FeedWire>,
}

#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StreamWire {
    pub stream: String,
    /// Entries in the journal.
    pub sequence: u64,
    /// Chain value of the last entry.
    pub chain: String,
    /// Whether this member decides now; others follow and answer reads.
    pub leading: bool,
    /// Why nothing is taken, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_hold: Option<String>,
}

/// A feed that starts or ends here.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FeedWire {
    pub feed: String,
    /// Messages that this node holds of it.
    pub size: u64,
    /// Messages covered by a checkpoint with a receipt; feeds within a node need none.
    pub receipted: u64,
    pub within_node: bool,
}

pub fn endpoints() -> Vec<Endpoint<NodeStatus>> {
    vec![endpoint!("node.status.read", get_status)]
}

/// Streams and feeds of this node.
#[utoipa::path(get, path = "/v1/node/status", tag = "node",
    responses((status = 200, body = StatusWire), (status = "4XX", body = Problem)))]
pub async fn get_status(State(status): State<NodeStatus>) -> Result<Json<StatusWire>, Problem> {
    read(&status).map(Json).map_err(|error| {
        tracing::error!(%error, "the status cannot be read");
        Problem::kit(&kit_refusals::STORAGE_FAILED)
    })
}

fn read(status: &NodeStatus) -> Result<StatusWire, huitong_store::StoreError> {
    let (mut streams, mut feeds) = (Vec::new(), Vec::new());
    let manifest = status.keeper.current();
    let node_of = |address: &Address| manifest.node_of(address.jurisdiction).map(|node| &node.name);
    for port in status.streams.iter() {
        let (sequence, chain) = port.head()?;
        streams.push(StreamWire {
            stream: port.home().to_string(),
            sequence,
            chain: chain.to_string(),
            leading: port.is_leading(),
            on_hold: port.held(),
        });
        for feed in port.feeds()? {
            feeds.push(FeedWire {
                size: port.feed_size(&feed)?,
                receipted: acknowledged(port.evidence_latest(&feed)?),
                within_node: node_of(&feed.from).is_some() && node_of(&feed.from) == node_of(&feed.to),
                feed: feed.to_string(),
            });
        }
    }
    Ok(StatusWire { node: status.name.clone(), manifest_version: manifest.version, streams, feeds })
}
