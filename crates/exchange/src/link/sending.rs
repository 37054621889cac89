//! The half of a link that sends: batches, receipts, and what this node holds.

use huitong_kernel::checkpoint::{Checkpoint, SignedNote};
use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::Feed;
use huitong_kernel::time::DurationMs;
use huitong_store::StoreError;

use super::{ASK_AGAIN, Channel, FeedSource, Link, LostHistory, RECEIPT_TIMEOUT, Speaker};
use crate::Outbox;
use crate::parcel::{
    BATCH_BYTES_SOFT_MAX, BATCH_MESSAGES_MAX, Batch, Held, Holdings, ITEMS_MAX, Parcel, Receipt, Refused,
};
use crate::refusal::ExchangeRefusal;

pub(super) struct Sending {
    outbox: Outbox,
    /// When the oldest message without receipt was sent, in uptime.
    since: Option<DurationMs>,
}

impl Sending {
    pub(super) fn rewind(&mut self) {
        self.outbox.rewind();
        self.since = None;
    }
}

/// What was wrong with a receipt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a receipt for {feed} is not for what was sent, or not signed by the peer's key")]
pub struct FalseReceipt {
    pub feed: Feed,
}

impl Link {
    /// What this node has for the peer now: the next batch of each feed, receipts, refusals.
    pub fn collect(
        &mut self,
        channel: Channel,
        speaker: Speaker<'_>,
        source: &dyn FeedSource,
    ) -> Result<Parcel, StoreError> {
        let mut batches = Vec::new();
        let lost = self.lost(source);
        for feed in source.outgoing()? {
            // A service that the peer does not run (yet) is not sent to; its feed waits.
            let to_peer = speaker
                .manifest
                .node_of(feed.to.jurisdiction)
                .is_some_and(|node| node.name == self.peer && node.parts(feed.to.service_name()) > 0);
            let this_way = match channel {
                Channel::Call(member) => self.route(&feed) == member,
                // Which of several members asked is not known; their batches go by calls.
                Channel::Answer => self.members == 1,
            };
            if to_peer && this_way && batches.len() < ITEMS_MAX && !lost.contains(&feed) {
                batches.extend(self.next_batch(&feed, speaker, source)?);
            }
        }
        let mut parcel = Parcel { manifest_version: speaker.manifest.version, batches, ..Parcel::default() };
        if let Channel::Call(member) = channel {
            // One that could not be reached is not called just to be asked.
            let spokesman = self.spokesman(speaker.uptime);
            let callable = member == spokesman || self.is_callable(member, speaker.uptime);
            parcel.asks_held = callable && self.is_to_be_asked(member, speaker);
            if parcel.asks_held {
                self.asked.insert(member, speaker.uptime);
            }
            if member != spokesman {
                return Ok(parcel);
            }
        }
        parcel.receipts = take_some(&mut self.receipts);
        parcel.refused = take_some(&mut self.refused);
        if std::mem::take(&mut self.tells_held) {
            parcel.held = Some(Holdings { speaks_for: source.leads(), feeds: self.held(speaker, source)? });
        }
        Ok(parcel)
    }

    fn is_to_be_asked(&self, member: usize, speaker: Speaker<'_>) -> bool {
        match self.asked.get(&member) {
            None => true,
            Some(last) => speaker.uptime.0 - last.0 > ASK_AGAIN.0 && !self.has_heard(speaker.manifest),
        }
    }

    /// Whether a known feed to the peer has messages that were not sent yet.
    pub fn has_messages(&self, source: &dyn FeedSource) -> bool {
        self.sending.iter().any(|(feed, sending)| source.sent_size(feed).is_ok_and(|size| size > sending.outbox.sent()))
    }

    fn held(&self, speaker: Speaker<'_>, source: &dyn FeedSource) -> Result<Vec<Held>, StoreError> {
        let mut held = Vec::new();
        for feed in source.incoming()? {
            let from_peer = speaker.manifest.node_of(feed.from.jurisdiction).is_some_and(|node| node.name == self.peer);
            if from_peer && held.len() < ITEMS_MAX {
                held.push(Held { size: source.received_size(&feed)?, note: source.received_evidence(&feed)?, feed });
            }
        }
        Ok(held)
    }

    fn next_batch(
        &mut self,
        feed: &Feed,
        speaker: Speaker<'_>,
        source: &dyn FeedSource,
    ) -> Result<Option<Batch>, StoreError> {
        if !self.sending.contains_key(feed) {
            let acknowledged = acknowledged(source.sent_evidence(feed)?);
            let outbox = resume(feed, acknowledged, acknowledged, speaker, source)?;
            self.sending.insert(feed.clone(), Sending { outbox, since: None });
        }
        let Some(sending) = self.sending.get_mut(feed) else { return Ok(None) };
        if sending.since.is_some_and(|since| speaker.uptime.0 - since.0 > RECEIPT_TIMEOUT.0) {
            sending.rewind();
        }
        let mut messages = Vec::new();
        let mut bytes = 0;
        for message in source.messages_after(feed, sending.outbox.sent(), BATCH_MESSAGES_MAX)? {
            if bytes > BATCH_BYTES_SOFT_MAX {
                break;
            }
            bytes += message.bytes.len();
            messages.push(message.bytes);
        }
        if messages.is_empty() {
            return Ok(None);
        }
        match sending.outbox.next_batch(&speaker.manifest.region, messages, speaker.node, speaker.key) {
            Ok(batch) => {
                sending.since.get_or_insert(speaker.uptime);
                Ok(Some(batch))
            }
            // A signing device that does not answer: the messages wait, and the next turn tries again.
            Err(_) => Ok(None),
        }
    }

    /// Takes a receipt; gives the feed and the note when it must be made durable.
    pub fn take_receipt(
        &mut self,
        receipt: Receipt,
        speaker: Speaker<'_>,
    ) -> Result<Option<(Feed, String)>, FalseReceipt> {
        let Receipt { feed, note } = receipt;
        let Some(sending) = self.sending.get_mut(&feed) else { return Ok(None) };
        let key = note.parse::<SignedNote>().ok().and_then(|parsed| {
            let line = parsed.signatures().iter().find(|line| line.name == self.peer)?.clone();
            speaker.manifest.speaking_key(feed.to.jurisdiction, line.key_id, speaker.now).ok()
        });
        let Some(key) = key else { return Err(FalseReceipt { feed }) };
        let taken = sending.outbox.take_receipt(&note, &self.peer, key);
        match taken {
            Ok(new) => {
                sending.since = sending.outbox.awaits_receipt().then_some(speaker.uptime);
                Ok(new.then_some((feed, note)))
            }
            Err(_) => Err(FalseReceipt { feed }),
        }
    }

    /// Takes a refusal of a batch. A gap makes the sender go back; everything else is for a person.
    pub fn take_refusal(
        &mut self,
        refused: &Refused,
        speaker: Speaker<'_>,
        source: &dyn FeedSource,
    ) -> Result<(), StoreError> {
        match refused.refusal {
            ExchangeRefusal::Gap { expected } => {
                let held = expected.saturating_sub(1);
                if held <= source.sent_size(&refused.feed)? {
                    self.rewind_to(&refused.feed, held, speaker, source)?;
                } else {
                    // More than was ever sent, by a journal that may be too old: the peer is asked for its proof.
                    self.asked.clear();
                }
                Ok(())
            }
            ExchangeRefusal::NotHere => {
                self.reroute(&refused.feed);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Takes what the peer says it holds of this node's feeds; gives the feeds of which this node has lost messages.
    pub fn take_held(
        &mut self,
        held: Holdings,
        speaker: Speaker<'_>,
        source: &dyn FeedSource,
    ) -> Result<Vec<LostHistory>, StoreError> {
        let mut lost = Vec::new();
        for Held { feed, size, note } in held.feeds {
            let from_here =
                speaker.manifest.node_of(feed.from.jurisdiction).is_some_and(|node| node.name == speaker.node);
            let to_peer = speaker.manifest.node_of(feed.to.jurisdiction).is_some_and(|node| node.name == self.peer);
            if !to_peer || !from_here || source.serves(&feed.from) != Some(true) {
                continue;
            }
            let known = source.sent_size(&feed)?;
            if size > known {
                // Only this node's own signature proves that it once sent more than it knows of.
                let proved =
                    note.is_some_and(|note| has_signed(&note, &feed, speaker).is_some_and(|size| size > known));
                if proved {
                    self.lost.insert(feed.clone(), size);
                    lost.push(LostHistory { feed, held: size, known });
                }
            } else if size < acknowledged(source.sent_evidence(&feed)?) {
                // The peer came back from a backup: its word decides where to go on.
                self.rewind_to(&feed, size, speaker, source)?;
            }
        }
        let known = speaker.manifest.node(&self.peer).map(|node| node.streams()).unwrap_or_default();
        self.heard.extend(held.speaks_for.into_iter().filter(|service| known.contains(service)));
        Ok(lost)
    }

    /// The receiver knows best what it holds; messages before that are not sent again.
    fn rewind_to(
        &mut self,
        feed: &Feed,
        held: Sequence,
        speaker: Speaker<'_>,
        source: &dyn FeedSource,
    ) -> Result<(), StoreError> {
        let acknowledged = acknowledged(source.sent_evidence(feed)?).min(held);
        let outbox = resume(feed, acknowledged, held, speaker, source)?;
        self.sending.insert(feed.clone(), Sending { outbox, since: None });
        Ok(())
    }
}

/// The size of a checkpoint of `feed` that one of this node's keys has signed.
fn has_signed(note: &str, feed: &Feed, speaker: Speaker<'_>) -> Option<Sequence> {
    let note: SignedNote = note.parse().ok()?;
    let checkpoint = note.checkpoint().ok()?;
    let node = speaker.manifest.node(speaker.node)?;
    let signed = node.keys.iter().any(|key| note.verify(speaker.node, &key.key).is_ok());
    let origin = Checkpoint::origin_of(&speaker.manifest.region, feed);
    (signed && checkpoint.origin == origin).then_some(checkpoint.size)
}

/// The outbox built again from the journal: sending goes on after `sent`.
fn resume(
    feed: &Feed,
    acknowledged: Sequence,
    sent: Sequence,
    speaker: Speaker<'_>,
    source: &dyn FeedSource,
) -> Result<Outbox, StoreError> {
    let leaves = if sent > 0 { source.sent_leaves(feed, sent)? } else { Vec::new() };
    Ok(Outbox::resume(feed.clone(), speaker.manifest.hash_function(), acknowledged, &leaves))
}

/// How far a feed is receipted, by the newest evidence.
pub fn acknowledged(evidence: Option<String>) -> Sequence {
    let checkpoint = evidence.and_then(|note| note.parse::<SignedNote>().ok()?.checkpoint().ok());
    checkpoint.map_or(0, |checkpoint| checkpoint.size)
}

/// As many as one parcel may carry; the rest goes with the next.
fn take_some<T>(items: &mut Vec<T>) -> Vec<T> {
    items.drain(..items.len().min(ITEMS_MAX)).collect()
}
