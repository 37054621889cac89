//! What this service and the clearing of its node have told each other: cuts of periods, what was given back, what was paid.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_ledger::positions::Gross;
use huitong_service_kit::{StoreError, View, params};
use uuid::Uuid;

use super::Text;
use crate::accounts::Side;

/// Whether the cut of a period is in the feed between two nodes.
pub fn is_marked(view: View<'_>, from: Division, to: Division, period: Period) -> Result<bool, StoreError> {
    let found = view.one(
        "SELECT 1 FROM period_marker WHERE sender = ?1 AND receiver = ?2 AND period = ?3",
        params![from.as_str(), to.as_str(), period.to_string()],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// What was answered when something was to be given back for a contest: nothing, or the code of the refusal.
pub fn given_back(view: View<'_>, contest: Uuid) -> Result<Option<Option<String>>, StoreError> {
    view.one("SELECT refused FROM give_back WHERE contest = ?1", params![contest.to_string()], |row| row.get(0))
}

/// Whether what a period made this node and a peer pay is booked.
pub fn is_cleared(view: View<'_>, period: Period, peer: Division) -> Result<bool, StoreError> {
    let found = view.one(
        "SELECT 1 FROM cleared WHERE period = ?1 AND peer = ?2",
        params![period.to_string(), peer.as_str()],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Adds what was cleared of what is due to this node's cities, or of what they owe, by debtor and creditor.
pub fn add(view: View<'_>, side: Side, sums: &mut Gross) -> Result<(), StoreError> {
    view.each(
        "SELECT creditor, debtor, SUM(amount_fen) FROM cleared_share WHERE side = ?1 GROUP BY creditor, debtor",
        params![side.class()],
        |row| {
            let city = |column| Ok::<_, StoreError>(row.get::<_, Text<Division>>(column)?.0);
            *sums.entry((city(1)?, city(0)?)).or_default() += Fen(row.get(2)?);
            Ok(())
        },
    )
}
