//! Registered gates, and how far their records are held.

use huitong_kernel::division::Division;
use huitong_kernel::time::Instant;
use huitong_service_kit::{StoreError, View, params};

use super::Text;
use crate::model::network::{LineId, StationId};

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

pub fn gate(view: View<'_>, gate: &str) -> Result<Option<Gate>, StoreError> {
    view.one("SELECT network, operator, station, line, key, active FROM gate WHERE gate = ?1", params![gate], |row| {
        Ok(Gate {
            gate: gate.to_owned(),
            network: row.get::<_, Text<Division>>(0)?.0,
            operator: row.get(1)?,
            station: row.get(2)?,
            line: row.get(3)?,
            key: row.get(4)?,
            active: row.get(5)?,
        })
    })
}

/// How far the records of an epoch are held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Without a hole up to here.
    pub contiguous_to: u64,
    pub highest: u64,
    /// When a hole becomes an alarm.
    pub hole_alarm_at: Option<Instant>,
}

pub fn held(view: View<'_>, gate: &str, epoch: u32) -> Result<Held, StoreError> {
    let row = view.one(
        "SELECT contiguous_to, highest, hole_alarm_at FROM gate_epoch WHERE gate = ?1 AND epoch = ?2",
        params![gate, epoch],
        |row| {
            Ok(Held {
                contiguous_to: row.get(0)?,
                highest: row.get(1)?,
                hole_alarm_at: row.get::<_, Option<i64>>(2)?.map(Instant),
            })
        },
    )?;
    Ok(row.unwrap_or_default())
}
