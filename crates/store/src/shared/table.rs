//! What is asked of the engine behind a shared journal.

use huitong_kernel::entry::{Entry, Sequence};
use huitong_kernel::hash::Digest;

use crate::error::StoreError;
use crate::journal;

/// A row of the table beside its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub sequence: Sequence,
    /// The `Display` form of the entry's kind; `lease` for leases.
    pub kind: String,
    pub bytes: Vec<u8>,
    /// Zero for leases.
    pub chain: [u8; 32],
    /// Of an entry, while it is held, when it is to be inserted or was asked for.
    pub attachment: Option<Vec<u8>>,
}

impl Row {
    pub fn of(entry: &Entry) -> Row {
        Row {
            sequence: entry.sequence,
            kind: entry.kind.to_string(),
            bytes: entry.bytes.clone(),
            chain: entry.chain.0,
            attachment: entry.attachment.clone(),
        }
    }
}

impl Row {
    /// Whether both hold the same entry, whatever is read of its attachment.
    pub fn is_same_entry(&self, other: &Row) -> bool {
        (self.sequence, &self.kind, &self.bytes, self.chain) == (other.sequence, &other.kind, &other.bytes, other.chain)
    }

    /// The entry that the row holds.
    pub fn into_entry(self) -> Result<Entry, StoreError> {
        let kind = journal::parse_kind(self.sequence, &self.kind)?;
        let (chain, attachment) = (Digest(self.chain), self.attachment);
        Ok(Entry { sequence: self.sequence, kind, bytes: self.bytes, chain, attachment })
    }
}

/// Why rows were not inserted, or perhaps were.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InsertError {
    /// A row with such a primary key exists; none was inserted.
    #[error("the place is taken")]
    Taken,
    /// The engine said no; none was inserted.
    #[error("refused: {0}")]
    Refused(String),
    /// The connection broke or the time ran out: the rows may be there now, may come, or may never.
    #[error("outcome unknown: {0}")]
    Unknown(String),
}

/// The attachment of a row.
pub type Attached = (Sequence, Vec<u8>);

/// A table with the primary key `(stream, sequence)`.
pub trait Table: Send {
    /// Inserts all rows or none, their attachments with them.
    fn insert(&mut self, stream: &str, rows: &[Row]) -> Result<(), InsertError>;
    /// The rows after `after`, by sequence, at most `limit`, without attachments.
    fn select(&mut self, stream: &str, after: Sequence, limit: usize) -> Result<Vec<Row>, StoreError>;
    /// The row with the largest sequence.
    fn last(&mut self, stream: &str) -> Result<Option<Row>, StoreError>;
    /// Forgets rows up to `sequence`; used for old leases only, never for entries.
    fn forget(&mut self, stream: &str, up_to: Sequence) -> Result<(), StoreError>;
    /// The attachments that rows in `after + 1..=up_to` have, by sequence.
    fn attachments(&mut self, stream: &str, after: Sequence, up_to: Sequence) -> Result<Vec<Attached>, StoreError>;
    /// Erases the attachments of rows up to `sequence`; the rows stay.
    fn erase(&mut self, stream: &str, up_to: Sequence) -> Result<(), StoreError>;
}
