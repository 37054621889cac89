//! Issuing and revoking API keys. The secret never comes here: the edge makes it, shows it once, and sends its hash.

use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Decision, View};

use super::Decided;
use crate::command::Reply;
use crate::event::Event;
use crate::query::participants;
use crate::refusal;

pub fn issue(view: View<'_>, principal: String, key: String, hash: Digest, expires_at: Instant) -> Decided {
    if participants::principal(view, &principal)?.is_none() {
        return Err(refusal::PRINCIPAL_UNKNOWN.with("id", principal).into());
    }
    Ok(Decision::reply(Reply::Key { key: key.clone() }).event(Event::KeyIssued { key, principal, hash, expires_at }))
}

pub fn revoke(view: View<'_>, key: String) -> Decided {
    if !participants::key_is_live(view, &key)? {
        return Err(refusal::KEY_UNKNOWN.refuse().into());
    }
    Ok(Decision::reply(Reply::Revoked).event(Event::KeyRevoked { key }))
}
