//! Asks for publications, and answers to them.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::DurationMs;
use huitong_service_kit::{Applied, StoreError, Tx, params};

use crate::model::publication::PublicationKind;

pub fn asked(tx: Tx<'_>, peer: Division, kind: PublicationKind, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT OR REPLACE INTO publication_ask (peer, kind, asked_at, lacks) VALUES (?1, ?2, ?3, 0)",
        params![peer.as_str(), kind.name(), applied.at.0],
    )
}

pub fn lacking(tx: Tx<'_>, peer: Division, kind: PublicationKind) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE publication_ask SET lacks = 1 WHERE peer = ?1 AND kind = ?2",
        params![peer.as_str(), kind.name()],
    )
}

/// Answers of the last day are remembered.
pub fn answered(
    tx: Tx<'_>,
    peer: Division,
    kind: PublicationKind,
    content: Digest,
    applied: &Applied,
) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM publication_answer WHERE peer = ?1 AND kind = ?2 AND answered_at < ?3",
        params![peer.as_str(), kind.name(), applied.at.0 - DurationMs::days(1).0],
    )?;
    tx.execute_one(
        "INSERT OR REPLACE INTO publication_answer (peer, kind, content, answered_at) VALUES (?1, ?2, ?3, ?4)",
        params![peer.as_str(), kind.name(), content.0, applied.at.0],
    )
}
