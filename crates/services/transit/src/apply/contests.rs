//! Contests: opened, answered, ended or escalated, and what follows for the trip.

use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_ledger::book;
use huitong_service_kit::{Applied, StoreError, Tx, params};
use uuid::Uuid;

use super::home::take;
use super::json;
use super::rides::new_debt;
use crate::event::{ContestCharge, ContestEnded};
use crate::model::contest::{Contest, ContestAnswer, ContestState, Party};

pub fn opened(tx: Tx<'_>, contest: &Contest, role: &str, is_held: bool) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO contest (contest, document, booking_day, role, creditor, debtor, reason, amount_fen, state, awaits,
             opened_at, answer_by, text, is_held)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            contest.contest.to_string(),
            contest.document.0,
            contest.booking_day.to_string(),
            role,
            contest.creditor.as_str(),
            contest.debtor.as_str(),
            contest.reason.name(),
            contest.amount_fen.0,
            ContestState::Open.name(),
            Party::Creditor.name(),
            contest.opened_at.0,
            contest.answer_by.0,
            json(contest)?,
            is_held,
        ],
    )?;
    step(tx, contest.contest, ContestState::Open, contest.opened_at.0, &contest.evidence)
}

fn step(tx: Tx<'_>, contest: Uuid, state: ContestState, at: i64, explanation: &str) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO contest_step (contest, step, state, at, explanation)
         SELECT ?1, IFNULL(MAX(step), 0) + 1, ?2, ?3, ?4 FROM contest_step WHERE contest = ?1",
        params![contest.to_string(), state.name(), at, explanation],
    )
}

/// The creditor has answered: the debtor is the next to move.
pub fn answered(tx: Tx<'_>, answer: &ContestAnswer, reply_by: Instant, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE contest SET state = ?2, awaits = ?3, reply_by = ?4, answer = ?5 WHERE contest = ?1",
        params![
            answer.contest.to_string(),
            ContestState::Answered.name(),
            Party::Debtor.name(),
            reply_by.0,
            json(answer)?,
        ],
    )?;
    step(tx, answer.contest, ContestState::Answered, applied.at.0, &answer.explanation)
}

pub fn ended(tx: Tx<'_>, ended: &ContestEnded, applied: &Applied) -> Result<(), StoreError> {
    let contest = ended.contest.to_string();
    let is_ended = ended.state != ContestState::Escalated;
    tx.execute_one(
        "UPDATE contest SET state = ?2, awaits = CASE WHEN ?3 IS NULL THEN IFNULL(?5, awaits) END, ended_at = ?3,
             ended_entry = ?4, is_held = CASE WHEN ?3 IS NULL THEN is_held ELSE 0 END WHERE contest = ?1",
        params![
            contest,
            ended.state.name(),
            is_ended.then_some(applied.at.0),
            is_ended.then_some(applied.sequence),
            ended.awaits.map(Party::name),
        ],
    )?;
    step(tx, ended.contest, ended.state, applied.at.0, &ended.explanation)?;
    if is_ended && ended.state != ContestState::Refused {
        settle(tx, &contest, ended.state, ended.adjusts)?;
    }
    for held in &ended.holds {
        tx.execute_one("UPDATE contest SET is_held = 1 WHERE contest = ?1", params![held.to_string()])?;
    }
    if let Some(charge) = &ended.charged {
        charged(tx, charge, applied)?;
    }
    book::apply(tx, applied.at, &format!("contest:{contest}"), &ended.transfers)
}

/// A disputed trip stands now as it was decided, at the visited side, at home, or at both.
fn settle(tx: Tx<'_>, contest: &str, state: ContestState, adjusts: Option<u32>) -> Result<(), StoreError> {
    let trip_state = if state == ContestState::Withdrawn { "cancelled" } else { "charged" };
    tx.execute(
        "UPDATE trip_adjust SET state = 'booked' WHERE state IN ('sent', 'disputed') AND number <= ?2 AND trip IN
             (SELECT trip FROM trip WHERE trip = (SELECT document FROM contest WHERE contest = ?1) AND state = 'disputed')",
        params![contest, adjusts.unwrap_or(u32::MAX)],
    )?;
    tx.execute(
        "UPDATE trip SET state = ?2 WHERE trip = (SELECT document FROM contest WHERE contest = ?1) AND state = 'disputed'",
        params![contest, trip_state],
    )?;
    tx.execute(
        "UPDATE home_trip SET state = 'charged'
         WHERE trip = (SELECT document FROM contest WHERE contest = ?1) AND state = 'disputed'",
        params![contest],
    )?;
    // What was changed while the trip was disputed is part of what is charged now.
    tx.execute(
        "UPDATE home_adjust SET is_booked = 1
         WHERE trip = (SELECT document FROM contest WHERE contest = ?1) AND is_booked = 0",
        params![contest],
    )?;
    Ok(())
}

fn charged(tx: Tx<'_>, charge: &ContestCharge, applied: &Applied) -> Result<(), StoreError> {
    if charge.paid_fen > Fen::ZERO || charge.debt.is_some() {
        take(tx, &charge.payer, charge.paid_fen, charge.owed_fen)?;
    }
    tx.execute_one(
        "UPDATE home_trip SET rider_max_fen = ?2, lost_fen = ?3 WHERE trip = ?1",
        params![charge.trip.0, charge.rider_max_fen.map(|most| most.0), charge.lost_fen.0],
    )?;
    charge.debt.as_ref().map_or(Ok(()), |debt| new_debt(tx, &charge.payer, debt, applied))
}
