//! Checkpoints (C2SP tlog-checkpoint) in signed notes (C2SP signed-note).
//!
//! A feed's sender signs a checkpoint; the receiver adds its own signature line to the same note: the receipt.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::feed::Feed;
use crate::hash::Digest;
use crate::suite::{PublicKey, SignError, Signature, SignatureError, Signer};

/// A note larger than this was not written by Huitong.
pub const NOTE_LENGTH_MAX: usize = 4_096;
/// Sender, receiver, and room for key rotation.
pub const SIGNATURES_MAX: usize = 8;
/// Em dash and space start a signature line.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// The head of a feed's Merkle tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which tree: `huitong/REGION/FEED`.
    pub origin: String,
    /// Number of messages covered.
    pub size: u64,
    pub root: Digest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("the note is not well formed (C2SP signed-note)")]
    Malformed,
    #[error("the text is no checkpoint (C2SP tlog-checkpoint)")]
    NoCheckpoint,
    #[error("the note carries no signature of that key")]
    NotSigned,
    #[error("a signature of the note does not verify")]
    WrongSignature,
}

impl From<SignatureError> for NoteError {
    fn from(_: SignatureError) -> NoteError {
        NoteError::WrongSignature
    }
}

impl Checkpoint {
    /// The origin line of a feed's checkpoints.
    pub fn origin_of(region: &str, feed: &Feed) -> String {
        format!("huitong/{region}/{feed}")
    }

    /// Three lines: origin, size, root in base64.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.0))
    }

    pub fn parse(text: &str) -> Result<Checkpoint, NoteError> {
        let mut lines = text.strip_suffix('\n').ok_or(NoteError::NoCheckpoint)?.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(NoteError::NoCheckpoint);
        };
        let decoded = STANDARD.decode(root).map_err(|_| NoteError::NoCheckpoint)?;
        let checkpoint = Checkpoint {
            origin: origin.to_owned(),
            size: size.parse().map_err(|_| NoteError::NoCheckpoint)?,
            root: Digest(decoded.try_into().map_err(|_| NoteError::NoCheckpoint)?),
        };
        // One text per checkpoint: `007` or a sloppy base64 would be another text with the same meaning.
        if checkpoint.text() == text { Ok(checkpoint) } else { Err(NoteError::NoCheckpoint) }
    }
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// The signer's name: a node's name.
    pub name: String,
    pub key_id: u32,
    pub signature: Signature,
}

/// A text with signatures over its exact bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl SignedNote {
    pub fn sign(text: String, name: &str, signer: &dyn Signer) -> Result<SignedNote, SignError> {
        let note = SignedNote { text, signatures: Vec::new() };
        note.countersign(name, signer)
    }

    /// A note put together again from its parts; it holds when its signatures verify.
    pub fn from_lines(text: String, signatures: Vec<NoteSignature>) -> SignedNote {
        SignedNote { text, signatures }
    }

    /// The note with one more signature.
    pub fn countersign(mut self, name: &str, signer: &dyn Signer) -> Result<SignedNote, SignError> {
        let signature = signer.sign(self.text.as_bytes())?;
        let key_id = signer.public_key().note_key_id(name);
        self.signatures.push(NoteSignature { name: name.to_owned(), key_id, signature });
        Ok(self)
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    pub fn checkpoint(&self) -> Result<Checkpoint, NoteError> {
        Checkpoint::parse(&self.text)
    }

    /// Checks that `name` signed with `key`.
    pub fn verify(&self, name: &str, key: &PublicKey) -> Result<(), NoteError> {
        let key_id = key.note_key_id(name);
        let signature = self.signatures.iter().find(|line| line.name == name && line.key_id == key_id);
        let signature = signature.ok_or(NoteError::NotSigned)?;
        Ok(key.verify(self.text.as_bytes(), &signature.signature)?)
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for line in &self.signatures {
            let mut bytes = line.key_id.to_be_bytes().to_vec();
            bytes.extend_from_slice(&line.signature.0);
            writeln!(f, "{SIGNATURE_MARK}{} {}", line.name, STANDARD.encode(bytes))?;
        }
        Ok(())
    }
}

impl FromStr for SignedNote {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<SignedNote, NoteError> {
        if note.len() > NOTE_LENGTH_MAX {
            return Err(NoteError::Malformed);
        }
        let (text, lines) = note.split_once("\n\n").ok_or(NoteError::Malformed)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Malformed)?;
        let signatures =
            lines.split('\n').map(signature_line).collect::<Option<Vec<_>>>().ok_or(NoteError::Malformed)?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::Malformed);
        }
        Ok(SignedNote { text: format!("{text}\n"), signatures })
    }
}

fn signature_line(line: &str) -> Option<NoteSignature> {
    let (name, encoded) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (key_id, signature) = bytes.split_first_chunk::<4>()?;
    let named = !name.is_empty() && !name.contains('+');
    named.then_some(())?;
    Some(NoteSignature {
        name: name.to_owned(),
        key_id: u32::from_be_bytes(*key_id),
        signature: Signature(signature.try_into().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::RandomSource;
    use crate::suite::{SoftwareKey, Suite};

    fn checkpoint() -> Checkpoint {
        let feed: Feed = "310000/medical>330000/medical".parse().expect("a feed");
        Checkpoint { origin: Checkpoint::origin_of("yangtze", &feed), size: 42, root: Digest([9; 32]) }
    }

    #[test]
    fn a_receipt_is_a_second_signature_on_the_senders_note() {
        for suite in [Suite::Ed25519Sha256, Suite::Sm2Sm3] {
            let mut random = RandomSource::from_number(1);
            let sender = SoftwareKey::generate(suite, &mut random);
            let receiver = SoftwareKey::generate(suite, &mut random);
            let note = SignedNote::sign(checkpoint().text(), "shanghai", &sender).expect("signs");
            let receipted = note.countersign("zhejiang", &receiver).expect("signs").to_string();
            let read: SignedNote = receipted.parse().expect("a note reads back");
            assert_eq!(read.to_string(), receipted);
            assert_eq!(read.checkpoint(), Ok(checkpoint()));
            assert_eq!(read.verify("shanghai", sender.public_key()), Ok(()));
            assert_eq!(read.verify("zhejiang", receiver.public_key()), Ok(()));
            assert_eq!(read.verify("zhejiang", sender.public_key()), Err(NoteError::NotSigned));
            let forged: SignedNote = receipted.replace("\n42\n", "\n43\n").parse().expect("well formed");
            assert_eq!(forged.verify("shanghai", sender.public_key()), Err(NoteError::WrongSignature));
        }
    }

    #[test]
    fn a_checkpoint_has_one_text_only() {
        let text = checkpoint().text();
        for other in [text.replace("42", "042"), text.replace("42", "+42"), format!("{text}\n"), "a\n1\n".to_owned()] {
            assert_eq!(Checkpoint::parse(&other), Err(NoteError::NoCheckpoint), "{other:?}");
        }
    }
}
