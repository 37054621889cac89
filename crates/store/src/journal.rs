//! The journal table of one stream in SQLite: opening, appending, reading.

use std::path::Path;

use huitong_kernel::entry::{Entry, EntryKind, Sequence};
use huitong_kernel::hash::{Digest, HashFunction};
pub use rusqlite::Connection;
use rusqlite::{OpenFlags, OptionalExtension, Row, params};

use crate::error::StoreError;

const SCHEMA: &str = include_str!("journal.sql");
/// A page cache of 8 MiB for the writer keeps the hot index pages; the rest is the operating system's.
const WRITER_CACHE_KIB: i64 = 8 * 1024;
const READER_CACHE_KIB: i64 = 2 * 1024;
/// Prepared statements kept per connection.
const STATEMENT_CACHE: usize = 256;

/// Opens (or creates) the file of a stream for its one writer.
pub fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: every commit waits until the write-ahead log is on the disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

/// Opens the file read-only: queries, the exchange and the verifier read beside the writer.
pub fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(connection)
}

/// The last entry's sequence number and chain value; `(0, ZERO)` for an empty stream.
pub fn head(connection: &Connection) -> Result<(Sequence, Digest), StoreError> {
    let row = connection
        .query_row("SELECT sequence, chain FROM journal ORDER BY sequence DESC LIMIT 1", [], |row| {
            Ok((row.get::<_, Sequence>(0)?, row.get::<_, [u8; 32]>(1)?))
        })
        .optional()?;
    Ok(row.map_or((0, Digest::ZERO), |(sequence, chain)| (sequence, Digest(chain))))
}

/// Appends entries; the primary key refuses a sequence number that exists.
pub fn append(connection: &Connection, entries: &[Entry]) -> Result<(), StoreError> {
    let mut insert =
        connection.prepare_cached("INSERT INTO journal (sequence, kind, bytes, chain) VALUES (?1, ?2, ?3, ?4)")?;
    for entry in entries {
        insert.execute(params![entry.sequence, entry.kind.to_string(), entry.bytes, entry.chain.0])?;
    }
    Ok(())
}

/// One entry by its sequence number.
pub fn entry(connection: &Connection, sequence: Sequence) -> Result<Option<Entry>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT sequence, kind, bytes, chain FROM journal WHERE sequence = ?1")?;
    let row = statement.query_row([sequence], |row| Ok(read(row))).optional()?;
    row.transpose()
}

/// Calls `each` with every entry from `first` on, in order.
pub fn each_from(
    connection: &Connection,
    first: Sequence,
    mut each: impl FnMut(Entry) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare("SELECT sequence, kind, bytes, chain FROM journal WHERE sequence >= ?1 ORDER BY sequence")?;
    let mut rows = statement.query([first])?;
    while let Some(row) = rows.next()? {
        each(read(row)?)?;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Entry, StoreError> {
    let sequence: Sequence = row.get(0)?;
    let line: String = row.get(1)?;
    let kind = parse_kind(&line).ok_or_else(|| StoreError::Damaged(format!("entry {sequence} has kind {line:?}")))?;
    Ok(Entry { sequence, kind, bytes: row.get(2)?, chain: Digest(row.get(3)?) })
}

/// Reads the line written by the `Display` form of [`EntryKind`].
fn parse_kind(line: &str) -> Option<EntryKind> {
    let mut words = line.split(' ');
    let name = words.next()?;
    if name == "decision" {
        return Some(EntryKind::Decision);
    }
    let feed = words.next()?.parse().ok()?;
    let number = || words.next()?.parse().ok();
    Some(match name {
        "sent" => EntryKind::Sent { feed, number: { number }()? },
        "received" => EntryKind::Received { feed, number: { number }()? },
        "checkpoint-received" => EntryKind::CheckpointReceived { feed },
        "receipt-received" => EntryKind::ReceiptReceived { feed },
        _ => return None,
    })
}

/// Checks that sequence numbers are 1, 2, 3 … and that every chain value follows from the one before.
/// Returns the head.
pub fn verify_chain(connection: &Connection, function: HashFunction) -> Result<(Sequence, Digest), StoreError> {
    let mut head = (0, Digest::ZERO);
    each_from(connection, 0, |entry| {
        let expected_sequence = head.0 + 1;
        if entry.sequence != expected_sequence {
            return Err(StoreError::Damaged(format!("entry {expected_sequence} is missing")));
        }
        let chain = huitong_kernel::entry::chain(function, head.1, entry.sequence, &entry.kind, &entry.bytes);
        if chain != entry.chain {
            return Err(StoreError::Damaged(format!("entry {} does not fit the chain", entry.sequence)));
        }
        head = (entry.sequence, chain);
        Ok(())
    })?;
    Ok(head)
}
