//! Prepayment quotas and how much of them is used.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant, ToSpan};
use huitong_service_kit::{StoreError, Text, View, params};
use uuid::Uuid;

use super::settlements::Role;
use super::totals;
use crate::model::prepayment::{PACE_DAYS, RaiseState};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub year: i16,
    pub quota_fen: Fen,
    pub band: u8,
}

pub fn quota(view: View<'_>, role: Role, peer: Division, year: i16) -> Result<Option<Quota>, StoreError> {
    view.one(
        "SELECT year, quota_fen, band FROM prepayment WHERE role = ?1 AND peer = ?2 AND year = ?3",
        params![role.name(), peer.as_str(), year],
        |row| Ok(Quota { year: row.get(0)?, quota_fen: Fen(row.get(1)?), band: row.get(2)? }),
    )
}

/// Quotas in the order of role, peer and year.
pub fn quotas(view: View<'_>, limit: usize) -> Result<Vec<(Role, Division, Quota)>, StoreError> {
    view.all(
        "SELECT role, peer, year, quota_fen, band FROM prepayment ORDER BY role, peer, year LIMIT ?1",
        params![limit as i64],
        |row| {
            let quota = Quota { year: row.get(2)?, quota_fen: Fen(row.get(3)?), band: row.get(4)? };
            let role = if row.get::<_, String>(0)? == Role::Home.name() { Role::Home } else { Role::Visited };
            Ok((role, row.get::<_, Text<Division>>(1)?.0, quota))
        },
    )
}

/// What is settled and not cleared between this node and a peer.
pub fn used(view: View<'_>, role: Role, peer: Division, own: Division) -> Result<Fen, StoreError> {
    let (visited, home) = match role {
        Role::Visited => (own, peer),
        Role::Home => (peer, own),
    };
    let owed = totals::owed(view, role, visited.as_str(), home.as_str())?;
    Ok(owed.values().copied().sum())
}

/// What was booked with a peer on each of the last days.
pub fn pace(view: View<'_>, role: Role, peer: Division, today: Date) -> Result<BTreeMap<Date, Fen>, StoreError> {
    let column = if role == Role::Visited { "home" } else { "visited" };
    let sql = format!(
        "SELECT day, SUM(fund_total_fen + account_fen) FROM settlement
         WHERE role = ?1 AND {column} = ?2 AND day >= ?3 AND day < ?4 GROUP BY day"
    );
    let from = today.checked_sub(PACE_DAYS.days()).unwrap_or(today);
    let rows = view.all(&sql, params![role.name(), peer.as_str(), from.to_string(), today.to_string()], |row| {
        Ok((row.get::<_, String>(0)?, Fen(row.get(1)?)))
    })?;
    rows.into_iter().map(|(day, sum)| Ok((super::date(&day)?, sum))).collect()
}

/// What was cleared with a peer of the periods of a year.
pub fn cleared_in(view: View<'_>, role: Role, peer: Division, own: Division, year: i16) -> Result<Fen, StoreError> {
    let (creditor, debtor) = if role == Role::Visited { (own, peer) } else { (peer, own) };
    let sum = view.one(
        "SELECT IFNULL(SUM(amount_fen), 0) FROM cleared_share WHERE creditor = ?1 AND debtor = ?2 AND period LIKE ?3",
        params![creditor.as_str(), debtor.as_str(), format!("{year:04}-%")],
        |row| row.get(0),
    )?;
    Ok(Fen(sum.unwrap_or(0)))
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raise {
    pub raise: Uuid,
    pub role: Role,
    pub peer: Division,
    pub year: i16,
    pub amount_fen: Fen,
    pub granted_fen: Fen,
    pub state: RaiseState,
    pub reason: String,
}

type RawRaise = (String, String, String, i16, Fen, Fen, String, String);

fn read(row: &huitong_service_kit::Row<'_>) -> Result<RawRaise, huitong_service_kit::SqlError> {
    let (amount, granted) = (Fen(row.get(4)?), Fen(row.get(5)?));
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, amount, granted, row.get(6)?, row.get(7)?))
}

fn finish((raise, role, peer, year, amount_fen, granted_fen, state, reason): RawRaise) -> Result<Raise, StoreError> {
    let role = if role == Role::Home.name() { Role::Home } else { Role::Visited };
    let state = state.parse().map_err(|()| StoreError::Damaged(format!("state of a raise {state:?}")))?;
    let (raise, peer) = (super::text(&raise)?, super::text(&peer)?);
    Ok(Raise { raise, role, peer, year, amount_fen, granted_fen, state, reason })
}

const COLUMNS: &str = "raise_id, role, peer, year, amount_fen, granted_fen, state, reason";

pub fn raise(view: View<'_>, raise: Uuid) -> Result<Option<Raise>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM prepayment_raise WHERE raise_id = ?1");
    view.one(&sql, params![raise.to_string()], read)?.map(finish).transpose()
}

/// The latest raises.
pub fn raises(view: View<'_>, limit: usize) -> Result<Vec<Raise>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM prepayment_raise ORDER BY raise_id DESC LIMIT ?1");
    view.all(&sql, params![limit as i64], read)?.into_iter().map(finish).collect()
}

/// Raises that nobody has answered in time.
pub fn overdue(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<Uuid>, StoreError> {
    let rows = view.all(
        "SELECT raise_id FROM prepayment_raise WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
        params![now.0, limit as i64],
        |row| row.get::<_, String>(0),
    )?;
    rows.iter().map(|raise| super::text(raise)).collect()
}

/// Whether something is posted under a reference.
pub fn is_posted(view: View<'_>, reference: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM ledger_transfer WHERE reference = ?1 LIMIT 1";
    Ok(view.one(sql, params![reference], |_| Ok(()))?.is_some())
}
