//! Payments, files, bank reports, accounts.

use huitong_ledger::{Transfer, book};
use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::json;
use crate::event::{Early, PaymentMoved};
use crate::model::payment::{BankAccount, MatchedEntry, Payment, PaymentFile, PaymentState};

pub fn add(tx: Tx<'_>, payment: &Payment, state: PaymentState, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO payment (payment, service, kind, period, scope, payer, payee, amount_fen, state, attempt, own_fen,
             their_fen, prepaid_fen, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, 0, 0, 0, ?10)",
        params![
            payment.payment,
            payment.service,
            payment.kind.name(),
            payment.period,
            payment.scope,
            payment.payer.as_str(),
            payment.payee.as_str(),
            payment.amount_fen.0,
            state.name(),
            applied.at.0,
        ],
    )
}

pub fn exported(tx: Tx<'_>, file: &PaymentFile) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO payment_file (file, created_at, text) VALUES (?1, ?2, ?3)",
        params![file.file, file.created_at.0, json(file)?],
    )?;
    file.payments.iter().try_for_each(|paid| {
        tx.execute_one("UPDATE payment SET state = 'exported' WHERE payment = ?1", params![paid.payment])
    })
}

pub fn report_taken(
    tx: Tx<'_>,
    report: &str,
    entries: &[MatchedEntry],
    transfers: &[Transfer],
    applied: &Applied,
) -> Result<(), StoreError> {
    for MatchedEntry { entry, result, payment } in entries {
        tx.execute_one(
            "INSERT INTO bank_entry (reference, is_credit, amount_fen, booked_on, end_to_end, payment, result, text, report)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (reference, is_credit) DO UPDATE SET payment = ?6, result = ?7, report = ?9",
            params![
                entry.reference,
                entry.is_credit,
                entry.amount_fen.0,
                entry.booked_on.to_string(),
                entry.end_to_end,
                payment,
                result.name(),
                entry.text,
                report,
            ],
        )?;
    }
    book::apply(tx, applied.at, &format!("bank:{report}"), transfers)
}

pub fn moved(tx: Tx<'_>, moved: &PaymentMoved, applied: &Applied) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE payment SET state = ?2, attempt = ?3, own_fen = ?4, their_fen = ?5, prepaid_fen = ?6 WHERE payment = ?1",
        params![
            moved.payment,
            moved.state.name(),
            moved.attempt,
            moved.own_fen.0,
            moved.their_fen.0,
            moved.prepaid_fen.0,
        ],
    )?;
    book::apply(tx, applied.at, &format!("payment:{}", moved.payment), &moved.transfers)
}

pub fn prepayment(
    tx: Tx<'_>,
    payment: &Payment,
    state: PaymentState,
    transfers: &[Transfer],
    applied: &Applied,
) -> Result<(), StoreError> {
    add(tx, payment, state, applied)?;
    book::apply(tx, applied.at, &format!("prepayment:{}", payment.payment), transfers)
}

pub fn account(tx: Tx<'_>, account: &BankAccount) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO bank_account (division, name, account, bank) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (division) DO UPDATE SET name = ?2, account = ?3, bank = ?4",
        params![account.division.as_str(), account.name, account.account, account.bank],
    )
}

pub fn early(tx: Tx<'_>, early: &Early) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO early_news (payment, peer, kind, amount_fen) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (payment, peer, kind) DO UPDATE SET amount_fen = ?4",
        params![early.payment, early.peer.as_str(), early.kind.name(), early.amount_fen.0],
    )
}

pub fn early_taken(tx: Tx<'_>, early: &Early) -> Result<(), StoreError> {
    tx.execute_one(
        "DELETE FROM early_news WHERE payment = ?1 AND peer = ?2 AND kind = ?3",
        params![early.payment, early.peer.as_str(), early.kind.name()],
    )
}
