//! GET /v1/transit/gates/{gate}/tables

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huitong_kernel::division::Division;
use huitong_kernel::time::Instant;
use huitong_service_kit::http::{Caller, Path, Problem, Query};
use huitong_service_kit::{Stop, View};
use huitong_transit_code::make::{Sign, SigningKey, signed_table};
use serde::{Deserialize, Serialize};

use super::super::{TransitEdge, problem};
use crate::query::{gate_tables, gates};
use crate::{Transit, refusal};

/// A gate names so many homes at most.
const HELD_LENGTH_MAX: usize = 8_192;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct HeldQuery {
    /// What the gate holds: `key_set:12,deny:330000:4,state:7`. What is not named is given whole.
    #[serde(default)]
    pub held: String,
}

/// Tables (base64), each with the signature of `operator_key` behind it; absent where the gate has the newest.
#[derive(Serialize, utoipa::ToSchema)]
pub struct GateTables {
    /// Compressed SM2 key under which this node's gates take their tables.
    pub operator_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_set: Option<String>,
    /// In the order in which they are to be applied.
    pub deny: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// For the gate's clock.
    pub node_time_ms: i64,
}

/// What a gate says that it holds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Held {
    key_set: Option<u32>,
    deny: BTreeMap<Division, u32>,
    state: Option<u32>,
}

impl Held {
    fn read(text: &str) -> Option<Held> {
        let mut held = Held::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            match *part.split(':').collect::<Vec<_>>().as_slice() {
                ["key_set", version] => held.key_set = Some(version.parse().ok()?),
                ["state", sequence] => held.state = Some(sequence.parse().ok()?),
                ["deny", home, sequence] => {
                    held.deny.insert(home.parse().ok()?, sequence.parse().ok()?);
                }
                _ => return None,
            }
        }
        Some(held)
    }
}

/// What a gate lacks of the tables by which it decides without network: key set, deny lists, the state of its station.
#[utoipa::path(get, path = "/v1/transit/gates/{gate}/tables", tag = "transit",
    params(("gate" = String, Path), HeldQuery),
    responses((status = 200, body = GateTables), (status = "4XX", body = Problem)))]
pub async fn get_gate_tables(
    State(edge): State<TransitEdge>,
    caller: Caller,
    Path(gate): Path<String>,
    Query(query): Query<HeldQuery>,
) -> Result<Json<GateTables>, Problem> {
    let held = Some(query.held).filter(|held| held.len() <= HELD_LENGTH_MAX);
    let held = held.and_then(|held| Held::read(&held)).ok_or_else(|| problem(&refusal::invalid("held")))?;
    let (transit, signer, clock) = (edge.transit.clone(), edge.tables.clone(), edge.edge.clock.clone());
    let operator = caller.principal.participant;
    let mut tables = edge
        .read(move |view| {
            let asked = Asked { transit: &transit, view, signer: &signer, now: clock.now() };
            asked.tables(&gate, &operator, &held)
        })
        .await?;
    // As late as can be: the gate takes the middle between question and answer for it.
    tables.node_time_ms = edge.edge.clock.now().0;
    Ok(Json(tables))
}

struct Asked<'a> {
    transit: &'a Transit,
    view: View<'a>,
    signer: &'a SigningKey,
    now: Instant,
}

impl Asked<'_> {
    fn tables(&self, gate: &str, operator: &str, held: &Held) -> Result<GateTables, Stop> {
        let gate = gates::gate(self.view, gate)?.filter(|gate| gate.active);
        let gate = gate.ok_or_else(|| refusal::GATE_UNKNOWN.refuse().at_field("gate"))?;
        if gate.operator != operator {
            return Err(refusal::NOT_THE_OPERATOR.refuse().at_field("gate").into());
        }
        let mut deny = Vec::new();
        for home in gate_tables::deny_homes(self.view)? {
            let lacking = gate_tables::deny(self.view, home, held.deny.get(&home).copied())?;
            deny.extend(lacking.iter().map(|body| self.signed(body)));
        }
        let state = gate_tables::state(self.transit, self.view, &gate, held.state, self.now)?;
        Ok(GateTables {
            operator_key: hex::encode(self.signer.key().compressed()),
            key_set: gate_tables::key_set(self.view, held.key_set, self.now)?.map(|body| self.signed(&body)),
            deny,
            state: state.map(|state| self.signed(&state.to_bytes())),
            node_time_ms: self.now.0,
        })
    }

    fn signed(&self, body: &[u8]) -> String {
        STANDARD.encode(signed_table(body, self.signer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_tells_what_it_holds_or_nothing() {
        let held = Held::read("key_set:12,deny:330000:4,state:7").expect("as the gate writes it");
        assert_eq!((held.key_set, held.state), (Some(12), Some(7)));
        assert_eq!(held.deny.into_iter().collect::<Vec<_>>(), [("330000".parse().expect("a code"), 4)]);
        assert_eq!(Held::read(""), Some(Held::default()));
        for malformed in ["key_set", "deny:330000", "deny:33:4", "state:-1", "door:1"] {
            assert_eq!(Held::read(malformed), None, "{malformed}");
        }
    }
}
