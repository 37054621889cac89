//! Hashing: SHA-256 (FIPS 180-4) or SM3 (GB/T 32905), by the region's crypto suite.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// Both functions of the suites give 32 bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(pub [u8; 32]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashFunction {
    Sha256,
    Sm3,
}

impl HashFunction {
    /// The hash of the parts joined.
    pub fn hash(self, parts: &[&[u8]]) -> Digest {
        match self {
            HashFunction::Sha256 => {
                let mut hasher = sha2::Sha256::new();
                parts.iter().for_each(|part| hasher.update(part));
                Digest(hasher.finalize().into())
            }
            HashFunction::Sm3 => {
                let mut hasher = sm3::Sm3::new();
                parts.iter().for_each(|part| hasher.update(part));
                Digest(hasher.finalize().into())
            }
        }
    }
}

/// A SHA-256 over parts that come one by one, of which nothing is held.
#[derive(Clone, Default)]
pub struct RunningSha256(sha2::Sha256);

impl RunningSha256 {
    pub fn add(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    pub fn digest(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl Digest {
    pub const ZERO: Digest = Digest([0; 32]);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 hexadecimal digits")]
pub struct DigestError;

impl FromStr for Digest {
    type Err = DigestError;
    fn from_str(text: &str) -> Result<Digest, DigestError> {
        let mut bytes = [0_u8; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| DigestError)?;
        Ok(Digest(bytes))
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;
    fn try_from(text: String) -> Result<Digest, DigestError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        hex::encode(digest.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
