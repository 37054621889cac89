//! Views equal replay: the views built anew from the journal in a scratch file, compared row for row.

use std::path::Path;

use huitong_kernel::hash::HashFunction;
use rusqlite::Connection;

use crate::error::StoreError;
use crate::group::Logic;
use crate::view::Tx;
use crate::{feeds, journal};

/// A table whose rows differ between the live views and the replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub table: String,
    /// Rows of the live views that the replay does not give.
    pub only_live: u64,
    /// Rows of the replay that the live views lack.
    pub only_replayed: u64,
}

/// Replays the journal of the stream file `live` into the new file `scratch` and compares all views.
/// An empty answer means that views equal replay. Works beside a running node: it reads one snapshot.
pub fn compare<L: Logic>(
    live: &Path,
    scratch: &Path,
    function: HashFunction,
    logic: &mut L,
) -> Result<Vec<Difference>, StoreError> {
    let source = journal::open_reader(live)?;
    source.execute_batch("BEGIN")?;
    compare_into(&source, &Connection::open(scratch)?, function, logic)
}

/// The same for an open stream, with the replay in memory.
pub fn compare_in_memory<L: Logic>(
    source: &Connection,
    function: HashFunction,
    logic: &mut L,
) -> Result<Vec<Difference>, StoreError> {
    compare_into(source, &Connection::open_in_memory()?, function, logic)
}

fn compare_into<L: Logic>(
    source: &Connection,
    rebuilt: &Connection,
    function: HashFunction,
    logic: &mut L,
) -> Result<Vec<Difference>, StoreError> {
    rebuilt.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
    rebuilt.execute_batch(include_str!("journal.sql"))?;
    for schema in logic.schema() {
        rebuilt.execute_batch(schema)?;
    }
    rebuilt.execute_batch("BEGIN")?;
    journal::each_from(source, 1, |entry| {
        feeds::apply(rebuilt, function, &entry)?;
        logic.replay(Tx::new(rebuilt), &entry)
    })?;
    rebuilt.execute_batch("COMMIT")?;
    compare_tables(source, rebuilt)
}

/// One table at a time, one hash a row.
fn compare_tables(live: &Connection, rebuilt: &Connection) -> Result<Vec<Difference>, StoreError> {
    let mut differences = Vec::new();
    let names = table_names(rebuilt)?;
    for table in &names {
        let (left, right) = (table_rows(live, table)?, table_rows(rebuilt, table)?);
        if left != right {
            differences.push(count_difference(table, &left, &right));
        }
    }
    for table in table_names(live)?.iter().filter(|name| !names.contains(name)) {
        let only_live = table_rows(live, table)?.len() as u64;
        differences.push(Difference { table: table.clone(), only_live, only_replayed: 0 });
    }
    Ok(differences)
}

fn table_names(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut select = connection.prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('journal', 'attachment', 'attachment_floor') AND name NOT LIKE 'sqlite_%'
         ORDER BY name",
    )?;
    let names = select.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    Ok(names)
}

/// One hash per row, sorted: 32 bytes a row however wide the rows are.
fn table_rows(connection: &Connection, table: &str) -> Result<Vec<[u8; 32]>, StoreError> {
    let mut select = connection.prepare(&format!("SELECT * FROM \"{table}\""))?;
    let columns = select.column_count();
    let mut rows = select.query([])?;
    let mut hashes = Vec::new();
    while let Some(row) = rows.next()? {
        let mut text = Vec::new();
        for column in 0..columns {
            let value: rusqlite::types::Value = row.get(column)?;
            text.extend_from_slice(format!("{value:?}\u{1f}").as_bytes());
        }
        hashes.push(HashFunction::Sha256.hash(&[&text]).0);
    }
    hashes.sort_unstable();
    Ok(hashes)
}

fn count_difference(table: &str, live: &[[u8; 32]], rebuilt: &[[u8; 32]]) -> Difference {
    let missing = |from: &[[u8; 32]], other: &[[u8; 32]]| {
        from.iter().filter(|row| other.binary_search(row).is_err()).count() as u64
    };
    Difference { table: table.to_owned(), only_live: missing(live, rebuilt), only_replayed: missing(rebuilt, live) }
}
