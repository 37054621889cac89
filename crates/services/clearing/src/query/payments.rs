//! Payments, files for the bank, accounts, entries of bank reports.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{Row, SqlError, StoreError, Text, View, params};

use super::json;
use crate::event::Early;
use crate::model::payment::{BankAccount, Match, Payment, PaymentFile, PaymentState};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRow {
    pub payment: Payment,
    pub state: PaymentState,
    pub attempt: u32,
    /// What the own bank, or the prepayment, has booked, and what the other side says of its own.
    pub own_fen: Fen,
    pub their_fen: Fen,
    pub prepaid_fen: Fen,
    pub at: Instant,
}

impl PaymentRow {
    pub fn open_fen(&self) -> Fen {
        self.payment.amount_fen - self.own_fen
    }
}

const COLUMNS: &str = "payment, service, kind, period, scope, payer, payee, amount_fen, state, attempt, own_fen, their_fen, prepaid_fen, at";

fn row(row: &Row<'_>) -> Result<PaymentRow, SqlError> {
    Ok(PaymentRow {
        payment: Payment {
            payment: row.get(0)?,
            service: row.get(1)?,
            kind: row.get::<_, Text<_>>(2)?.0,
            period: row.get(3)?,
            scope: row.get(4)?,
            payer: row.get::<_, Text<_>>(5)?.0,
            payee: row.get::<_, Text<_>>(6)?.0,
            amount_fen: Fen(row.get(7)?),
        },
        state: row.get::<_, Text<_>>(8)?.0,
        attempt: row.get(9)?,
        own_fen: Fen(row.get(10)?),
        their_fen: Fen(row.get(11)?),
        prepaid_fen: Fen(row.get(12)?),
        at: Instant(row.get(13)?),
    })
}

pub fn payment(view: View<'_>, payment: &str) -> Result<Option<PaymentRow>, StoreError> {
    view.one(&format!("SELECT {COLUMNS} FROM payment WHERE payment = ?1"), params![payment], row)
}

pub fn list(view: View<'_>, after: &str, limit: usize) -> Result<Vec<PaymentRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM payment WHERE payment > ?1 ORDER BY payment LIMIT ?2");
    view.all(&sql, params![after, limit as i64], row)
}

/// Payments of this node for a batch.
pub fn of_batch(view: View<'_>, service: &str, period: &str, scope: &str) -> Result<Vec<PaymentRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM payment WHERE service = ?1 AND period = ?2 AND scope = ?3 ORDER BY payment LIMIT 1000"
    );
    view.all(&sql, params![service, period, scope], row)
}

/// Payments in a state, at most `limit`.
pub fn in_state(view: View<'_>, state: PaymentState, limit: usize) -> Result<Vec<PaymentRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM payment WHERE state = ?1 ORDER BY payment LIMIT ?2");
    view.all(&sql, params![state.name(), limit as i64], row)
}

/// What of prepayments to the peer, or from it, the bank of this side has not booked yet; of those to the peer, nor its own: it would
/// not let be taken from what it does not have.
pub fn prepayments_open(view: View<'_>, service: &str, peer: Division, is_given: bool) -> Result<Fen, StoreError> {
    let sum = view.one(
        "SELECT COALESCE(SUM(amount_fen - CASE ?3 WHEN 1 THEN MIN(own_fen, their_fen) ELSE own_fen END), 0) FROM payment
         WHERE kind = 'prepayment' AND service = ?1 AND CASE ?3 WHEN 1 THEN payee ELSE payer END = ?2",
        params![service, peer.as_str(), is_given],
        |row| Ok(Fen(row.get(0)?)),
    )?;
    Ok(sum.unwrap_or_default())
}

/// News that wait for payments of one jurisdiction.
pub fn early_count(view: View<'_>, peer: Division) -> Result<i64, StoreError> {
    let count =
        view.one("SELECT COUNT(*) FROM early_news WHERE peer = ?1", params![peer.as_str()], |row| row.get(0))?;
    Ok(count.unwrap_or(0))
}

/// News whose payment is known now.
pub fn early_due(view: View<'_>, limit: usize) -> Result<Vec<Early>, StoreError> {
    view.all(
        "SELECT early_news.payment, peer, early_news.kind, early_news.amount_fen FROM early_news
         JOIN payment ON payment.payment = early_news.payment ORDER BY 1, 2, 3 LIMIT ?1",
        params![limit as i64],
        |row| {
            Ok(Early {
                payment: row.get(0)?,
                peer: row.get::<_, Text<_>>(1)?.0,
                kind: row.get::<_, Text<_>>(2)?.0,
                amount_fen: Fen(row.get(3)?),
            })
        },
    )
}

pub fn file(view: View<'_>, file: &str) -> Result<Option<PaymentFile>, StoreError> {
    let text =
        view.one("SELECT text FROM payment_file WHERE file = ?1", params![file], |row| row.get::<_, String>(0))?;
    text.as_deref().map(json).transpose()
}

pub fn files(view: View<'_>, after: &str, limit: usize) -> Result<Vec<PaymentFile>, StoreError> {
    let sql = "SELECT text FROM payment_file WHERE file > ?1 ORDER BY file LIMIT ?2";
    let texts = view.all(sql, params![after, limit as i64], |row| row.get::<_, String>(0))?;
    texts.iter().map(|text| json(text)).collect()
}

pub fn account(view: View<'_>, division: Division) -> Result<Option<BankAccount>, StoreError> {
    view.one("SELECT name, account, bank FROM bank_account WHERE division = ?1", params![division.as_str()], |row| {
        Ok(BankAccount { division, name: row.get(0)?, account: row.get(1)?, bank: row.get(2)? })
    })
}

pub fn accounts(view: View<'_>) -> Result<Vec<BankAccount>, StoreError> {
    view.all("SELECT division, name, account, bank FROM bank_account ORDER BY division LIMIT 1000", [], |row| {
        Ok(BankAccount {
            division: row.get::<_, Text<_>>(0)?.0,
            name: row.get(1)?,
            account: row.get(2)?,
            bank: row.get(3)?,
        })
    })
}

/// An entry of a bank's report as it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    pub reference: String,
    pub is_credit: bool,
    pub amount_fen: Fen,
    pub booked_on: Date,
    pub end_to_end: String,
    pub payment: Option<String>,
    pub result: Match,
    pub text: String,
    pub report: String,
}

const ENTRY_COLUMNS: &str = "reference, is_credit, amount_fen, booked_on, end_to_end, payment, result, text, report";

fn entry_row(row: &Row<'_>) -> Result<EntryRow, SqlError> {
    Ok(EntryRow {
        reference: row.get(0)?,
        is_credit: row.get(1)?,
        amount_fen: Fen(row.get(2)?),
        booked_on: row.get::<_, Text<_>>(3)?.0,
        end_to_end: row.get(4)?,
        payment: row.get(5)?,
        result: row.get::<_, Text<_>>(6)?.0,
        text: row.get(7)?,
        report: row.get(8)?,
    })
}

pub fn entry(view: View<'_>, reference: &str, is_credit: bool) -> Result<Option<EntryRow>, StoreError> {
    let sql = format!("SELECT {ENTRY_COLUMNS} FROM bank_entry WHERE reference = ?1 AND is_credit = ?2");
    view.one(&sql, params![reference, is_credit], entry_row)
}

pub fn entries_of(view: View<'_>, payment: &str) -> Result<Vec<EntryRow>, StoreError> {
    let sql = format!("SELECT {ENTRY_COLUMNS} FROM bank_entry WHERE payment = ?1 ORDER BY reference LIMIT 1000");
    view.all(&sql, params![payment], entry_row)
}

pub fn entries(view: View<'_>, after: (&str, bool), limit: usize) -> Result<Vec<EntryRow>, StoreError> {
    let sql = format!(
        "SELECT {ENTRY_COLUMNS} FROM bank_entry WHERE (reference, is_credit) > (?1, ?2) ORDER BY reference, is_credit LIMIT ?3"
    );
    view.all(&sql, params![after.0, after.1, limit as i64], entry_row)
}
