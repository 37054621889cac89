//! What a gate needs to decide by itself, as the bytes that it loads: key set, deny lists, the state of its station.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::Instant;
use huitong_service_kit::{StoreError, View, params};
use huitong_transit_code::state::{CityRules, ServiceState};

use super::gates::Gate;
use super::{Text, dated, deny, json};
use crate::Transit;
use crate::model::deny::DeltaText;
use crate::model::key_set::number;
use crate::model::order::OrderKind;
use crate::model::parameters::{Parameters, StaleRule};

/// Deltas given at once; a gate that is further behind gets a snapshot.
const DELTAS_MAX: i64 = 100;

/// The newest key set that holds already, if it is newer than the one held. One that was announced ahead would shut a gate.
pub fn key_set(view: View<'_>, held: Option<u32>, now: Instant) -> Result<Option<Vec<u8>>, StoreError> {
    view.one(
        "SELECT bytes FROM key_set WHERE version > ?1 AND not_before <= ?2 ORDER BY version DESC LIMIT 1",
        params![held.map_or(-1, i64::from), now.0],
        |row| row.get(0),
    )
}

/// Homes whose list is known.
pub fn deny_homes(view: View<'_>) -> Result<Vec<Division>, StoreError> {
    view.all("SELECT DISTINCT home FROM deny_delta ORDER BY home", [], |row| Ok(row.get::<_, Text<Division>>(0)?.0))
}

/// What a gate lacks of a home's list: the deltas behind the one held, or all that holds in one snapshot.
pub fn deny(view: View<'_>, home: Division, held: Option<u32>) -> Result<Vec<Vec<u8>>, StoreError> {
    let newest = view.one(
        "SELECT sequence, hash, text FROM deny_delta WHERE home = ?1 ORDER BY sequence DESC LIMIT 1",
        params![home.as_str()],
        |row| Ok((row.get::<_, u32>(0)?, Digest(row.get(1)?), row.get::<_, String>(2)?)),
    )?;
    let Some((sequence, hash, text)) = newest else { return Ok(Vec::new()) };
    match held {
        // A gate that knows of more is not given less.
        Some(held) if held >= sequence => return Ok(Vec::new()),
        Some(held) if i64::from(sequence - held) <= DELTAS_MAX => {
            return view.all(
                "SELECT bytes FROM deny_delta WHERE home = ?1 AND sequence > ?2 ORDER BY sequence",
                params![home.as_str(), held],
                |row| row.get(0),
            );
        }
        _ => {}
    }
    let newest: DeltaText = json(&text)?;
    let snapshot = newest.snapshot(hash, &deny::holding(view, home)?);
    snapshot.map(|bytes| vec![bytes]).ok_or_else(|| StoreError::Damaged(format!("the deny list of {home}")))
}

/// What a city sets for its gates.
fn city_rules(parameters: &Parameters) -> CityRules {
    CityRules {
        skew_s: parameters.skew_s,
        passback_s: parameters.passback_s,
        deny_age_max_s: parameters.deny_age_limit_h.saturating_mul(3_600),
        accepts_stale_deny: parameters.deny_stale == StaleRule::AcceptFlagged,
    }
}

/// The state of a gate's place now, if it is newer than the one held: its number is the node's time in seconds. `None` also
/// where no fares are in force: a gate without a state lets nobody in.
pub fn state(
    transit: &Transit,
    view: View<'_>,
    gate: &Gate,
    held: Option<u32>,
    now: Instant,
) -> Result<Option<ServiceState>, StoreError> {
    let as_of = now.0.div_euclid(1_000);
    let Ok(sequence) = u32::try_from(as_of) else { return Ok(None) };
    let Some(map) = dated::current_map(transit, view, gate.network)? else { return Ok(None) };
    let day = map.map.parameters.business_day(now);
    let Some(pack) = dated::in_force(view, gate.network, day)? else { return Ok(None) };
    if held.is_some_and(|held| held >= sequence) {
        return Ok(None);
    }
    let ordered = |kind| -> Result<bool, StoreError> {
        let orders = dated::orders(view, gate.network, kind, now, now)?;
        Ok(orders.iter().any(|order| order.covers(gate.station, gate.line, &gate.gate, now)))
    };
    Ok(Some(ServiceState {
        sequence,
        network: number(gate.network),
        station: gate.station,
        as_of,
        is_closed: ordered(OrderKind::Closed)?,
        is_free_exit: ordered(OrderKind::FreeExit)?,
        provisional_fen: u32::try_from(pack.max_fare.0).unwrap_or(u32::MAX),
        fare_pack_version: pack.version,
        rules: city_rules(&map.map.parameters),
    }))
}
