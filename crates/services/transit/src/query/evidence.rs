//! Records that home asked visited cities for.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Row, SqlError, StoreError, View, params};
use uuid::Uuid;

use super::{Text, json};
use crate::model::evidence::{AskCause, EvidenceState, HEARD_HOURS, ShownRecord};

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

/// Records that wait for a version of the key set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldEvidence {
    /// The tap whose record names the version.
    pub tap: String,
    pub key_set: u32,
    pub keeper: Division,
    pub records: Vec<ShownRecord>,
}

pub fn held(view: View<'_>, ask: Uuid) -> Result<Option<HeldEvidence>, StoreError> {
    let row = view.one(
        "SELECT tap, key_set, keeper, records FROM evidence_held WHERE ask = ?1",
        params![ask.to_string()],
        |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, Text<Division>>(2)?.0, row.get::<_, String>(3)?)),
    )?;
    let Some((tap, key_set, keeper, records)) = row else { return Ok(None) };
    Ok(Some(HeldEvidence { tap, key_set, keeper, records: json(&records)? }))
}

/// Asks whose records have waited for a version of the key set that is held by now.
pub fn ready(view: View<'_>, limit: usize) -> Result<Vec<Uuid>, StoreError> {
    view.all(
        "SELECT ask FROM evidence_held WHERE key_set <= (SELECT MAX(version) FROM key_set) ORDER BY held_at, ask LIMIT ?1",
        params![limit as i64],
        |row| Ok(row.get::<_, Text<Uuid>>(0)?.0),
    )
}

/// When home was shown the records of a trip, as it knew it, last.
pub fn shown(view: View<'_>, trip: Digest, home: Division, adjusts: u32) -> Result<Option<Instant>, StoreError> {
    view.one(
        "SELECT shown_at FROM evidence_shown WHERE trip = ?1 AND home = ?2 AND adjusts = ?3",
        params![trip.0, home.as_str(), adjusts],
        |row| Ok(Instant(row.get(0)?)),
    )
}

/// Asks that should be answered by now, longest due first, if the node that is waited for (the visited city; the keeper, where
/// records wait for its key set) was heard in [`HEARD_HOURS`] different hours since.
pub fn overdue(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<Uuid>, StoreError> {
    view.all(
        "SELECT evidence_ask.ask FROM evidence_ask LEFT JOIN evidence_held USING (ask)
         WHERE state = 'asked' AND answer_by <= ?1
             AND (SELECT COUNT(DISTINCT known_at / 3600000) FROM deny_delta
                  WHERE home = IFNULL(keeper, visited) AND known_at > IFNULL(held_at, asked_at)) >= ?3
         ORDER BY answer_by, evidence_ask.ask LIMIT ?2",
        params![now.0, limit as i64, HEARD_HOURS],
        |row| Ok(row.get::<_, Text<Uuid>>(0)?.0),
    )
}
