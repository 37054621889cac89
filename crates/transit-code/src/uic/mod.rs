//! The second layout, after UIC 918.9 (IRS 90918-9, project UIC-barcode): header version 2 in unaligned PER, its level 1
//! signed by the issuer, its level 2 by the phone, both ECDSA.
//!
//! * [`per`]: bits. * [`layout`]: the header as the standard has it. * [`ride`]: what Huitong asks of such a code.
//! * [`clock`]: its times. * [`ecdsa`]: keys and signatures. * `check`: the checks, in the order of the other layout.
//!
//! Sources: `uicBarcodeHeader_v2.0.1.asn` and `uicDynamicContentData_v1.0.5.asn` of that project (facts only, no code); real
//! tickets that its readers decode agree with both (secondary).

mod check;
pub mod clock;
pub mod ecdsa;
pub mod layout;
pub mod per;
pub mod ride;

/// Bytes of a code at most (Huitong rule).
pub const CODE_LENGTH_MAX: usize = 1_024;

/// Whether bytes are of this layout. Its first 23 bits are the presence of a level-2 signature, the length 2, and `U2`: with
/// a signature the first byte is 0x81, as in the other layout, but what follows would there be a length of 21 860, which no
/// such code has. So the first three bytes decide, and nothing is tried twice.
pub fn is_uic(bytes: &[u8]) -> bool {
    matches!(bytes, [0x01 | 0x81, 0x55, 0x64 | 0x65, ..])
}

/// How a key signs: the key record says it, and the code must say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Algorithm {
    EcdsaP256Sha256 = 1,
}

impl Algorithm {
    pub fn from_number(number: u8) -> Option<Algorithm> {
        (number == Algorithm::EcdsaP256Sha256 as u8).then_some(Algorithm::EcdsaP256Sha256)
    }

    /// The octets of the key's object identifier: 1.2.840.10045.3.1.7.
    pub fn key_oid(self) -> &'static [u8] {
        match self {
            Algorithm::EcdsaP256Sha256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        }
    }

    /// The octets of the signature's object identifier: 1.2.840.10045.4.3.2.
    pub fn signing_oid(self) -> &'static [u8] {
        match self {
            Algorithm::EcdsaP256Sha256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
        }
    }
}
