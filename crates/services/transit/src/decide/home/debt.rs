//! Debts (欠费): tried again, then deny-listed, paid, released. A debt follows the account, also when the rider leaves.

use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Context, Decision, StoreError, View};

use super::deny;
use crate::accounts::Postings;
use crate::decide::charge::next_retry;
use crate::decide::{Decided, finalise::merge};
use crate::event::{DebtRetried, DebtSettled, Event};
use crate::query::accounts::{self, Debt};

/// Debts looked at in one tick.
const DUE_MAX: usize = 100;

pub fn due(view: View<'_>, now: Instant) -> Result<Vec<String>, StoreError> {
    accounts::due_debts(view, now, DUE_MAX)
}

/// What an amount settles, oldest first and each as a whole; and what is left of it.
pub fn covered(owed: &[Debt], mut available: Fen) -> (Vec<DebtSettled>, Fen) {
    let mut settled = Vec::new();
    for debt in owed {
        if debt.amount_fen > available {
            break;
        }
        available -= debt.amount_fen;
        settled.push(DebtSettled { debt: debt.debt.clone(), amount_fen: debt.amount_fen });
    }
    (settled, available)
}

/// Takes the whole debt if the balance covers it; after the last retry the account is listed until it is paid.
///
/// A debt is also looked at when an adjustment has paid it or has given money back to its account.
pub fn retry(view: View<'_>, debt: String, context: &mut Context<'_>) -> Decided {
    let Some(known) = accounts::debt(view, &debt)? else { return Ok(Decision::nothing()) };
    let account = known.account;
    let Some(payer) = accounts::account(view, &account)? else { return Ok(Decision::nothing()) };
    let mut retried = DebtRetried {
        debt: debt.clone(),
        account,
        attempts: known.attempts,
        next_retry: None,
        settled: None,
        transfers: Vec::new(),
    };
    let is_paid = known.state == "paid";
    let settles = !is_paid && payer.balance_fen >= known.amount_fen;
    if settles {
        let mut postings = Postings::new(context);
        postings.settle_debt(&account, known.amount_fen);
        retried.transfers = postings.transfers;
        retried.settled = Some(DebtSettled { debt, amount_fen: known.amount_fen });
    } else if known.state == "open" {
        retried.attempts += 1;
        retried.next_retry = next_retry(retried.attempts, known.since);
    }
    let is_listed = known.state == "open" && !settles && retried.next_retry.is_none();
    let left = payer.unpaid_fen - retried.settled.as_ref().map_or(Fen::ZERO, |settled| settled.amount_fen);
    let mut decision = Decision::nothing().event(Event::DebtRetried(retried));
    if is_listed {
        merge(&mut decision, deny::account(view, &account, deny::DEBT, true, context)?);
    } else if left == Fen::ZERO {
        merge(&mut decision, deny::account(view, &account, deny::DEBT, false, context)?);
    }
    Ok(decision)
}
