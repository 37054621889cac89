//! Making what gates verify: roots, issuer certificates, authorisations, codes, tables. For code platforms, for phones, for
//! tests. Private keys stay with the caller, who signs.

pub mod uic;

use alloc::vec::Vec;

use sm2::elliptic_curve::point::AffineCoordinates;

use crate::certificate::{CERTIFICATE_LENGTH, ROOT_LENGTH};
use crate::code::{Account, VERSION};
use crate::deny::{self, Entry};
use crate::key_set::{self, UicKey};
use crate::profile::Profile;
use crate::signature::{CODE_SIGNATURE_TAG, Key, RawSignature};

/// Whoever signs: gives `r ‖ s` over SM3(Z ‖ message).
pub trait Sign {
    fn key(&self) -> Key;
    fn sign(&self, message: &[u8]) -> RawSignature;
}

/// A private key in memory. Signs deterministically (RFC 6979).
pub struct SigningKey {
    secret: sm2::dsa::SigningKey,
    key: Key,
}

impl SigningKey {
    /// From the private scalar, big-endian; `None` unless it lies in 1 to n−2.
    pub fn from_bytes(scalar: &[u8; 32]) -> Option<SigningKey> {
        let secret = sm2::dsa::SigningKey::from_slice("1234567812345678", scalar).ok()?;
        let point = secret.verifying_key().as_affine();
        let key = Key::from_coordinates(&point.x().into(), &point.y().into())?;
        Some(SigningKey { key, secret })
    }

    /// A key for tests: the private scalar is SM3 of the text.
    pub fn of_test(text: &str) -> Option<SigningKey> {
        SigningKey::from_bytes(&crate::signature::sm3(&[text.as_bytes()]))
    }
}

#[cfg(feature = "attack-suite")]
impl SigningKey {
    /// Another good signature over the same message: with another nonce, as a phone that draws nonces would make it.
    pub fn sign_again(&self, message: &[u8]) -> RawSignature {
        use sm2::elliptic_curve::PrimeField;
        use sm2::elliptic_curve::ops::Reduce;
        use sm2::{FieldBytes, ProjectivePoint, Scalar};
        let nonce = <Scalar as Reduce<FieldBytes>>::reduce(&FieldBytes::from(crate::signature::sm3(&[message])));
        let e = <Scalar as Reduce<FieldBytes>>::reduce(&FieldBytes::from(self.key.signed_hash(message)));
        let x = (ProjectivePoint::GENERATOR * nonce).to_affine().x();
        let r = e + <Scalar as Reduce<FieldBytes>>::reduce(&x);
        let d = *self.secret.as_nonzero_scalar().as_ref();
        let inverse = Option::<Scalar>::from((Scalar::ONE + d).invert()).unwrap_or(Scalar::ONE);
        let s = inverse * (nonce - r * d);
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&r.to_repr());
        signature[32..].copy_from_slice(&s.to_repr());
        signature
    }
}

impl Sign for SigningKey {
    fn key(&self) -> Key {
        self.key
    }

    fn sign(&self, message: &[u8]) -> RawSignature {
        use sm2::dsa::signature::Signer;
        self.secret.sign(message).to_bytes().into()
    }
}

/// The fields of a root that differ between roots.
#[derive(Clone, Copy, Debug)]
pub struct RootFields {
    pub ca_index: u8,
    /// BCD, MMYY.
    pub expiry: [u8; 2],
}

pub fn root(fields: RootFields, signer: &impl Sign) -> [u8; ROOT_LENGTH] {
    let mut root = [0; ROOT_LENGTH];
    root[..10].copy_from_slice(&[0x21, 0x01, 0x01, 0x00, 0x00, 0xa0, 0x00, 0x00, 0x06, 0x32]);
    root[10] = fields.ca_index;
    root[11..13].copy_from_slice(&fields.expiry);
    root[13..16].copy_from_slice(&[0x04, 0x11, 0x40]);
    let (x, y) = signer.key().coordinates();
    root[16..48].copy_from_slice(&x);
    root[48..80].copy_from_slice(&y);
    let signature = signer.sign(&root[..80]);
    root[80..].copy_from_slice(&signature);
    root
}

/// The fields of an issuer certificate that differ.
#[derive(Clone, Copy, Debug)]
pub struct CertificateFields {
    pub service: [u8; 4],
    pub ca_index: u8,
    pub issuer: [u8; 4],
    /// BCD, MMYY.
    pub expiry: [u8; 2],
    pub serial: [u8; 3],
}

pub fn certificate(fields: CertificateFields, issuer: &Key, root: &impl Sign) -> [u8; CERTIFICATE_LENGTH] {
    let mut certificate = [0; CERTIFICATE_LENGTH];
    certificate[0] = 0x24;
    certificate[1..5].copy_from_slice(&fields.service);
    certificate[5] = fields.ca_index;
    certificate[6] = 0x12;
    certificate[7..11].copy_from_slice(&fields.issuer);
    certificate[11..13].copy_from_slice(&fields.expiry);
    certificate[13..16].copy_from_slice(&fields.serial);
    certificate[16..20].copy_from_slice(&[0x04, 0x04, 0x00, 0x21]);
    certificate[20..53].copy_from_slice(&issuer.compressed());
    let signature = root.sign(&certificate[6..53]);
    certificate[53..].copy_from_slice(&signature);
    certificate
}

/// What an issuer authorises: fields 3 to 14.
#[derive(Clone, Debug)]
pub struct AuthorisationFields {
    pub certificate: [u8; CERTIFICATE_LENGTH],
    /// ASCII, zeros before.
    pub pay_account: [u8; 16],
    pub account: Account,
    pub platform: [u8; 4],
    pub account_type: u8,
    /// Three bytes on the wire: at most 16 777 215.
    pub limit_fen: u32,
    pub user_key: [u8; 33],
    /// Unix seconds.
    pub expiry: u32,
    pub validity_s: u16,
    /// At most 255 bytes.
    pub custom: Vec<u8>,
}

/// Fields 1 to 14 as bytes; the issuer signs them from byte 3 on.
pub fn authorisation_body(fields: &AuthorisationFields) -> Vec<u8> {
    let custom_length = u8::try_from(fields.custom.len()).unwrap_or(u8::MAX);
    let custom = fields.custom.get(..usize::from(custom_length)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(332 + custom.len());
    bytes.push(VERSION);
    bytes.extend((329 + u16::from(custom_length)).to_be_bytes());
    bytes.extend(fields.certificate);
    bytes.extend(fields.pay_account);
    bytes.extend(fields.account.number);
    bytes.extend(fields.account.issuer);
    bytes.extend(fields.platform);
    bytes.push(fields.account_type);
    bytes.extend(fields.limit_fen.to_be_bytes().iter().skip(1));
    bytes.extend(fields.user_key);
    bytes.extend(fields.expiry.to_be_bytes());
    bytes.extend(fields.validity_s.to_be_bytes());
    bytes.push(custom_length);
    bytes.extend(custom);
    bytes
}

/// Fields 1 to 15: what the home gives to the phone.
pub fn authorisation(fields: &AuthorisationFields, issuer: &impl Sign) -> Vec<u8> {
    let mut bytes = authorisation_body(fields);
    let signature = issuer.sign(bytes.get(3..).unwrap_or_default());
    bytes.push(CODE_SIGNATURE_TAG);
    bytes.extend(signature);
    bytes
}

/// A code as the phone displays it: fields 1 to 15, the time, the user's signature.
pub fn code(authorisation: &[u8], generation_time: u32, user: &impl Sign) -> Vec<u8> {
    let mut bytes = authorisation.to_vec();
    bytes.extend(generation_time.to_be_bytes());
    let signature = user.sign(&bytes);
    bytes.push(CODE_SIGNATURE_TAG);
    bytes.extend(signature);
    bytes
}

/// The content of a key set, in any order.
#[derive(Clone, Debug, Default)]
pub struct KeySetContent {
    pub version: u32,
    pub not_before: i64,
    pub not_after: i64,
    pub roots: Vec<[u8; ROOT_LENGTH]>,
    pub issuers: Vec<IssuerContent>,
    pub revocations: Vec<([u8; 4], [u8; 3])>,
    pub platforms: Vec<([u8; 4], Profile, i32)>,
    pub uic_keys: Vec<UicKey>,
}

#[derive(Clone, Debug)]
pub struct IssuerContent {
    pub issuer: [u8; 4],
    pub home: u32,
    pub same_issuer: bool,
    /// At most [`key_set::ACCOUNT_TYPES_MAX`].
    pub account_types: Vec<u8>,
}

/// The bytes of a key set, records in the order of their keys.
pub fn key_set(content: &KeySetContent) -> Vec<u8> {
    let mut content = content.clone();
    content.roots.sort_by_key(|root| (root[1..5].to_vec(), root[10]));
    content.issuers.sort_by_key(|issuer| issuer.issuer);
    content.revocations.sort_unstable();
    content.platforms.sort_by_key(|platform| platform.0);
    content.uic_keys.sort_by_key(|key| (key.provider, key.key_id));
    let mut bytes = Vec::new();
    bytes.extend(key_set::MAGIC);
    bytes.extend(content.version.to_be_bytes());
    bytes.extend(content.not_before.to_be_bytes());
    bytes.extend(content.not_after.to_be_bytes());
    let counts = [
        content.roots.len(),
        content.issuers.len(),
        content.revocations.len(),
        content.platforms.len(),
        content.uic_keys.len(),
    ];
    counts.iter().for_each(|count| bytes.extend(u16::try_from(*count).unwrap_or(u16::MAX).to_be_bytes()));
    content.roots.iter().for_each(|root| bytes.extend(root));
    for issuer in &content.issuers {
        let mut types = [0; key_set::ACCOUNT_TYPES_MAX];
        types.iter_mut().zip(&issuer.account_types).for_each(|(place, allowed)| *place = *allowed);
        bytes.extend(issuer.issuer);
        bytes.extend(issuer.home.to_be_bytes());
        bytes.push(u8::from(issuer.same_issuer));
        bytes.push(u8::try_from(issuer.account_types.len()).unwrap_or(u8::MAX));
        bytes.extend(types);
    }
    for (issuer, serial) in &content.revocations {
        bytes.extend(issuer);
        bytes.extend(serial);
    }
    for (platform, profile, offset_s) in &content.platforms {
        bytes.extend(platform);
        bytes.push(*profile as u8);
        bytes.extend(offset_s.to_be_bytes());
    }
    for record in &content.uic_keys {
        bytes.extend(record.provider.to_be_bytes());
        bytes.extend(record.key_id.to_be_bytes());
        bytes.push(record.algorithm as u8);
        bytes.extend(record.key);
        bytes.extend(record.issuer);
    }
    bytes
}

/// The content of a deny delta or snapshot.
#[derive(Clone, Debug, Default)]
pub struct DeltaContent {
    pub home: u32,
    pub sequence: u32,
    pub is_snapshot: bool,
    pub previous: [u8; 32],
    pub as_of: i64,
    pub adds: Vec<(Entry, i64)>,
    pub removes: Vec<Entry>,
}

pub fn deny_delta(content: &DeltaContent) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(deny::MAGIC);
    bytes.extend(content.home.to_be_bytes());
    bytes.extend(content.sequence.to_be_bytes());
    bytes.push(u8::from(content.is_snapshot));
    bytes.extend(content.previous);
    bytes.extend(content.as_of.to_be_bytes());
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    bytes.extend(count(content.adds.len()));
    bytes.extend(count(content.removes.len()));
    for (entry, valid_from) in &content.adds {
        bytes.extend(entry);
        bytes.extend(valid_from.to_be_bytes());
    }
    content.removes.iter().for_each(|entry| bytes.extend(entry));
    bytes
}

/// A table with the operator's signature behind it.
pub fn signed_table(body: &[u8], operator: &impl Sign) -> Vec<u8> {
    let mut table = body.to_vec();
    table.extend(operator.sign(body));
    table
}
