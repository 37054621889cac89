//! Sums per pair of jurisdictions: what both books must agree on (I12).

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use huitong_ledger::report;
use huitong_service_kit::{StoreError, View, params};
use serde::{Deserialize, Serialize};

use super::clearing;
use super::settlements::Role;

/// What one side says of its dealings with another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PairTotals {
    pub visited: String,
    pub home: String,
    /// Settlements, without contras.
    pub settlements: u64,
    pub contras: u64,
    #[schema(value_type = i64)]
    pub total_fen: Fen,
    #[schema(value_type = i64)]
    pub fund_total_fen: Fen,
    #[schema(value_type = i64)]
    pub person_total_fen: Fen,
    #[schema(value_type = i64)]
    pub account_fen: Fen,
    #[schema(value_type = i64)]
    pub cash_fen: Fen,
    /// Receivable (visited) or payable (home) by fund, from the ledger, with what was cleared of it: both sides hold it alike
    /// at any time, whichever was told of the clearing first.
    #[schema(value_type = std::collections::BTreeMap<String, i64>)]
    pub ledger_fen: BTreeMap<String, Fen>,
}

/// The totals per other side.
pub fn pairs(view: View<'_>, role: Role) -> Result<Vec<PairTotals>, StoreError> {
    let mut pairs = view.all(
        "SELECT visited, home, SUM(contra_of IS NULL), SUM(contra_of IS NOT NULL), SUM(total_fen), SUM(fund_total_fen),
                SUM(person_total_fen), SUM(account_fen), SUM(cash_fen)
         FROM settlement WHERE role = ?1 GROUP BY visited, home ORDER BY visited, home",
        params![role.name()],
        |row| {
            Ok(PairTotals {
                visited: row.get(0)?,
                home: row.get(1)?,
                settlements: row.get(2)?,
                contras: row.get(3)?,
                total_fen: Fen(row.get(4)?),
                fund_total_fen: Fen(row.get(5)?),
                person_total_fen: Fen(row.get(6)?),
                account_fen: Fen(row.get(7)?),
                cash_fen: Fen(row.get(8)?),
                ledger_fen: BTreeMap::new(),
            })
        },
    )?;
    for pair in &mut pairs {
        pair.ledger_fen = owed(view, role, &pair.visited, &pair.home)?;
        for (part, amount) in clearing::by_part(view, &pair.visited, &pair.home)? {
            *pair.ledger_fen.entry(part).or_default() += amount;
        }
    }
    Ok(pairs)
}

/// What is paid of a pair's documents, and what is still owed, by fund and account part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PairOpen {
    pub visited: String,
    pub home: String,
    /// By clearing; together with `open_fen` it is the `ledger_fen` of the pair's documents.
    #[schema(value_type = std::collections::BTreeMap<String, i64>)]
    pub cleared_fen: BTreeMap<String, Fen>,
    /// The balances of receivable (visited) or payable (home).
    #[schema(value_type = std::collections::BTreeMap<String, i64>)]
    pub open_fen: BTreeMap<String, Fen>,
}

/// How far the documents with each other side are cleared. The two sides are told one after the other.
pub fn open(view: View<'_>, role: Role) -> Result<Vec<PairOpen>, StoreError> {
    let pairs = view.all(
        "SELECT DISTINCT visited, home FROM settlement WHERE role = ?1 ORDER BY visited, home",
        params![role.name()],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
    )?;
    let open = pairs.into_iter().map(|(visited, home)| {
        let cleared_fen = clearing::by_part(view, &visited, &home)?.into_iter().collect();
        let open_fen = owed(view, role, &visited, &home)?;
        Ok(PairOpen { visited, home, cleared_fen, open_fen })
    });
    open.collect()
}

/// The balances of what home owes visited, in the book of one of them.
pub fn owed(view: View<'_>, role: Role, visited: &str, home: &str) -> Result<BTreeMap<String, Fen>, StoreError> {
    let (prefix, sign) = match role {
        Role::Visited => (format!("receivable/{home}"), 1),
        Role::Home => (format!("payable/{visited}"), -1),
    };
    let balances = report::balances_below(view, &prefix)?.into_iter();
    Ok(balances
        .map(|(code, balance)| (code.rsplit('/').next().unwrap_or_default().to_owned(), Fen(balance.0 * sign)))
        .collect())
}
