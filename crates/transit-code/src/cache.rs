//! What was verified before: certificates and authorisations whose signature is good under a key set's version.
//!
//! Only good results are kept, and only this much of them: times, deny lists and limits are checked each time.

use crate::signature::Key;

/// A slot of the cache. The caller gives the memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slot {
    /// SM3 of the verified bytes (and, of a certificate, its profile), and the version of the key set.
    known: Option<([u8; 32], u32)>,
    /// Of a certificate: its key, decompressed.
    key: Option<Key>,
}

/// Slots by hash; a newer entry takes the place of an older one that shares its slot.
pub trait Cache {
    /// The key kept with the digest, if its signature was good under this version.
    fn certificate(&mut self, digest: &[u8; 32], version: u32) -> Option<Key>;
    fn keep_certificate(&mut self, digest: &[u8; 32], version: u32, key: Key);
    fn has_authorisation(&mut self, digest: &[u8; 32], version: u32) -> bool;
    fn keep_authorisation(&mut self, digest: &[u8; 32], version: u32);
}

/// A cache in memory of the caller.
#[derive(Debug)]
pub struct Slots<'m> {
    pub certificates: &'m mut [Slot],
    pub authorisations: &'m mut [Slot],
}

impl Slots<'_> {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.certificates.fill(Slot::default());
        self.authorisations.fill(Slot::default());
    }
}

fn slot<'s>(slots: &'s mut [Slot], digest: &[u8; 32]) -> Option<&'s mut Slot> {
    let number = digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    let index = number.checked_rem(slots.len() as u64)?;
    slots.get_mut(usize::try_from(index).ok()?)
}

impl Cache for Slots<'_> {
    fn certificate(&mut self, digest: &[u8; 32], version: u32) -> Option<Key> {
        slot(self.certificates, digest).filter(|slot| slot.known == Some((*digest, version)))?.key
    }

    fn keep_certificate(&mut self, digest: &[u8; 32], version: u32, key: Key) {
        if let Some(slot) = slot(self.certificates, digest) {
            *slot = Slot { known: Some((*digest, version)), key: Some(key) };
        }
    }

    fn has_authorisation(&mut self, digest: &[u8; 32], version: u32) -> bool {
        slot(self.authorisations, digest).is_some_and(|slot| slot.known == Some((*digest, version)))
    }

    fn keep_authorisation(&mut self, digest: &[u8; 32], version: u32) {
        if let Some(slot) = slot(self.authorisations, digest) {
            *slot = Slot { known: Some((*digest, version)), key: None };
        }
    }
}

/// No cache: three signatures each time.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCache;

impl Cache for NoCache {
    fn certificate(&mut self, _: &[u8; 32], _: u32) -> Option<Key> {
        None
    }
    fn keep_certificate(&mut self, _: &[u8; 32], _: u32, _: Key) {}
    fn has_authorisation(&mut self, _: &[u8; 32], _: u32) -> bool {
        false
    }
    fn keep_authorisation(&mut self, _: &[u8; 32], _: u32) {}
}
