//! The only code that writes views.

use huitong_service_kit::{Applied, StoreError, Tx, params};

use crate::event::Event;

pub fn apply(tx: Tx<'_>, event: &Event, applied: &Applied) -> Result<(), StoreError> {
    match event {
        Event::ParticipantPut { participant, version } => tx.execute_one(
            "INSERT OR REPLACE INTO participant (code, kind, text, active, version) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                participant.code,
                serde_json::to_string(&participant.kind)?,
                serde_json::to_string(participant)?,
                participant.active,
                version,
            ],
        ),
        Event::InsuredPut { insured } => tx.execute_one(
            "INSERT OR REPLACE INTO insured (person, pool, text, version) VALUES (?1, ?2, ?3, ?4)",
            params![insured.person, insured.pool.as_str(), serde_json::to_string(insured)?, insured.version],
        ),
        Event::PrincipalAdded { id, participant, roles } => tx.execute_one(
            "INSERT INTO principal (id, participant, roles) VALUES (?1, ?2, ?3)",
            params![id, participant, serde_json::to_string(roles)?],
        ),
        Event::KeyIssued { key, principal, hash, expires_at } => tx.execute_one(
            "INSERT INTO api_key (key, principal, hash, issued_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![key, principal, hash.0, applied.at.0, expires_at.0],
        ),
        Event::KeyRevoked { key } => tx.execute_one(
            "UPDATE api_key SET revoked_at = ?2 WHERE key = ?1 AND revoked_at IS NULL",
            params![key, applied.at.0],
        ),
    }
}
