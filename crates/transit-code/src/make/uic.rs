//! Making codes after UIC 918.9: level 1 at the issuer's platform, level 2 on the phone. Private keys stay with whoever signs.
//!
//! Nothing is checked here beyond what the encoding needs: the suite makes its bad codes with the same functions.

use alloc::vec::Vec;

use p256::ecdsa::signature::Signer;

use crate::signature::RawSignature;
use crate::uic::Algorithm;
use crate::uic::ecdsa::P256Key;
use crate::uic::ride::{DYNAMIC_FORMAT, TOKEN_FORMAT, TimeStamp, Token};

/// Whoever signs by ECDSA: gives `r ‖ s` over SHA-256 of the message.
pub trait Sign {
    fn key(&self) -> P256Key;
    fn sign(&self, message: &[u8]) -> RawSignature;
}

/// A private key of P-256 in memory. Signs deterministically (RFC 6979).
pub struct SigningKey {
    secret: p256::ecdsa::SigningKey,
    key: P256Key,
}

impl SigningKey {
    /// From the private scalar, big-endian; `None` unless it lies in 1 to n−1.
    pub fn from_bytes(scalar: &[u8; 32]) -> Option<SigningKey> {
        let secret = p256::ecdsa::SigningKey::from_slice(scalar).ok()?;
        let key = P256Key::from_point(secret.verifying_key().to_sec1_point(true).as_bytes())?;
        Some(SigningKey { secret, key })
    }

    /// A key for tests: the private scalar is SM3 of the text.
    pub fn of_test(text: &str) -> Option<SigningKey> {
        SigningKey::from_bytes(&crate::signature::sm3(&[text.as_bytes()]))
    }
}

impl Sign for SigningKey {
    fn key(&self) -> P256Key {
        self.key
    }

    fn sign(&self, message: &[u8]) -> RawSignature {
        let signature: p256::ecdsa::Signature = self.secret.sign(message);
        signature.to_bytes().into()
    }
}

/// A signature in DER, as the codes carry it.
pub fn der_signature(raw: &RawSignature) -> Vec<u8> {
    let mut body = Vec::new();
    for number in [&raw[..32], &raw[32..]] {
        let zeros = number.iter().take(31).take_while(|byte| **byte == 0).count();
        let digits = number.get(zeros..).unwrap_or_default();
        let is_padded = digits.first().is_some_and(|byte| *byte >= 0x80);
        body.extend([0x02, digits.len() as u8 + u8::from(is_padded)]);
        body.extend(is_padded.then_some(0));
        body.extend(digits);
    }
    let mut der = Vec::from([0x30, body.len() as u8]);
    der.extend(body);
    der
}

/// Bits of any number, the first one highest in its byte; what is left of the last byte is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    /// To the next byte border.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bits there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The low `width` bits of a value, at most 32.
    pub fn push(&mut self, value: u32, width: u32) {
        for at in (0..width).rev() {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> at & 1) as u8) << (7 - self.count % 8);
            }
            self.count += 1;
        }
    }

    pub fn append(&mut self, bits: &Bits) {
        for at in 0..bits.count {
            self.push(u32::from(bits.bytes[at / 8] >> (7 - at % 8)), 1);
        }
    }

    fn flag(&mut self, is_set: bool) {
        self.push(u32::from(is_set), 1);
    }

    /// A number between bounds, in as few bits as the range needs.
    fn number(&mut self, value: u32, low: u32, high: u32) {
        self.push(value.saturating_sub(low), u32::BITS - (high - low).leading_zeros());
    }

    /// At most 16 383.
    fn length(&mut self, length: usize) {
        match length {
            0..=127 => self.push(length as u32, 8),
            _ => self.push(0x8000 | length as u32 & 0x3fff, 16),
        }
    }

    pub fn octets(&mut self, octets: &[u8]) {
        self.length(octets.len());
        octets.iter().for_each(|octet| self.push(u32::from(*octet), 8));
    }

    /// ASCII.
    pub fn text(&mut self, text: &[u8]) {
        self.length(text.len());
        text.iter().for_each(|byte| self.push(u32::from(*byte), 7));
    }

    fn block(&mut self, (format, data): &(Vec<u8>, Vec<u8>)) {
        self.text(format);
        self.octets(data);
    }
}

/// The fields of level 1 ([`crate::uic::layout::Level1`]). Object identifiers are given by their octets.
#[derive(Clone, Debug, Default)]
pub struct Level1Fields {
    /// RICS code, 1 to 32 000.
    pub provider: Option<u16>,
    pub provider_text: Option<Vec<u8>>,
    /// 0 to 99 999.
    pub key_id: Option<u32>,
    /// Format name and bytes.
    pub data: Vec<(Vec<u8>, Vec<u8>)>,
    pub level1_key_oid: Option<Vec<u8>>,
    pub level2_key_oid: Option<Vec<u8>>,
    pub level1_signing_oid: Option<Vec<u8>>,
    pub level2_signing_oid: Option<Vec<u8>>,
    pub level2_key: Option<Vec<u8>>,
    /// 2016 to 2269.
    pub end_year: Option<u32>,
    /// 1 to 366.
    pub end_day: Option<u32>,
    /// Minutes of the day, 0 to 1439, UTC.
    pub end_minute: Option<u32>,
    /// Seconds, 1 to 3600.
    pub validity_s: Option<u32>,
}

impl Level1Fields {
    /// The fields of a ride code: P-256 at both levels, the token, and the phone's key.
    pub fn of_ride(provider: u16, key_id: u32, token: &Token, phone: &P256Key) -> Level1Fields {
        let (key_oid, signing_oid) = (Algorithm::EcdsaP256Sha256.key_oid(), Algorithm::EcdsaP256Sha256.signing_oid());
        Level1Fields {
            provider: Some(provider),
            key_id: Some(key_id),
            data: Vec::from([(TOKEN_FORMAT.to_vec(), token.to_bytes().to_vec())]),
            level1_key_oid: Some(key_oid.to_vec()),
            level2_key_oid: Some(key_oid.to_vec()),
            level1_signing_oid: Some(signing_oid.to_vec()),
            level2_signing_oid: Some(signing_oid.to_vec()),
            level2_key: Some(phone.compressed().to_vec()),
            ..Level1Fields::default()
        }
    }
}

/// The bits of level 1; the issuer signs them, filled to a byte border.
pub fn level1(fields: &Level1Fields) -> Bits {
    let mut bits = Bits::default();
    let octets = [
        &fields.level1_key_oid,
        &fields.level2_key_oid,
        &fields.level1_signing_oid,
        &fields.level2_signing_oid,
        &fields.level2_key,
    ];
    let numbers = [
        (fields.end_year, 2_016, 2_269),
        (fields.end_day, 1, 366),
        (fields.end_minute, 0, 1_439),
        (fields.validity_s, 1, 3_600),
    ];
    bits.flag(fields.provider.is_some());
    bits.flag(fields.provider_text.is_some());
    bits.flag(fields.key_id.is_some());
    octets.iter().for_each(|field| bits.flag(field.is_some()));
    numbers.iter().for_each(|(field, _, _)| bits.flag(field.is_some()));
    if let Some(provider) = fields.provider {
        bits.number(u32::from(provider), 1, 32_000);
    }
    if let Some(text) = &fields.provider_text {
        bits.text(text);
    }
    if let Some(key_id) = fields.key_id {
        bits.number(key_id, 0, 99_999);
    }
    bits.length(fields.data.len());
    fields.data.iter().for_each(|block| bits.block(block));
    octets.iter().copied().flatten().for_each(|field| bits.octets(field));
    for (field, low, high) in numbers {
        if let Some(value) = field {
            bits.number(value, low, high);
        }
    }
    bits
}

/// Level 1 with the issuer's signature in DER: what the home gives to the phone.
#[derive(Clone, Debug)]
pub struct Authorisation {
    pub level1: Bits,
    pub signature: Option<Vec<u8>>,
}

pub fn authorisation(fields: &Level1Fields, issuer: &impl Sign) -> Authorisation {
    let level1 = level1(fields);
    let signature = der_signature(&issuer.sign(level1.bytes()));
    Authorisation { level1, signature: Some(signature) }
}

/// The bits of level 2; the phone signs them, filled to a byte border. `data`: format name and bytes.
pub fn level2(authorisation: &Authorisation, data: Option<&(Vec<u8>, Vec<u8>)>) -> Bits {
    let mut bits = Bits::default();
    bits.flag(authorisation.signature.is_some());
    bits.flag(data.is_some());
    bits.append(&authorisation.level1);
    if let Some(signature) = &authorisation.signature {
        bits.octets(signature);
    }
    if let Some(data) = data {
        bits.block(data);
    }
    bits
}

/// The whole code ([`crate::uic::layout::Header`]), with the level-2 signature in DER.
pub fn header(level2: &Bits, signature: Option<&[u8]>) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.flag(signature.is_some());
    bits.text(b"U2");
    bits.append(level2);
    if let Some(signature) = signature {
        bits.octets(signature);
    }
    bits.bytes
}

/// The phone's part: `UicDynamicContentData` 1 with an application id and the time, and nothing else.
pub fn dynamic_content(application: Option<&[u8]>, time: TimeStamp) -> (Vec<u8>, Vec<u8>) {
    let mut bits = Bits::default();
    bits.flag(false);
    bits.flag(application.is_some());
    bits.flag(true);
    bits.push(0, 3);
    if let Some(application) = application {
        bits.text(application);
    }
    bits.number(time.day, 1, 366);
    bits.number(time.second, 0, 86_399);
    (DYNAMIC_FORMAT.to_vec(), bits.bytes)
}

/// A code as the phone displays it.
pub fn code(authorisation: &Authorisation, time: TimeStamp, phone: &impl Sign) -> Vec<u8> {
    let level2 = level2(authorisation, Some(&dynamic_content(None, time)));
    let signature = der_signature(&phone.sign(level2.bytes()));
    header(&level2, Some(&signature))
}
