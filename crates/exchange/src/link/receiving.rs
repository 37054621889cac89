//! The half of a link that takes: batches are examined, made durable by the caller, and receipted.

use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::Feed;

use super::{FeedSource, Link, Speaker};
use crate::inbox::Advance;
use crate::parcel::{Batch, Receipt, Refused};
use crate::{ExchangeRefusal, Inbox};

/// A batch that may be made durable. Only then is [`Link::delivered`] called, and the receipt leaves.
pub struct Accepted {
    pub feed: Feed,
    /// Number of the first new message.
    pub first: Sequence,
    /// The new messages; empty for a batch that came again, which is only receipted.
    pub messages: Vec<Vec<u8>>,
    /// The sender's checkpoint with this node's receipt.
    pub note: String,
    advance: Advance,
}

impl Link {
    /// The peer asks what this node holds, or has started anew.
    pub fn was_asked(&mut self) {
        self.tells_held = true;
    }

    /// Examines a batch against manifest, keys and everything received before.
    pub fn examine(
        &mut self,
        batch: Batch,
        speaker: Speaker<'_>,
        source: &dyn FeedSource,
    ) -> Result<Accepted, ExchangeRefusal> {
        let manifest = speaker.manifest;
        manifest.check_in_force(speaker.now).map_err(|_| ExchangeRefusal::ManifestNotInForce)?;
        let feed = batch.feed.clone();
        let sender = manifest.node_of(feed.from.jurisdiction);
        if sender.is_none_or(|node| node.name != self.peer) {
            return Err(ExchangeRefusal::WrongSender);
        }
        if !source.serves(&feed.to).ok_or(ExchangeRefusal::WrongReceiver)? {
            // What this member knew of the feed is read again when it leads.
            self.inboxes.remove(&feed);
            return Err(ExchangeRefusal::NotHere);
        }
        let history = |size| source.received_leaves(&feed, size).ok();
        let known = self.inboxes.remove(&feed).map_or_else(
            || {
                let size = source.received_size(&feed).map_err(|_| ExchangeRefusal::Unavailable)?;
                let leaves = history(size).ok_or(ExchangeRefusal::Unavailable)?;
                Ok(Inbox::resume(feed.clone(), manifest.hash_function(), &leaves))
            },
            Ok,
        );
        let inbox = known?;
        let key = |key_id| manifest.speaking_key(feed.from.jurisdiction, key_id, speaker.now).cloned();
        let examined = inbox.examine(&manifest.region, batch, &self.peer, &key, &history);
        // What a peer invents is not remembered; a feed that is known stays.
        if examined.is_ok() || inbox.received() > 0 {
            self.inboxes.insert(feed.clone(), inbox);
        }
        let examined = examined?;
        let advance = examined.advance();
        let note = examined.note.countersign(speaker.node, speaker.key).map_err(|_| ExchangeRefusal::Unavailable)?;
        Ok(Accepted { first: examined.first, messages: examined.messages, note: note.to_string(), advance, feed })
    }

    /// The batch is durable with its effects: its receipt goes with the next parcel.
    pub fn delivered(&mut self, accepted: Accepted) {
        if let Some(inbox) = self.inboxes.get_mut(&accepted.feed) {
            inbox.advance(accepted.advance);
        }
        self.receipts.push(Receipt { feed: accepted.feed, note: accepted.note });
    }

    /// The batch was not taken: the refusal goes with the next parcel. After a failed write, what the inbox knew is read
    /// again from the journal.
    pub fn refuse(&mut self, feed: Feed, refusal: ExchangeRefusal) {
        if refusal == ExchangeRefusal::Unavailable {
            self.inboxes.remove(&feed);
        }
        self.refused.push(Refused { feed, refusal });
    }
}
