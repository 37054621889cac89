//! The proof of one message to a third party: offline, without disclosing the others.

use huitong_kernel::checkpoint::{Checkpoint, SignedNote};
use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::Feed;
use huitong_kernel::hash::Digest;
use huitong_kernel::manifest::{Manifest, TrustError};
use huitong_kernel::merkle::{self, leaf_hash};
use huitong_kernel::suite::PublicKey;
use huitong_kernel::time::Instant;
use serde::{Deserialize, Serialize};

/// Everything a verifier needs beside the region's manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    pub region: String,
    pub feed: Feed,
    /// Number of the message in the feed.
    pub number: Sequence,
    /// The message's bytes, which are UTF-8.
    pub message: String,
    /// Inclusion path, lowest sibling first (RFC 9162 §2.1.3).
    pub path: Vec<Digest>,
    /// The checkpoint with the sender's signature and the receiver's receipt.
    pub note: String,
}

/// Why a proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    #[error("the proof is malformed")]
    Malformed,
    #[error("the proof is of another region")]
    OtherRegion,
    #[error("the message is not in the tree of the checkpoint: it was altered, or the path is wrong")]
    NotIncluded,
    #[error("{0} did not sign the checkpoint with a key of the manifest")]
    NotSigned(String),
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl Proof {
    /// Builds the proof from the leaf hashes of the first `size` messages, `size` being that of the note's checkpoint.
    pub fn build(
        region: &str,
        feed: &Feed,
        number: Sequence,
        message: String,
        manifest: &Manifest,
        leaves: &[Digest],
        note: String,
    ) -> Proof {
        let path = merkle::inclusion_path(manifest.hash_function(), leaves, (number - 1) as usize);
        Proof { region: region.to_owned(), feed: feed.clone(), number, message, path, note }
    }

    /// Checks inclusion, the sender's signature and the receiver's receipt. `at` is when the keys must have been valid.
    pub fn verify(&self, manifest: &Manifest, at: Instant) -> Result<(), ProofFault> {
        let note: SignedNote = self.note.parse().map_err(|_| ProofFault::Malformed)?;
        let checkpoint = note.checkpoint().map_err(|_| ProofFault::Malformed)?;
        if self.region != manifest.region || checkpoint.origin != Checkpoint::origin_of(&manifest.region, &self.feed) {
            return Err(ProofFault::OtherRegion);
        }
        let function = manifest.hash_function();
        let leaf = leaf_hash(function, self.message.as_bytes());
        let index = self.number.checked_sub(1).ok_or(ProofFault::Malformed)?;
        if merkle::root_from_path(function, leaf, index, checkpoint.size, &self.path) != Some(checkpoint.root) {
            return Err(ProofFault::NotIncluded);
        }
        for party in [&self.feed.from, &self.feed.to] {
            let node = manifest
                .node_of(party.jurisdiction)
                .ok_or(ProofFault::Trust(TrustError::UnknownJurisdiction(party.jurisdiction)))?;
            let line = note.signatures().iter().find(|signature| signature.name == node.name);
            let line = line.ok_or_else(|| ProofFault::NotSigned(node.name.clone()))?;
            let key: &PublicKey = manifest.speaking_key(party.jurisdiction, line.key_id, at)?;
            note.verify(&node.name, key).map_err(|_| ProofFault::NotSigned(node.name.clone()))?;
        }
        Ok(())
    }
}
