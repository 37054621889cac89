//! Declarations and batches.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Row, SqlError, StoreError, Text, View, params};

use super::json;
use crate::event::BatchState;
use crate::model::batch::{Batch, Declaration};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclarationRow {
    pub declaration: Declaration,
    pub digest: Digest,
    /// Of the message in the author's feed to this node; 0: the own.
    pub number: u64,
}

pub fn declaration(
    view: View<'_>,
    service: &str,
    period: Period,
    author: Division,
) -> Result<Option<DeclarationRow>, StoreError> {
    let all = declarations(view, service, period)?;
    Ok(all.into_iter().find(|row| row.declaration.author == author))
}

/// What was declared for a batch, by author.
pub fn declarations(view: View<'_>, service: &str, period: Period) -> Result<Vec<DeclarationRow>, StoreError> {
    let rows = view.all(
        "SELECT text, digest, number FROM declaration WHERE service = ?1 AND period = ?2 ORDER BY author LIMIT 100",
        params![service, period.to_string()],
        |row| Ok((row.get::<_, String>(0)?, Digest(row.get(1)?), row.get(2)?)),
    )?;
    rows.into_iter()
        .map(|(text, digest, number)| Ok(DeclarationRow { declaration: json(&text)?, digest, number }))
        .collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRow {
    pub batch: Batch,
    pub digest: Digest,
    pub state: BatchState,
    pub at: Instant,
    /// Of the agent's message in its feed to this node; 0: made here.
    pub number: u64,
}

const COLUMNS: &str = "text, digest, state, at, number";

type Raw = (String, Digest, BatchState, i64, u64);

fn raw(row: &Row<'_>) -> Result<Raw, SqlError> {
    Ok((row.get(0)?, Digest(row.get(1)?), row.get::<_, Text<_>>(2)?.0, row.get(3)?, row.get(4)?))
}

fn batch_row((text, digest, state, at, number): Raw) -> Result<BatchRow, StoreError> {
    Ok(BatchRow { batch: json(&text)?, digest, state, at: Instant(at), number })
}

/// The latest attempt of a batch.
pub fn latest(view: View<'_>, service: &str, period: Period, scope: &str) -> Result<Option<BatchRow>, StoreError> {
    let row = view.one(
        &format!(
            "SELECT {COLUMNS} FROM batch WHERE service = ?1 AND period = ?2 AND scope = ?3 ORDER BY attempt DESC LIMIT 1"
        ),
        params![service, period.to_string(), scope],
        raw,
    )?;
    row.map(batch_row).transpose()
}

/// Batches by service, period, scope and attempt, behind a place, at most `limit`.
pub fn list(view: View<'_>, after: (&str, &str, &str, u32), limit: usize) -> Result<Vec<BatchRow>, StoreError> {
    let rows = view.all(
        &format!(
            "SELECT {COLUMNS} FROM batch WHERE (service, period, scope, attempt) > (?1, ?2, ?3, ?4)
             ORDER BY service, period, scope, attempt LIMIT ?5"
        ),
        params![after.0, after.1, after.2, after.3, limit as i64],
        raw,
    )?;
    rows.into_iter().map(batch_row).collect()
}

/// Who has accepted an attempt.
pub fn accepted(view: View<'_>, service: &str, period: Period, attempt: u32) -> Result<Vec<Division>, StoreError> {
    view.all(
        "SELECT member FROM batch_answer WHERE service = ?1 AND period = ?2 AND attempt = ?3 AND accepts = 1
         ORDER BY member LIMIT 100",
        params![service, period.to_string(), attempt],
        |row| Ok(row.get::<_, Text<Division>>(0)?.0),
    )
}
