//! Statements, what differs in them, and what is held back.

use huitong_kernel::clearing::{ClearingRule, Period};
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_ledger::clearing::Share;
use huitong_service_kit::{Row, SqlError, StoreError, Text, View, params};

use super::json;
use crate::model::batch;
use crate::model::message::LaneOf;
use crate::model::statement::{Confirmation, Difference, DifferenceClass, Place, Shares, State, Statement};

/// A statement towards another jurisdiction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementRow {
    pub service: String,
    pub period: Period,
    pub peer: Division,
    pub state: State,
    pub rule: ClearingRule,
    pub own: Statement,
    pub shares: Shares,
    pub stated_at: Instant,
    /// What this node has confirmed to owe, and the other.
    pub own_confirmation: Option<Confirmation>,
    pub their_confirmation: Option<Confirmation>,
    pub payable_shares: Vec<Share>,
    pub receivable_shares: Vec<Share>,
    /// Period of the batch that holds it.
    pub batch: Option<String>,
}

impl StatementRow {
    pub fn payable(&self) -> Fen {
        self.own_confirmation.as_ref().map(|confirmation| confirmation.payable_fen).unwrap_or_default()
    }

    pub fn receivable(&self) -> Fen {
        self.their_confirmation.as_ref().map(|confirmation| confirmation.payable_fen).unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        self.own.documents() == 0
    }
}

const COLUMNS: &str =
    "service, period, peer, state, rule, own, shares, stated_at, own_confirmation, their_confirmation,
    payable_shares, receivable_shares, batch";

struct Raw {
    service: String,
    period: Period,
    peer: Division,
    state: State,
    texts: [Option<String>; 7],
    stated_at: i64,
    batch: Option<String>,
}

fn raw(row: &Row<'_>) -> Result<Raw, SqlError> {
    Ok(Raw {
        service: row.get(0)?,
        period: row.get::<_, Text<_>>(1)?.0,
        peer: row.get::<_, Text<_>>(2)?.0,
        state: row.get::<_, Text<_>>(3)?.0,
        texts: [row.get(4)?, row.get(5)?, row.get(6)?, row.get(8)?, row.get(9)?, row.get(10)?, row.get(11)?],
        stated_at: row.get(7)?,
        batch: row.get(12)?,
    })
}

fn statement_row(raw: Raw) -> Result<StatementRow, StoreError> {
    fn optional<T: serde::de::DeserializeOwned>(text: &Option<String>) -> Result<Option<T>, StoreError> {
        text.as_deref().map(json).transpose()
    }
    let missing = || StoreError::Damaged("a statement lacks its text".to_owned());
    let [rule, own, shares, own_confirmation, their_confirmation, payable, receivable] = &raw.texts;
    Ok(StatementRow {
        rule: optional(rule)?.ok_or_else(missing)?,
        own: optional(own)?.ok_or_else(missing)?,
        shares: optional(shares)?.unwrap_or_default(),
        own_confirmation: optional(own_confirmation)?,
        their_confirmation: optional(their_confirmation)?,
        payable_shares: optional(payable)?.unwrap_or_default(),
        receivable_shares: optional(receivable)?.unwrap_or_default(),
        service: raw.service,
        period: raw.period,
        peer: raw.peer,
        state: raw.state,
        stated_at: Instant(raw.stated_at),
        batch: raw.batch,
    })
}

pub fn statement(
    view: View<'_>,
    service: &str,
    period: Period,
    peer: Division,
) -> Result<Option<StatementRow>, StoreError> {
    let row = view.one(
        &format!("SELECT {COLUMNS} FROM statement WHERE service = ?1 AND period = ?2 AND peer = ?3"),
        params![service, period.to_string(), peer.as_str()],
        raw,
    )?;
    row.map(statement_row).transpose()
}

/// Statements by service, period and peer, behind a place, at most `limit`.
pub fn list(view: View<'_>, after: (&str, &str, &str), limit: usize) -> Result<Vec<StatementRow>, StoreError> {
    let rows = view.all(
        &format!(
            "SELECT {COLUMNS} FROM statement WHERE (service, period, peer) > (?1, ?2, ?3)
             ORDER BY service, period, peer LIMIT ?4"
        ),
        params![after.0, after.1, after.2, limit as i64],
        raw,
    )?;
    rows.into_iter().map(statement_row).collect()
}

/// Statements in a state, oldest first, at most `limit`.
pub fn in_state(view: View<'_>, service: &str, state: State, limit: usize) -> Result<Vec<StatementRow>, StoreError> {
    let rows = view.all(
        &format!("SELECT {COLUMNS} FROM statement WHERE service = ?1 AND state = ?2 ORDER BY period, peer LIMIT ?3"),
        params![service, state.name(), limit as i64],
        raw,
    )?;
    rows.into_iter().map(statement_row).collect()
}

/// Statements of a batch that is final and not paid yet: of a pair its one, of the region all that it holds.
pub fn batched(view: View<'_>, service: &str, period: Period, scope: &str) -> Result<Vec<StatementRow>, StoreError> {
    let rows = view.all(
        &format!(
            "SELECT {COLUMNS} FROM statement WHERE service = ?1 AND batch = ?2 AND state = ?3
             ORDER BY period, peer LIMIT 100000"
        ),
        params![service, period.to_string(), State::Batched.name()],
        raw,
    )?;
    let rows = rows.into_iter().map(statement_row).collect::<Result<Vec<_>, _>>()?;
    let is_in = |row: &StatementRow| scope == batch::REGION || scope == batch::pair(row.own.author, row.peer);
    Ok(rows.into_iter().filter(is_in).collect())
}

/// The other side's statement, if it has come.
pub fn theirs(view: View<'_>, service: &str, period: Period, peer: Division) -> Result<Option<Statement>, StoreError> {
    let text = view.one(
        "SELECT text FROM their_statement WHERE service = ?1 AND period = ?2 AND peer = ?3",
        params![service, period.to_string(), peer.as_str()],
        |row| row.get::<_, String>(0),
    )?;
    text.as_deref().map(json).transpose()
}

/// Spans of a statement that are still looked into, by this node or by the other.
pub fn open_spans(view: View<'_>, of: &LaneOf, peer: Division) -> Result<Vec<(u64, u64)>, StoreError> {
    view.all(
        "SELECT after, up_to FROM open_span WHERE service = ?1 AND period = ?2 AND peer = ?3 AND sender = ?4
         ORDER BY after LIMIT 100000",
        params![of.service, of.period, peer.as_str(), of.sender.as_str()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// What the two sides do not hold alike, in the order of the lanes.
pub fn differences(
    view: View<'_>,
    service: &str,
    period: Period,
    peer: Division,
) -> Result<Vec<(Division, Difference)>, StoreError> {
    view.all(
        "SELECT sender, number, line, class, sender_fen, receiver_fen FROM difference
         WHERE service = ?1 AND period = ?2 AND peer = ?3 ORDER BY sender, number, line LIMIT 100000",
        params![service, period.to_string(), peer.as_str()],
        |row| {
            let difference = Difference {
                number: row.get(1)?,
                line: row.get(2)?,
                class: row.get::<_, Text<DifferenceClass>>(3)?.0,
                sender_fen: row.get::<_, Option<i64>>(4)?.map(Fen),
                receiver_fen: row.get::<_, Option<i64>>(5)?.map(Fen),
            };
            Ok((row.get::<_, Text<Division>>(0)?.0, difference))
        },
    )
}

pub fn differs(view: View<'_>, of: &LaneOf, peer: Division, number: u64, line: u32) -> Result<bool, StoreError> {
    let found = view.one(
        "SELECT 1 FROM difference WHERE service = ?1 AND period = ?2 AND peer = ?3 AND sender = ?4 AND number = ?5
         AND line = ?6",
        params![of.service, of.period, peer.as_str(), of.sender.as_str(), number, line],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// A document held back and not released yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldRow {
    pub place: Place,
    pub amount_fen: Fen,
}

/// What this node (`own_debt`) or the other holds back towards each other.
pub fn held(view: View<'_>, service: &str, peer: Division, own_debt: bool) -> Result<Vec<HeldRow>, StoreError> {
    view.all(
        "SELECT sender, number, line, amount_fen FROM held
         WHERE service = ?1 AND peer = ?2 AND own_debt = ?3 AND released IS NULL ORDER BY sender, number, line LIMIT 100000",
        params![service, peer.as_str(), own_debt],
        |row| {
            let place = Place(row.get::<_, Text<Division>>(0)?.0, row.get(1)?, row.get(2)?);
            Ok(HeldRow { place, amount_fen: Fen(row.get(3)?) })
        },
    )
}
