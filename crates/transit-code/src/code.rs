//! The ride code as received (layout `jtt1179`): 332 + N bytes, read in place.

use crate::bytes::{byte, is_bcd, part, u16_at, u24_at, u32_at};
use crate::certificate::{CERTIFICATE_LENGTH, Certificate};
use crate::reason::Reason;
use crate::signature::{CODE_SIGNATURE_TAG, RawSignature, sm3};

/// Bytes without the issuer's custom field. (Codes of the other layout: [`crate::uic::CODE_LENGTH_MAX`].)
pub const CODE_LENGTH_MIN: usize = 332;
pub const CODE_LENGTH_MAX: usize = CODE_LENGTH_MIN + 255;
/// The only version: with issuer certificate.
pub const VERSION: u8 = 0x81;

/// The account token: who pays, and with which ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// BCD.
    pub issuer: [u8; 4],
    /// BCD.
    pub number: [u8; 10],
}

/// A code whose lengths and BCD digits are right. Nothing is verified yet.
#[derive(Clone, Copy, Debug)]
pub struct Code<'c> {
    bytes: &'c [u8],
    /// N, the length of the custom field.
    custom_length: usize,
}

impl<'c> Code<'c> {
    /// Step 1 of the checks: size, version, length field, N, BCD of fields 5 and 6.
    pub fn parse(bytes: &'c [u8]) -> Result<Code<'c>, Reason> {
        if !(CODE_LENGTH_MIN..=CODE_LENGTH_MAX).contains(&bytes.len()) {
            return Err(Reason::Format);
        }
        if byte(bytes, 0) != VERSION {
            return Err(Reason::Version);
        }
        let code = Code { bytes, custom_length: usize::from(byte(bytes, 197)) };
        let lengths_agree =
            usize::from(u16_at(bytes, 1)) == bytes.len() - 3 && CODE_LENGTH_MIN + code.custom_length == bytes.len();
        if !lengths_agree || !is_bcd(&code.account().number) || !is_bcd(&code.account().issuer) {
            return Err(Reason::Format);
        }
        Ok(code)
    }

    pub fn bytes(&self) -> &'c [u8] {
        self.bytes
    }

    /// Field 3.
    pub fn certificate(&self) -> Certificate<'c> {
        const EMPTY: &[u8; CERTIFICATE_LENGTH] = &[0; CERTIFICATE_LENGTH];
        Certificate(self.bytes.get(3..).and_then(<[u8]>::first_chunk).unwrap_or(EMPTY))
    }

    /// Fields 5 and 6.
    pub fn account(&self) -> Account {
        Account { issuer: part(self.bytes, 146), number: part(self.bytes, 136) }
    }

    /// Field 7.
    pub fn platform(&self) -> [u8; 4] {
        part(self.bytes, 150)
    }

    /// Field 8.
    pub fn account_type(&self) -> u8 {
        byte(self.bytes, 154)
    }

    /// Field 9, fen, all three bytes.
    pub fn limit_fen(&self) -> u32 {
        u24_at(self.bytes, 155)
    }

    /// Field 10, compressed.
    pub fn user_key(&self) -> [u8; 33] {
        part(self.bytes, 158)
    }

    /// Field 11, Unix seconds.
    pub fn authorisation_expiry(&self) -> i64 {
        i64::from(u32_at(self.bytes, 191))
    }

    /// Field 12.
    pub fn validity_s(&self) -> u16 {
        u16_at(self.bytes, 195)
    }

    /// Field 14.
    pub fn custom(&self) -> &'c [u8] {
        self.range(198, 198 + self.custom_length)
    }

    /// Field 16, as written by the phone.
    pub fn generation_time(&self) -> u32 {
        u32_at(self.bytes, 263 + self.custom_length)
    }

    /// The bytes under the issuer's signature: fields 3 to 14.
    pub fn authorised_bytes(&self) -> &'c [u8] {
        self.range(3, 198 + self.custom_length)
    }

    /// Fields 3 to 15: what an authorisation is known by.
    pub fn authorisation(&self) -> &'c [u8] {
        self.range(3, 263 + self.custom_length)
    }

    /// The bytes under the user's signature: fields 1 to 16.
    pub fn user_bytes(&self) -> &'c [u8] {
        self.range(0, 267 + self.custom_length)
    }

    /// SM3 of fields 1 to 16: signing the same content again gives the same key.
    pub fn replay_key(&self) -> [u8; 32] {
        sm3(&[self.user_bytes()])
    }

    /// Field 15; `None` if its tag is not 0x15.
    pub fn authorisation_signature(&self) -> Option<RawSignature> {
        self.tagged(198 + self.custom_length)
    }

    /// Field 17; `None` if its tag is not 0x15.
    pub fn user_signature(&self) -> Option<RawSignature> {
        self.tagged(267 + self.custom_length)
    }

    fn tagged(&self, at: usize) -> Option<RawSignature> {
        (byte(self.bytes, at) == CODE_SIGNATURE_TAG).then(|| part(self.bytes, at + 1))
    }

    fn range(&self, from: usize, to: usize) -> &'c [u8] {
        self.bytes.get(from..to).unwrap_or_default()
    }
}
