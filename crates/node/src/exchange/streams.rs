//! The streams of this node, by address.

use std::collections::BTreeMap;
use std::sync::Arc;

use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::{Address, Feed};
use huitong_service_kit::stream::{CallFailure, Delivery, StreamPort};
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
}
