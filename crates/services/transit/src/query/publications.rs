//! What peers were asked for of their publications, and what they were answered.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{StoreError, View, params};

use super::Text;
use crate::model::publication::PublicationKind;

/// When a peer was asked last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub at: Instant,
    /// Something came since that did not follow.
    pub lacks: bool,
}

pub fn asked(view: View<'_>, peer: Division, kind: PublicationKind) -> Result<Option<Asked>, StoreError> {
    view.one(
        "SELECT asked_at, lacks FROM publication_ask WHERE peer = ?1 AND kind = ?2",
        params![peer.as_str(), kind.name()],
        |row| Ok(Asked { at: Instant(row.get(0)?), lacks: row.get(1)? }),
    )
}

/// What is lacking still of what was asked for by `asked_by` or before.
pub fn lacking(view: View<'_>, asked_by: Instant) -> Result<Vec<(Division, PublicationKind)>, StoreError> {
    view.all(
        "SELECT peer, kind FROM publication_ask WHERE lacks = 1 AND asked_at <= ?1 ORDER BY asked_at, peer, kind LIMIT 20",
        params![asked_by.0],
        |row| Ok((row.get::<_, Text<Division>>(0)?.0, row.get::<_, Text<PublicationKind>>(1)?.0)),
    )
}

/// When a peer's ask was answered last.
pub fn answered(view: View<'_>, peer: Division, kind: PublicationKind) -> Result<Option<Instant>, StoreError> {
    let last = view.one(
        "SELECT MAX(answered_at) FROM publication_answer WHERE peer = ?1 AND kind = ?2",
        params![peer.as_str(), kind.name()],
        |row| row.get::<_, Option<i64>>(0),
    )?;
    Ok(last.flatten().map(Instant))
}

/// When it was given this answer last.
pub fn answered_with(
    view: View<'_>,
    peer: Division,
    kind: PublicationKind,
    content: Digest,
) -> Result<Option<Instant>, StoreError> {
    view.one(
        "SELECT answered_at FROM publication_answer WHERE peer = ?1 AND kind = ?2 AND content = ?3",
        params![peer.as_str(), kind.name(), content.0],
        |row| Ok(Instant(row.get(0)?)),
    )
}
