//! Contests and what services hold back by their own.

use huitong_kernel::division::Division;
use huitong_ledger::clearing::Hold;
use huitong_service_kit::{Applied, StoreError, Tx, params};
use uuid::Uuid;

use super::json;
use crate::model::contest::{Answer, Contest, ContestState};
use crate::model::statement::Place;

pub fn service_hold(tx: Tx<'_>, service: &str, hold: &Hold) -> Result<(), StoreError> {
    let (document, contest) = (hold.document.0, hold.contest.to_string());
    let sql = if hold.is_held {
        "INSERT OR IGNORE INTO service_hold (document, contest, service) VALUES (?1, ?2, ?3)"
    } else {
        "DELETE FROM service_hold WHERE document = ?1 AND contest = ?2 AND service = ?3"
    };
    tx.execute(sql, params![document, contest, service])?;
    Ok(())
}

pub fn opened(
    tx: Tx<'_>,
    contest: &Contest,
    peer: Division,
    own_debt: bool,
    applied: &Applied,
) -> Result<(), StoreError> {
    let Place(sender, number, line) = contest.place;
    tx.execute_one(
        "INSERT INTO contest (contest, service, period, peer, sender, number, line, document, own_debt, state, is_open,
             text, opened_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'open', 1, ?10, ?11)",
        params![
            contest.contest.to_string(),
            contest.service,
            contest.period.to_string(),
            peer.as_str(),
            sender.as_str(),
            number,
            line,
            contest.document.0,
            own_debt,
            json(contest)?,
            applied.at.0,
        ],
    )?;
    step(tx, contest.contest, ContestState::Open, &contest.evidence, applied)
}

pub fn answered(tx: Tx<'_>, answer: &Answer, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE contest SET answer = ?2 WHERE contest = ?1",
        params![answer.contest.to_string(), json(answer)?],
    )?;
    moved(tx, answer.contest, ContestState::Answered, &answer.explanation, applied)
}

pub fn moved(
    tx: Tx<'_>,
    contest: Uuid,
    state: ContestState,
    explanation: &str,
    applied: &Applied,
) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE contest SET state = ?2, is_open = ?3 WHERE contest = ?1",
        params![contest.to_string(), state.name(), !state.has_ended()],
    )?;
    step(tx, contest, state, explanation, applied)
}

fn step(
    tx: Tx<'_>,
    contest: Uuid,
    state: ContestState,
    explanation: &str,
    applied: &Applied,
) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO contest_step (contest, step, state, explanation, at)
         SELECT ?1, COUNT(*) + 1, ?2, ?3, ?4 FROM contest_step WHERE contest = ?1",
        params![contest.to_string(), state.name(), explanation, applied.at.0],
    )
}

pub fn given_back(tx: Tx<'_>, contest: Uuid, outcome: &str) -> Result<(), StoreError> {
    tx.execute_one("UPDATE contest SET given_back = ?2 WHERE contest = ?1", params![contest.to_string(), outcome])
}
