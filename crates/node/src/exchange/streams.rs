//! The streams of this node, by address.

use std::collections::BTreeMap;
use std::sync::Arc;

use huitong_exchange::link::FeedSource;
use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::Digest;
use huitong_service_kit::stream::{CallFailure, Delivery, StreamPort};
use huitong_store::StoreError;
use huitong_store::feeds::FeedMessage;
use tokio::sync::oneshot;

#[derive(Clone, Default)]
pub struct Streams(pub BTreeMap<Address, Arc<dyn StreamPort>>);

impl Streams {
    pub fn get(&self, address: &Address) -> Option<&Arc<dyn StreamPort>> {
        self.0.get(address)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn StreamPort>> {
        self.0.values()
    }

    /// Delivers messages and waits until they are durable with their effects; gives the feed's size.
    pub async fn deliver(&self, to: &Arc<dyn StreamPort>, delivery: Delivery) -> Result<Sequence, CallFailure> {
        let (sender, receiver) = oneshot::channel();
        to.deliver(delivery, Box::new(move |end| drop(sender.send(end))))?;
        receiver.await.map_err(|_| CallFailure::Closed)?
    }

    /// Makes a receipt durable.
    pub async fn note_receipt(&self, of: &Arc<dyn StreamPort>, feed: Feed, note: String) -> Result<(), CallFailure> {
        let (sender, receiver) = oneshot::channel();
        of.note_receipt(feed, note, Box::new(move |end| drop(sender.send(end))))?;
        receiver.await.map_err(|_| CallFailure::Closed)?.map(|_| ())
    }

    fn feeds(&self, chosen: impl Fn(&Feed, &Address) -> bool) -> Result<Vec<Feed>, StoreError> {
        let mut feeds = Vec::new();
        // What another member leads, that member sends and receives.
        for port in self.iter().filter(|port| port.is_leading()) {
            feeds.extend(port.feeds()?.into_iter().filter(|feed| chosen(feed, port.home())));
        }
        Ok(feeds)
    }
}

impl FeedSource for Streams {
    fn serves(&self, address: &Address) -> Option<bool> {
        self.get(address).map(|port| port.is_leading())
    }

    fn leads(&self) -> Vec<String> {
        // One that is on hold itself tells, too: two nodes restored at once would otherwise wait for each other for ever.
        let leading = self.iter().filter(|port| port.is_leading());
        leading.map(|port| port.home().service.clone()).collect()
    }

    fn outgoing(&self) -> Result<Vec<Feed>, StoreError> {
        self.feeds(|feed, home| feed.from == *home)
    }

    fn incoming(&self) -> Result<Vec<Feed>, StoreError> {
        self.feeds(|feed, home| feed.to == *home)
    }

    fn sent_size(&self, feed: &Feed) -> Result<Sequence, StoreError> {
        self.get(&feed.from).map_or(Ok(0), |port| port.feed_size(feed))
    }

    fn received_size(&self, feed: &Feed) -> Result<Sequence, StoreError> {
        self.get(&feed.to).map_or(Ok(0), |port| port.feed_size(feed))
    }

    fn messages_after(&self, feed: &Feed, after: Sequence, limit: usize) -> Result<Vec<FeedMessage>, StoreError> {
        self.get(&feed.from).map_or(Ok(Vec::new()), |port| port.messages_after(feed, after, limit))
    }

    fn sent_leaves(&self, feed: &Feed, count: Sequence) -> Result<Vec<Digest>, StoreError> {
        self.get(&feed.from).map_or(Ok(Vec::new()), |port| port.leaves(feed, 1, count))
    }

    fn received_leaves(&self, feed: &Feed, count: Sequence) -> Result<Vec<Digest>, StoreError> {
        self.get(&feed.to).map_or(Ok(Vec::new()), |port| port.leaves(feed, 1, count))
    }

    fn sent_evidence(&self, feed: &Feed) -> Result<Option<String>, StoreError> {
        self.get(&feed.from).map_or(Ok(None), |port| port.evidence_latest(feed))
    }

    fn received_evidence(&self, feed: &Feed) -> Result<Option<String>, StoreError> {
        self.get(&feed.to).map_or(Ok(None), |port| port.evidence_latest(feed))
    }
}
