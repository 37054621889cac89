//! Read-only connections to a stream's file, beside its writer.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use crate::error::StoreError;
use crate::journal;
use crate::view::View;

/// Idle connections kept open.
const IDLE_MAX: usize = 4;

/// A pool of read-only connections.
pub struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub fn new(path: &Path) -> Readers {
        Readers { path: path.to_owned(), idle: Mutex::new(Vec::new()) }
    }

    /// Runs `read` on one consistent snapshot of the views.
    pub fn view<T, E: From<StoreError>>(&self, read: impl FnOnce(View<'_>) -> Result<T, E>) -> Result<T, E> {
        self.snapshot(|connection| read(View::new(connection)))
    }

    /// Runs `read` on one consistent snapshot of the whole file, journal included.
    pub fn snapshot<T, E: From<StoreError>>(&self, read: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => journal::open_reader(&self.path)?,
        };
        begin(&connection)?;
        let result = read(&connection);
        end(&connection)?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
        result
    }
}

fn begin(connection: &Connection) -> Result<(), StoreError> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    Ok(())
}

fn end(connection: &Connection) -> Result<(), StoreError> {
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}
