//! What the node's clearing was paid, or has paid, is no more due or owed here.

use huitong_kernel::division::Division;
use huitong_ledger::clearing::{Cleared, Share};
use huitong_service_kit::{Context, Decision, View};

use crate::accounts::Postings;
use crate::decide::{Decided, node_of};
use crate::event::{ClearedBooked, Event};
use crate::query::cleared;
use crate::refusal;

/// Books the shares against the accounts between their cities. The same period and peer again has no effect.
pub fn take(view: View<'_>, paid: Cleared, context: &mut Context<'_>) -> Decided {
    let Cleared { period, peer, shares } = paid;
    if cleared::is_cleared(view, period, peer)? {
        return Ok(Decision::nothing());
    }
    let own = context.home.jurisdiction;
    let is_of = |city: Division, node: Division| node_of(context, city) == Some(node);
    let (due, rest): (Vec<Share>, Vec<Share>) =
        shares.into_iter().partition(|share| is_of(share.creditor, own) && is_of(share.debtor, peer));
    let (owed, strange): (Vec<Share>, Vec<Share>) =
        rest.into_iter().partition(|share| is_of(share.debtor, own) && is_of(share.creditor, peer));
    if peer == own || !strange.is_empty() {
        return Err(refusal::NOT_OF_THIS_NODE.with("division", peer).into());
    }
    let mut postings = Postings::new(context);
    for share in &due {
        postings.cleared_due(share.amount_fen, share.creditor, share.debtor, peer);
    }
    for share in &owed {
        postings.cleared_owed(share.amount_fen, share.creditor, share.debtor, peer);
    }
    let transfers = postings.transfers;
    Ok(Decision::nothing().event(Event::Cleared(ClearedBooked { period, peer, due, owed, transfers })))
}
