//! What operators and clerks may wish, and what they are told.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use serde::{Deserialize, Serialize};

use crate::model::participant::Participant;
use crate::model::published::Insured;
use crate::model::role::Role;

/// Persons in one call at most.
pub const PERSONS_MAX: usize = 500;

#[derive(Clone)]
pub enum Command {
    /// Registers a participant or changes one.
    PutParticipant(Participant),
    /// Enrols insured persons or changes them; `version` is set by registry.
    PutInsured(Vec<Insured>),
    AddPrincipal {
        id: String,
        participant: String,
        roles: Vec<Role>,
    },
    IssueKey {
        principal: String,
        key: String,
        hash: Digest,
        expires_at: Instant,
    },
    RevokeKey {
        key: String,
    },
    /// Publishes the institutions again to a jurisdiction that joined.
    Republish {
        jurisdiction: Division,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Participant {
        code: String,
        version: u64,
    },
    Insured {
        persons: usize,
    },
    Principal {
        id: String,
    },
    /// The key itself is not here: it is shown once, by the edge that made it.
    Key {
        key: String,
    },
    Revoked,
    Republished {
        institutions: usize,
    },
}
