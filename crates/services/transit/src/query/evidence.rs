//! Records that home asked visited cities for.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Row, SqlError, StoreError, View, params};
use uuid::Uuid;

use super::Text;
use crate::model::evidence::{AskCause, EvidenceState};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRow {
    pub ask: Uuid,
    pub trip: Digest,
    /// The node that was asked.
    pub visited: Division,
    pub cause: AskCause,
    /// Adjustments of the trip that were known when it was asked.
    pub adjusts: u32,
    pub state: EvidenceState,
    /// What is wrong; empty if nothing is.
    pub finding: String,
    pub asked_at: Instant,
    pub answer_by: Instant,
    pub judged_at: Option<Instant>,
    /// The contest that was opened for it.
    pub contest: Option<Uuid>,
}

const COLUMNS: &str = "ask, trip, visited, cause, adjusts, state, finding, asked_at, answer_by, judged_at, contest";

fn read(row: &Row<'_>) -> Result<EvidenceRow, SqlError> {
    Ok(EvidenceRow {
        ask: row.get::<_, Text<Uuid>>(0)?.0,
        trip: Digest(row.get(1)?),
        visited: row.get::<_, Text<Division>>(2)?.0,
        cause: row.get::<_, Text<AskCause>>(3)?.0,
        adjusts: row.get(4)?,
        state: row.get::<_, Text<EvidenceState>>(5)?.0,
        finding: row.get(6)?,
        asked_at: Instant(row.get(7)?),
        answer_by: Instant(row.get(8)?),
        judged_at: row.get::<_, Option<i64>>(9)?.map(Instant),
        contest: row.get::<_, Option<Text<Uuid>>>(10)?.map(|contest| contest.0),
    })
}

pub fn ask(view: View<'_>, ask: Uuid) -> Result<Option<EvidenceRow>, StoreError> {
    view.one(&format!("SELECT {COLUMNS} FROM evidence_ask WHERE ask = ?1"), params![ask.to_string()], read)
}

/// What was asked for a trip, newest first.
pub fn of_trip(view: View<'_>, trip: Digest) -> Result<Vec<EvidenceRow>, StoreError> {
    view.all(
        &format!("SELECT {COLUMNS} FROM evidence_ask WHERE trip = ?1 ORDER BY entry DESC LIMIT 100"),
        params![trip.0],
        read,
    )
}

/// Asks without answer, longest due first.
pub fn open(view: View<'_>, limit: usize) -> Result<Vec<EvidenceRow>, StoreError> {
    view.all(
        &format!("SELECT {COLUMNS} FROM evidence_ask WHERE state = 'asked' ORDER BY answer_by, ask LIMIT ?1"),
        params![limit as i64],
        read,
    )
}

/// Asks without answer that should have one by now, longest due first.
pub fn overdue(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<Uuid>, StoreError> {
    view.all(
        "SELECT ask FROM evidence_ask WHERE state = 'asked' AND answer_by <= ?1 ORDER BY answer_by, ask LIMIT ?2",
        params![now.0, limit as i64],
        |row| Ok(row.get::<_, Text<Uuid>>(0)?.0),
    )
}
