//! Drafts of the next version: rotated and revoked keys, a node that joins or changes.

use super::{Jurisdiction, Manifest, NodeKey, NodeRecord, SignedManifest, TrustError};
use crate::suite::PublicKey;
use crate::time::Instant;

impl Manifest {
    /// The next version, so far without a change.
    pub fn next(&self, current: &SignedManifest) -> Manifest {
        Manifest { version: self.version + 1, previous: Some(current.hash()), ..self.clone() }
    }

    /// `key` speaks for `node` from `from` on; the keys that speak now end at `overlap_to`.
    pub fn with_rotated_key(
        &self,
        current: &SignedManifest,
        node: &str,
        key: PublicKey,
        from: Instant,
        overlap_to: Instant,
    ) -> Result<Manifest, TrustError> {
        let mut next = self.next(current);
        let valid_to = next.valid_to;
        let record = next.nodes.iter_mut().find(|record| record.name == node);
        let record = record.ok_or(TrustError::Inconsistent("the node is not listed"))?;
        for old in record.keys.iter_mut().filter(|old| old.valid_to > overlap_to) {
            old.valid_to = overlap_to;
        }
        record.keys.push(NodeKey { key, valid_from: from, valid_to, revoked_at: None });
        next.check()?;
        Ok(next)
    }

    /// The node is called elsewhere, has other members, or runs other services from now on; names and keys stay.
    pub fn with_changed_node(
        &self,
        current: &SignedManifest,
        node: &str,
        change: impl FnOnce(&mut NodeRecord),
    ) -> Result<Manifest, TrustError> {
        let mut next = self.next(current);
        let record = next.nodes.iter_mut().find(|record| record.name == node);
        let record = record.ok_or(TrustError::Inconsistent("the node is not listed"))?;
        let (name, keys) = (record.name.clone(), record.keys.clone());
        change(record);
        (record.name, record.keys) = (name, keys);
        next.check()?;
        Ok(next)
    }

    /// `key` speaks for nobody from `at` on.
    pub fn with_revoked_key(
        &self,
        current: &SignedManifest,
        key: &PublicKey,
        at: Instant,
    ) -> Result<Manifest, TrustError> {
        let mut next = self.next(current);
        let found = next.nodes.iter_mut().flat_map(|node| &mut node.keys).find(|candidate| candidate.key == *key);
        found.ok_or(TrustError::Inconsistent("the key is not listed"))?.revoked_at = Some(at);
        next.check()?;
        Ok(next)
    }

    /// A new node answers for a new jurisdiction (or for a city that so far lay within another's).
    pub fn with_joined_node(
        &self,
        current: &SignedManifest,
        jurisdiction: Jurisdiction,
        node: NodeRecord,
    ) -> Result<Manifest, TrustError> {
        let mut next = self.next(current);
        next.jurisdictions.push(jurisdiction);
        next.nodes.push(node);
        next.check()?;
        Ok(next)
    }
}
