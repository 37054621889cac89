//! Records behind trips: what was asked for, and what home found in them.

use huitong_service_kit::{Applied, StoreError, Tx, params};

use crate::event::{EvidenceAsked, EvidenceJudged};
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

pub fn judged(tx: Tx<'_>, judged: &EvidenceJudged, applied: &Applied) -> Result<(), StoreError> {
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
