//! The links to all peers of the manifest in force; a node that joins gets its link while this one runs.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use huitong_service_kit::stream::StreamPort;

use super::link::{Link, Party};
use super::switchboard::Switchboard;
use crate::tls::Identity;
use crate::transport::PeerClient;

pub struct Links {
    party: Arc<Party>,
    identity: Identity,
    switchboard: Arc<Switchboard>,
    known: RwLock<BTreeMap<String, Arc<Link>>>,
}

impl Links {
    pub fn new(party: Arc<Party>, identity: Identity, switchboard: Arc<Switchboard>) -> Links {
        Links { party, identity, switchboard, known: RwLock::default() }
    }

    /// The link to a peer by its name.
    pub fn get(&self, peer: &str) -> Option<Arc<Link>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(peer).cloned()
    }

    /// Whether every peer of a stream's feeds has told what it holds, and none holds more than this node.
    pub async fn confirm(&self, port: &dyn StreamPort) -> bool {
        let manifest = self.party.keeper.current();
        for feed in port.feeds().unwrap_or_default() {
            let other = if feed.from == *port.home() { &feed.to } else { &feed.from };
            let Some(node) = manifest.node_of(other.jurisdiction) else { continue };
            if node.name == self.party.node {
                continue;
            }
            let Some(link) = self.get(&node.name) else { return false };
            let conversation = link.conversation().await;
            if !conversation.has_heard(&manifest) || conversation.lost(&self.party.streams).contains(&feed) {
                return false;
            }
        }
        true
    }

    /// Makes a link for every peer of the manifest that has none yet; gives the new ones, to be run.
    pub fn refresh(&self) -> anyhow::Result<Vec<Arc<Link>>> {
        let manifest = self.party.keeper.current();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut new = Vec::new();
        for node in manifest.nodes.iter().filter(|node| node.name != self.party.node) {
            let bell = known.get(&node.name).map_or_else(Default::default, |link| Arc::clone(link.bell()));
            // A node may have come to answer for one more jurisdiction.
            for jurisdiction in manifest.jurisdictions.iter().filter(|jurisdiction| jurisdiction.node == node.name) {
                self.switchboard.bell(jurisdiction.division, Arc::clone(&bell));
            }
            if known.contains_key(&node.name) {
                continue;
            }
            let client = PeerClient::new(&self.identity, &self.party.keeper, &node.name)?;
            let link = Arc::new(Link::new(Arc::clone(&self.party), client, &node.name, bell));
            known.insert(node.name.clone(), Arc::clone(&link));
            new.push(link);
        }
        Ok(new)
    }
}
