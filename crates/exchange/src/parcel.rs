//! What travels in either direction of a call, and its bytes: a JSON header with lengths, then the messages as they are.
//! Messages are never escaped or re-serialised on their way.

use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::Feed;
use serde::{Deserialize, Serialize};

use crate::refusal::ExchangeRefusal;

/// Messages in one batch at most.
pub const BATCH_MESSAGES_MAX: usize = 1_024;
/// Bytes of one message at most.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Bytes of messages in one batch after which no further one is added.
pub const BATCH_BYTES_SOFT_MAX: usize = 4 << 20;
/// Bytes of a whole parcel at most.
pub const PARCEL_BYTES_MAX: usize = 16 << 20;
const HEADER_BYTES_MAX: usize = 1 << 20;
/// Batches, receipts, refusals and held feeds in one parcel at most, of each.
pub const ITEMS_MAX: usize = 256;

/// Consecutive messages of one feed under one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub feed: Feed,
    /// Number of the first message.
    pub first: Sequence,
    pub messages: Vec<Vec<u8>>,
    /// The signed checkpoint (a C2SP signed note) whose size is the number of the last message.
    pub checkpoint: String,
}

/// A note with the receiver's signature added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    pub feed: Feed,
    pub note: String,
}

/// Why a batch was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub feed: Feed,
    pub refusal: ExchangeRefusal,
}

/// How many messages of a feed its receiver holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    pub feed: Feed,
    pub size: Sequence,
    /// The sender's own signed checkpoint over them: without it nobody need believe that it sent so much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a member holds, told when asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holdings {
    /// The services that this member leads: of their feeds it tells all that it holds. Of others it knows nothing.
    pub speaks_for: Vec<String>,
    pub feeds: Vec<Held>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parcel {
    /// Version of the sender's manifest: whoever has an older one fetches the newer.
    pub manifest_version: u64,
    pub batches: Vec<Batch>,
    pub receipts: Vec<Receipt>,
    pub refused: Vec<Refused>,
    /// The sender has started anew and asks what the receiver holds of its feeds.
    pub asks_held: bool,
    /// What the sender holds of the receiver's feeds, when asked.
    pub held: Option<Holdings>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    manifest_version: u64,
    batches: Vec<BatchHeader>,
    receipts: Vec<Receipt>,
    refused: Vec<Refused>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    asks_held: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held: Option<Holdings>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchHeader {
    feed: Feed,
    first: Sequence,
    lengths: Vec<usize>,
    checkpoint: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the parcel is malformed or over its limits")]
pub struct ParcelError;

impl Parcel {
    /// Four bytes of header length (big-endian), the header as JSON, the messages one after the other.
    pub fn encode(&self) -> Vec<u8> {
        let batches = self.batches.iter().map(|batch| BatchHeader {
            feed: batch.feed.clone(),
            first: batch.first,
            lengths: batch.messages.iter().map(Vec::len).collect(),
            checkpoint: batch.checkpoint.clone(),
        });
        let header = Header {
            manifest_version: self.manifest_version,
            batches: batches.collect(),
            receipts: self.receipts.clone(),
            refused: self.refused.clone(),
            asks_held: self.asks_held,
            held: self.held.clone(),
        };
        let header = serde_json::to_vec(&header).expect("a header is plain data");
        let length = u32::try_from(header.len()).expect("a header stays far below 4 GiB");
        let mut bytes = length.to_be_bytes().to_vec();
        bytes.extend_from_slice(&header);
        self.batches.iter().flat_map(|batch| &batch.messages).for_each(|message| bytes.extend_from_slice(message));
        bytes
    }

    /// Reads foreign bytes within all limits.
    pub fn decode(bytes: &[u8]) -> Result<Parcel, ParcelError> {
        if bytes.len() > PARCEL_BYTES_MAX {
            return Err(ParcelError);
        }
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or(ParcelError)?;
        let length = u32::from_be_bytes(*length) as usize;
        if length > HEADER_BYTES_MAX || length > rest.len() {
            return Err(ParcelError);
        }
        let (header, mut body) = rest.split_at(length);
        let header: Header = serde_json::from_slice(header).map_err(|_| ParcelError)?;
        let held = header.held.as_ref().map_or((0, 0), |held| (held.feeds.len(), held.speaks_for.len()));
        let counts = [header.batches.len(), header.receipts.len(), header.refused.len(), held.0, held.1];
        if counts.into_iter().any(|count| count > ITEMS_MAX) {
            return Err(ParcelError);
        }
        let mut batches = Vec::with_capacity(header.batches.len());
        for batch in header.batches {
            let messages = take_messages(&mut body, &batch.lengths)?;
            batches.push(Batch { feed: batch.feed, first: batch.first, messages, checkpoint: batch.checkpoint });
        }
        if !body.is_empty() {
            return Err(ParcelError);
        }
        let Header { manifest_version, receipts, refused, asks_held, held, .. } = header;
        Ok(Parcel { manifest_version, batches, receipts, refused, asks_held, held })
    }

    /// Whether it carries nothing that the other side must know.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
            && self.receipts.is_empty()
            && self.refused.is_empty()
            && !self.asks_held
            && self.held.is_none()
    }
}

fn take_messages(body: &mut &[u8], lengths: &[usize]) -> Result<Vec<Vec<u8>>, ParcelError> {
    if lengths.is_empty() || lengths.len() > BATCH_MESSAGES_MAX {
        return Err(ParcelError);
    }
    let mut messages = Vec::with_capacity(lengths.len());
    for length in lengths {
        if *length > MESSAGE_BYTES_MAX || *length > body.len() {
            return Err(ParcelError);
        }
        let (message, rest) = body.split_at(*length);
        messages.push(message.to_vec());
        *body = rest;
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn feed() -> Feed {
        "310000/medical>330000/medical".parse().expect("a feed")
    }

    proptest! {
        #[test]
        fn foreign_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = Parcel::decode(&bytes);
        }

        #[test]
        fn a_parcel_reads_back_and_a_cut_one_is_refused(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 1..20), cut in any::<usize>(),
        ) {
            let batch = Batch { feed: feed(), first: 7, messages, checkpoint: "note".to_owned() };
            let receipts = vec![Receipt { feed: feed(), note: "n".to_owned() }];
            let refused = vec![Refused { feed: feed(), refusal: ExchangeRefusal::Gap { expected: 3 } }];
            let parcel = Parcel { manifest_version: 2, batches: vec![batch], receipts, refused, ..Parcel::default() };
            let bytes = parcel.encode();
            prop_assert_eq!(Parcel::decode(&bytes), Ok(parcel));
            let shorter = &bytes[..cut % bytes.len()];
            prop_assert_eq!(Parcel::decode(shorter), Err(ParcelError));
        }
    }
}
