//! From a presented key to the principal: asked by the node's edge for every call.

use std::sync::Arc;

use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Principal, StoreError, View, params};

use crate::model::api_key;
use crate::model::role::{Role, permissions};

/// The principal of a key that is known, not revoked and not expired at `now`; `None` without saying which.
pub fn authenticate(view: View<'_>, presented: &str, now: Instant) -> Result<Option<Principal>, StoreError> {
    let Some((key, secret)) = api_key::parse(presented) else { return Ok(None) };
    let row = view.one(
        "SELECT k.hash, p.id, p.participant, p.roles FROM api_key k JOIN principal p ON p.id = k.principal
         WHERE k.key = ?1 AND k.revoked_at IS NULL AND k.expires_at > ?2",
        params![key, now.0],
        |row| Ok((Digest(row.get(0)?), row.get(1)?, row.get(2)?, row.get::<_, String>(3)?)),
    )?;
    let Some((hash, id, participant, roles)) = row else { return Ok(None) };
    if !api_key::equal_in_constant_time(&hash, &api_key::hash_of(secret)) {
        return Ok(None);
    }
    let roles: Vec<Role> = serde_json::from_str(&roles)?;
    Ok(Some(Principal { id, participant, permissions: Arc::new(permissions(&roles)) }))
}
