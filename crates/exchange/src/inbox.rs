//! The receiver of one feed. What it accepts becomes true only when the caller has made it durable and calls
//! [`Inbox::advance`].

use huitong_kernel::checkpoint::{Checkpoint, SignedNote};
use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::Feed;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::manifest::TrustError;
use huitong_kernel::merkle::{self, CompactRange, leaf_hash};
use huitong_kernel::suite::PublicKey;
use huitong_store::sabotage::{self, Sabotage};

use crate::parcel::{BATCH_MESSAGES_MAX, Batch, MESSAGE_BYTES_MAX};
use crate::refusal::ExchangeRefusal;

pub struct Inbox {
    feed: Feed,
    function: HashFunction,
    /// The tree over everything received and durable.
    tree: CompactRange,
}

/// A batch that may be taken.
#[derive(Debug)]
pub struct Examined {
    /// Number of the first message that is new.
    pub first: Sequence,
    /// The new messages; empty for a batch that came again.
    pub messages: Vec<Vec<u8>>,
    /// The sender's note, to be receipted.
    pub note: SignedNote,
    tree: CompactRange,
}

/// Who may have signed: asked with the key id of the note's signature.
pub type KeyResolver<'a> = &'a dyn Fn(u32) -> Result<PublicKey, TrustError>;

impl Inbox {
    /// The inbox of a feed of which the messages with these leaf hashes were received.
    pub fn resume(feed: Feed, function: HashFunction, leaves: &[Digest]) -> Inbox {
        let mut tree = CompactRange::new(function);
        leaves.iter().for_each(|leaf| tree.push(*leaf));
        Inbox { feed, function, tree }
    }

    /// Number of the last message received.
    pub fn received(&self) -> Sequence {
        self.tree.size()
    }

    /// Examines a batch; changes nothing. `history` gives the leaf hashes of the first n messages received, asked for only
    /// when a batch comes again.
    pub fn examine(
        &self,
        region: &str,
        batch: Batch,
        sender: &str,
        key: KeyResolver<'_>,
        history: &dyn Fn(Sequence) -> Option<Vec<Digest>>,
    ) -> Result<Examined, ExchangeRefusal> {
        let sizes_fit = (1..=BATCH_MESSAGES_MAX).contains(&batch.messages.len())
            && batch.messages.iter().all(|message| message.len() <= MESSAGE_BYTES_MAX);
        let note: SignedNote = batch.checkpoint.parse().map_err(|_| ExchangeRefusal::Malformed)?;
        let checkpoint = note.checkpoint().map_err(|_| ExchangeRefusal::Malformed)?;
        let last = batch.first.checked_add(batch.messages.len() as u64 - 1).ok_or(ExchangeRefusal::Malformed)?;
        if !sizes_fit || batch.first == 0 || checkpoint.size != last {
            return Err(ExchangeRefusal::Malformed);
        }
        if batch.feed != self.feed || checkpoint.origin != Checkpoint::origin_of(region, &self.feed) {
            return Err(ExchangeRefusal::WrongOrigin);
        }
        check_signature(&note, sender, key)?;
        let expected = self.received() + 1;
        if sabotage::is(Sabotage::Cursor) {
            let mut tree = self.tree.clone();
            batch.messages.iter().for_each(|message| tree.push(leaf_hash(self.function, message)));
            return Ok(Examined { first: expected, messages: batch.messages, note, tree });
        }
        if batch.first > expected {
            return Err(ExchangeRefusal::Gap { expected });
        }
        if checkpoint.size < expected {
            return self.examine_again(&checkpoint, note, history);
        }
        // What came before is skipped; if the sender's messages there were others, its root cannot be ours.
        let messages: Vec<Vec<u8>> = batch.messages.into_iter().skip((expected - batch.first) as usize).collect();
        let mut tree = self.tree.clone();
        messages.iter().for_each(|message| tree.push(leaf_hash(self.function, message)));
        if tree.root() != checkpoint.root {
            return Err(ExchangeRefusal::Fork);
        }
        Ok(Examined { first: expected, messages, note, tree })
    }

    /// A batch that was received before is receipted again, if it is the same.
    fn examine_again(
        &self,
        checkpoint: &Checkpoint,
        note: SignedNote,
        history: &dyn Fn(Sequence) -> Option<Vec<Digest>>,
    ) -> Result<Examined, ExchangeRefusal> {
        let leaves = history(checkpoint.size).ok_or(ExchangeRefusal::Unavailable)?;
        if merkle::root(self.function, &leaves) != checkpoint.root {
            return Err(ExchangeRefusal::Fork);
        }
        Ok(Examined { first: self.received() + 1, messages: Vec::new(), note, tree: self.tree.clone() })
    }

    /// The examined batch is durable.
    pub fn advance(&mut self, tree: Advance) {
        assert!(tree.0.size() >= self.tree.size(), "an inbox never goes back");
        self.tree = tree.0;
    }
}

/// The state of the inbox once an examined batch is durable.
#[derive(Clone)]
pub struct Advance(CompactRange);

impl Examined {
    pub fn advance(&self) -> Advance {
        Advance(self.tree.clone())
    }
}

fn check_signature(note: &SignedNote, sender: &str, key: KeyResolver<'_>) -> Result<(), ExchangeRefusal> {
    let signature = note.signatures().iter().find(|signature| signature.name == sender);
    let signature = signature.ok_or(ExchangeRefusal::WrongSignature)?;
    let key = key(signature.key_id).map_err(|error| ExchangeRefusal::KeyNotTrusted { reason: error.to_string() })?;
    note.verify(sender, &key).map_err(|_| ExchangeRefusal::WrongSignature)
}
