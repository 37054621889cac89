//! Trips and adjustments as home books them, and the completions that riders ask for.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_ledger::book;
use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::clearing::add_document;
use super::home::take;
use super::{invoices, json};
use crate::event::{AdjustCharged, NewDebt, TripCharged};
use crate::model::network::StationId;
use crate::model::rider::AccountToken;
use crate::model::trip::RIDER_COMPLETION;
use crate::query::completions::month_of;

pub fn charged(tx: Tx<'_>, charged: &TripCharged, applied: &Applied) -> Result<(), StoreError> {
    let trip = &charged.trip;
    let is_owed = charged.result.outcome.is_owed();
    tx.execute_one(
        "INSERT INTO home_trip (trip, account, network, visited, kind, state, outcome, content, original_fen, charge_fen,
             began, travel_day, booking_day, booked_at, text)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            trip.trip_id.0,
            charged.payer.0,
            trip.network.as_str(),
            charged.visited.as_str(),
            trip.kind.name(),
            if is_owed { "charged" } else { "disputed" },
            json(&charged.result.outcome)?,
            charged.content.0,
            trip.charge_fen().0,
            trip.began().0,
            trip.travel_day.to_string(),
            trip.booking_day.to_string(),
            applied.at.0,
            json(trip)?,
        ],
    )?;
    for tap in &trip.taps {
        // A duplicate is contested; the first trip keeps the code.
        tx.execute(
            "INSERT OR IGNORE INTO home_code_use (replay_key, direction, trip) VALUES (?1, ?2, ?3)",
            params![tap.replay_key.0, tap.direction.number(), trip.trip_id.0],
        )?;
    }
    if is_owed {
        let owed = charged.debt.as_ref().map_or(Fen::ZERO, |debt| debt.amount_fen);
        take(tx, &charged.payer, trip.charge_fen() - owed, owed)?;
    }
    if let Some(debt) = &charged.debt {
        new_debt(tx, &charged.payer, debt, applied)?;
    }
    if let Some(document) = &charged.document {
        add_document(tx, document)?;
    }
    book::apply(tx, applied.at, &trip.trip_id.to_string(), &charged.transfers)
}

pub fn new_debt(tx: Tx<'_>, account: &AccountToken, debt: &NewDebt, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO debt (debt, account, amount_fen, since, attempts, state, next_retry) VALUES (?1, ?2, ?3, ?4, 0, 'open', ?5)",
        params![debt.debt, account.0, debt.amount_fen.0, applied.at.0, debt.next_retry.0],
    )
}

pub fn adjust_charged(tx: Tx<'_>, charged: &AdjustCharged, applied: &Applied) -> Result<(), StoreError> {
    let adjust = &charged.adjust;
    let trip = &adjust.trip;
    tx.execute_one(
        "UPDATE home_trip SET kind = ?2, charge_fen = ?3, adjusts = ?4, text = ?5, rider_max_fen = ?6 WHERE trip = ?1",
        params![
            adjust.trip_id.0,
            trip.kind.name(),
            trip.charge_fen().0,
            adjust.number,
            json(trip)?,
            charged.rider_max_fen.map(|most| most.0),
        ],
    )?;
    for tap in &adjust.added_taps {
        // From a trip that an adjustment has made free the tap is taken over.
        tx.execute(
            "INSERT INTO home_code_use (replay_key, direction, trip) VALUES (?1, ?2, ?3)
             ON CONFLICT (replay_key, direction) DO UPDATE SET trip = ?3 WHERE trip IN
                 (SELECT trip FROM home_trip WHERE charge_fen = 0 AND adjusts > 0)",
            params![tap.replay_key.0, tap.direction.number(), adjust.trip_id.0],
        )?;
    }
    invoices::adjusted(tx, adjust.trip_id)?;
    let is_booked = charged.result.outcome.is_owed();
    if is_booked {
        book_change(tx, charged, applied)?;
    }
    note(tx, charged, is_booked)?;
    if let Some(document) = &charged.document {
        add_document(tx, document)?;
    }
    book::apply(tx, applied.at, &format!("adjust:{}", adjust.adjust), &charged.transfers)
}

fn book_change(tx: Tx<'_>, charged: &AdjustCharged, applied: &Applied) -> Result<(), StoreError> {
    let change = charged.adjust.change_fen - charged.lost_fen;
    if change == Fen::ZERO {
        // Home bears all of it: there may be no account.
        return Ok(());
    }
    if !change.is_negative() {
        let owed = charged.debt.as_ref().map_or(Fen::ZERO, |debt| debt.amount_fen);
        take(tx, &charged.payer, change - owed, owed)?;
        return charged.debt.as_ref().map_or(Ok(()), |debt| new_debt(tx, &charged.payer, debt, applied));
    }
    let off_debt = -change - charged.refunded_fen;
    take(tx, &charged.payer, -charged.refunded_fen, -off_debt)?;
    // A listed debt that is gone is looked at once more: its account may be released.
    tx.execute(
        "UPDATE debt SET amount_fen = amount_fen - ?2, state = CASE WHEN amount_fen = ?2 THEN 'paid' ELSE state END,
             next_retry = CASE WHEN amount_fen > ?2 THEN next_retry WHEN state = 'listed' THEN ?3 END
         WHERE debt = ?1 AND ?2 > 0",
        params![format!("trip:{}", charged.adjust.trip_id), off_debt.0, applied.at.0],
    )?;
    if charged.refunded_fen > Fen::ZERO {
        // What came back may cover what the account is listed for.
        tx.execute(
            "UPDATE debt SET next_retry = ?2 WHERE account = ?1 AND state = 'listed'",
            params![charged.payer.0, applied.at.0],
        )?;
    }
    Ok(())
}

/// The adjustment as the rider is shown it; a completion that the rider asked for is made with it.
fn note(tx: Tx<'_>, charged: &AdjustCharged, is_booked: bool) -> Result<(), StoreError> {
    let adjust = &charged.adjust;
    tx.execute_one(
        "INSERT INTO home_adjust (trip, number, account, network, change_fen, reason, evidence, booking_day, is_booked,
             lost_fen)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            adjust.trip_id.0,
            adjust.number,
            charged.payer.0,
            adjust.trip.network.as_str(),
            adjust.change_fen.0,
            adjust.reason,
            adjust.evidence,
            adjust.booking_day.to_string(),
            is_booked,
            charged.lost_fen.0,
        ],
    )?;
    if adjust.reason == RIDER_COMPLETION {
        tx.execute(
            "UPDATE completion_ask SET state = 'made' WHERE trip = ?1 AND state = 'asked'",
            params![adjust.trip_id.0],
        )?;
    }
    Ok(())
}

pub fn completion_asked(
    tx: Tx<'_>,
    trip: Digest,
    account: &AccountToken,
    station: StationId,
    applied: &Applied,
) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO completion_ask (account, month, trip, entry, station, state) VALUES (?1, ?2, ?3, ?4, ?5, 'asked')",
        params![account.0, month_of(applied.at), trip.0, applied.sequence, station],
    )
}

/// It does not count: nothing was completed.
pub fn completion_refused(tx: Tx<'_>, trip: Digest, code: &str) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE completion_ask SET state = 'refused', code = ?2 WHERE trip = ?1 AND state = 'asked'",
        params![trip.0, code],
    )?;
    Ok(())
}
