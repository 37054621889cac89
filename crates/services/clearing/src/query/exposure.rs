//! What is open between this node and each other, and how far that may go.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_ledger::book;
use huitong_service_kit::{StoreError, Text, View, params};

use super::payments;
use crate::accounts;

/// Booked and not paid, with prepayments and the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    pub service: String,
    pub peer: Division,
    pub payable_fen: Fen,
    pub receivable_fen: Fen,
    /// What the peer has paid ahead, and what this node has: arrived, and not used yet.
    pub prepaid_by_peer_fen: Fen,
    pub prepaid_to_peer_fen: Fen,
    pub limit: Option<Limit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub amount_fen: Fen,
    /// Percent last alarmed: 0, 70, 90, 100.
    pub band: u8,
}

/// Percents of a limit at which a duty officer is told (national rules for prepayments: 70 and 90).
pub const BANDS: [u8; 3] = [70, 90, 100];

impl Exposure {
    /// What the peer owes beyond its prepayment, less what is owed to it.
    pub fn at_risk(&self) -> Fen {
        self.receivable_fen - self.payable_fen - self.prepaid_by_peer_fen
    }

    /// The highest band of the limit that is reached when so much more is at risk.
    pub fn band(&self, more: Fen) -> Option<u8> {
        let limit = self.limit?;
        let at_risk = i128::from((self.at_risk() + more).0);
        let reached = |band: &&u8| at_risk * 100 >= i128::from(limit.amount_fen.0) * i128::from(**band) && at_risk > 0;
        Some(BANDS.iter().rev().find(reached).copied().unwrap_or(0))
    }
}

pub fn exposure(view: View<'_>, service: &str, peer: Division) -> Result<Exposure, StoreError> {
    let open = view.one(
        "SELECT payable_fen, receivable_fen FROM exposure WHERE service = ?1 AND peer = ?2",
        params![service, peer.as_str()],
        |row| Ok((Fen(row.get(0)?), Fen(row.get(1)?))),
    )?;
    let (payable_fen, receivable_fen) = open.unwrap_or_default();
    let limit = view.one(
        "SELECT amount_fen, band FROM exposure_limit WHERE service = ?1 AND peer = ?2",
        params![service, peer.as_str()],
        |row| Ok(Limit { amount_fen: Fen(row.get(0)?), band: row.get(1)? }),
    )?;
    let received = book::balance(view, &accounts::prepayment_received(service, peer))?;
    let given = book::balance(view, &accounts::prepayment_given(service, peer))?;
    // What is announced and not booked by the bank yet does not count.
    let coming = payments::prepayments_open(view, service, peer, false)?;
    let going = payments::prepayments_open(view, service, peer, true)?;
    Ok(Exposure {
        service: service.to_owned(),
        peer,
        payable_fen,
        receivable_fen,
        prepaid_by_peer_fen: received.credits_posted - received.debits_posted - coming,
        prepaid_to_peer_fen: given.debits_posted - given.credits_posted - going,
        limit,
    })
}

/// Whether a limit is set at all: documents come in bulk, and most nodes set none.
pub fn has_limit(view: View<'_>, service: &str, peer: Division) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM exposure_limit WHERE service = ?1 AND peer = ?2";
    Ok(view.one(sql, params![service, peer.as_str()], |_| Ok(()))?.is_some())
}

/// Pairs with anything open, prepaid or limited, behind one of them.
pub fn list(view: View<'_>, after: (&str, &str), limit: usize) -> Result<Vec<Exposure>, StoreError> {
    let pairs = view.all(
        "SELECT service, peer FROM (SELECT service, peer FROM exposure UNION SELECT service, peer FROM exposure_limit)
         WHERE (service, peer) > (?1, ?2) ORDER BY service, peer LIMIT ?3",
        params![after.0, after.1, limit as i64],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, Text<Division>>(1)?.0)),
    )?;
    pairs.into_iter().map(|(service, peer)| exposure(view, &service, peer)).collect()
}
