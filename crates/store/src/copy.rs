//! Journals as such, without views: copying one into another, and the proof that two are equal.

use std::path::Path;

use huitong_kernel::entry::{Entry, EntryKind, Sequence};
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::time::Instant;
use serde::Deserialize;

use crate::attachment;
use crate::error::StoreError;
use crate::journal::{self, Connection, Medium};
use crate::shared::{InsertError, Row, Table};

/// Entries copied in one transaction.
const BATCH: usize = 1_000;

/// A journal, wherever it lies.
pub enum Journal {
    /// An SQLite file: of a stream, or a backup that holds entries only.
    File(Connection),
    Table {
        table: Box<dyn Table>,
        stream: String,
    },
}

/// Where a journal ends.
pub type Head = (Sequence, Digest);

impl Journal {
    /// Opens a file that must exist, for reading.
    pub fn read_file(path: &Path) -> Result<Journal, StoreError> {
        Ok(Journal::File(journal::open_reader(path)?))
    }

    /// Opens or creates a file that holds entries only.
    pub fn backup_file(path: &Path) -> Result<Journal, StoreError> {
        Ok(Journal::File(journal::open_writer(path, Medium::default())?))
    }

    pub fn head(&mut self) -> Result<Head, StoreError> {
        match self {
            Journal::File(connection) => journal::head(connection),
            Journal::Table { table, stream } => {
                Ok(table.last(stream)?.map_or((0, Digest::ZERO), |row| (row.sequence, Digest(row.chain))))
            }
        }
    }

    /// The entries after `sequence`, at most [`BATCH`].
    pub fn after(&mut self, sequence: Sequence) -> Result<Vec<Entry>, StoreError> {
        match self {
            Journal::File(connection) => journal::after(connection, sequence, BATCH),
            Journal::Table { table, stream } => {
                table.select(stream, sequence, BATCH)?.into_iter().map(Row::into_entry).collect()
            }
        }
    }

    /// The first entry whose attachment is held.
    fn first_attachment(&mut self) -> Result<Option<Sequence>, StoreError> {
        match self {
            Journal::File(connection) => attachment::first_held(connection),
            Journal::Table { table, stream } => table.first_attachment(stream),
        }
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        match self {
            Journal::File(connection) => {
                connection.execute_batch("BEGIN IMMEDIATE")?;
                journal::append(connection, entries)?;
                Ok(connection.execute_batch("COMMIT")?)
            }
            Journal::Table { table, stream } => {
                let rows: Vec<Row> = entries.iter().map(Row::of).collect();
                table.insert(stream, &rows).map_err(|error| match error {
                    InsertError::Taken => StoreError::Fenced,
                    InsertError::Refused(fault) => StoreError::Refused(fault),
                    InsertError::Unknown(fault) => StoreError::Unknown(fault),
                })
            }
        }
    }
}

/// What was erased at the source is erased at a copy of it: attachments go oldest first.
fn follow_erasure(from: &mut Journal, to: &mut Journal, head: Sequence) -> Result<(), StoreError> {
    let gone = from.first_attachment()?.map_or(head, |first| first - 1).min(head);
    if to.first_attachment()?.is_none_or(|first| first > gone) {
        return Ok(());
    }
    match to {
        Journal::File(connection) => attachment::erase(connection, gone),
        Journal::Table { table, stream } => table.erase(stream, gone),
    }
}

/// Copies what `to` lacks, to the entry `last` if given; gives the number of entries. What `to` holds already must be the
/// beginning of `from`; every entry is checked against the chain on its way.
pub fn copy(
    from: &mut Journal,
    to: &mut Journal,
    function: HashFunction,
    last: Option<Sequence>,
) -> Result<u64, StoreError> {
    let mut head = check_beginning(from, to.head()?)?;
    let mut count = 0;
    loop {
        let mut entries = from.after(head.0)?;
        entries.retain(|entry| last.is_none_or(|last| entry.sequence <= last));
        if entries.is_empty() {
            follow_erasure(from, to, head.0)?;
            return Ok(count);
        }
        for entry in &entries {
            head = journal::check_link(function, head, entry)?;
        }
        to.append(&entries)?;
        count += entries.len() as u64;
    }
}

/// Whether a journal holds `head`: then whatever ends there is its beginning, because the chain covers all before.
pub fn check_beginning(journal: &mut Journal, head: Head) -> Result<Head, StoreError> {
    let (sequence, chain) = head;
    if sequence == 0 {
        return Ok(head);
    }
    let held = journal.after(sequence - 1)?.into_iter().next();
    if held.is_some_and(|entry| entry.sequence == sequence && entry.chain == chain) {
        Ok(head)
    } else {
        Err(StoreError::Damaged(format!(
            "the source does not hold entry {sequence} of the target: they are two journals"
        )))
    }
}

/// Reads both from the first entry on, computes both chains anew, and gives the head when it is the same.
pub fn prove_equal(first: &mut Journal, second: &mut Journal, function: HashFunction) -> Result<Head, StoreError> {
    let (first, second) = (compute_head(first, function)?, compute_head(second, function)?);
    if first == second {
        Ok(first)
    } else {
        Err(StoreError::Damaged(format!(
            "one journal ends at {} {}, the other at {} {}",
            first.0, first.1, second.0, second.1
        )))
    }
}

/// The head as it follows from the entries' bytes alone.
pub fn compute_head(journal: &mut Journal, function: HashFunction) -> Result<Head, StoreError> {
    let mut head = (0, Digest::ZERO);
    loop {
        let entries = journal.after(head.0)?;
        if entries.is_empty() {
            return Ok(head);
        }
        for entry in &entries {
            head = journal::check_link(function, head, entry)?;
        }
    }
}

/// The last entry of what had been decided by `until`: a message that a later decision took is not part of it.
pub fn last_by(journal: &mut Journal, until: Instant) -> Result<Sequence, StoreError> {
    #[derive(Deserialize)]
    struct Decided {
        at: Instant,
    }
    let (mut last, mut read) = (0, 0);
    loop {
        let entries = journal.after(read)?;
        if entries.is_empty() {
            return Ok(last);
        }
        for entry in entries {
            read = entry.sequence;
            match entry.kind {
                EntryKind::Decision => {
                    let decided: Decided = serde_json::from_slice(&entry.bytes)?;
                    if decided.at > until {
                        return Ok(last);
                    }
                    last = entry.sequence;
                }
                // Belongs to the decision that follows.
                EntryKind::Received { .. } => {}
                EntryKind::Sent { .. } | EntryKind::CheckpointReceived { .. } | EntryKind::ReceiptReceived { .. } => {
                    last = entry.sequence;
                }
            }
        }
    }
}
