//! The home side: accounts, charges, debts, grants.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_ledger::book;
use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::clearing::add_document;
use super::json;
use crate::command::AccountWish;
use crate::event::{AdjustCharged, Authorised, DebtRetried, NewDebt, PaymentBooked, TripCharged};
use crate::model::message::{CodeAsk, CodeGrant};
use crate::model::rider::AccountToken;

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

/// From what was paid in, and as a debt.
fn take(tx: Tx<'_>, account: &AccountToken, paid: Fen, owed: Fen) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE account SET balance_fen = balance_fen - ?2, unpaid_fen = unpaid_fen + ?3 WHERE account = ?1",
        params![account.0, paid.0, owed.0],
    )
}

fn new_debt(tx: Tx<'_>, account: &AccountToken, debt: &NewDebt, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO debt (debt, account, amount_fen, since, attempts, state, next_retry) VALUES (?1, ?2, ?3, ?4, 0, 'open', ?5)",
        params![debt.debt, account.0, debt.amount_fen.0, applied.at.0, debt.next_retry.0],
    )
}

pub fn adjust_charged(tx: Tx<'_>, charged: &AdjustCharged, applied: &Applied) -> Result<(), StoreError> {
    let adjust = &charged.adjust;
    let trip = &adjust.trip;
    tx.execute_one(
        "UPDATE home_trip SET kind = ?2, charge_fen = ?3, adjusts = ?4, text = ?5 WHERE trip = ?1",
        params![adjust.trip_id.0, trip.kind.name(), trip.charge_fen().0, adjust.number, json(trip)?],
    )?;
    for tap in &adjust.added_taps {
        tx.execute(
            "INSERT OR IGNORE INTO home_code_use (replay_key, direction, trip) VALUES (?1, ?2, ?3)",
            params![tap.replay_key.0, tap.direction.number(), adjust.trip_id.0],
        )?;
    }
    if charged.result.outcome.is_owed() {
        book_change(tx, charged, applied)?;
    }
    if let Some(document) = &charged.document {
        add_document(tx, document)?;
    }
    book::apply(tx, applied.at, &format!("adjust:{}", adjust.adjust), &charged.transfers)
}

fn book_change(tx: Tx<'_>, charged: &AdjustCharged, applied: &Applied) -> Result<(), StoreError> {
    let change = charged.adjust.change_fen;
    if !change.is_negative() {
        let owed = charged.debt.as_ref().map_or(Fen::ZERO, |debt| debt.amount_fen);
        take(tx, &charged.payer, change - owed, owed)?;
        return charged.debt.as_ref().map_or(Ok(()), |debt| new_debt(tx, &charged.payer, debt, applied));
    }
    let off_debt = -change - charged.refunded_fen;
    take(tx, &charged.payer, -charged.refunded_fen, -off_debt)?;
    tx.execute(
        "UPDATE debt SET amount_fen = amount_fen - ?2, state = CASE WHEN amount_fen = ?2 THEN 'paid' ELSE state END,
             next_retry = CASE WHEN amount_fen = ?2 THEN NULL ELSE next_retry END WHERE debt = ?1 AND ?2 > 0",
        params![format!("trip:{}", charged.adjust.trip_id), off_debt.0],
    )?;
    Ok(())
}

pub fn account_put(
    tx: Tx<'_>,
    participant: &str,
    account: &AccountWish,
    parent: Option<AccountToken>,
) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO account (account, city, participant, state, account_type, trip_limit_fen, day_limit_fen,
             unpaid_limit_fen, networks, parent)
         VALUES (?1, ?2, ?3, 'open', ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (account) DO UPDATE SET account_type = ?4, trip_limit_fen = ?5, day_limit_fen = ?6,
             unpaid_limit_fen = ?7, networks = ?8",
        params![
            account.account.0,
            account.city.as_str(),
            participant,
            account.account_type,
            account.trip_limit_fen.0,
            account.day_limit_fen.0,
            account.unpaid_limit_fen.0,
            json(&account.networks)?,
            parent.map(|parent| parent.0),
        ],
    )
}

pub fn account_closed(_tx: Tx<'_>, _account: &AccountToken) -> Result<(), StoreError> {
    Ok(())
}

pub fn payment(tx: Tx<'_>, payment: &PaymentBooked, applied: &Applied) -> Result<(), StoreError> {
    let settled: Fen = payment.settled.iter().map(|debt| debt.amount_fen).sum();
    take(tx, &payment.account, settled - payment.amount_fen, -settled)?;
    payment.settled.iter().try_for_each(|debt| {
        tx.execute_one(
            "UPDATE debt SET state = 'paid', next_retry = NULL WHERE debt = ?1 AND state <> 'paid'",
            params![debt.debt],
        )
    })?;
    book::apply(tx, applied.at, &payment.reference, &payment.transfers)
}

pub fn authorised(_tx: Tx<'_>, _authorised: &Authorised, _applied: &Applied) -> Result<(), StoreError> {
    Ok(())
}

pub fn debt_retried(_tx: Tx<'_>, _retried: &DebtRetried, _applied: &Applied) -> Result<(), StoreError> {
    Ok(())
}

pub fn completion_asked(_tx: Tx<'_>, _trip: Digest) -> Result<(), StoreError> {
    Ok(())
}

pub fn grant_asked(_tx: Tx<'_>, _ask: &CodeAsk, _parent: &AccountToken) -> Result<(), StoreError> {
    Ok(())
}

pub fn grant_made(_tx: Tx<'_>, _ask: &CodeAsk, _grant: &CodeGrant) -> Result<(), StoreError> {
    Ok(())
}

pub fn grant_held(_tx: Tx<'_>, _grant: &CodeGrant) -> Result<(), StoreError> {
    Ok(())
}
