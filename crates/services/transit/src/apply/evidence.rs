//! Records behind trips: what was asked for, and what home found in them.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_service_kit::{Applied, StoreError, Tx, params};

use crate::event::{EvidenceAsked, EvidenceHeld, EvidenceJudged};
use crate::model::evidence::EvidenceState;

pub fn asked(tx: Tx<'_>, asked: &EvidenceAsked, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO evidence_ask (ask, trip, visited, cause, adjusts, state, finding, entry, asked_at, answer_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, '', ?7, ?8, ?9)",
        params![
            asked.ask.to_string(),
            asked.trip.0,
            asked.visited.as_str(),
            asked.cause.name(),
            asked.adjusts,
            EvidenceState::Asked.name(),
            applied.sequence,
            applied.at.0,
            asked.answer_by.0,
        ],
    )
}

pub fn held(tx: Tx<'_>, held: &EvidenceHeld, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO evidence_held (ask, tap, key_set, keeper, records, held_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            held.ask.to_string(),
            held.tap.to_string(),
            held.key_set,
            held.keeper.as_str(),
            serde_json::to_string(&held.records)?,
            applied.at.0,
        ],
    )
}

/// At the visited city.
pub fn shown(tx: Tx<'_>, trip: Digest, home: Division, adjusts: u32, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT OR REPLACE INTO evidence_shown (trip, home, adjusts, shown_at) VALUES (?1, ?2, ?3, ?4)",
        params![trip.0, home.as_str(), adjusts, applied.at.0],
    )
}

pub fn judged(tx: Tx<'_>, judged: &EvidenceJudged, applied: &Applied) -> Result<(), StoreError> {
    tx.execute("DELETE FROM evidence_held WHERE ask = ?1", params![judged.ask.to_string()])?;
    tx.execute_one(
        "UPDATE evidence_ask SET state = ?2, finding = ?3, judged_at = ?4, contest = IFNULL(?5, contest) WHERE ask = ?1",
        params![
            judged.ask.to_string(),
            judged.state.name(),
            judged.finding,
            applied.at.0,
            judged.contest.map(|contest| contest.to_string()),
        ],
    )
}
