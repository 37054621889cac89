//! Pools with core systems of their own, and the questions to them that are open.

use huitong_kernel::division::Division;
use huitong_kernel::suite::PublicKey;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Refusal, Row, SqlError, StoreError, View, params};
use uuid::Uuid;

use super::{json, text};
use crate::model::accumulators::Accumulators;
use crate::model::message::CallReference;
use crate::model::person::Scheme;
use crate::pool::YEARS_MAX;
use crate::pool::ask::{Asker, Owed, PoolAsk, PoolComputing, Step};

/// A question that is not answered yet.
pub struct OpenAsk {
    pub ask: PoolAsk,
    pub step: Step,
    pub asked_by: Option<Asker>,
    pub refusal: Option<Refusal>,
}

/// What is to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuePost {
    pub ask: Uuid,
    pub pool: Division,
    pub step: Step,
    /// The last part of the address.
    pub path: &'static str,
    pub body: String,
    /// Whether the pool may book something by it.
    pub books: bool,
}

pub fn computing(view: View<'_>, pool: Division) -> Result<Option<PoolComputing>, StoreError> {
    let sql = "SELECT delegated, public_key, has_endpoint FROM pool_computing WHERE pool = ?1";
    let row = view.one(sql, params![pool.as_str()], |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?)))?;
    let computing = |(delegated, key, has_endpoint): (_, String, _)| {
        Ok(PoolComputing { pool, delegated, public_key: text(&key)?, has_endpoint })
    };
    row.map(computing).transpose()
}

/// Whether the core system of the pool computes.
pub fn is_delegated(view: View<'_>, pool: Division) -> Result<bool, StoreError> {
    let sql = "SELECT delegated FROM pool_computing WHERE pool = ?1";
    Ok(view.one(sql, params![pool.as_str()], |row| row.get(0))?.unwrap_or(false))
}

/// Pools of which it was said who computes.
pub fn all(view: View<'_>) -> Result<Vec<PoolComputing>, StoreError> {
    let rows = view
        .all("SELECT pool FROM pool_computing ORDER BY pool LIMIT 10000", params![], |row| row.get::<_, String>(0))?;
    let mut all = Vec::new();
    for pool in rows {
        all.extend(computing(view, text(&pool)?)?);
    }
    Ok(all)
}

/// The key that signs the pool's answers.
pub fn key(view: View<'_>, pool: Division) -> Result<Option<PublicKey>, StoreError> {
    Ok(computing(view, pool)?.map(|computing| computing.public_key))
}

const COLUMNS: &str = "text, state, asked_by, refusal";

type Raw = (String, String, Option<String>, Option<String>);

fn read(row: &Row<'_>) -> Result<Raw, SqlError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn open_of((ask, state, asked_by, refusal): Raw) -> Result<OpenAsk, StoreError> {
    let step = match state.as_str() {
        "waiting" => Step::Call,
        "unknown" => Step::Query,
        "reversing" => Step::Reverse,
        other => return Err(StoreError::Damaged(format!("a question to a pool is {other:?}"))),
    };
    Ok(OpenAsk {
        ask: json(&ask)?,
        step,
        asked_by: asked_by.as_deref().map(json).transpose()?,
        refusal: refusal.as_deref().map(json).transpose()?,
    })
}

pub fn open(view: View<'_>, ask: Uuid) -> Result<Option<OpenAsk>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM pool_ask WHERE ask = ?1 AND state <> 'answered'");
    view.one(&sql, params![ask.to_string()], read)?.map(open_of).transpose()
}

/// The open question that settles, or was to settle, a call.
pub fn of_call(view: View<'_>, visited: Division, call: &CallReference) -> Result<Option<OpenAsk>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM pool_ask WHERE visited = ?1 AND institution = ?2 AND message_id = ?3 AND state <> 'answered'
         ORDER BY ask LIMIT 100"
    );
    let rows = view.all(&sql, params![visited.as_str(), call.institution, call.message_id], read)?;
    for row in rows {
        let open = open_of(row)?;
        if matches!(open.ask.owed, Owed::Settlement(_) | Owed::Renewal { .. }) {
            return Ok(Some(open));
        }
    }
    Ok(None)
}

/// Whether the pool is about to book something for a visit: for this batch, or, without one, for any.
pub fn is_busy(view: View<'_>, number: &str, batch: Option<&str>) -> Result<bool, StoreError> {
    let row = view.one(
        "SELECT 1 FROM pool_ask WHERE number = ?1 AND (?2 IS NULL OR batch = ?2) AND state <> 'answered' LIMIT 1",
        params![number, batch],
        |_| Ok(()),
    )?;
    Ok(row.is_some())
}

/// Questions of a pool that are open.
pub fn count_open(view: View<'_>, pool: Division) -> Result<u64, StoreError> {
    let sql = "SELECT COUNT(*) FROM pool_ask WHERE pool = ?1 AND state <> 'answered'";
    Ok(view.one(sql, params![pool.as_str()], |row| row.get(0))?.unwrap_or(0))
}

/// Open questions of a pool by what they are at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenCounts {
    pub at_call: u64,
    pub at_query: u64,
    pub at_reverse: u64,
}

pub fn count_by_step(view: View<'_>, pool: Division) -> Result<OpenCounts, StoreError> {
    let sql = "SELECT SUM(state = 'waiting'), SUM(state = 'unknown'), SUM(state = 'reversing') FROM pool_ask
         WHERE pool = ?1 AND state <> 'answered'";
    let counts = view.one(sql, params![pool.as_str()], |row| {
        let count = |column| Ok::<u64, SqlError>(row.get::<_, Option<u64>>(column)?.unwrap_or(0));
        Ok(OpenCounts { at_call: count(0)?, at_query: count(1)?, at_reverse: count(2)? })
    })?;
    Ok(counts.unwrap_or_default())
}

/// Questions whose answers are missing for too long.
pub fn missed(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<Uuid>, StoreError> {
    let rows = view.all(
        "SELECT ask FROM pool_ask WHERE deadline <= ?1 ORDER BY deadline LIMIT ?2",
        params![now.0, limit as i64],
        |row| row.get::<_, String>(0),
    )?;
    rows.iter().map(|ask| text(ask)).collect()
}

/// What a pool has not answered, the oldest first; `after` is the question to go on from.
pub fn waiting(view: View<'_>, pool: Division, after: Option<Uuid>, limit: usize) -> Result<Vec<OpenAsk>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM pool_ask WHERE pool = ?1 AND (?2 IS NULL OR ask > ?2) AND state <> 'answered'
         ORDER BY ask LIMIT ?3"
    );
    let after = after.map(|after| after.to_string());
    view.all(&sql, params![pool.as_str(), after, limit as i64], read)?.into_iter().map(open_of).collect()
}

/// The same as what is to be posted.
pub fn due(view: View<'_>, pool: Division, after: Option<Uuid>, limit: usize) -> Result<Vec<DuePost>, StoreError> {
    let due = |OpenAsk { ask, step, .. }: OpenAsk| {
        let (path, body) = ask.request_at(step);
        DuePost { ask: ask.ask, pool, step, path, body, books: ask.owed.books() && step != Step::Query }
    };
    Ok(waiting(view, pool, after, limit)?.into_iter().map(due).collect())
}

/// What a person has used up, by insurance year, the newest first.
pub fn accumulators(view: View<'_>, person: &str, scheme: Scheme) -> Result<Vec<(i16, Accumulators)>, StoreError> {
    let rows = view.all(
        "SELECT year, version, amounts FROM accumulator WHERE person = ?1 AND scheme = ?2 ORDER BY year DESC LIMIT ?3",
        params![person, scheme.name(), YEARS_MAX as i64],
        |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)),
    )?;
    rows.into_iter()
        .map(|(year, version, amounts)| Ok((year, Accumulators { version, amounts: json(&amounts)? })))
        .collect()
}
