//! Endpoints below /v1/registry, each with its permission.

mod insured;
mod keys;
mod participants;
mod principals;
mod republish;

use std::sync::{Arc, Mutex};

use huitong_kernel::random::RandomSource;
use huitong_service_kit::endpoint;
use huitong_service_kit::http::{Edge, Endpoint};

use crate::Registry;

/// What the handlers have at hand.
#[derive(Clone)]
pub struct RegistryEdge {
    pub edge: Edge<Registry>,
    /// For the secrets of API keys.
    pub random: Arc<Mutex<RandomSource>>,
}

pub fn endpoints() -> Vec<Endpoint<RegistryEdge>> {
    vec![
        endpoint!("registry.participant.write", participants::put_participant),
        endpoint!("registry.participant.read", participants::list_participants),
        endpoint!("registry.insured.write", insured::put_insured),
        endpoint!("registry.insured.read", insured::get_insured),
        endpoint!("registry.principal.write", principals::add_principal),
        endpoint!("registry.principal.read", principals::list_principals),
        endpoint!("registry.key.write", keys::issue_key),
        endpoint!("registry.key.write", keys::revoke_key),
        endpoint!("registry.participant.write", republish::republish),
    ]
}
