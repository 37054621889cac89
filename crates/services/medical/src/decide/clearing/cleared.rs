//! What is paid is booked against what was owed (section 9, month cleared): home Dr payable(V, f) / Cr clearing(V), visited
//! Dr clearing(H) / Cr receivable(H, f).

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_ledger::book;
use huitong_ledger::clearing::{Cleared, Share};
use huitong_service_kit::{Context, Decision, View};

use super::super::{Decided, prepayment};
use crate::accounts::{self, MedicalChart, Side};
use crate::event::{Event, SharesCleared};
use crate::query::clearing;
use crate::query::settlements::Role;
use crate::refusal;

/// Books the shares that are new. A share of a period is booked once, however often it is told (I14).
pub fn book(view: View<'_>, cleared: Cleared, context: &mut Context<'_>) -> Decided {
    let Cleared { period, peer, shares } = cleared;
    let own = context.home.jurisdiction;
    let mut booked = SharesCleared { period, peer, shares: Vec::new(), transfers: Vec::new() };
    let mut decision = Decision::nothing();
    for share in shares.into_iter().filter(|share| share.amount_fen != Fen::ZERO) {
        let side = side(&share, own, peer).ok_or_else(|| refusal::CLEARED_NOT_OURS.refuse())?;
        match clearing::share(view, period, &share)? {
            Some(known) if known == share.amount_fen => {}
            Some(_) => {
                decision = decision.alarm(format!(
                    "clearing of {period} with {peer} was told again with another amount; the first stands"
                ));
            }
            None if is_twice(&booked.shares, &share) => return Err(refusal::CLEARED_NOT_OURS.refuse().into()),
            None => {
                let transfer = accounts::cleared(context, side, peer, &share.part, share.amount_fen);
                booked.transfers.extend(transfer);
                booked.shares.push(share);
            }
        }
    }
    if booked.shares.is_empty() {
        return Ok(decision);
    }
    if let Err(fault) = book::check(view, &MedicalChart, &booked.transfers)? {
        panic!("accounts between jurisdictions have no limit, so what is paid can always be booked: {fault}");
    }
    let paid = |side: Side| -> Fen {
        let of = booked.shares.iter().filter(|share| self::side(share, own, peer) == Some(side));
        of.map(|share| share.amount_fen).sum()
    };
    let (as_visited, as_home) = (paid(Side::Visited), paid(Side::Home));
    prepayment::watch(view, Role::Visited, peer, -as_visited, &mut decision, context)?;
    prepayment::watch(view, Role::Home, peer, -as_home, &mut decision, context)?;
    Ok(decision.event(Event::SharesCleared(booked)))
}

/// On which side of a share this node stands. A share without a part is of no account, and one of others is not booked here.
fn side(share: &Share, own: Division, peer: Division) -> Option<Side> {
    let side = match (share.creditor, share.debtor) {
        (creditor, debtor) if creditor == own && debtor == peer => Side::Visited,
        (creditor, debtor) if creditor == peer && debtor == own => Side::Home,
        _ => return None,
    };
    (own != peer && !share.part.is_empty()).then_some(side)
}

fn is_twice(shares: &[Share], share: &Share) -> bool {
    let key = |share: &Share| (share.creditor, share.debtor, share.part.clone());
    shares.iter().any(|known| key(known) == key(share))
}
