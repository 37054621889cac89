//! The journal table of one stream in SQLite: opening, appending, reading.

use std::path::Path;

use huitong_kernel::entry::{Entry, EntryKind, Sequence};
use huitong_kernel::hash::{Digest, HashFunction};
pub use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::{OpenFlags, OptionalExtension, Row, params};

use crate::error::StoreError;
use crate::{attachment, log_check};

const SCHEMA: &str = include_str!("journal.sql");
const READER_CACHE_KIB: i64 = 2 * 1024;
/// A write-ahead log is some 16 or 64 MiB long; one far beyond that is not checked for rot.
const CHECKED_LOG_BYTES_MAX: u64 = 256 << 20;
/// Prepared statements kept per connection.
const STATEMENT_CACHE: usize = 256;

/// What a stream's writer is tuned for. The page cache keeps the hot index pages, so that a group writes each of its pages once;
/// it is used only as far as a stream has so much. A checkpoint writes what the log holds back into the file while callers wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Callers wait for single decisions: a cache of 32 MiB, short checkpoints (a log of 16 MiB).
    #[default]
    Prompt,
    /// Masses of records in batches: a cache of 128 MiB, rare and long checkpoints (a log of 64 MiB), which write a page once that
    /// was changed many times.
    Bulk,
}

impl Pace {
    fn cache_kib(self) -> i64 {
        match self {
            Pace::Prompt => 32 * 1024,
            Pace::Bulk => 128 * 1024,
        }
    }

    fn log_pages(self) -> i64 {
        match self {
            Pace::Prompt => 4_000,
            Pace::Bulk => 16_000,
        }
    }
}

/// On what a stream's file lies, and what it is for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Medium {
    /// The SQLite VFS by name; the operating system's files when `None`. The simulator's disks are such a VFS.
    pub vfs: Option<&'static str>,
    /// The file is a copy that can be made again from a shared journal: a commit need not wait for the disk.
    pub copy: bool,
    pub pace: Pace,
}

/// Opens (or creates) the file of a stream for its one writer.
pub fn open_writer(path: &Path, medium: Medium) -> Result<Connection, StoreError> {
    let connection = match medium.vfs {
        Some(vfs) => {
            let connection = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs)?;
            // No shared memory there: one connection writes and reads.
            connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            connection
        }
        None => {
            check_log(path)?;
            Connection::open(path)?
        }
    };
    prepare_once(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: every commit waits until the write-ahead log is on the disk.
    connection.pragma_update(None, "synchronous", if medium.copy { "NORMAL" } else { "FULL" })?;
    connection.pragma_update(None, "cache_size", -medium.pace.cache_kib())?;
    connection.pragma_update(None, "wal_autocheckpoint", medium.pace.log_pages())?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.execute_batch(SCHEMA)?;
    // A log that was recovered is emptied: what a crash left behind its end must not be taken for rot at the next start.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(connection)
}

/// A statement is planned once, not for every value bound to it: SQLite would look at the value of each `LIMIT ?` and plan
/// again, which took a twelfth of a busy writer's time. A plan then depends on no value, and a partial index serves only
/// statements that spell its condition out.
fn prepare_once(connection: &Connection) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn check_log(path: &Path) -> Result<(), StoreError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    match std::fs::metadata(&log) {
        // So much is not left behind by a crash; reading it all would cost more than it tells.
        Ok(metadata) if metadata.len() > CHECKED_LOG_BYTES_MAX => Ok(()),
        Ok(_) => log_check::check(&std::fs::read(&log)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether the file was restored from a backup and no peer has confirmed yet that nothing newer is known of it.
pub fn is_unconfirmed(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))? != 0)
}

/// Marks a restored file, or takes the mark away.
pub fn set_unconfirmed(connection: &Connection, unconfirmed: bool) -> Result<(), StoreError> {
    Ok(connection.pragma_update(None, "user_version", i64::from(unconfirmed))?)
}

/// Marks a stream's file, or takes the mark away, beside its writer.
pub fn mark_unconfirmed(path: &Path, unconfirmed: bool) -> Result<(), StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    set_unconfirmed(&connection, unconfirmed)
}

/// Opens the file read-only: queries, the exchange and the verifier read beside the writer.
pub fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    prepare_once(&connection)?;
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
        attachment::append(connection, entry)?;
    }
    Ok(())
}

/// One entry by its sequence number, without attachment.
pub fn entry(connection: &Connection, sequence: Sequence) -> Result<Option<Entry>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT sequence, kind, bytes, chain FROM journal WHERE sequence = ?1")?;
    let row = statement.query_row([sequence], |row| Ok(read(row))).optional()?;
    row.transpose()
}

/// Calls `each` with every entry from `first` on, in order, without attachments.
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

/// The kind that a journal's row names.
pub(crate) fn parse_kind(sequence: Sequence, line: &str) -> Result<EntryKind, StoreError> {
    EntryKind::parse(line).ok_or_else(|| StoreError::Damaged(format!("entry {sequence} has kind {line:?}")))
}

/// The entries after `sequence`, at most `limit`, with what attachments are held.
pub fn after(connection: &Connection, sequence: Sequence, limit: usize) -> Result<Vec<Entry>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT sequence, kind, journal.bytes, chain, attachment.bytes FROM journal LEFT JOIN attachment USING (sequence)
         WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
    )?;
    let rows = statement.query_map(params![sequence, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
        Ok(read(row).and_then(|entry| Ok(Entry { attachment: row.get(4)?, ..entry })))
    })?;
    rows.map(|row| row?).collect()
}

fn read(row: &Row<'_>) -> Result<Entry, StoreError> {
    let sequence: Sequence = row.get(0)?;
    let line: String = row.get(1)?;
    let kind = parse_kind(sequence, &line)?;
    Ok(Entry { sequence, kind, bytes: row.get(2)?, chain: Digest(row.get(3)?), attachment: None })
}

/// Checks the file's own structure: pages, indexes, constraints.
pub fn check_file(connection: &Connection) -> Result<(), StoreError> {
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(StoreError::Damaged(found)) }
}

/// Checks that sequence numbers are 1, 2, 3 … and that every chain value follows from the one before.
/// Returns the head.
pub fn verify_chain(connection: &Connection, function: HashFunction) -> Result<(Sequence, Digest), StoreError> {
    let mut head = (0, Digest::ZERO);
    each_from(connection, 0, |entry| {
        head = check_link(function, head, &entry)?;
        Ok(())
    })?;
    Ok(head)
}

/// Checks that an entry follows `head`; gives the new head.
pub fn check_link(
    function: HashFunction,
    head: (Sequence, Digest),
    entry: &Entry,
) -> Result<(Sequence, Digest), StoreError> {
    let expected = head.0 + 1;
    if entry.sequence != expected {
        return Err(StoreError::Damaged(format!("entry {expected} is missing")));
    }
    let chain = huitong_kernel::entry::chain(function, head.1, entry.sequence, &entry.kind, &entry.bytes);
    if chain != entry.chain {
        return Err(StoreError::Damaged(format!("entry {expected} does not fit the chain")));
    }
    Ok((expected, chain))
}
