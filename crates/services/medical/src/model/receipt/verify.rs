//! Verifying a token offline: with the region's manifest, and nothing else.

use huitong_exchange::proof::{Proof, ProofFault};
use huitong_kernel::checkpoint::{Checkpoint, NoteSignature, SignedNote};
use huitong_kernel::division::Division;
use huitong_kernel::feed::Feed;
use huitong_kernel::manifest::{Manifest, TrustError};
use huitong_kernel::time::Instant;
use huitong_service_kit::Envelope;

use super::Receipt;
use super::token::{Signed, Token};
use crate::model::message::Message;

/// A receipt that home has issued and visited has received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub receipt: Receipt,
    pub feed: Feed,
    /// Number of the receipt in the feed.
    pub number: u64,
    /// When home issued it. Whether the settlement was cancelled later, only a node can tell.
    pub issued_at: Instant,
}

/// Why a token proves nothing: three answers that the person at the counter tells apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptFault {
    /// No token, cut short, or not of this version.
    #[error("the code cannot be read")]
    Unreadable,
    /// What it says is not what was signed.
    #[error("the receipt was altered: what it says is not what the checkpoint covers")]
    Altered,
    /// Not signed by a key that the manifest lists for that node at that time.
    #[error("not signed by the nodes of this region: {0}")]
    WrongKey(String),
}

/// Checks inclusion, home's signature, visited's receipt, that home may speak of this settlement, and that the sums add up.
pub fn verify(token: &Token, manifest: &Manifest) -> Result<Verified, ReceiptFault> {
    // The path is looked at first: who cannot even be read must not be called altered, and what was altered need not be readable.
    let feed = token.feed();
    let message = String::from_utf8(token.message.clone());
    let read: Option<Envelope<Message>> = message.as_ref().ok().and_then(|text| serde_json::from_str(text).ok());
    let proof = Proof {
        region: manifest.region.clone(),
        feed: feed.clone(),
        number: token.number,
        message: message.map_err(|_| ReceiptFault::Altered)?,
        path: token.path.clone(),
        note: note(token, manifest)?,
    };
    // Without a time of its own nothing says when the keys had to be valid; the proof of an unreadable message fails anyhow.
    let issued_at = read.as_ref().map_or(manifest.valid_from, |envelope| envelope.at);
    proof.verify(manifest, issued_at).map_err(fault)?;
    let receipt = match read.map(|envelope| envelope.message) {
        Some(Message::Receipt(receipt)) => receipt,
        // A leaf of the feed, but no receipt.
        _ => return Err(ReceiptFault::Unreadable),
    };
    let speaks_for = home_area(&receipt.settlement).and_then(|area| manifest.jurisdiction_for(area));
    if speaks_for.is_none_or(|jurisdiction| jurisdiction.division != token.home) {
        return Err(ReceiptFault::WrongKey(format!("{} does not settle {}", token.home, receipt.settlement)));
    }
    if !receipt.adds_up() {
        return Err(ReceiptFault::Altered);
    }
    Ok(Verified { receipt, feed, number: token.number, issued_at })
}

/// The receipted note, as the journals hold it.
fn note(token: &Token, manifest: &Manifest) -> Result<String, ReceiptFault> {
    let name = |division: Division| {
        let node = manifest.node_of(division);
        node.map(|node| node.name.clone()).ok_or_else(|| fault(TrustError::UnknownJurisdiction(division).into()))
    };
    let line = |division, signed: &Signed| {
        Ok(NoteSignature { name: name(division)?, key_id: signed.key_id, signature: signed.signature })
    };
    let origin = Checkpoint::origin_of(&manifest.region, &token.feed());
    let text = Checkpoint { origin, size: token.size, root: token.root }.text();
    let lines = vec![line(token.home, &token.checkpoint)?, line(token.visited, &token.receipt)?];
    Ok(SignedNote::from_lines(text, lines).to_string())
}

fn fault(fault: ProofFault) -> ReceiptFault {
    match fault {
        ProofFault::NotIncluded => ReceiptFault::Altered,
        ProofFault::Malformed => ReceiptFault::Unreadable,
        ProofFault::OtherRegion | ProofFault::NotSigned(_) | ProofFault::Trust(_) => {
            ReceiptFault::WrongKey(fault.to_string())
        }
    }
}

/// `setl_id` names it: "A" + home area 6 + YYMMDD + serial 7.
fn home_area(settlement: &str) -> Option<Division> {
    settlement.strip_prefix('A')?.get(..6)?.parse().ok()
}
