//! How old things are: documents that were booked long after the travel, and everything that is still open.

use huitong_kernel::clearing::Period;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::{StoreError, View, params};

/// Documents of a period that were booked so many days after the travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentAge {
    pub age_days: i64,
    pub documents: u64,
    pub amount_fen: Fen,
}

/// Documents of a period by age, those booked on the day of travel or the day after left out: they are the rule.
pub fn of_documents(view: View<'_>, period: Period) -> Result<Vec<DocumentAge>, StoreError> {
    view.all(
        "SELECT age_days, SUM(documents), SUM(amount_fen) FROM document_age WHERE booking_day BETWEEN ?1 AND ?2
         GROUP BY age_days ORDER BY age_days LIMIT 1000",
        params![period.first_day().to_string(), period.last_day().to_string()],
        |row| Ok(DocumentAge { age_days: row.get(0)?, documents: row.get(1)?, amount_fen: Fen(row.get(2)?) }),
    )
}

/// Open items of a kind, and how long the oldest waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenItems {
    /// `claim`, `split`, `contest`, `day`, `day_different`
    pub item: &'static str,
    pub count: u64,
    pub amount_fen: Fen,
    pub oldest: Option<DurationMs>,
}

/// Claims without answer, parts that a partner has not booked, contests without decision, days that the other side has not
/// confirmed.
pub fn open_items(view: View<'_>, now: Instant) -> Result<Vec<OpenItems>, StoreError> {
    let kinds: [(&'static str, &str); 5] = [
        (
            "claim",
            "SELECT COUNT(*), SUM(charge_fen), MIN(began) FROM trip WHERE state = 'priced' AND receiver IS NOT NULL",
        ),
        ("split", "SELECT COUNT(*), SUM(amount_fen), MIN(since) FROM split_part WHERE state = 'noticed'"),
        ("contest", "SELECT COUNT(*), SUM(amount_fen), MIN(opened_at) FROM contest WHERE awaits IS NOT NULL"),
        (
            "day",
            "SELECT COUNT(*), 0, MIN(unixepoch(booking_day) * 1000 - 28800000) FROM day_totals WHERE state = 'sent'",
        ),
        (
            "day_different",
            "SELECT COUNT(*), 0, MIN(unixepoch(booking_day) * 1000 - 28800000) FROM day_totals WHERE state = 'different'",
        ),
    ];
    let mut items = Vec::new();
    for (item, sql) in kinds {
        let row =
            view.one(sql, [], |row| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, Option<i64>>(2)?)))?;
        let (count, amount, oldest) = row.unwrap_or((0, None, None));
        let oldest = oldest.map(|at| now - Instant(at));
        items.push(OpenItems { item, count, amount_fen: Fen(amount.unwrap_or(0)), oldest });
    }
    Ok(items)
}
