//! Declarations and batches.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_ledger::book;
use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::json;
use super::payments;
use super::statements::set_state;
use crate::event::{BatchEnded, BatchState};
use crate::model::batch::{Batch, Declaration};
use crate::model::statement::State;
use crate::query::statements;

pub fn declared(tx: Tx<'_>, declaration: &Declaration, digest: &Digest, number: u64) -> Result<(), StoreError> {
    let (service, period) = (&declaration.service, declaration.period.to_string());
    tx.execute_one(
        "INSERT INTO declaration (service, period, author, digest, text, number) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![service, period, declaration.author.as_str(), digest.0, json(declaration)?, number],
    )?;
    if number > 0 {
        return Ok(());
    }
    declaration.claims.iter().try_for_each(|claim| {
        tx.execute_one(
            "UPDATE statement SET batch = ?4 WHERE service = ?1 AND period = ?2 AND peer = ?3",
            params![service, claim.period, claim.peer.as_str(), period],
        )?;
        set_state(tx, service, &claim.period, claim.peer, State::Declared)
    })
}

pub fn known(
    tx: Tx<'_>,
    batch: &Batch,
    digest: &Digest,
    state: BatchState,
    number: u64,
    applied: &Applied,
) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO batch (service, period, scope, attempt, state, digest, text, at, number)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (service, period, scope, attempt) DO UPDATE SET state = ?5, digest = ?6, text = ?7, at = ?8, number = ?9",
        params![
            batch.service,
            batch.period.to_string(),
            batch.scope,
            batch.attempt,
            state.name(),
            digest.0,
            json(batch)?,
            applied.at.0,
            number,
        ],
    )
}

pub fn answered(
    tx: Tx<'_>,
    service: &str,
    period: Period,
    attempt: u32,
    member: Division,
    accepts: bool,
) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO batch_answer (service, period, attempt, member, accepts) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![service, period.to_string(), attempt, member.as_str(), accepts],
    )
}

pub fn ended(tx: Tx<'_>, ended: &BatchEnded, applied: &Applied) -> Result<(), StoreError> {
    let BatchEnded { batch, digest, is_final, number, .. } = ended;
    let state = if *is_final { BatchState::Final } else { BatchState::Void };
    known(tx, batch, digest, state, *number, applied)?;
    let period = batch.period.to_string();
    for (of, peer) in &ended.statements {
        tx.execute_one(
            "UPDATE statement SET state = 'batched', batch = ?4 WHERE service = ?1 AND period = ?2 AND peer = ?3",
            params![batch.service, of, peer.as_str(), period],
        )?;
    }
    for (of, peer) in &ended.left_out {
        tx.execute_one(
            "UPDATE statement SET state = 'confirmed', batch = NULL WHERE service = ?1 AND period = ?2 AND peer = ?3",
            params![batch.service, of, peer.as_str()],
        )?;
    }
    for (payment, state) in &ended.payments {
        payments::add(tx, payment, *state, applied)?;
    }
    book::apply(tx, applied.at, &format!("batch:{}:{period}:{}", batch.service, batch.scope), &ended.transfers)
}

/// Paid: its statements of this node are closed for ever.
pub fn closed(tx: Tx<'_>, service: &str, period: Period, scope: &str) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE batch SET state = 'closed' WHERE service = ?1 AND period = ?2 AND scope = ?3 AND state = 'final'",
        params![service, period.to_string(), scope],
    )?;
    for row in statements::batched(tx.view(), service, period, scope)? {
        set_state(tx, service, &row.period.to_string(), row.peer, State::Closed)?;
        super::documents::expose(tx, service, row.peer, -row.payable(), -row.receivable())?;
    }
    Ok(())
}
