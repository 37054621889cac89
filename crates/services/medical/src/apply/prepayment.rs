//! Prepayment quotas and raises.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::{StoreError, Tx, params};
use uuid::Uuid;

use crate::model::message::PrepayRaise;
use crate::model::prepayment::RaiseState;
use crate::query::settlements::Role;

pub fn quota_set(tx: Tx<'_>, role: Role, peer: Division, year: i16, quota: Fen) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO prepayment (role, peer, year, quota_fen, band) VALUES (?1, ?2, ?3, ?4, 0)
         ON CONFLICT (role, peer, year) DO UPDATE SET quota_fen = ?4",
        params![role.name(), peer.as_str(), year, quota.0],
    )
}

pub fn band(tx: Tx<'_>, role: Role, peer: Division, year: i16, band: u8) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE prepayment SET band = ?4 WHERE role = ?1 AND peer = ?2 AND year = ?3",
        params![role.name(), peer.as_str(), year, band],
    )
}

pub fn asked(
    tx: Tx<'_>,
    role: Role,
    peer: Division,
    raise: &PrepayRaise,
    due_at: Option<Instant>,
) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO prepayment_raise (raise_id, role, peer, year, amount_fen, granted_fen, state, reason, due_at)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8)",
        params![
            raise.raise.to_string(),
            role.name(),
            peer.as_str(),
            raise.year,
            raise.amount_fen.0,
            RaiseState::Asked.name(),
            raise.reason,
            due_at.map(|due| due.0),
        ],
    )
}

pub fn ended(tx: Tx<'_>, raise: Uuid, granted: Fen) -> Result<(), StoreError> {
    let state = if granted == Fen::ZERO { RaiseState::Declined } else { RaiseState::Raised };
    tx.execute_one(
        "UPDATE prepayment_raise SET state = ?2, granted_fen = ?3, due_at = NULL WHERE raise_id = ?1",
        params![raise.to_string(), state.name(), granted.0],
    )
}

pub fn overdue(tx: Tx<'_>, raise: Uuid) -> Result<(), StoreError> {
    tx.execute_one("UPDATE prepayment_raise SET due_at = NULL WHERE raise_id = ?1", params![raise.to_string()])
}
