//! What clearing has cut and paid, as the books know it.

use huitong_kernel::clearing::Period;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_ledger::clearing::Share;
use huitong_service_kit::{StoreError, View, params};

/// Whether the lanes to others are marked for the period.
pub fn is_cut(view: View<'_>, period: Period) -> Result<bool, StoreError> {
    let row = view.one("SELECT 1 FROM period_cut WHERE period = ?1", params![period.to_string()], |_| Ok(()))?;
    Ok(row.is_some())
}

/// The period with which what was booked at that instant was cut; `None` while it is not.
pub fn cut_of(view: View<'_>, booked_at: Instant) -> Result<Option<String>, StoreError> {
    view.one(
        "SELECT period FROM period_cut WHERE cut_at >= ?1 ORDER BY cut_at, period LIMIT 1",
        params![booked_at.0],
        |row| row.get(0),
    )
}

/// Whether anything of the period was paid between two jurisdictions.
pub fn is_paid(view: View<'_>, period: &str, creditor: &str, debtor: &str) -> Result<bool, StoreError> {
    let row = view.one(
        "SELECT 1 FROM cleared_share WHERE period = ?1 AND creditor = ?2 AND debtor = ?3 LIMIT 1",
        params![period, creditor, debtor],
        |_| Ok(()),
    )?;
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
