//! The book of a stream: checking a set of transfers, and writing it.

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_store::{StoreError, Tx, View, params};
use uuid::Uuid;

use crate::account::{AccountCode, Chart, Limit};
use crate::transfer::{Phase, Transfer, TransferId};

/// The book's tables.
pub const SCHEMA: &str = include_str!("views.sql");

/// Why a set of transfers cannot be booked. The whole set is refused: its transfers are linked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerFault {
    #[error("an amount must be more than zero")]
    NotPositive,
    #[error("a transfer needs two different accounts")]
    SameAccount,
    #[error("transfer {0} exists already")]
    Exists(TransferId),
    #[error("transfer {0} is not pending")]
    NotPending(TransferId),
    #[error("more than was reserved cannot be posted")]
    ExceedsReservation,
    #[error("account {0} does not hold enough")]
    Insufficient(AccountCode),
}

/// The four sums of an account, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    pub debits_posted: Fen,
    pub credits_posted: Fen,
    pub debits_pending: Fen,
    pub credits_pending: Fen,
}

impl Balance {
    /// What can still be taken from an account that must not be overdrawn: reservations count as taken.
    pub fn available(&self) -> Fen {
        self.credits_posted - self.debits_posted - self.debits_pending
    }

    fn add(&mut self, other: &Balance) {
        self.debits_posted += other.debits_posted;
        self.credits_posted += other.credits_posted;
        self.debits_pending += other.debits_pending;
        self.credits_pending += other.credits_pending;
    }
}

/// What a transfer does to its two accounts (debited, credited).
fn effects(transfer: &Transfer, reserved: Fen) -> (Balance, Balance) {
    let amount = transfer.amount_fen;
    let (posted, pending) = match transfer.phase {
        Phase::Single => (amount, Fen::ZERO),
        Phase::Pending { .. } => (Fen::ZERO, amount),
        Phase::Post { .. } => (amount, -reserved),
        Phase::Void { .. } => (Fen::ZERO, -reserved),
    };
    let debit = Balance { debits_posted: posted, debits_pending: pending, ..Balance::default() };
    let credit = Balance { credits_posted: posted, credits_pending: pending, ..Balance::default() };
    (debit, credit)
}

/// Checks a set of transfers against the book and against each other; changes nothing.
pub fn check(view: View<'_>, chart: &dyn Chart, transfers: &[Transfer]) -> Result<Result<(), LedgerFault>, StoreError> {
    let mut changes: BTreeMap<AccountCode, Balance> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for transfer in transfers {
        let reserved = match check_one(view, transfer, &mut seen)? {
            Ok(reserved) => reserved,
            Err(fault) => return Ok(Err(fault)),
        };
        let (debit, credit) = effects(transfer, reserved);
        changes.entry(transfer.debit.clone()).or_default().add(&debit);
        changes.entry(transfer.credit.clone()).or_default().add(&credit);
    }
    for (account, change) in changes {
        if chart.limit(&account) == Limit::DebitsMustNotExceedCredits {
            let mut after = balance(view, &account)?;
            after.add(&change);
            if after.available().is_negative() {
                return Ok(Err(LedgerFault::Insufficient(account)));
            }
        }
    }
    Ok(Ok(()))
}

/// The rules of one transfer; gives the amount of the reservation it ends.
fn check_one(
    view: View<'_>,
    transfer: &Transfer,
    seen: &mut BTreeSet<Uuid>,
) -> Result<Result<Fen, LedgerFault>, StoreError> {
    if transfer.amount_fen <= Fen::ZERO {
        return Ok(Err(LedgerFault::NotPositive));
    }
    if transfer.debit == transfer.credit {
        return Ok(Err(LedgerFault::SameAccount));
    }
    let known = "SELECT 1 FROM ledger_transfer WHERE id = ?1";
    if !seen.insert(transfer.id.0) || view.one(known, params![transfer.id.0.as_bytes()], |_| Ok(()))?.is_some() {
        return Ok(Err(LedgerFault::Exists(transfer.id)));
    }
    let (Phase::Post { pending } | Phase::Void { pending }) = transfer.phase else { return Ok(Ok(Fen::ZERO)) };
    if !seen.insert(pending.0) {
        return Ok(Err(LedgerFault::NotPending(pending)));
    }
    let Some(reserved) = open_reservation(view, pending, transfer)? else {
        return Ok(Err(LedgerFault::NotPending(pending)));
    };
    Ok(if transfer.amount_fen > reserved { Err(LedgerFault::ExceedsReservation) } else { Ok(reserved) })
}

/// The reserved amount, if `pending` is open and between the same accounts.
fn open_reservation(view: View<'_>, pending: TransferId, transfer: &Transfer) -> Result<Option<Fen>, StoreError> {
    view.one(
        "SELECT amount_fen FROM ledger_transfer
         WHERE id = ?1 AND phase = 'pending' AND ended = 0 AND debit = ?2 AND credit = ?3",
        params![pending.0.as_bytes(), transfer.debit.as_str(), transfer.credit.as_str()],
        |row| Ok(Fen(row.get(0)?)),
    )
}

/// Writes a set of transfers that [`check`] has accepted in the same decision.
pub fn apply(tx: Tx<'_>, at: Instant, reference: &str, transfers: &[Transfer]) -> Result<(), StoreError> {
    for transfer in transfers {
        let (phase, pending, deadline) = match &transfer.phase {
            Phase::Single => ("single", None, None),
            Phase::Pending { deadline } => ("pending", None, Some(deadline.0)),
            Phase::Post { pending } => ("post", Some(*pending), None),
            Phase::Void { pending } => ("void", Some(*pending), None),
        };
        let reserved = match pending {
            Some(pending) => end_reservation(tx, pending)?,
            None => Fen::ZERO,
        };
        tx.execute_one(
            "INSERT INTO ledger_transfer (id, debit, credit, amount_fen, phase, pending, deadline, reference, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                transfer.id.0.as_bytes(),
                transfer.debit.as_str(),
                transfer.credit.as_str(),
                transfer.amount_fen.0,
                phase,
                pending.map(|pending| pending.0.into_bytes()),
                deadline,
                reference,
                at.0,
            ],
        )?;
        let (debit, credit) = effects(transfer, reserved);
        change(tx, &transfer.debit, &debit)?;
        change(tx, &transfer.credit, &credit)?;
    }
    Ok(())
}

fn end_reservation(tx: Tx<'_>, pending: TransferId) -> Result<Fen, StoreError> {
    tx.execute_one("UPDATE ledger_transfer SET ended = 1 WHERE id = ?1 AND ended = 0", params![pending.0.as_bytes()])?;
    let amount = tx.view().one(
        "SELECT amount_fen FROM ledger_transfer WHERE id = ?1",
        params![pending.0.as_bytes()],
        |row| Ok(Fen(row.get(0)?)),
    )?;
    Ok(amount.expect("the reservation was just updated"))
}

fn change(tx: Tx<'_>, account: &AccountCode, by: &Balance) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO ledger_account (code, debits_posted, credits_posted, debits_pending, credits_pending)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (code) DO UPDATE SET debits_posted = debits_posted + ?2, credits_posted = credits_posted + ?3,
             debits_pending = debits_pending + ?4, credits_pending = credits_pending + ?5",
        params![account.as_str(), by.debits_posted.0, by.credits_posted.0, by.debits_pending.0, by.credits_pending.0],
    )
}

/// The sums of an account; zero for one never used.
pub fn balance(view: View<'_>, account: &AccountCode) -> Result<Balance, StoreError> {
    let row = view.one(
        "SELECT debits_posted, credits_posted, debits_pending, credits_pending FROM ledger_account WHERE code = ?1",
        params![account.as_str()],
        |row| {
            Ok(Balance {
                debits_posted: Fen(row.get(0)?),
                credits_posted: Fen(row.get(1)?),
                debits_pending: Fen(row.get(2)?),
                credits_pending: Fen(row.get(3)?),
            })
        },
    )?;
    Ok(row.unwrap_or_default())
}

/// Reservations whose deadline has passed, oldest first; voiding them is the service's decision.
pub fn expired(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<TransferId>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    view.all(
        "SELECT id FROM ledger_transfer WHERE phase = 'pending' AND ended = 0 AND deadline <= ?1 ORDER BY deadline LIMIT ?2",
        params![now.0, limit],
        |row| Ok(TransferId(Uuid::from_bytes(row.get(0)?))),
    )
}
