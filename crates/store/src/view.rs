//! What services see of a stream's tables: [`View`] reads, [`Tx`] also writes.

use huitong_kernel::entry::Sequence;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::attachment;
use crate::error::StoreError;

/// Read access. `decide` gets this and nothing more, so it cannot change anything.
#[derive(Clone, Copy)]
pub struct View<'a> {
    connection: &'a Connection,
}

/// Write access, for `apply` only.
#[derive(Clone, Copy)]
pub struct Tx<'a> {
    connection: &'a Connection,
}

impl<'a> View<'a> {
    pub fn new(connection: &'a Connection) -> View<'a> {
        View { connection }
    }

    /// The row that `sql` selects, or `None`.
    pub fn one<T>(
        self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.connection.prepare_cached(sql)?.query_row(params, read).optional()?)
    }

    /// All rows that `sql` selects; the SQL itself must bound their number.
    pub fn all<T>(
        self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<Result<Vec<T>, _>>()?)
    }

    /// Calls `each` for every row, without holding them all.
    pub fn each(
        self,
        sql: &str,
        params: impl Params,
        mut each: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            each(row)?;
        }
        Ok(())
    }
}

impl<'a> Tx<'a> {
    pub(crate) fn new(connection: &'a Connection) -> Tx<'a> {
        Tx { connection }
    }

    pub fn view(self) -> View<'a> {
        View::new(self.connection)
    }

    /// Erases the attachments of the entries up to this one.
    pub fn erase_attachments(self, up_to: Sequence) -> Result<(), StoreError> {
        attachment::erase(self.connection, up_to)
    }

    /// Runs one statement; returns the number of rows it changed.
    pub fn execute(self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        Ok(self.connection.prepare_cached(sql)?.execute(params)?)
    }

    /// Runs one statement that must change exactly one row.
    ///
    /// # Panics
    /// When it changes none or several: `decide` accepted an event that the views cannot take, which is a bug.
    pub fn execute_one(self, sql: &str, params: impl Params) -> Result<(), StoreError> {
        let changed = self.execute(sql, params)?;
        assert_eq!(changed, 1, "an event must change exactly one row with: {sql}");
        Ok(())
    }
}
