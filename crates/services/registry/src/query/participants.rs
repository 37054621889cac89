//! Participants, principals, keys.

use huitong_kernel::time::Instant;
use huitong_service_kit::{StoreError, View, params};

use crate::model::participant::Participant;
use crate::model::role::Role;

pub fn participant(view: View<'_>, code: &str) -> Result<Option<(Participant, u64)>, StoreError> {
    let row = view.one("SELECT text, version FROM participant WHERE code = ?1", params![code], |row| {
        Ok((row.get::<_, String>(0)?, row.get(1)?))
    })?;
    row.map(|(text, version)| Ok((serde_json::from_str(&text)?, version))).transpose()
}

/// Participants in order of their codes, from after `after` on.
pub fn list(view: View<'_>, after: Option<&str>, limit: usize) -> Result<Vec<(Participant, u64)>, StoreError> {
    let rows = view.all(
        "SELECT text, version FROM participant WHERE ?1 IS NULL OR code > ?1 ORDER BY code LIMIT ?2",
        params![after, limit as i64],
        |row| Ok((row.get::<_, String>(0)?, row.get(1)?)),
    )?;
    rows.into_iter().map(|(text, version)| Ok((serde_json::from_str(&text)?, version))).collect()
}

/// A principal with its participant and roles.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct PrincipalRecord {
    pub id: String,
    pub participant: String,
    pub roles: Vec<Role>,
}

pub fn principal(view: View<'_>, id: &str) -> Result<Option<PrincipalRecord>, StoreError> {
    let row = view.one("SELECT participant, roles FROM principal WHERE id = ?1", params![id], |row| {
        Ok((row.get(0)?, row.get::<_, String>(1)?))
    })?;
    row.map(|(participant, roles)| {
        Ok(PrincipalRecord { id: id.to_owned(), participant, roles: serde_json::from_str(&roles)? })
    })
    .transpose()
}

pub fn principals(view: View<'_>, after: Option<&str>, limit: usize) -> Result<Vec<PrincipalRecord>, StoreError> {
    let rows = view.all(
        "SELECT id, participant, roles FROM principal WHERE ?1 IS NULL OR id > ?1 ORDER BY id LIMIT ?2",
        params![after, limit as i64],
        |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)),
    )?;
    let record = |(id, participant, roles): (String, String, String)| {
        Ok(PrincipalRecord { id, participant, roles: serde_json::from_str(&roles)? })
    };
    rows.into_iter().map(record).collect()
}

/// A key as lists show it; neither the secret nor its hash.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct KeyRecord {
    pub key: String,
    pub principal: String,
    #[schema(value_type = i64)]
    pub issued_at: Instant,
    #[schema(value_type = i64)]
    pub expires_at: Instant,
    pub revoked: bool,
}

pub fn keys(view: View<'_>, principal: &str) -> Result<Vec<KeyRecord>, StoreError> {
    view.all(
        "SELECT key, principal, issued_at, expires_at, revoked_at IS NOT NULL FROM api_key WHERE principal = ?1
         ORDER BY issued_at LIMIT 200",
        params![principal],
        |row| {
            Ok(KeyRecord {
                key: row.get(0)?,
                principal: row.get(1)?,
                issued_at: Instant(row.get(2)?),
                expires_at: Instant(row.get(3)?),
                revoked: row.get(4)?,
            })
        },
    )
}

/// Whether the key exists and is not revoked.
pub fn key_is_live(view: View<'_>, key: &str) -> Result<bool, StoreError> {
    let live = view.one("SELECT revoked_at IS NULL FROM api_key WHERE key = ?1", params![key], |row| row.get(0))?;
    Ok(live.unwrap_or(false))
}
