//! The key set (密钥集): the roots that count, the issuers with their rules, revoked certificates, platforms, and the keys by
//! which issuers sign codes after UIC 918.9.
//!
//! Layout, big-endian: `HTK2` · version u32 · not before i64 · not after i64 · counts of roots, issuers, revocations,
//! platforms and UIC keys, u16 each · the records, each kind in ascending order of its key, so that a look-up is a binary
//! search in the bytes as loaded:
//!
//! * root: 144 bytes; key (service id, CA index)
//! * issuer: issuer 4 · home u32 (six digits as a number) · flags u8 (1: the certificate must name the same issuer) ·
//!   allowed account types: count u8, then 16 bytes
//! * revocation: issuer 4 · certificate serial 3, or UIC key id (u24)
//! * platform: platform 4 · profile u8 · `gen_offset_s` i32
//! * UIC key: provider u16 (RICS code, 1 to 32 000) · key id u32 (0 to 99 999) · algorithm u8 (1: ECDSA P-256 with SHA-256) ·
//!   key 33 (compressed) · issuer 4; key (provider, key id). An issuer that uses both layouts gives its keys other numbers
//!   than its certificates, because revocations and deny lists know one number only.

use core::cmp::Ordering;

use crate::bytes::{byte, i64_at, part, u16_at, u32_at};
use crate::certificate::{GENERAL_SERVICE, ROOT_LENGTH, Root};
use crate::profile::Profile;
use crate::reason::Reason;
use crate::signature::Signatures;
use crate::uic::Algorithm;

pub const MAGIC: &[u8; 4] = b"HTK2";
pub const HEADER_LENGTH: usize = 34;
pub const ISSUER_LENGTH: usize = 26;
pub const REVOCATION_LENGTH: usize = 7;
pub const PLATFORM_LENGTH: usize = 9;
pub const UIC_KEY_LENGTH: usize = 44;
/// Account types that an issuer may be allowed.
pub const ACCOUNT_TYPES_MAX: usize = 16;
/// Bytes of a key set at most: some 200 roots and 1 000 issuers.
pub const KEY_SET_LENGTH_MAX: usize = 64 * 1024;

/// A key set whose shape was checked.
#[derive(Clone, Copy, Debug)]
pub struct KeySet<'k> {
    bytes: &'k [u8],
    roots: usize,
    issuers: usize,
    revocations: usize,
    platforms: usize,
    uic_keys: usize,
}

/// A key by which an issuer signs level 1 of codes after UIC 918.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UicKey {
    /// RICS code, 1 to 32 000.
    pub provider: u16,
    /// 0 to 99 999.
    pub key_id: u32,
    pub algorithm: Algorithm,
    /// Compressed; not checked to lie on the curve.
    pub key: [u8; 33],
    /// Whose codes it signs.
    pub issuer: [u8; 4],
}

impl UicKey {
    /// The key's number where a certificate has its serial number: in revocations and deny lists.
    pub fn serial(&self) -> [u8; 3] {
        let [_, serial @ ..] = self.key_id.to_be_bytes();
        serial
    }
}

/// The rules for an issuer's codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssuerRules {
    /// The jurisdiction that pays, six digits as a number.
    pub home: u32,
    /// Whether the certificate must name the same issuer.
    pub same_issuer: bool,
    types: [u8; ACCOUNT_TYPES_MAX],
    count: usize,
}

impl IssuerRules {
    pub fn allows(&self, account_type: u8) -> bool {
        self.types.iter().take(self.count).any(|allowed| *allowed == account_type)
    }
}

impl<'k> KeySet<'k> {
    /// Reads the bytes and checks lengths and order; [`Reason::Chain`] if they are not a key set.
    pub fn parse(bytes: &'k [u8]) -> Result<KeySet<'k>, Reason> {
        if bytes.len() < HEADER_LENGTH || bytes.len() > KEY_SET_LENGTH_MAX || part::<4>(bytes, 0) != *MAGIC {
            return Err(Reason::Chain);
        }
        let count = |at| usize::from(u16_at(bytes, at));
        let set = KeySet {
            bytes,
            roots: count(24),
            issuers: count(26),
            revocations: count(28),
            platforms: count(30),
            uic_keys: count(32),
        };
        if set.uic_keys_at() + set.uic_keys * UIC_KEY_LENGTH != bytes.len() || !set.is_sorted() {
            return Err(Reason::Chain);
        }
        Ok(set)
    }

    /// Whether every root is well formed and signed by itself. Done once, when a set is loaded.
    pub fn roots_verify(&self, signatures: &impl Signatures) -> bool {
        self.roots().all(|root| {
            root.is_well_formed()
                && root.key().is_some_and(|key| {
                    signatures.verifies(&key, &key.signed_hash(&root.signed_bytes()), &root.self_signature())
                })
        })
    }

    pub fn bytes(&self) -> &'k [u8] {
        self.bytes
    }

    pub fn version(&self) -> u32 {
        u32_at(self.bytes, 4)
    }

    /// From when on it is in force, Unix seconds.
    pub fn not_before(&self) -> i64 {
        i64_at(self.bytes, 8)
    }

    /// Whether the set is in force and younger than the age limit, seconds.
    pub fn is_current(&self, now: i64, age_max_s: i64) -> bool {
        let (not_before, not_after) = (self.not_before(), i64_at(self.bytes, 16));
        not_before <= now && now < not_after && now.saturating_sub(not_before) <= age_max_s
    }

    pub fn roots(&self) -> impl Iterator<Item = Root<'k>> {
        self.records(HEADER_LENGTH, self.roots, ROOT_LENGTH).filter_map(|bytes| bytes.first_chunk().map(Root))
    }

    /// The root of a certificate: by (service id, CA index), then by (01010000, CA index). One of them, never several.
    pub fn root(&self, service: [u8; 4], ca_index: u8) -> Option<Root<'k>> {
        let find = |service: [u8; 4]| {
            let wanted = (service, ca_index);
            self.find(HEADER_LENGTH, self.roots, ROOT_LENGTH, |bytes| (part(bytes, 1), byte(bytes, 10)).cmp(&wanted))
        };
        find(service).or_else(|| find(GENERAL_SERVICE)).and_then(|bytes| bytes.first_chunk().map(Root))
    }

    pub fn issuer(&self, issuer: [u8; 4]) -> Option<IssuerRules> {
        let found =
            self.find(self.issuers_at(), self.issuers, ISSUER_LENGTH, |bytes| part::<4>(bytes, 0).cmp(&issuer))?;
        Some(IssuerRules {
            home: u32_at(found, 4),
            same_issuer: byte(found, 8) & 1 == 1,
            count: usize::from(byte(found, 9)),
            types: part(found, 10),
        })
    }

    pub fn is_revoked(&self, issuer: [u8; 4], serial: [u8; 3]) -> bool {
        let wanted = (issuer, serial);
        let compare = |bytes: &[u8]| (part(bytes, 0), part(bytes, 4)).cmp(&wanted);
        self.find(self.revocations_at(), self.revocations, REVOCATION_LENGTH, compare).is_some()
    }

    /// The profile of a platform and the fixed offset of its clock; the default where none is named. `None` for a profile
    /// that this version does not know.
    pub fn platform(&self, platform: [u8; 4]) -> Option<(Profile, i64)> {
        let compare = |bytes: &[u8]| part::<4>(bytes, 0).cmp(&platform);
        match self.find(self.platforms_at(), self.platforms, PLATFORM_LENGTH, compare) {
            None => Some((Profile::Jtt1179, 0)),
            Some(found) => {
                let offset = i32::from_be_bytes(part(found, 5));
                Profile::from_number(byte(found, 4)).map(|profile| (profile, i64::from(offset)))
            }
        }
    }

    /// The key of a provider by its number. `None` too for an algorithm that this version does not know.
    pub fn uic_key(&self, provider: u16, key_id: u32) -> Option<UicKey> {
        let wanted = (provider, key_id);
        let compare = |bytes: &[u8]| uic_key_number(bytes).cmp(&wanted);
        let found = self.find(self.uic_keys_at(), self.uic_keys, UIC_KEY_LENGTH, compare)?;
        Some(UicKey {
            provider,
            key_id,
            algorithm: Algorithm::from_number(byte(found, 6))?,
            key: part(found, 7),
            issuer: part(found, 40),
        })
    }

    fn issuers_at(&self) -> usize {
        HEADER_LENGTH + self.roots * ROOT_LENGTH
    }

    fn revocations_at(&self) -> usize {
        self.issuers_at() + self.issuers * ISSUER_LENGTH
    }

    fn platforms_at(&self) -> usize {
        self.revocations_at() + self.revocations * REVOCATION_LENGTH
    }

    fn uic_keys_at(&self) -> usize {
        self.platforms_at() + self.platforms * PLATFORM_LENGTH
    }

    fn records(&self, at: usize, count: usize, length: usize) -> impl Iterator<Item = &'k [u8]> {
        self.bytes.get(at..).unwrap_or_default().chunks_exact(length).take(count)
    }

    fn find(&self, at: usize, count: usize, length: usize, compare: impl Fn(&[u8]) -> Ordering) -> Option<&'k [u8]> {
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low + (high - low) / 2;
            let from = at + middle * length;
            let record = self.bytes.get(from..from + length)?;
            match compare(record) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(record),
            }
        }
        None
    }

    /// Each kind ascending and without doubles; counts of account types and numbers of UIC keys within their fields.
    fn is_sorted(&self) -> bool {
        fn ascending<K: Ord>(mut keys: impl Iterator<Item = K>) -> bool {
            let Some(mut last) = keys.next() else { return true };
            keys.all(|key| {
                let rises = last < key;
                last = key;
                rises
            })
        }
        let issuers = || self.records(self.issuers_at(), self.issuers, ISSUER_LENGTH);
        let revocations = self.records(self.revocations_at(), self.revocations, REVOCATION_LENGTH);
        let platforms = self.records(self.platforms_at(), self.platforms, PLATFORM_LENGTH);
        let uic_keys = || self.records(self.uic_keys_at(), self.uic_keys, UIC_KEY_LENGTH).map(uic_key_number);
        ascending(self.roots().map(|root| (root.service(), root.ca_index())))
            && ascending(issuers().map(|bytes| part::<4>(bytes, 0)))
            && issuers().all(|bytes| usize::from(byte(bytes, 9)) <= ACCOUNT_TYPES_MAX)
            && ascending(revocations.map(part_of_revocation))
            && ascending(platforms.map(|bytes| part::<4>(bytes, 0)))
            && ascending(uic_keys())
            && uic_keys().all(|(provider, key_id)| (1..=32_000).contains(&provider) && key_id <= 99_999)
    }
}

/// Provider and key id.
fn uic_key_number(bytes: &[u8]) -> (u16, u32) {
    (u16_at(bytes, 0), u32_at(bytes, 2))
}

fn part_of_revocation(bytes: &[u8]) -> [u8; REVOCATION_LENGTH] {
    part(bytes, 0)
}
