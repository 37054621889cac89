//! A manifest with its signatures. What is signed and verified is the exact text, never a re-serialisation.

use serde::{Deserialize, Serialize};

use super::{Manifest, TrustError};
use crate::division::Division;
use crate::hash::{Digest, HashFunction};
use crate::suite::{SignError, Signature, Signer};

/// A file larger than this is not a manifest.
const TEXT_LENGTH_MAX: usize = 1 << 20;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedManifest {
    /// The manifest as JSON text.
    manifest: String,
    signatures: Vec<ManifestSignature>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestSignature {
    pub jurisdiction: Division,
    pub signature: Signature,
}

impl SignedManifest {
    /// An unsigned draft.
    pub fn draft(manifest: &Manifest) -> SignedManifest {
        let manifest = serde_json::to_string_pretty(manifest).expect("a manifest is plain data");
        SignedManifest { manifest, signatures: Vec::new() }
    }

    /// Reads the file form without trusting it.
    pub fn read(text: &str) -> Result<SignedManifest, TrustError> {
        if text.len() > TEXT_LENGTH_MAX {
            return Err(TrustError::Malformed("larger than 1 MiB".to_owned()));
        }
        serde_json::from_str(text).map_err(|error| TrustError::Malformed(error.to_string()))
    }

    /// The file form.
    pub fn write(&self) -> String {
        serde_json::to_string_pretty(self).expect("a signed manifest is plain data")
    }

    /// What the next version names as `previous`, and operators compare by telephone.
    pub fn hash(&self) -> Digest {
        HashFunction::Sha256.hash(&[self.manifest.as_bytes()])
    }

    pub fn signatures(&self) -> &[ManifestSignature] {
        &self.signatures
    }

    /// Adds (or replaces) the signature of `jurisdiction`'s root key.
    pub fn sign(&mut self, jurisdiction: Division, signer: &dyn Signer) -> Result<(), SignError> {
        let signature = signer.sign(self.manifest.as_bytes())?;
        self.signatures.retain(|other| other.jurisdiction != jurisdiction);
        self.signatures.push(ManifestSignature { jurisdiction, signature });
        Ok(())
    }

    /// The content, not yet trusted: for showing drafts.
    pub fn content(&self) -> Result<Manifest, TrustError> {
        let manifest: Manifest =
            serde_json::from_str(&self.manifest).map_err(|error| TrustError::Malformed(error.to_string()))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The manifest trusted by its own jurisdictions: the first one, or the one a node has accepted before.
    pub fn open(&self) -> Result<Manifest, TrustError> {
        let manifest = self.content()?;
        self.check_signatures(&manifest)?;
        Ok(manifest)
    }

    /// The manifest accepted as the next after `current`.
    pub fn accept_after(&self, current: &SignedManifest) -> Result<Manifest, TrustError> {
        let (in_force, offered) = (current.content()?, self.content()?);
        if offered.version != in_force.version + 1 {
            return Err(TrustError::NotNext { current: in_force.version, offered: offered.version });
        }
        if offered.previous != Some(current.hash()) || offered.region != in_force.region {
            return Err(TrustError::Forked);
        }
        self.check_signatures(&in_force)?;
        Ok(offered)
    }

    /// At least `threshold` jurisdictions of `authority` signed, and nobody else.
    fn check_signatures(&self, authority: &Manifest) -> Result<(), TrustError> {
        let mut signed = std::collections::BTreeSet::new();
        for line in &self.signatures {
            let jurisdiction =
                authority.jurisdiction(line.jurisdiction).ok_or(TrustError::ForeignSignature(line.jurisdiction))?;
            jurisdiction
                .root_key
                .verify(self.manifest.as_bytes(), &line.signature)
                .map_err(|_| TrustError::WrongSignature(line.jurisdiction))?;
            signed.insert(line.jurisdiction);
        }
        if signed.len() < authority.threshold {
            return Err(TrustError::TooFewSignatures { found: signed.len(), needed: authority.threshold });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{region_of, root_key};
    use super::*;
    use crate::time::Instant;

    fn signed(manifest: &Manifest, by: &[usize]) -> SignedManifest {
        let mut signed = SignedManifest::draft(manifest);
        for index in by {
            signed.sign(manifest.jurisdictions[*index].division, &root_key(*index)).expect("software signs");
        }
        signed
    }

    #[test]
    fn enough_signatures_open_a_manifest_and_too_few_do_not() {
        let manifest = region_of(4, 3);
        assert_eq!(signed(&manifest, &[0, 1, 3]).open(), Ok(manifest.clone()));
        assert_eq!(signed(&manifest, &[0, 1]).open(), Err(TrustError::TooFewSignatures { found: 2, needed: 3 }));
    }

    #[test]
    fn the_next_version_builds_on_the_one_in_force() {
        let first = signed(&region_of(4, 3), &[0, 1, 2]);
        let next = first.content().expect("a manifest").next(&first);
        assert_eq!(signed(&next, &[1, 2, 3]).accept_after(&first), Ok(next.clone()));
        let mut forked = next.clone();
        forked.previous = Some(Digest([1; 32]));
        assert_eq!(signed(&forked, &[1, 2, 3]).accept_after(&first), Err(TrustError::Forked));
        let mut skipped = next.clone();
        skipped.version = 3;
        assert_eq!(
            signed(&skipped, &[1, 2, 3]).accept_after(&first),
            Err(TrustError::NotNext { current: 1, offered: 3 })
        );
    }

    #[test]
    fn an_altered_text_and_a_foreign_signature_are_refused() {
        let manifest = region_of(4, 3);
        let mut altered = signed(&manifest, &[0, 1, 2]);
        altered.manifest = altered.manifest.replace("\"threshold\": 3", "\"threshold\": 1");
        assert_eq!(altered.open(), Err(TrustError::WrongSignature(manifest.jurisdictions[0].division)));
        let mut foreign = signed(&manifest, &[0, 1, 2]);
        let stranger: Division = "110000".parse().expect("a code");
        foreign.sign(stranger, &root_key(9)).expect("software signs");
        assert_eq!(foreign.open(), Err(TrustError::ForeignSignature(stranger)));
    }

    #[test]
    fn a_rotated_key_speaks_from_its_day_and_a_revoked_one_no_more() {
        let first = signed(&region_of(2, 1), &[0]);
        let manifest = first.content().expect("a manifest");
        let old = manifest.nodes[0].keys[0].key.clone();
        let new = crate::suite::Signer::public_key(&root_key(5)).clone();
        let rotated = manifest.with_rotated_key(&first, "node-0", new.clone(), Instant(1_000), Instant(2_000));
        let rotated = rotated.expect("the node exists");
        let (division, name) = (manifest.jurisdictions[0].division, "node-0");
        let speak = |manifest: &Manifest, key: &crate::suite::PublicKey, at| {
            manifest.speaking_key(division, key.note_key_id(name), Instant(at)).map(|_| ())
        };
        assert_eq!(speak(&rotated, &old, 1_500), Ok(()), "both speak while one replaces the other");
        assert_eq!(speak(&rotated, &old, 2_000), Err(TrustError::KeyExpired));
        assert_eq!(speak(&rotated, &new, 999), Err(TrustError::KeyNotYetValid));
        assert_eq!(speak(&rotated, &new, 5_000), Ok(()));
        let revoked = rotated.with_revoked_key(&first, &new, Instant(3_000)).expect("the key exists");
        assert_eq!(speak(&revoked, &new, 3_000), Err(TrustError::KeyRevoked));
    }
}
