//! Operational failures of storage. A refusal is never one of these.

use rusqlite::ErrorCode;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space left: nothing of the group was written; the stream serves again once there is room.
    #[error("the disk is full; free space on the volume of the data folder, then repeat")]
    Full,
    /// The file holds something the program never wrote.
    #[error("the journal is damaged: {0}; stop the node, run `huitong verify`, restore from a backup")]
    Damaged(String),
    #[error("storage failed: {0}")]
    Sqlite(#[source] rusqlite::Error),
    #[error("file access failed: {0}")]
    File(#[from] std::io::Error),
    #[error("an entry cannot be read: {0}")]
    Entry(#[from] serde_json::Error),
    /// Nothing was written: the shared journal's server said so.
    #[error("the journal's server refused: {0}")]
    Refused(String),
    /// Whether it was written is not known yet; the same call with the same key tells later.
    #[error("the outcome is not known yet: {0}")]
    Unknown(String),
    /// Another member appended to the stream: this one does not lead any more. Nothing was written.
    #[error("another member leads the stream")]
    Fenced,
    /// This member follows, or takes nothing at present.
    #[error("this member does not lead the stream")]
    NotLeading,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged(error.to_string()),
            _ => StoreError::Sqlite(error),
        }
    }
}

impl StoreError {
    /// Whether the whole group must be given up, not only the work that met the error.
    pub fn spoils_group(&self) -> bool {
        match self {
            StoreError::Full | StoreError::Damaged(_) | StoreError::File(_) => true,
            StoreError::Refused(_) | StoreError::Unknown(_) | StoreError::Fenced | StoreError::NotLeading => true,
            StoreError::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory | ErrorCode::ReadOnly)
            ),
            StoreError::Entry(_) => false,
        }
    }
}
