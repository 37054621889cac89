//! Settlements on either side: the document, the money, the accumulators, and the stay that they belong to.

use huitong_kernel::division::Division;
use huitong_ledger::book;
use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::{json, visits};
use crate::event::{SettlementBooked, SharesCleared};
use crate::model::accumulators::Accumulators;
use crate::model::reconciliation::due_at;
use crate::query::persons;
use crate::query::settlements::Role;
use crate::query::visits::Serial;

/// Home: the document, the accumulators, the money.
pub fn settled(tx: Tx<'_>, booked: &SettlementBooked, applied: &Applied) -> Result<(), StoreError> {
    booked_by(tx, Role::Home, booked, applied)?;
    count_serial(tx, Serial::Settlement, booked.home_area, booked.serial)?;
    stay(tx, booked)?;
    let before = persons::accumulators(tx.view(), &booked.person, booked.scheme, booked.insurance_year)?;
    let Accumulators { version, amounts } = before.after(&booked.deltas);
    tx.execute_one(
        "INSERT OR REPLACE INTO accumulator (person, scheme, year, version, amounts) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![booked.person, booked.scheme.name(), booked.insurance_year, version, json(&amounts)?],
    )
}

/// Home: what the settlements of a visit that stand have taken, and whether the stay is over.
fn stay(tx: Tx<'_>, booked: &SettlementBooked) -> Result<(), StoreError> {
    let by = if booked.contra_of.is_some() { -1 } else { 1 };
    tx.execute(
        "UPDATE home_visit SET settlements = settlements + ?2, deductible_fen = deductible_fen + ?3,
             admission = CASE WHEN settlements + ?2 = 0 THEN NULL ELSE IFNULL(admission, ?4) END,
             state = IFNULL(?5, CASE WHEN ?2 < 0 AND state = 'closed' THEN 'discharged' ELSE state END)
         WHERE number = ?1",
        params![booked.visit, by, booked.deductible_fen.0, booked.admission, state_after(booked)],
    )?;
    if state_after(booked).is_some() { visits::lines_dropped(tx, &booked.visit) } else { Ok(()) }
}

/// The settlement of the discharge closes the stay; whatever is taken back opens one that is closed.
fn state_after(booked: &SettlementBooked) -> Option<&'static str> {
    (booked.ends_stay && booked.contra_of.is_none()).then_some("closed")
}

/// Visited: the document and the money; a stay that it ends is closed, one that is opened again takes its batch back.
pub fn received(tx: Tx<'_>, booked: &SettlementBooked, applied: &Applied) -> Result<(), StoreError> {
    booked_by(tx, Role::Visited, booked, applied)?;
    let day = booked.settled_at.business_date();
    // A document that comes after its day was compared opens the day again.
    tx.execute(
        "INSERT INTO visited_day (home, day, state, due_at) VALUES (?1, ?2, 'open', ?3)
         ON CONFLICT (home, day) DO UPDATE SET state = 'open', due_at = MAX(due_at, ?4) WHERE state <> 'open'",
        params![booked.home.as_str(), day.to_string(), due_at(day).0, applied.at.0],
    )?;
    if let Some(state) = state_after(booked) {
        tx.execute("UPDATE visited_visit SET state = ?2 WHERE number = ?1", params![booked.visit, state])?;
    }
    if booked.contra_of.is_some() {
        let reopen = "UPDATE visited_visit SET state = 'discharged' WHERE number = ?1 AND state = 'closed'";
        tx.execute(reopen, params![booked.visit])?;
        // What was taken back can be settled anew.
        tx.execute(
            "UPDATE visited_batch SET state = 'open', quote = NULL WHERE batch = ?2 AND state = 'settled'
                 AND visit = (SELECT visit FROM visited_visit WHERE number = ?1)",
            params![booked.visit, booked.batch],
        )?;
    }
    Ok(())
}

fn booked_by(tx: Tx<'_>, role: Role, booked: &SettlementBooked, applied: &Applied) -> Result<(), StoreError> {
    if let Some(original) = &booked.contra_of {
        tx.execute_one(
            "UPDATE settlement SET state = 'cancelled' WHERE role = ?1 AND settlement = ?2 AND state = 'settled'",
            params![role.name(), original],
        )?;
    }
    tx.execute_one(
        "INSERT INTO settlement (role, settlement, institution, message_id, visited, home, home_area, visit, batch, person,
             scheme, insurance_year, settled_at, period, day, number, document, total_fen, fund_total_fen, person_total_fen,
             account_fen, cash_fen, deltas, state, contra_of)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25)",
        params![
            role.name(),
            booked.settlement,
            booked.call.institution,
            booked.call.message_id,
            booked.visited.as_str(),
            booked.home.as_str(),
            booked.home_area.as_str(),
            booked.visit,
            booked.batch,
            booked.person,
            booked.scheme.name(),
            booked.insurance_year,
            booked.settled_at.0,
            booked.period,
            booked.settled_at.business_date().to_string(),
            booked.number,
            booked.document.0,
            booked.total_fen.0,
            booked.fund_total_fen.0,
            booked.person_total_fen.0,
            booked.account_fen.0,
            booked.cash_fen.0,
            json(&booked.deltas)?,
            if booked.contra_of.is_some() { "contra" } else { "settled" },
            booked.contra_of,
        ],
    )?;
    book::apply(tx, applied.at, &booked.settlement, &booked.transfers)
}

pub fn count_serial(tx: Tx<'_>, serial: Serial, area: Division, last: u64) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT OR REPLACE INTO home_serial (letter, area, last) VALUES (?1, ?2, ?3)",
        params![serial.letter(), area.as_str(), last],
    )
}

pub fn shares_cleared(tx: Tx<'_>, cleared: &SharesCleared, applied: &Applied) -> Result<(), StoreError> {
    let period = cleared.period.to_string();
    for share in &cleared.shares {
        tx.execute_one(
            "INSERT INTO cleared_share (creditor, debtor, part, period, amount_fen) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![share.creditor.as_str(), share.debtor.as_str(), share.part, period, share.amount_fen.0],
        )?;
    }
    let reference = format!("clearing/{period}/{}", cleared.peer);
    book::apply(tx, applied.at, &reference, &cleared.transfers)
}
