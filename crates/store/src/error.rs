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
            StoreError::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory | ErrorCode::ReadOnly)
            ),
            StoreError::Entry(_) => false,
        }
    }
}
