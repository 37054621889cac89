//! Documents, cuts, exposures.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_ledger::clearing::{Document, Marker};
use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::json;
use crate::event::{CutReason, DocumentsTaken};
use crate::query::lanes;

pub fn taken(tx: Tx<'_>, taken: &DocumentsTaken) -> Result<(), StoreError> {
    let documents = &taken.documents;
    let lane = lane(tx, &taken.service, documents.from, documents.to, documents.number)?;
    let (mut sender_owes, mut receiver_owes) = (Fen::ZERO, Fen::ZERO);
    for (line, (document, owes)) in documents.documents.iter().zip(&taken.sender_owes).enumerate() {
        insert(tx, lane, (documents.number, line), document, *owes)?;
        if *owes { sender_owes += document.amount_fen } else { receiver_owes += document.amount_fen }
    }
    let is_sender = taken.peer == documents.from;
    let (payable, receivable) = if is_sender { (receiver_owes, sender_owes) } else { (sender_owes, receiver_owes) };
    expose(tx, &taken.service, taken.peer, payable, receivable)
}

fn insert(
    tx: Tx<'_>,
    lane: i64,
    (number, line): (u64, usize),
    document: &Document,
    sender_owes: bool,
) -> Result<(), StoreError> {
    let parts = if document.parts.is_empty() { None } else { Some(json(&document.parts)?) };
    tx.execute_one(
        "INSERT INTO item (lane, number, line, id, creditor, debtor, sender_owes, amount_fen, day, kind, name, of, parts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            lane,
            number,
            line as i64,
            document.id.0,
            document.creditor.as_str(),
            document.debtor.as_str(),
            sender_owes,
            document.amount_fen.0,
            document.day.to_string(),
            document.kind,
            document.number,
            document.of.map(|of| of.0),
            parts,
        ],
    )
}

/// The lane's row, made when it is seen first.
fn lane(tx: Tx<'_>, service: &str, sender: Division, receiver: Division, number: u64) -> Result<i64, StoreError> {
    if let Some(known) = lanes::lane(tx.view(), service, sender, receiver)? {
        tx.execute_one("UPDATE lane SET last_number = ?2 WHERE lane = ?1", params![known.lane, number])?;
        return Ok(known.lane);
    }
    let last = tx.view().one("SELECT MAX(lane) FROM lane", [], |row| row.get::<_, Option<i64>>(0))?.flatten();
    let lane = last.unwrap_or(0) + 1;
    tx.execute_one(
        "INSERT INTO lane (lane, service, sender, receiver, last_number) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![lane, service, sender.as_str(), receiver.as_str(), number],
    )?;
    Ok(lane)
}

/// What is open towards another jurisdiction changes.
pub fn expose(tx: Tx<'_>, service: &str, peer: Division, payable: Fen, receivable: Fen) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO exposure (service, peer, payable_fen, receivable_fen) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (service, peer) DO UPDATE SET payable_fen = payable_fen + ?3, receivable_fen = receivable_fen + ?4",
        params![service, peer.as_str(), payable.0, receivable.0],
    )
}

pub fn looked_at(tx: Tx<'_>, service: &str, next_day: Date, next_at: Instant) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO service (service, next_day, next_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (service) DO UPDATE SET next_day = ?2, next_at = ?3",
        params![service, next_day.to_string(), next_at.0],
    )
}

pub fn cut(
    tx: Tx<'_>,
    service: &str,
    period: Period,
    (next_day, next_at): (Date, Instant),
    reason: CutReason,
    applied: &Applied,
) -> Result<(), StoreError> {
    looked_at(tx, service, next_day, next_at)?;
    tx.execute_one("UPDATE service SET last = ?2 WHERE service = ?1", params![service, period.to_string()])?;
    tx.execute_one(
        "INSERT INTO period_cut (service, period, cut_at, reason) VALUES (?1, ?2, ?3, ?4)",
        params![service, period.to_string(), applied.at.0, reason.name()],
    )
}

pub fn marker(tx: Tx<'_>, service: &str, marker: &Marker) -> Result<(), StoreError> {
    let lane = lane(tx, service, marker.from, marker.to, marker.number)?;
    tx.execute_one(
        "INSERT INTO marker (lane, number, period) VALUES (?1, ?2, ?3)",
        params![lane, marker.number, marker.period.to_string()],
    )
}

pub fn limit_set(tx: Tx<'_>, service: &str, peer: Division, amount: Option<Fen>) -> Result<(), StoreError> {
    match amount {
        Some(amount) => tx.execute_one(
            "INSERT INTO exposure_limit (service, peer, amount_fen, band) VALUES (?1, ?2, ?3, 0)
             ON CONFLICT (service, peer) DO UPDATE SET amount_fen = ?3, band = 0",
            params![service, peer.as_str(), amount.0],
        ),
        None => {
            tx.execute("DELETE FROM exposure_limit WHERE service = ?1 AND peer = ?2", params![service, peer.as_str()])?;
            Ok(())
        }
    }
}

pub fn limit_band(tx: Tx<'_>, service: &str, peer: Division, percent: u8) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE exposure_limit SET band = ?3 WHERE service = ?1 AND peer = ?2",
        params![service, peer.as_str(), percent],
    )
}
