//! Attachments: bytes beside an entry that can be erased. The chain does not cover them; the entry names their hash, so that what
//! is held can be checked, and what was erased leaves the journal whole. They are erased oldest first, up to an entry.

use huitong_kernel::entry::{Entry, Sequence};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;
use crate::view::View;

/// The attachment of an entry, the open group included; `None` if it has none, or none any more.
pub fn of(view: View<'_>, sequence: Sequence) -> Result<Option<Vec<u8>>, StoreError> {
    view.one("SELECT bytes FROM attachment WHERE sequence = ?1", params![sequence], |row| row.get(0))
}

/// Calls `each` with every attachment that is held, in the order of entries.
pub fn each(
    connection: &Connection,
    mut each: impl FnMut(Sequence, Vec<u8>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare("SELECT sequence, bytes FROM attachment ORDER BY sequence")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, row.get(1)?)?;
    }
    Ok(())
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
    Ok(())
}

/// The first entry whose attachment is held still; none before it is.
pub(crate) fn first_held(connection: &Connection) -> Result<Option<Sequence>, StoreError> {
    let mut select = connection.prepare_cached("SELECT MIN(sequence) FROM attachment")?;
    Ok(select.query_row([], |row| row.get(0)).optional()?.flatten())
}
