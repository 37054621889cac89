//! Riders' accounts at home.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{Row, SqlError, StoreError, View, params};

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

/// Accounts of a participant behind one, in the order of their numbers.
pub fn list(
    view: View<'_>,
    participant: &str,
    after: Option<AccountToken>,
    limit: usize,
) -> Result<Vec<Account>, StoreError> {
    let after = after.map_or([0; 14], |after| after.0);
    let found = view.all(
        "SELECT account FROM account WHERE participant = ?1 AND account > ?2 AND parent IS NULL ORDER BY account LIMIT ?3",
        params![participant, after, limit as i64],
        |row| Ok(AccountToken(row.get(0)?)),
    )?;
    found.iter().filter_map(|token| account(view, token).transpose()).collect()
}

/// Tokens of model P behind which an account stands, each with its city.
pub fn tokens_of(view: View<'_>, parent: &AccountToken) -> Result<Vec<(AccountToken, Division)>, StoreError> {
    view.all("SELECT account, city FROM account WHERE parent = ?1 ORDER BY account", params![parent.0], |row| {
        Ok((AccountToken(row.get(0)?), row.get::<_, Text<Division>>(1)?.0))
    })
}

/// A debt: what could not be paid, and how often it was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Debt {
    pub debt: String,
    pub account: AccountToken,
    pub amount_fen: Fen,
    pub since: Instant,
    pub attempts: u32,
    /// `open`, `listed` (the account is denied for it) or `paid`.
    pub state: String,
    pub next_retry: Option<Instant>,
}

const DEBT_COLUMNS: &str = "debt, account, amount_fen, since, attempts, state, next_retry";

fn read_debt(row: &Row<'_>) -> Result<Debt, SqlError> {
    Ok(Debt {
        debt: row.get(0)?,
        account: AccountToken(row.get(1)?),
        amount_fen: Fen(row.get(2)?),
        since: Instant(row.get(3)?),
        attempts: row.get(4)?,
        state: row.get(5)?,
        next_retry: row.get::<_, Option<i64>>(6)?.map(Instant),
    })
}

pub fn debt(view: View<'_>, debt: &str) -> Result<Option<Debt>, StoreError> {
    view.one(&format!("SELECT {DEBT_COLUMNS} FROM debt WHERE debt = ?1"), params![debt], read_debt)
}

/// Debts of an account that are not paid, oldest first.
pub fn debts(view: View<'_>, account: &AccountToken) -> Result<Vec<Debt>, StoreError> {
    view.all(
        &format!(
            "SELECT {DEBT_COLUMNS} FROM debt WHERE account = ?1 AND state IN ('open', 'listed')
             ORDER BY since, debt LIMIT 1000"
        ),
        params![account.0],
        read_debt,
    )
}

/// Debts that are to be looked at by now, longest due first.
pub fn due_debts(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<String>, StoreError> {
    view.all(
        "SELECT debt FROM debt WHERE next_retry <= ?1 ORDER BY next_retry, debt LIMIT ?2",
        params![now.0, limit as i64],
        |row| row.get(0),
    )
}

/// What an account was charged for trips of a business day that began at this moment.
pub fn charged_since(view: View<'_>, account: &AccountToken, from: Instant) -> Result<Fen, StoreError> {
    let sum = view.one(
        "SELECT SUM(MIN(charge_fen, IFNULL(rider_max_fen, charge_fen))) FROM home_trip
         WHERE account = ?1 AND began >= ?2 AND state = 'charged'",
        params![account.0, from.0],
        |row| row.get::<_, Option<i64>>(0),
    )?;
    Ok(Fen(sum.flatten().unwrap_or(0)))
}

/// Authorisations and grants that were issued since a moment and are not expired.
pub fn live_authorisations(
    view: View<'_>,
    account: &AccountToken,
    since: Instant,
    now: Instant,
) -> Result<u32, StoreError> {
    let count = view.one(
        "SELECT COUNT(*) FROM authorisation WHERE account = ?1 AND issued_at > ?2 AND expiry >= ?3",
        params![account.0, since.0, now.0],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// An authorisation as far as a claim is compared with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    pub limit_fen: Fen,
    /// Hexadecimal, as deny lists name them.
    pub platform: String,
    pub certificate: String,
    /// None: it was given before that was recorded.
    pub account_type: Option<u8>,
}

/// Authorisations of an account that end in `from..=to`. Grants of model P are not among them: they cover their own token.
pub fn authorisations_ending(
    view: View<'_>,
    account: &AccountToken,
    from: Instant,
    to: Instant,
) -> Result<Vec<Cover>, StoreError> {
    view.all(
        "SELECT DISTINCT limit_fen, platform, certificate, account_type FROM authorisation
         WHERE account = ?1 AND expiry BETWEEN ?2 AND ?3 AND platform IS NOT NULL ORDER BY 1 DESC, 2, 3, 4 LIMIT 100",
        params![account.0, from.0, to.0],
        |row| {
            let limit_fen = Fen(row.get(0)?);
            Ok(Cover { limit_fen, platform: row.get(1)?, certificate: row.get(2)?, account_type: row.get(3)? })
        },
    )
}

/// Whether an account was given an authorisation for a phone with this key, or a grant asked for it.
pub fn has_phone(view: View<'_>, account: &AccountToken, user_key: &[u8; 33]) -> Result<bool, StoreError> {
    let found = view.one(
        "SELECT 1 FROM authorisation WHERE account = ?1 AND user_key = ?2 LIMIT 1",
        params![account.0, user_key],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// The highest single fare of a network under the packs in force in `from..=to`; `None` if it has published none.
pub fn highest_fare(view: View<'_>, network: Division, from: Date, to: Date) -> Result<Option<Fen>, StoreError> {
    let fare = view.one(
        "SELECT MAX(max_fare_fen) FROM fare_pack WHERE network = ?1 AND valid_from <= ?3
         AND (valid_to IS NULL OR valid_to > ?2)",
        params![network.as_str(), from.to_string(), to.to_string()],
        |row| row.get::<_, Option<i64>>(0),
    )?;
    Ok(fare.flatten().map(Fen))
}

/// Whether a payment with this reference is booked.
pub fn has_payment(view: View<'_>, account: &AccountToken, reference: &str) -> Result<bool, StoreError> {
    let found =
        view.one("SELECT 1 FROM payment WHERE account = ?1 AND reference = ?2", params![account.0, reference], |_| {
            Ok(())
        })?;
    Ok(found.is_some())
}
