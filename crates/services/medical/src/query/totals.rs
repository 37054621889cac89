//! Sums per pair of jurisdictions: what both books must agree on (I12).

use std::collections::BTreeMap;

use huitong_kernel::money::Fen;
use huitong_ledger::report;
use huitong_service_kit::{StoreError, View, params};
use serde::{Deserialize, Serialize};

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
    /// Receivable (visited) or payable (home) by fund, from the ledger.
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
        let (prefix, sign) = match role {
            Role::Visited => (format!("receivable/{}", pair.home), 1),
            Role::Home => (format!("payable/{}", pair.visited), -1),
        };
        for (code, balance) in report::balances_below(view, &prefix)? {
            let fund = code.rsplit('/').next().unwrap_or_default().to_owned();
            pair.ledger_fen.insert(fund, Fen(balance.0 * sign));
        }
    }
    Ok(pairs)
}
