//! Attachments: bytes beside an entry that can be erased. The chain does not cover them; the entry names their hash, so that what
//! is held can be checked, and what was erased leaves the journal whole. They are erased oldest first, by a decision that says up
//! to which entry: what is missing behind that *floor* was lost.

use huitong_kernel::entry::{Entry, EntryKind, Sequence};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Deserialize;

use crate::error::StoreError;
use crate::view::View;

/// The attachment of an entry, the open group included; `None` if it has none, or none any more.
pub fn of(view: View<'_>, sequence: Sequence) -> Result<Option<Vec<u8>>, StoreError> {
    view.one("SELECT bytes FROM attachment WHERE sequence = ?1", params![sequence], |row| row.get(0))
}

/// Whether the attachment of an entry, if it had one, was erased by a decision.
pub fn is_erased(view: View<'_>, sequence: Sequence) -> Result<bool, StoreError> {
    let floor = view.one("SELECT up_to FROM attachment_floor", [], |row| row.get::<_, Sequence>(0))?;
    Ok(floor.is_some_and(|floor| sequence <= floor))
}

/// Up to which entry to erase next, so that at most `limit` attachments go at once and none behind `last`.
pub fn next_part(view: View<'_>, last: Sequence, limit: usize) -> Result<Sequence, StoreError> {
    let sql = "SELECT sequence FROM attachment WHERE sequence <= ?1 ORDER BY sequence LIMIT 1 OFFSET ?2";
    let part = view.one(sql, params![last, limit.saturating_sub(1) as i64], |row| row.get(0))?;
    Ok(part.unwrap_or(last))
}

/// Up to which entry attachments were erased; 0 where none were.
pub fn floor(connection: &Connection) -> Result<Sequence, StoreError> {
    let mut select = connection.prepare_cached("SELECT up_to FROM attachment_floor")?;
    Ok(select.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Says that attachments up to this entry had been erased where a file's entries come from.
pub fn raise_floor(connection: &Connection, up_to: Sequence) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO attachment_floor (one, up_to) VALUES (1, ?1)
             ON CONFLICT (one) DO UPDATE SET up_to = MAX(up_to, ?1)",
        )?
        .execute([up_to])?;
    Ok(())
}

/// What a decision says of attachments, whatever service it is of.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Said<D> {
    /// The hash of its own.
    #[serde(default = "Option::default")]
    pub attachment: Option<D>,
    /// Up to which entry they are erased.
    #[serde(default)]
    pub erased: Option<Sequence>,
}

/// Up to which entry attachments are erased by this entry.
pub(crate) fn erased_by(entry: &Entry) -> Result<Option<Sequence>, StoreError> {
    if entry.kind != EntryKind::Decision {
        return Ok(None);
    }
    Ok(serde_json::from_slice::<Said<serde::de::IgnoredAny>>(&entry.bytes)?.erased)
}

pub(crate) fn append(connection: &Connection, entry: &Entry) -> Result<(), StoreError> {
    if let Some(bytes) = &entry.attachment {
        connection
            .prepare_cached("INSERT INTO attachment (sequence, bytes) VALUES (?1, ?2)")?
            .execute(params![entry.sequence, bytes])?;
    }
    Ok(())
}

/// Erases the attachments of the entries up to this one. SQLite overwrites what it frees; the write-ahead log and the disk
/// itself forget in their own time.
pub(crate) fn erase(connection: &Connection, up_to: Sequence) -> Result<(), StoreError> {
    connection.pragma_update(None, "secure_delete", true)?;
    let erased = connection.prepare_cached("DELETE FROM attachment WHERE sequence <= ?1")?.execute([up_to]);
    connection.pragma_update(None, "secure_delete", false)?;
    erased?;
    raise_floor(connection, up_to)
}
