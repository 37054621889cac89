//! What clearing has cut and paid, as the books know it.

use huitong_kernel::clearing::Period;
use huitong_kernel::money::Fen;
use huitong_ledger::clearing::Share;
use huitong_service_kit::{StoreError, View, params};

/// Whether the lanes to others are marked for the period.
pub fn is_cut(view: View<'_>, period: Period) -> Result<bool, StoreError> {
    let row = view.one("SELECT 1 FROM period_cut WHERE period = ?1", params![period.to_string()], |_| Ok(()))?;
    Ok(row.is_some())
}

/// What was booked as cleared for a share of a period; `None` when nothing was.
pub fn share(view: View<'_>, period: Period, share: &Share) -> Result<Option<Fen>, StoreError> {
    view.one(
        "SELECT amount_fen FROM cleared_share WHERE creditor = ?1 AND debtor = ?2 AND part = ?3 AND period = ?4",
        params![share.creditor.as_str(), share.debtor.as_str(), share.part, period.to_string()],
        |row| Ok(Fen(row.get(0)?)),
    )
}

/// What was cleared between two jurisdictions so far, by part.
pub fn by_part(view: View<'_>, creditor: &str, debtor: &str) -> Result<Vec<(String, Fen)>, StoreError> {
    view.all(
        "SELECT part, SUM(amount_fen) FROM cleared_share WHERE creditor = ?1 AND debtor = ?2 GROUP BY part ORDER BY part",
        params![creditor, debtor],
        |row| Ok((row.get(0)?, Fen(row.get(1)?))),
    )
}
