//! The sender of one feed. It keeps nothing that it could lose: messages and receipts are in the journal, and after a
//! restart or a rewind it is built again from there.

use std::collections::VecDeque;

use huitong_kernel::checkpoint::{Checkpoint, SignedNote};
use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::Feed;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::merkle::{CompactRange, leaf_hash};
use huitong_kernel::suite::{PublicKey, SignError, Signer};

use crate::parcel::Batch;

/// Signed checkpoints without receipt kept at most; older ones are covered by newer receipts.
const OUTSTANDING_MAX: usize = 256;

pub struct Outbox {
    feed: Feed,
    function: HashFunction,
    /// The tree over everything sent so far.
    tree: CompactRange,
    /// Receipted by the receiver, durably.
    acknowledged: Sequence,
    /// The tree from which sending goes on when what was sent must be sent again.
    rewound: CompactRange,
    /// Signed and sent, waiting for a receipt, each with the tree that it signs.
    outstanding: VecDeque<(Checkpoint, CompactRange)>,
}

/// A receipt that is not for what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptFault {
    #[error("the receipt is malformed or its signature does not verify")]
    Invalid,
    #[error("the receipt is for a checkpoint that was not sent")]
    Unknown,
}

impl Outbox {
    /// The outbox of a feed that is receipted up to `acknowledged`, sending goes on after `leaves`, the leaf hashes of all
    /// messages that need not be sent again.
    pub fn resume(feed: Feed, function: HashFunction, acknowledged: Sequence, leaves: &[Digest]) -> Outbox {
        let mut tree = CompactRange::new(function);
        leaves.iter().for_each(|leaf| tree.push(*leaf));
        Outbox { feed, function, rewound: tree.clone(), tree, acknowledged, outstanding: VecDeque::new() }
    }

    /// Number of the last message sent.
    pub fn sent(&self) -> Sequence {
        self.tree.size()
    }

    pub fn acknowledged(&self) -> Sequence {
        self.acknowledged
    }

    /// Everything without receipt will be sent again.
    pub fn rewind(&mut self) {
        self.tree = self.rewound.clone();
        self.outstanding.clear();
    }

    /// Whether something sent waits for its receipt.
    pub fn awaits_receipt(&self) -> bool {
        self.tree.size() > self.acknowledged
    }

    /// The next batch from the messages after [`Outbox::sent`]: one signature over the feed's new checkpoint.
    ///
    /// # Panics
    /// When there is no message.
    pub fn next_batch(
        &mut self,
        region: &str,
        messages: Vec<Vec<u8>>,
        node: &str,
        signer: &dyn Signer,
    ) -> Result<Batch, SignError> {
        assert!(!messages.is_empty(), "a batch carries at least one message");
        let first = self.tree.size() + 1;
        let mut tree = self.tree.clone();
        messages.iter().for_each(|message| tree.push(leaf_hash(self.function, message)));
        let checkpoint =
            Checkpoint { origin: Checkpoint::origin_of(region, &self.feed), size: tree.size(), root: tree.root() };
        let note = SignedNote::sign(checkpoint.text(), node, signer)?;
        self.tree = tree;
        if self.outstanding.len() >= OUTSTANDING_MAX {
            self.outstanding.pop_front();
        }
        self.outstanding.push_back((checkpoint, self.tree.clone()));
        Ok(Batch { feed: self.feed.clone(), first, messages, checkpoint: note.to_string() })
    }

    /// Takes a receipt: the receiver's signature, by `key`, under a checkpoint that was sent. Gives `true` when it says
    /// something new and must be made durable.
    pub fn take_receipt(&mut self, note: &str, receiver: &str, key: &PublicKey) -> Result<bool, ReceiptFault> {
        let note: SignedNote = note.parse().map_err(|_| ReceiptFault::Invalid)?;
        note.verify(receiver, key).map_err(|_| ReceiptFault::Invalid)?;
        let checkpoint = note.checkpoint().map_err(|_| ReceiptFault::Invalid)?;
        if checkpoint.size <= self.acknowledged {
            return Ok(false);
        }
        let sent = self.outstanding.iter().find(|(sent, _)| *sent == checkpoint);
        let (_, tree) = sent.ok_or(ReceiptFault::Unknown)?;
        self.rewound = tree.clone();
        self.acknowledged = checkpoint.size;
        self.outstanding.retain(|(other, _)| other.size > checkpoint.size);
        Ok(true)
    }
}
