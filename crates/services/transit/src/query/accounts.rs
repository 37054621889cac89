//! Riders' accounts at home.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_service_kit::{StoreError, View, params};

use super::{Text, json};
use crate::model::rider::AccountToken;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub account: AccountToken,
    pub city: Division,
    pub participant: String,
    pub is_open: bool,
    pub account_type: u8,
    pub trip_limit_fen: Fen,
    pub day_limit_fen: Fen,
    pub unpaid_limit_fen: Fen,
    pub networks: Vec<Division>,
    /// What was paid in and not used.
    pub balance_fen: Fen,
    pub unpaid_fen: Fen,
    /// Model P: the rider's own account behind a token made for one city.
    pub parent: Option<AccountToken>,
}

pub fn account(view: View<'_>, account: &AccountToken) -> Result<Option<Account>, StoreError> {
    let row = view.one(
        "SELECT city, participant, state, account_type, trip_limit_fen, day_limit_fen, unpaid_limit_fen, networks,
             balance_fen, unpaid_fen, parent FROM account WHERE account = ?1",
        params![account.0],
        |row| {
            let found = Account {
                account: *account,
                city: row.get::<_, Text<Division>>(0)?.0,
                participant: row.get(1)?,
                is_open: row.get::<_, String>(2)? == "open",
                account_type: row.get(3)?,
                trip_limit_fen: Fen(row.get(4)?),
                day_limit_fen: Fen(row.get(5)?),
                unpaid_limit_fen: Fen(row.get(6)?),
                networks: Vec::new(),
                balance_fen: Fen(row.get(8)?),
                unpaid_fen: Fen(row.get(9)?),
                parent: row.get::<_, Option<[u8; 14]>>(10)?.map(AccountToken),
            };
            Ok((found, row.get::<_, String>(7)?))
        },
    )?;
    row.map(|(account, networks)| Ok(Account { networks: json(&networks)?, ..account })).transpose()
}

/// Debts of an account that are not paid, oldest first.
pub fn debts(view: View<'_>, account: &AccountToken) -> Result<Vec<(String, Fen)>, StoreError> {
    view.all(
        "SELECT debt, amount_fen FROM debt WHERE account = ?1 AND state IN ('open', 'listed') ORDER BY since, debt LIMIT 1000",
        params![account.0],
        |row| Ok((row.get(0)?, Fen(row.get(1)?))),
    )
}

/// What an account was charged for trips of a day.
pub fn charged_on(view: View<'_>, account: &AccountToken, day: &str) -> Result<Fen, StoreError> {
    let sum = view.one(
        "SELECT SUM(charge_fen) FROM home_trip WHERE account = ?1 AND travel_day = ?2 AND state = 'charged'",
        params![account.0, day],
        |row| row.get::<_, Option<i64>>(0),
    )?;
    Ok(Fen(sum.flatten().unwrap_or(0)))
}
