//! Grants of model P.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Row, SqlError, StoreError, View, params};
use uuid::Uuid;

use super::Text;
use crate::model::rider::AccountToken;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub grant: Uuid,
    /// `home`, `visited`, or `both` where one node is both.
    pub role: String,
    /// The city whose code it is, and the city that pays.
    pub network: Division,
    pub home: Division,
    pub account: AccountToken,
    /// `asked`, `granted` or `refused`.
    pub state: String,
    pub limit_fen: Fen,
    pub expiry: Instant,
    pub validity_s: u16,
    /// Base64.
    pub authorisation: Option<String>,
    /// Why it was refused.
    pub code: Option<String>,
}

const COLUMNS: &str =
    "grant_id, role, network, home, account, state, limit_fen, expiry, validity_s, authorisation, code";

fn read(row: &Row<'_>) -> Result<Grant, SqlError> {
    Ok(Grant {
        grant: row.get::<_, Text<Uuid>>(0)?.0,
        role: row.get(1)?,
        network: row.get::<_, Text<Division>>(2)?.0,
        home: row.get::<_, Text<Division>>(3)?.0,
        account: AccountToken(row.get(4)?),
        state: row.get(5)?,
        limit_fen: Fen(row.get(6)?),
        expiry: Instant(row.get(7)?),
        validity_s: row.get(8)?,
        authorisation: row.get(9)?,
        code: row.get(10)?,
    })
}

pub fn grant(view: View<'_>, grant: Uuid) -> Result<Option<Grant>, StoreError> {
    view.one(&format!("SELECT {COLUMNS} FROM code_grant WHERE grant_id = ?1"), params![grant.to_string()], read)
}

/// The grant under which a token was good at a moment; a renewed token has several.
pub fn valid_at(view: View<'_>, account: &AccountToken, at: Instant) -> Result<Option<Grant>, StoreError> {
    view.one(
        &format!(
            "SELECT {COLUMNS} FROM code_grant WHERE account = ?1 AND expiry >= ?2 AND state = 'granted'
             ORDER BY expiry LIMIT 1"
        ),
        params![account.0, at.0],
        read,
    )
}

/// Whether some grant of a token for a network ends in `from..=to`.
pub fn covers(
    view: View<'_>,
    account: &AccountToken,
    network: Division,
    from: Instant,
    to: Instant,
) -> Result<bool, StoreError> {
    let found = view.one(
        "SELECT 1 FROM code_grant WHERE account = ?1 AND network = ?2 AND expiry BETWEEN ?3 AND ?4 AND state = 'granted'
         LIMIT 1",
        params![account.0, network.as_str(), from.0, to.0],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Any grant of a token that was not refused: all of them have one home and one network.
pub fn of_account(view: View<'_>, account: &AccountToken) -> Result<Option<Grant>, StoreError> {
    view.one(
        &format!("SELECT {COLUMNS} FROM code_grant WHERE account = ?1 AND state <> 'refused' ORDER BY expiry LIMIT 1"),
        params![account.0],
        read,
    )
}
