//! What happened, versioned by name.

use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use serde::{Deserialize, Serialize};

use crate::model::participant::Participant;
use crate::model::published::Insured;
use crate::model::role::Role;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", content = "body")]
pub enum Event {
    #[serde(rename = "registry.participant_put.v1")]
    ParticipantPut { participant: Participant, version: u64 },
    #[serde(rename = "registry.insured_put.v1")]
    InsuredPut { insured: Insured },
    #[serde(rename = "registry.principal_added.v1")]
    PrincipalAdded { id: String, participant: String, roles: Vec<Role> },
    #[serde(rename = "registry.key_issued.v1")]
    KeyIssued { key: String, principal: String, hash: Digest, expires_at: Instant },
    #[serde(rename = "registry.key_revoked.v1")]
    KeyRevoked { key: String },
}
