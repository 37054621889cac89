//! Documents, days, periods, contests.

use huitong_kernel::division::Division;
use huitong_ledger::{Transfer, book};
use huitong_service_kit::{Applied, StoreError, Tx, params};
use uuid::Uuid;

use crate::event::DayDifference;
use crate::model::contest::{Contest, ContestAnswer, ContestState};
use crate::model::settlement::{DayDocuments, DayTotals, Document, PeriodStatement, SplitNotice};

/// A document, and the sums of its day.
pub fn add_document(tx: Tx<'_>, document: &Document) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO document (issuer, receiver, booking_day, id, kind, creditor, debtor, travel_day, amount_fen)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            document.issuer.as_str(),
            document.receiver.as_str(),
            document.booking_day.to_string(),
            document.id.0,
            document.kind.name(),
            document.creditor.as_str(),
            document.debtor.as_str(),
            document.travel_day.to_string(),
            document.amount_fen.0,
        ],
    )?;
    tx.execute_one(
        "INSERT INTO document_day (issuer, receiver, booking_day, creditor, debtor, kind, documents, amount_fen)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7)
         ON CONFLICT (issuer, receiver, booking_day, creditor, debtor, kind)
         DO UPDATE SET documents = documents + 1, amount_fen = amount_fen + ?7",
        params![
            document.issuer.as_str(),
            document.receiver.as_str(),
            document.booking_day.to_string(),
            document.creditor.as_str(),
            document.debtor.as_str(),
            document.kind.name(),
            document.amount_fen.0,
        ],
    )
}

pub fn split_booked(
    tx: Tx<'_>,
    notice: &SplitNotice,
    document: &Document,
    transfers: &[Transfer],
    applied: &Applied,
) -> Result<(), StoreError> {
    add_document(tx, document)?;
    book::apply(tx, applied.at, &format!("split:{}", notice.of), transfers)
}

pub fn totals_sent(_tx: Tx<'_>, _totals: &DayTotals) -> Result<(), StoreError> {
    Ok(())
}

pub fn totals_compared(_tx: Tx<'_>, _own: &DayTotals, _theirs: &DayTotals) -> Result<(), StoreError> {
    Ok(())
}

pub fn documents_held(_tx: Tx<'_>, _page: &DayDocuments, _differences: &[DayDifference]) -> Result<(), StoreError> {
    Ok(())
}

pub fn period_cut(_tx: Tx<'_>, _period: &str, _applied: &Applied) -> Result<(), StoreError> {
    Ok(())
}

pub fn statement_issued(
    _tx: Tx<'_>,
    _statement: &PeriodStatement,
    _state: &str,
    _applied: &Applied,
) -> Result<(), StoreError> {
    Ok(())
}

pub fn statement_answered(
    _tx: Tx<'_>,
    _period: &str,
    _creditor: Division,
    _debtor: Division,
    _confirmed: bool,
) -> Result<(), StoreError> {
    Ok(())
}

pub fn contest_opened(_tx: Tx<'_>, _contest: &Contest, _role: &str) -> Result<(), StoreError> {
    Ok(())
}

pub fn contest_ended(
    _tx: Tx<'_>,
    _contest: Uuid,
    _state: ContestState,
    _answer: Option<&ContestAnswer>,
    _transfers: &[Transfer],
    _applied: &Applied,
) -> Result<(), StoreError> {
    Ok(())
}
