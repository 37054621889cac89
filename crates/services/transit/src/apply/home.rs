//! Riders' accounts: what is paid in, authorised, owed.

use huitong_kernel::money::Fen;
use huitong_ledger::book;
use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::{bytes_of, json};
use crate::command::AccountWish;
use crate::event::{Authorised, DebtRetried, DebtSettled, PaymentBooked};
use crate::model::rider::AccountToken;

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

pub fn account_closed(tx: Tx<'_>, account: &AccountToken) -> Result<(), StoreError> {
    tx.execute_one("UPDATE account SET state = 'closed' WHERE account = ?1", params![account.0])
}

/// From what was paid in, and as a debt.
pub fn take(tx: Tx<'_>, account: &AccountToken, paid: Fen, owed: Fen) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE account SET balance_fen = balance_fen - ?2, unpaid_fen = unpaid_fen + ?3 WHERE account = ?1",
        params![account.0, paid.0, owed.0],
    )
}

pub fn payment(tx: Tx<'_>, payment: &PaymentBooked, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO payment (account, reference, amount_fen, day, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            payment.account.0,
            payment.reference,
            payment.amount_fen.0,
            applied.at.business_date().to_string(),
            applied.at.0,
        ],
    )?;
    let settled: Fen = payment.settled.iter().map(|debt| debt.amount_fen).sum();
    take(tx, &payment.account, settled - payment.amount_fen, -settled)?;
    payment.settled.iter().try_for_each(|debt| paid(tx, debt))?;
    book::apply(tx, applied.at, &payment.reference, &payment.transfers)
}

fn paid(tx: Tx<'_>, debt: &DebtSettled) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE debt SET state = 'paid', next_retry = NULL WHERE debt = ?1 AND state <> 'paid'",
        params![debt.debt],
    )
}

pub fn authorised(tx: Tx<'_>, authorised: &Authorised, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO authorisation (id, account, user_key, expiry, limit_fen, issued_at, platform, certificate, account_type)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            authorised.id.to_string(),
            authorised.account.0,
            bytes_of(&authorised.user_key)?,
            authorised.expiry.0,
            authorised.limit_fen.0,
            applied.at.0,
            authorised.platform,
            authorised.certificate,
            authorised.account_type,
        ],
    )
}

/// Paid, tried again later, or listed; a debt that was paid meanwhile is only looked at.
pub fn debt_retried(tx: Tx<'_>, retried: &DebtRetried, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE debt SET attempts = ?2, next_retry = ?3, state = CASE WHEN state = 'open' AND ?3 IS NULL THEN 'listed' ELSE state END
         WHERE debt = ?1",
        params![retried.debt, retried.attempts, retried.next_retry.map(|at| at.0)],
    )?;
    if let Some(settled) = &retried.settled {
        take(tx, &retried.account, settled.amount_fen, -settled.amount_fen)?;
        paid(tx, settled)?;
    }
    book::apply(tx, applied.at, &format!("debt:{}", retried.debt), &retried.transfers)
}
