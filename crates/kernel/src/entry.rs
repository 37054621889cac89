//! The entry: one record of a stream.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::feed::Feed;
use crate::hash::{Digest, HashFunction};

/// Where an entry stands: the sequence number in its stream, from 1.
pub type Sequence = u64;

/// What an entry records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum EntryKind {
    /// A decision: the events that followed from one command, message or timer.
    Decision,
    /// A message to a peer's service: number `number` of `feed`.
    Sent { feed: Feed, number: Sequence },
    /// The bytes of a peer's message, as received: number `number` of `feed`.
    Received { feed: Feed, number: Sequence },
    /// The checkpoint a peer signed over its feed, and the receipt given for it.
    CheckpointReceived { feed: Feed },
    /// The checkpoint this node signed over its feed, with the peer's receipt.
    ReceiptReceived { feed: Feed },
}

/// One record. `bytes` is UTF-8 JSON (or a signed note) that an auditor can read with a text editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub sequence: Sequence,
    pub kind: EntryKind,
    pub bytes: Vec<u8>,
    /// Chain value: see [`chain`].
    pub chain: Digest,
    /// Bytes that may be erased one day, such as evidence with personal data: not covered by the chain; the entry's own bytes
    /// name their hash.
    pub attachment: Option<Vec<u8>>,
}

impl fmt::Display for EntryKind {
    /// One line, part of what the chain covers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryKind::Decision => f.write_str("decision"),
            EntryKind::Sent { feed, number } => write!(f, "sent {feed} {number}"),
            EntryKind::Received { feed, number } => write!(f, "received {feed} {number}"),
            EntryKind::CheckpointReceived { feed } => write!(f, "checkpoint-received {feed}"),
            EntryKind::ReceiptReceived { feed } => write!(f, "receipt-received {feed}"),
        }
    }
}

impl EntryKind {
    /// Reads the line written by the `Display` form.
    pub fn parse(line: &str) -> Option<EntryKind> {
        let mut words = line.split(' ');
        let name = words.next()?;
        let kind = if name == "decision" {
            EntryKind::Decision
        } else {
            let feed = words.next()?.parse().ok()?;
            let mut number = || words.next()?.parse().ok();
            match name {
                "sent" => EntryKind::Sent { feed, number: number()? },
                "received" => EntryKind::Received { feed, number: number()? },
                "checkpoint-received" => EntryKind::CheckpointReceived { feed },
                "receipt-received" => EntryKind::ReceiptReceived { feed },
                _ => return None,
            }
        };
        words.next().is_none().then_some(kind)
    }
}

/// The chain value of an entry: hash(previous chain value ‖ sequence as 8 bytes big-endian ‖ kind line ‖ 0x0a ‖ bytes).
/// The first entry follows [`Digest::ZERO`]. Cutting, reordering or altering entries changes every later value.
pub fn chain(function: HashFunction, previous: Digest, sequence: Sequence, kind: &EntryKind, bytes: &[u8]) -> Digest {
    let line = kind.to_string();
    function.hash(&[&previous.0, &sequence.to_be_bytes(), line.as_bytes(), b"\n", bytes])
}
