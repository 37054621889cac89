//! What this service and the clearing of its node have told each other.

use huitong_kernel::hash::Digest;
use huitong_ledger::book;
use huitong_ledger::clearing::{Marker, Share};
use huitong_service_kit::{Applied, StoreError, Tx, params};
use uuid::Uuid;

use crate::accounts::Side;
use crate::event::ClearedBooked;

pub fn period_marked(tx: Tx<'_>, marker: &Marker) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO period_marker (sender, receiver, period, number) VALUES (?1, ?2, ?3, ?4)",
        params![marker.from.as_str(), marker.to.as_str(), marker.period.to_string(), marker.number],
    )
}

pub fn given_back(tx: Tx<'_>, contest: Uuid, document: Digest, refused: Option<&str>) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO give_back (contest, document, refused) VALUES (?1, ?2, ?3)",
        params![contest.to_string(), document.0, refused],
    )
}

pub fn cleared(tx: Tx<'_>, cleared: &ClearedBooked, applied: &Applied) -> Result<(), StoreError> {
    let (period, peer) = (cleared.period.to_string(), cleared.peer.as_str());
    tx.execute_one("INSERT INTO cleared (period, peer) VALUES (?1, ?2)", params![period, peer])?;
    let share = |side: Side, share: &Share| {
        tx.execute_one(
            "INSERT INTO cleared_share (side, creditor, debtor, period, peer, amount_fen)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (side, creditor, debtor, period, peer) DO UPDATE SET amount_fen = amount_fen + ?6",
            params![side.class(), share.creditor.as_str(), share.debtor.as_str(), period, peer, share.amount_fen.0],
        )
    };
    cleared.due.iter().try_for_each(|due| share(Side::Receivable, due))?;
    cleared.owed.iter().try_for_each(|owed| share(Side::Payable, owed))?;
    book::apply(tx, applied.at, &format!("cleared:{period}:{peer}"), &cleared.transfers)
}
