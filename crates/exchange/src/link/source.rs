//! What a link reads of this node's journals.

use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::Digest;
use huitong_store::StoreError;
use huitong_store::feeds::FeedMessage;

/// The streams of a node, as far as their feeds go.
pub trait FeedSource {
    /// Whether this member takes messages for the address: `None` when the node does not serve it at all, `Some(false)`
    /// when another member does.
    fn serves(&self, address: &Address) -> Option<bool>;
    /// The services (of a split one, the parts) that this member leads.
    fn leads(&self) -> Vec<String>;
    /// Feeds that start at a stream of this node.
    fn outgoing(&self) -> Result<Vec<Feed>, StoreError>;
    /// Feeds that end at a stream of this node.
    fn incoming(&self) -> Result<Vec<Feed>, StoreError>;
    /// Messages held of an outgoing feed.
    fn sent_size(&self, feed: &Feed) -> Result<Sequence, StoreError>;
    /// Messages held of an incoming feed.
    fn received_size(&self, feed: &Feed) -> Result<Sequence, StoreError>;
    fn messages_after(&self, feed: &Feed, after: Sequence, limit: usize) -> Result<Vec<FeedMessage>, StoreError>;
    /// Leaf hashes of the first `count` messages of an outgoing feed.
    fn sent_leaves(&self, feed: &Feed, count: Sequence) -> Result<Vec<Digest>, StoreError>;
    /// Leaf hashes of the first `count` messages of an incoming feed.
    fn received_leaves(&self, feed: &Feed, count: Sequence) -> Result<Vec<Digest>, StoreError>;
    /// The newest note with receipt over an outgoing feed.
    fn sent_evidence(&self, feed: &Feed) -> Result<Option<String>, StoreError>;
    /// The newest note with receipt over an incoming feed.
    fn received_evidence(&self, feed: &Feed) -> Result<Option<String>, StoreError>;
}
