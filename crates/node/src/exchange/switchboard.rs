//! Who must be woken when a feed has something to send.

use std::collections::HashMap;
use std::sync::Arc;

use huitong_kernel::division::Division;
use huitong_kernel::feed::Feed;
use tokio::sync::Notify;

/// One bell per jurisdiction: the link to its node, or the worker for feeds within this node.
#[derive(Default)]
pub struct Switchboard {
    bells: std::sync::RwLock<HashMap<Division, Arc<Notify>>>,
}

impl Switchboard {
    pub fn bell(&self, jurisdiction: Division, bell: Arc<Notify>) {
        let mut bells = self.bells.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        bells.insert(jurisdiction, bell);
    }

    /// Called by the writers after each commit.
    pub fn ring(&self, feeds: &[Feed]) {
        let bells = self.bells.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        for feed in feeds {
            if let Some(bell) = bells.get(&feed.to.jurisdiction) {
                bell.notify_one();
            }
        }
    }
}
