//! Changing the region: drafts of the next manifest, signatures, publication.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use huitong_kernel::division::Division;
use huitong_kernel::manifest::{Jurisdiction, Manifest, NodeRecord, SignedManifest};
use huitong_kernel::suite::{PublicKey, Signer};
use huitong_kernel::time::Instant;
use serde::{Deserialize, Serialize};

use crate::keys::{self, write_public};

/// What a joining jurisdiction sends to the region's office: public data only.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinRequest {
    pub jurisdiction: Jurisdiction,
    pub node: NodeRecord,
}

pub fn read(path: &Path) -> anyhow::Result<SignedManifest> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(SignedManifest::read(&text)?)
}

/// Where the draft of the next version lies beside the manifest in force.
pub fn draft_path(manifest: &Path) -> PathBuf {
    manifest.with_extension("draft.json")
}

/// One draft at a time: two would fork the region.
pub fn check_no_draft(manifest: &Path) -> anyhow::Result<()> {
    let path = draft_path(manifest);
    if path.exists() {
        bail!("a draft is under way: {}; sign and publish it, or delete it", path.display());
    }
    Ok(())
}

fn write_draft(manifest: &Path, next: &Manifest) -> anyhow::Result<PathBuf> {
    check_no_draft(manifest)?;
    let path = draft_path(manifest);
    write_public(&path, SignedManifest::draft(next).write().as_bytes())?;
    Ok(path)
}

/// Drafts a version in which `key` speaks for `node`, beside the keys of now until `overlap_to`.
pub fn rotate_key(
    manifest: &Path,
    node: &str,
    key: PublicKey,
    from: Instant,
    overlap_to: Instant,
) -> anyhow::Result<PathBuf> {
    let current = read(manifest)?;
    let next = current.content()?.with_rotated_key(&current, node, key, from, overlap_to)?;
    write_draft(manifest, &next)
}

/// Drafts a version in which the node is called elsewhere or runs other services.
pub fn change_node(manifest: &Path, node: &str, change: impl FnOnce(&mut NodeRecord)) -> anyhow::Result<PathBuf> {
    let current = read(manifest)?;
    let next = current.content()?.with_changed_node(&current, node, change)?;
    write_draft(manifest, &next)
}

/// Drafts a version in which `key` speaks for nobody from `at` on.
pub fn revoke_key(manifest: &Path, key: &PublicKey, at: Instant) -> anyhow::Result<PathBuf> {
    let current = read(manifest)?;
    let next = current.content()?.with_revoked_key(&current, key, at)?;
    write_draft(manifest, &next)
}

/// Drafts a version in which the requesting node answers for its jurisdiction.
pub fn join(manifest: &Path, request: JoinRequest) -> anyhow::Result<PathBuf> {
    let current = read(manifest)?;
    let next = current.content()?.with_joined_node(&current, request.jurisdiction, request.node)?;
    write_draft(manifest, &next)
}

/// Signs a draft with a jurisdiction's root key.
pub fn sign(draft: &Path, jurisdiction: Division, key: &Path) -> anyhow::Result<usize> {
    let mut signed = read(draft)?;
    let key = keys::read(key)?;
    let listed = signed.content()?.jurisdiction(jurisdiction).map(|listed| listed.root_key.clone());
    if listed.is_some_and(|listed| listed != *key.public_key()) {
        bail!("this is not the root key of {jurisdiction} in the draft");
    }
    signed.sign(jurisdiction, &key)?;
    write_public(draft, signed.write().as_bytes())?;
    Ok(signed.signatures().len())
}

/// Publishes a sufficiently signed draft: it takes the place of the manifest, and every node folder given gets it as
/// `manifest.next.json`, which a running node takes within a second; peers fetch it from each other.
pub fn publish(manifest: &Path, node_manifests: &[PathBuf]) -> anyhow::Result<Manifest> {
    let draft = draft_path(manifest);
    let signed = read(&draft)?;
    let accepted = signed.accept_after(&read(manifest)?)?;
    let text = signed.write();
    for node in node_manifests {
        // A node that joins has none yet: its operator compares the hash with the region's office.
        let path = if node.exists() { node.with_extension("next.json") } else { node.clone() };
        write_public(&path, text.as_bytes())?;
    }
    write_public(manifest, text.as_bytes())?;
    std::fs::remove_file(&draft)?;
    Ok(accepted)
}
