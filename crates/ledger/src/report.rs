//! Reading a book: sums per account class, transfers of a document, and whether the book adds up.

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use huitong_store::{StoreError, View, params};

/// The sums of a class of accounts, posted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassSums {
    pub debits: Fen,
    pub credits: Fen,
}

/// Posted sums per class of account.
pub fn trial_balance(view: View<'_>) -> Result<BTreeMap<String, ClassSums>, StoreError> {
    let mut classes: BTreeMap<String, ClassSums> = BTreeMap::new();
    view.each("SELECT code, debits_posted, credits_posted FROM ledger_account", [], |row| {
        let code: String = row.get(0)?;
        let sums = classes.entry(code.split('/').next().unwrap_or_default().to_owned()).or_default();
        sums.debits += Fen(row.get(1)?);
        sums.credits += Fen(row.get(2)?);
        Ok(())
    })?;
    Ok(classes)
}

/// Posted balances (debits − credits) of the accounts below `prefix/`, by code.
pub fn balances_below(view: View<'_>, prefix: &str) -> Result<BTreeMap<String, Fen>, StoreError> {
    let (from, to) = (format!("{prefix}/"), format!("{prefix}0"));
    let rows = view.all(
        "SELECT code, debits_posted - credits_posted FROM ledger_account WHERE code > ?1 AND code < ?2 ORDER BY code",
        params![from, to],
        |row| Ok((row.get(0)?, Fen(row.get(1)?))),
    )?;
    Ok(rows.into_iter().collect())
}

/// Whether debits equal credits and every account equals the sum of its transfers.
pub fn adds_up(view: View<'_>) -> Result<bool, StoreError> {
    let total = trial_balance(view)?.values().fold(ClassSums::default(), |total, sums| ClassSums {
        debits: total.debits + sums.debits,
        credits: total.credits + sums.credits,
    });
    let wrong: Option<i64> = view.one(
        "WITH legs AS (
             SELECT debit AS code, SUM(amount_fen) AS debits, 0 AS credits FROM ledger_transfer
             WHERE phase IN ('single', 'post') GROUP BY debit
             UNION ALL
             SELECT credit, 0, SUM(amount_fen) FROM ledger_transfer WHERE phase IN ('single', 'post') GROUP BY credit),
         sums AS (SELECT code, SUM(debits) AS debits, SUM(credits) AS credits FROM legs GROUP BY code)
         SELECT COUNT(*) FROM ledger_account a LEFT JOIN sums s ON s.code = a.code
         WHERE a.debits_posted <> IFNULL(s.debits, 0) OR a.credits_posted <> IFNULL(s.credits, 0)",
        [],
        |row| row.get(0),
    )?;
    Ok(total.debits == total.credits && wrong == Some(0))
}
