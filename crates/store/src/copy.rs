//! Journals as such, without views: copying one into another, and the proof that two are equal.

use std::path::Path;

use huitong_kernel::entry::{Entry, EntryKind, Sequence};
use huitong_kernel::hash::{Digest, HashFunction, RunningSha256};
use huitong_kernel::time::Instant;
use serde::Deserialize;

use crate::attachment;
use crate::error::StoreError;
use crate::journal::{self, Connection, Medium};
use crate::shared::{InsertError, Row, Table, with_attachments};

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
                let rows = table.select(stream, sequence, BATCH)?;
                with_attachments(table.as_mut(), stream, rows)?.into_iter().map(Row::into_entry).collect()
            }
        }
    }

    fn erase(&mut self, up_to: Sequence) -> Result<(), StoreError> {
        match self {
            Journal::File(connection) => attachment::erase(connection, up_to),
            Journal::Table { table, stream } => table.erase(stream, up_to),
        }
    }

    /// Up to which entry attachments had been erased; a table does not say.
    pub fn floor(&self) -> Result<Sequence, StoreError> {
        match self {
            Journal::File(connection) => attachment::floor(connection),
            Journal::Table { .. } => Ok(0),
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
            return Ok(count);
        }
        for entry in &entries {
            head = journal::check_link(function, head, entry)?;
        }
        to.append(&entries)?;
        for entry in &entries {
            attachment::erased_by(entry)?.map_or(Ok(()), |up_to| to.erase(up_to))?;
        }
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

/// Reads both from the first entry on, computes both chains anew, and gives the head when it is the same, and what lies beside
/// the entries too.
pub fn prove_equal(first: &mut Journal, second: &mut Journal, function: HashFunction) -> Result<Head, StoreError> {
    let (first, second) = (compute(first, function)?, compute(second, function)?);
    let ((first, beside_first), (second, beside_second)) = (first, second);
    if first == second && beside_first != beside_second {
        Err(StoreError::Damaged("the entries are equal, but not what lies beside them".to_owned()))
    } else if first == second {
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
    Ok(compute(journal, function)?.0)
}

/// The head, and a hash over the attachments with the numbers of their entries.
fn compute(journal: &mut Journal, function: HashFunction) -> Result<(Head, Digest), StoreError> {
    let (mut head, mut beside) = ((0, Digest::ZERO), RunningSha256::default());
    loop {
        let entries = journal.after(head.0)?;
        if entries.is_empty() {
            return Ok((head, beside.digest()));
        }
        for entry in &entries {
            head = journal::check_link(function, head, entry)?;
            if let Some(bytes) = &entry.attachment {
                beside.add(&entry.sequence.to_be_bytes());
                beside.add(bytes);
            }
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
