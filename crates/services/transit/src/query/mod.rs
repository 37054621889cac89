//! Read models: what the API shows and what decisions look at.

pub mod accounts;
pub mod ages;
pub mod audit;
pub mod bill;
pub mod cleared;
pub mod completions;
pub mod contests;
pub mod dated;
pub mod deny;
pub mod documents;
pub mod evidence;
pub mod flows;
pub mod gate_tables;
pub mod gates;
pub mod grants;
pub mod home_trips;
pub mod invoices;
pub mod orders;
pub mod pairs;
pub mod publications;
pub mod published;
pub mod records;
pub mod splits;
pub mod station_days;
pub mod taps;
pub mod totals;
pub mod trips;

use huitong_kernel::time::Instant;
use huitong_service_kit::{StoreError, View, params};

/// Columns that hold the text of a value.
pub use huitong_service_kit::Text;
use serde::de::DeserializeOwned;

use crate::event::Event;

/// Text of a view that this service wrote.
pub fn json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    Ok(serde_json::from_str(text)?)
}

/// The events of an entry of the journal.
pub fn entry_events(view: View<'_>, entry: u64) -> Result<Vec<Event>, StoreError> {
    #[derive(serde::Deserialize)]
    struct Recorded {
        events: Vec<Event>,
    }
    let bytes =
        view.one("SELECT bytes FROM journal WHERE sequence = ?1", params![entry], |row| row.get::<_, Vec<u8>>(0))?;
    let bytes = bytes.ok_or_else(|| StoreError::Damaged(format!("the journal has no entry {entry}")))?;
    let recorded: Recorded = serde_json::from_slice(&bytes)?;
    Ok(recorded.events)
}

/// When an entry of the journal was decided. It is the first field of its bytes: the rest, which may be long, is not read.
pub fn decided_at(view: View<'_>, entry: u64) -> Result<Instant, StoreError> {
    #[derive(serde::Deserialize)]
    struct Dated {
        at: Instant,
    }
    let damaged = || StoreError::Damaged(format!("the journal has no decision {entry}"));
    let sql = "SELECT CAST(substr(bytes, 1, 32) AS TEXT) FROM journal WHERE sequence = ?1";
    let begin = view.one(sql, params![entry], |row| row.get::<_, String>(0))?.ok_or_else(damaged)?;
    let number = begin.strip_prefix("{\"at\":").and_then(|rest| rest.split_once(',')?.0.parse().ok());
    if let Some(at) = number {
        return Ok(Instant(at));
    }
    let sql = "SELECT bytes FROM journal WHERE sequence = ?1";
    let bytes = view.one(sql, params![entry], |row| row.get::<_, Vec<u8>>(0))?.ok_or_else(damaged)?;
    Ok(serde_json::from_slice::<Dated>(&bytes)?.at)
}
