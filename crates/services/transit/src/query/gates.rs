//! Registered gates, and how far their records are held.

use huitong_kernel::division::Division;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Row, SqlError, StoreError, View, params};

use super::Text;
use crate::model::network::{LineId, StationId};
use crate::model::order::ServiceOrder;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    pub gate: String,
    pub network: Division,
    pub operator: String,
    pub station: StationId,
    pub line: LineId,
    /// Compressed SM2.
    pub key: [u8; 33],
    pub active: bool,
}

fn read(row: &Row<'_>) -> Result<Gate, SqlError> {
    Ok(Gate {
        gate: row.get(0)?,
        network: row.get::<_, Text<Division>>(1)?.0,
        operator: row.get(2)?,
        station: row.get(3)?,
        line: row.get(4)?,
        key: row.get(5)?,
        active: row.get(6)?,
    })
}

pub fn gate(view: View<'_>, gate: &str) -> Result<Option<Gate>, StoreError> {
    view.one(
        "SELECT gate, network, operator, station, line, key, active FROM gate WHERE gate = ?1",
        params![gate],
        read,
    )
}

/// Gates of a network by name, after one of them.
pub fn list(view: View<'_>, network: Division, after: &str, limit: usize) -> Result<Vec<Gate>, StoreError> {
    view.all(
        "SELECT gate, network, operator, station, line, key, active FROM gate WHERE gate > ?2 AND network = ?1
         ORDER BY gate LIMIT ?3",
        params![network.as_str(), after, limit as i64],
        read,
    )
}

/// The gates that an order speaks of, by where they are registered.
pub fn of_order(view: View<'_>, order: &ServiceOrder) -> Result<Vec<String>, StoreError> {
    view.all(
        "SELECT gate FROM gate WHERE network = ?1 AND (?2 IS NULL OR station = ?2) AND (?3 IS NULL OR line = ?3)
         AND (?4 IS NULL OR gate = ?4) ORDER BY gate",
        params![order.network.as_str(), order.station, order.line, order.gate],
        |row| row.get(0),
    )
}

/// An epoch of a gate's store, as far as its records came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch {
    pub epoch: u32,
    /// Without a hole up to here.
    pub held_to: u64,
    pub highest: u64,
    /// A hole was not filled in time, and is open still.
    pub alarmed: bool,
}

/// A gate's epochs, the newest first.
pub fn epochs(view: View<'_>, gate: &str, limit: usize) -> Result<Vec<Epoch>, StoreError> {
    view.all(
        "SELECT epoch, contiguous_to, highest, alarmed FROM gate_epoch WHERE gate = ?1
         ORDER BY epoch DESC LIMIT ?2",
        params![gate, limit as i64],
        |row| Ok(Epoch { epoch: row.get(0)?, held_to: row.get(1)?, highest: row.get(2)?, alarmed: row.get(3)? }),
    )
}

/// How far the records of an epoch are held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Without a hole up to here.
    pub contiguous_to: u64,
    pub highest: u64,
    /// When a hole becomes an alarm.
    pub hole_alarm_at: Option<Instant>,
    /// It has become one.
    pub alarmed: bool,
}

pub fn held(view: View<'_>, gate: &str, epoch: u32) -> Result<Held, StoreError> {
    let row = view.one(
        "SELECT contiguous_to, highest, hole_alarm_at, alarmed FROM gate_epoch WHERE gate = ?1 AND epoch = ?2",
        params![gate, epoch],
        |row| {
            Ok(Held {
                contiguous_to: row.get(0)?,
                highest: row.get(1)?,
                hole_alarm_at: row.get::<_, Option<i64>>(2)?.map(Instant),
                alarmed: row.get(3)?,
            })
        },
    )?;
    Ok(row.unwrap_or_default())
}
