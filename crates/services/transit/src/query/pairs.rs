//! What the books say that cities owe each other.

use huitong_kernel::money::Fen;
use huitong_ledger::positions::Gross;
use huitong_ledger::report::balances_below;
use huitong_service_kit::{StoreError, View};

use super::cleared;
use crate::accounts::Side;

/// Adds what this node has booked as due to its cities, or as owed by them, by debtor and creditor, whether it is cleared or not: the
/// two sides of a payment book it at different times. Pairs of 0 fen are left out.
pub fn add(view: View<'_>, side: Side, sums: &mut Gross) -> Result<(), StoreError> {
    for (code, balance) in balances_below(view, side.class())? {
        let pair = side.pair(&code).ok_or_else(|| StoreError::Damaged(format!("the account {code}")))?;
        *sums.entry(pair).or_default() += if side == Side::Payable { -balance } else { balance };
    }
    cleared::add(view, side, sums)?;
    sums.retain(|_, amount| *amount != Fen::ZERO);
    Ok(())
}
