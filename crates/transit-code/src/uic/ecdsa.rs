//! ECDSA on P-256 with SHA-256 (FIPS 186-5 §6), without a heap.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::signature::RawSignature;

/// A DER signature at most: two integers of 33 bytes with their heads.
pub const DER_LENGTH_MAX: usize = 72;

/// A public key of P-256, checked to lie on the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct P256Key(VerifyingKey);

impl P256Key {
    /// From a point as SEC 1 §2.3.3 writes it: 33 bytes compressed, or 65 bytes. `None` for anything else.
    pub fn from_point(bytes: &[u8]) -> Option<P256Key> {
        let has_form = matches!((bytes.len(), bytes.first()?), (33, 0x02 | 0x03) | (65, 0x04));
        if !has_form {
            return None;
        }
        VerifyingKey::from_sec1_bytes(bytes).ok().map(P256Key)
    }

    /// The 33 bytes of the compressed form.
    pub fn compressed(&self) -> [u8; 33] {
        let point = self.0.to_sec1_point(true);
        point.as_bytes().first_chunk().copied().unwrap_or([0; 33])
    }

    /// Whether `r ‖ s` over this SHA-256 verifies. s and n − s are both taken, as the standard does not choose.
    pub(crate) fn verifies(&self, hash: &[u8; 32], signature: &RawSignature) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify_prehash(hash, &signature).is_ok())
    }
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// `r ‖ s` of a DER signature (X.690 §10; RFC 3279 §2.2.3). `None` unless it is the one form that DER allows.
pub fn raw_signature(der: &[u8]) -> Option<RawSignature> {
    let (head, body) = der.split_first_chunk::<2>()?;
    if head[0] != 0x30 || der.len() > DER_LENGTH_MAX || usize::from(head[1]) != body.len() {
        return None;
    }
    let mut raw = [0; 64];
    let rest = integer(body, raw.first_chunk_mut()?)?;
    let rest = integer(rest, raw.last_chunk_mut()?)?;
    rest.is_empty().then_some(raw)
}

/// Reads a positive integer of 32 bytes at most into its place; gives what stands behind.
fn integer<'d>(der: &'d [u8], place: &mut [u8; 32]) -> Option<&'d [u8]> {
    let (head, rest) = der.split_first_chunk::<2>()?;
    let (digits, rest) = rest.split_at_checked(usize::from(head[1]))?;
    let digits = match digits {
        [0x00, tail @ ..] if tail.first().is_some_and(|byte| *byte >= 0x80) => tail,
        // A zero in front that is not needed, or a negative number.
        [0x00 | 0x80.., ..] => return None,
        digits => digits,
    };
    let from = place.len().checked_sub(digits.len())?;
    place.get_mut(from..)?.copy_from_slice(digits);
    (head[0] == 0x02 && !digits.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_has_one_form() {
        let good = [0x30, 0x07, 0x02, 0x02, 0x00, 0x80, 0x02, 0x01, 0x01];
        let raw = raw_signature(&good).expect("r 128, s 1");
        assert_eq!((raw[31], raw[63]), (0x80, 0x01));
        for (title, bad) in [
            ("a byte behind", &[0x30, 0x07, 0x02, 0x02, 0x00, 0x80, 0x02, 0x01, 0x01, 0x00][..]),
            ("a byte behind, counted", &[0x30, 0x08, 0x02, 0x02, 0x00, 0x80, 0x02, 0x01, 0x01, 0x00]),
            ("negative", &[0x30, 0x06, 0x02, 0x01, 0x80, 0x02, 0x01, 0x01]),
            ("a zero in front", &[0x30, 0x07, 0x02, 0x02, 0x00, 0x01, 0x02, 0x01, 0x01]),
            ("no digits", &[0x30, 0x05, 0x02, 0x00, 0x02, 0x01, 0x01]),
            ("length in two bytes", &[0x30, 0x81, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]),
            ("another tag", &[0x30, 0x06, 0x04, 0x01, 0x01, 0x02, 0x01, 0x01]),
            ("cut", &[0x30, 0x06, 0x02, 0x01, 0x01, 0x02]),
            ("empty", &[]),
        ] {
            assert_eq!(raw_signature(bad), None, "{title}");
        }
        let mut long = [0x01; 39];
        long[..4].copy_from_slice(&[0x30, 37, 0x02, 33]);
        assert_eq!(raw_signature(&long), None, "33 digits");
    }
}
