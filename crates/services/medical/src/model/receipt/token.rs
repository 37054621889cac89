//! The receipt's token: a message of the feed from home to visited with its inclusion proof, in as few bytes as it takes.
//!
//! | bytes | content |
//! |---|---|
//! | 1 | version, 1 |
//! | 3, 3 | division of home, of visited: their six digits as a number, big-endian |
//! | 8, 8 | number of the message in the feed; size of the tree of the checkpoint |
//! | 32 | root of that tree |
//! | 4 + 64, twice | key id and signature of home (the checkpoint) and of visited (its receipt) |
//! | 1, then 32 each | inclusion path, lowest sibling first (RFC 9162 §2.1.3) |
//! | the rest | the message, byte for byte as it is in both journals |
//!
//! The signed text of the checkpoint follows from these and the region's name, so it is not carried. As text: `HTR1:` and Base45
//! (RFC 9285) in a QR code, `htr1:` and Base64url elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use huitong_kernel::checkpoint::SignedNote;
use huitong_kernel::division::Division;
use huitong_kernel::entry::Sequence;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::Digest;
use huitong_kernel::suite::Signature;

use super::base45;

const VERSION: u8 = 1;
/// Levels of a tree at most: its size is a `u64`.
const PATH_MAX: usize = 64;
/// Bytes of the message at most: what one has is about 500.
const MESSAGE_BYTES_MAX: usize = 2_048;
/// Characters of a token's text at most.
pub const TEXT_LENGTH_MAX: usize = 8_192;
const QR_PREFIX: &str = "HTR1:";
const TEXT_PREFIX: &str = "htr1:";

/// A signature line without the signer's name, which the manifest knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    pub key_id: u32,
    pub signature: Signature,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub home: Division,
    pub visited: Division,
    pub number: Sequence,
    pub size: u64,
    pub root: Digest,
    /// Home's signature on the checkpoint.
    pub checkpoint: Signed,
    /// Visited's on the same text: it has received what the checkpoint covers.
    pub receipt: Signed,
    pub path: Vec<Digest>,
    pub message: Vec<u8>,
}

/// The text is no token, or was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no receipt token, or it was cut short")]
pub struct TokenError;

impl Token {
    /// From a receipted note; `None` when the note lacks a signature of either node, which the journal never does.
    pub fn new(feed: &Feed, number: Sequence, message: Vec<u8>, path: Vec<Digest>, note: &SignedNote) -> Option<Token> {
        let checkpoint = note.checkpoint().ok()?;
        let [sender, receiver, ..] = note.signatures() else { return None };
        let signed = |line: &huitong_kernel::checkpoint::NoteSignature| Signed {
            key_id: line.key_id,
            signature: line.signature,
        };
        Some(Token {
            home: feed.from.jurisdiction,
            visited: feed.to.jurisdiction,
            number,
            size: checkpoint.size,
            root: checkpoint.root,
            checkpoint: signed(sender),
            receipt: signed(receiver),
            path,
            message,
        })
    }

    /// The feed of the message.
    pub fn feed(&self) -> Feed {
        let address = |division| Address::new(division, "medical");
        Feed::new(address(self.home), address(self.visited))
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        for division in [self.home, self.visited] {
            let code: u32 = division.as_str().parse().expect("a division is six digits");
            bytes.extend_from_slice(&code.to_be_bytes()[1..]);
        }
        bytes.extend(self.number.to_be_bytes());
        bytes.extend(self.size.to_be_bytes());
        bytes.extend(self.root.0);
        for signed in [&self.checkpoint, &self.receipt] {
            bytes.extend(signed.key_id.to_be_bytes());
            bytes.extend(signed.signature.0);
        }
        bytes.push(u8::try_from(self.path.len()).expect("a path has at most 64 levels"));
        self.path.iter().for_each(|sibling| bytes.extend(sibling.0));
        bytes.extend_from_slice(&self.message);
        bytes
    }

    /// Reads foreign bytes within all limits.
    pub fn from_bytes(bytes: &[u8]) -> Result<Token, TokenError> {
        let mut rest = Rest(bytes);
        if rest.take::<1>()? != [VERSION] {
            return Err(TokenError);
        }
        let (home, visited) = (rest.division()?, rest.division()?);
        let (number, size) = (u64::from_be_bytes(rest.take()?), u64::from_be_bytes(rest.take()?));
        let root = Digest(rest.take()?);
        let (checkpoint, receipt) = (rest.signed()?, rest.signed()?);
        let [levels] = rest.take()?;
        if usize::from(levels) > PATH_MAX {
            return Err(TokenError);
        }
        let path = (0..levels).map(|_| rest.take().map(Digest)).collect::<Result<Vec<_>, _>>()?;
        if rest.0.is_empty() || rest.0.len() > MESSAGE_BYTES_MAX {
            return Err(TokenError);
        }
        Ok(Token { home, visited, number, size, root, checkpoint, receipt, path, message: rest.0.to_vec() })
    }

    /// For a QR code: only characters of its alphanumeric mode.
    pub fn qr_text(&self) -> String {
        format!("{QR_PREFIX}{}", base45::encode(&self.to_bytes()))
    }

    /// For command lines, links and files.
    pub fn text(&self) -> String {
        format!("{TEXT_PREFIX}{}", URL_SAFE_NO_PAD.encode(self.to_bytes()))
    }

    /// Reads either text; white space around it, and line breaks in the second, do not matter.
    pub fn parse(text: &str) -> Result<Token, TokenError> {
        let text = text.trim_matches(['\r', '\n', '\t']);
        if text.len() > TEXT_LENGTH_MAX {
            return Err(TokenError);
        }
        if let Some(coded) = text.trim_start().strip_prefix(QR_PREFIX) {
            // A space is a digit of Base45: at the end it may be one, or not.
            let bytes = base45::decode(coded).or_else(|| base45::decode(coded.trim_end()));
            return Token::from_bytes(&bytes.ok_or(TokenError)?);
        }
        let coded: String = text.split_whitespace().collect();
        let bytes = URL_SAFE_NO_PAD.decode(coded.strip_prefix(TEXT_PREFIX).ok_or(TokenError)?);
        Token::from_bytes(&bytes.map_err(|_| TokenError)?)
    }
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], TokenError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(TokenError)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn division(&mut self) -> Result<Division, TokenError> {
        let [high, middle, low] = self.take()?;
        u32::from_be_bytes([0, high, middle, low]).to_string().parse().map_err(|_| TokenError)
    }

    fn signed(&mut self) -> Result<Signed, TokenError> {
        Ok(Signed { key_id: u32::from_be_bytes(self.take()?), signature: Signature(self.take()?) })
    }
}
