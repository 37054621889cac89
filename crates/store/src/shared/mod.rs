//! The journal in a table that several members of one node share.
//!
//! Of the engine behind it nothing is asked but this: insert a batch of rows or none of it, refuse a row whose primary key
//! `(stream, sequence)` exists, select a range by that key, delete one (old leases, and attachments whose time is over). So every engine that speaks the PostgreSQL wire protocol
//! serves. The primary key is the fence: of two members that both believe to lead, one finds the place taken.

mod lease;
mod postgres;
mod table;

use huitong_kernel::entry::{Entry, Sequence};
use huitong_kernel::hash::Digest;

use crate::error::StoreError;

pub use lease::{Lease, LeaseState};
pub use postgres::{PostgresTable, TableTls};
pub use table::{Attached, InsertError, Row, Table};

/// The rows with what attachments are held of them.
pub fn with_attachments(table: &mut dyn Table, stream: &str, mut rows: Vec<Row>) -> Result<Vec<Row>, StoreError> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(rows) };
    let (first, last) = (first.sequence, last.sequence);
    let mut held = table.attachments(stream, first - 1, last)?.into_iter().peekable();
    for row in &mut rows {
        row.attachment = held.next_if(|(sequence, _)| *sequence == row.sequence).map(|(_, bytes)| bytes);
    }
    Ok(rows)
}

/// Rows read at once while catching up.
const ROWS_PER_READ: usize = 1_000;
/// How often an insert is repeated whose outcome is not known, before the member gives up leading.
const INSERT_ATTEMPTS: usize = 3;

/// One stream's journal in a shared table.
pub struct SharedJournal {
    table: Box<dyn Table>,
    stream: String,
    lease: Lease,
    /// Up to which entry this member knows that attachments are erased there.
    erased: Sequence,
}

impl SharedJournal {
    /// `stream` is the stream's address, `member` tells the members of the node apart.
    pub fn new(table: Box<dyn Table>, stream: &str, member: &str) -> SharedJournal {
        SharedJournal { table, stream: stream.to_owned(), lease: Lease::new(stream, member), erased: 0 }
    }

    /// Appends a group at the place that its sequence numbers name.
    ///
    /// An insert whose outcome is not known is repeated as it is: the primary key tells whether an earlier attempt went
    /// through, and until then keeps anything else from the place.
    pub fn append(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        let rows: Vec<Row> = entries.iter().map(Row::of).collect();
        let mut unknown = None;
        for _ in 0..INSERT_ATTEMPTS {
            match self.table.insert(&self.stream, &rows) {
                Ok(()) => return Ok(()),
                Err(InsertError::Taken) => return self.who_took(&rows),
                // A refusal says nothing about an earlier attempt that was not answered.
                Err(InsertError::Refused(fault)) if unknown.is_none() => return Err(StoreError::Refused(fault)),
                Err(InsertError::Refused(fault) | InsertError::Unknown(fault)) => unknown = Some(fault),
            }
        }
        Err(StoreError::Unknown(unknown.unwrap_or_default()))
    }

    /// The place is taken: by an earlier attempt of this very group, or by another leader.
    fn who_took(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        if sabotaged_fence() {
            return Ok(());
        }
        let Some(last) = rows.last() else { return Ok(()) };
        // Whatever fails from here on leaves open whether the rows are ours.
        let unknown = |error: StoreError| match error {
            StoreError::Fenced => StoreError::Fenced,
            other => StoreError::Unknown(other.to_string()),
        };
        let found = self.table.select(&self.stream, last.sequence - 1, 1).map_err(unknown)?.into_iter().next();
        match found {
            // A row can be seen on a server that came up again before its standby has it. What is confirmed after it, the
            // standby has with it.
            Some(row) if row.is_same_entry(last) => self.lease.confirm(&mut *self.table).map_err(unknown),
            _ => Err(StoreError::Fenced),
        }
    }

    /// The entries after `head`, at most [`ROWS_PER_READ`]; checks that the journal still holds `head` itself.
    pub fn entries_after(&mut self, head: (Sequence, Digest)) -> Result<Vec<Entry>, StoreError> {
        let (sequence, chain) = head;
        let mut rows = self.table.select(&self.stream, sequence.saturating_sub(1), ROWS_PER_READ)?.into_iter();
        if sequence > 0 && rows.next().is_none_or(|row| row.sequence != sequence || row.chain != chain.0) {
            return Err(StoreError::Damaged(format!(
                "the shared journal of {} does not hold entry {sequence} as this member knows it: its server lost what it \
                 had acknowledged, perhaps by a failover to a standby that was not synchronous",
                self.stream
            )));
        }
        let rows = with_attachments(self.table.as_mut(), &self.stream, rows.collect())?;
        rows.into_iter().map(Row::into_entry).collect()
    }

    /// Erases in the table what was erased in the member's copy. What does not succeed is tried again with the next group, and
    /// by whoever leads next.
    pub fn follow_erasure(&mut self, floor: Sequence) {
        if floor > self.erased && self.table.erase(&self.stream, floor).is_ok() {
            self.erased = floor;
        }
    }

    pub fn lease(&mut self) -> (&mut Lease, &mut dyn Table) {
        (&mut self.lease, &mut *self.table)
    }
}

/// Only in the build that the simulator must find out: the fence is ignored.
fn sabotaged_fence() -> bool {
    crate::sabotage::is(crate::sabotage::Sabotage::Fence)
}
