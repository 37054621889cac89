//! Grants of model P, at both ends.

use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::bytes_of;
use crate::model::message::{CodeAsk, CodeGrant};
use crate::model::rider::AccountToken;

/// At home: the token is an account of its own, behind which stands the rider's; the grant counts as an authorisation.
pub fn asked(tx: Tx<'_>, ask: &CodeAsk, parent: &AccountToken, applied: &Applied) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO account (account, city, participant, state, account_type, trip_limit_fen, day_limit_fen,
             unpaid_limit_fen, networks, parent)
         SELECT ?1, ?2, participant, 'open', account_type, trip_limit_fen, day_limit_fen, unpaid_limit_fen, '[]', ?3
         FROM account WHERE account = ?3
         ON CONFLICT (account) DO NOTHING",
        params![ask.account.0, ask.network.as_str(), parent.0],
    )?;
    tx.execute_one(
        "INSERT INTO authorisation (id, account, user_key, expiry, limit_fen, issued_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            ask.grant.to_string(),
            parent.0,
            bytes_of(&ask.user_key)?,
            ask.expiry.0,
            ask.limit_fen.0,
            applied.at.0,
        ],
    )?;
    tx.execute_one(
        "INSERT INTO code_grant (grant_id, role, network, home, account, state, limit_fen, expiry)
         VALUES (?1, 'home', ?2, ?3, ?4, 'asked', ?5, ?6)",
        params![
            ask.grant.to_string(),
            ask.network.as_str(),
            ask.home.as_str(),
            ask.account.0,
            ask.limit_fen.0,
            ask.expiry.0,
        ],
    )
}

/// At the visited city; of two cities of one node the row is there already.
pub fn made(tx: Tx<'_>, ask: &CodeAsk, grant: &CodeGrant) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO code_grant (grant_id, role, network, home, account, state, limit_fen, expiry, validity_s,
             authorisation, code)
         VALUES (?1, 'visited', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (grant_id) DO UPDATE SET role = 'both', state = ?5, validity_s = ?8, authorisation = ?9, code = ?10",
        params![
            grant.grant.to_string(),
            ask.network.as_str(),
            ask.home.as_str(),
            ask.account.0,
            state(grant),
            ask.limit_fen.0,
            ask.expiry.0,
            grant.validity_s,
            grant.authorisation,
            grant.refused,
        ],
    )
}

pub fn held(tx: Tx<'_>, grant: &CodeGrant) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE code_grant SET state = ?2, validity_s = ?3, authorisation = ?4, code = ?5 WHERE grant_id = ?1",
        params![grant.grant.to_string(), state(grant), grant.validity_s, grant.authorisation, grant.refused],
    )
}

fn state(grant: &CodeGrant) -> &'static str {
    if grant.authorisation.is_some() { "granted" } else { "refused" }
}
