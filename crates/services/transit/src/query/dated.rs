//! Key sets, maps, packs, split rules and orders by version and date.

use std::sync::Arc;

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{StoreError, View, params};

use super::{Text, json};
use crate::Transit;
use crate::model::fare::Pack;
use crate::model::key_set::KeySetText;
use crate::model::network::{Network, StationMap};
use crate::model::order::{OrderKind, ServiceOrder};
use crate::model::split::SplitRule;

/// The key set with this version: as published, and as gates hold it.
pub fn key_set_of(view: View<'_>, version: u32) -> Result<Option<(String, Vec<u8>)>, StoreError> {
    view.one("SELECT text, bytes FROM key_set WHERE version = ?1", params![version], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// The newest key set.
pub fn key_set(view: View<'_>) -> Result<Option<KeySetText>, StoreError> {
    let text = view.one("SELECT text FROM key_set ORDER BY version DESC LIMIT 1", [], |row| row.get::<_, String>(0))?;
    text.map(|text| json(&text)).transpose()
}

/// All key sets, oldest first.
pub fn key_sets(view: View<'_>) -> Result<Vec<KeySetText>, StoreError> {
    let texts = view.all("SELECT text FROM key_set ORDER BY version", [], |row| row.get::<_, String>(0))?;
    texts.iter().map(|text| json(text)).collect()
}

/// Who published a network, and at which node; `None` if nobody did.
pub fn owner(view: View<'_>, network: Division) -> Result<Option<(Division, String)>, StoreError> {
    view.one(
        "SELECT node, operator FROM station_map WHERE network = ?1 ORDER BY version DESC LIMIT 1",
        params![network.as_str()],
        |row| Ok((row.get::<_, Text<Division>>(0)?.0, row.get(1)?)),
    )
}

/// The newest version of a network's map.
pub fn newest_map(view: View<'_>, network: Division) -> Result<Option<u32>, StoreError> {
    view.one(
        "SELECT version FROM station_map WHERE network = ?1 ORDER BY version DESC LIMIT 1",
        params![network.as_str()],
        |row| row.get(0),
    )
}

/// A version of a map as published.
pub fn map_text(view: View<'_>, network: Division, version: u32) -> Result<Option<String>, StoreError> {
    view.one(
        "SELECT text FROM station_map WHERE network = ?1 AND version = ?2",
        params![network.as_str(), version],
        |row| row.get(0),
    )
}

/// All versions of a network's map, as published.
pub fn maps_of(view: View<'_>, network: Division) -> Result<Vec<StationMap>, StoreError> {
    let texts = view.all("SELECT text FROM station_map WHERE network = ?1", params![network.as_str()], |row| {
        row.get::<_, String>(0)
    })?;
    texts.iter().map(|text| json(text)).collect()
}

/// A version of a network's map, with its paths.
pub fn map(
    transit: &Transit,
    view: View<'_>,
    network: Division,
    version: u32,
) -> Result<Option<Arc<Network>>, StoreError> {
    let hash = view.one(
        "SELECT hash FROM station_map WHERE network = ?1 AND version = ?2",
        params![network.as_str(), version],
        |row| Ok(Digest(row.get(0)?)),
    )?;
    let Some(hash) = hash else { return Ok(None) };
    let parse = || {
        let text = map_text(view, network, version)?;
        let text = text.ok_or_else(|| StoreError::Damaged(format!("the map {network} {version} is gone")))?;
        let map: StationMap = json(&text)?;
        Network::new(map).map_err(|field| StoreError::Damaged(format!("the map {network} {version}: {field}")))
    };
    transit.network(hash, parse).map(Some)
}

/// The newest map of a network: its parameters are in force.
pub fn current_map(transit: &Transit, view: View<'_>, network: Division) -> Result<Option<Arc<Network>>, StoreError> {
    match newest_map(view, network)? {
        Some(version) => map(transit, view, network, version),
        None => Ok(None),
    }
}

/// Which pack is in force, without its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    pub pack: String,
    pub version: u32,
    hash: Digest,
    /// Its highest single fare.
    pub max_fare: Fen,
}

/// The pack in force on a business day: the one that began last, until its end. An older one does not come back.
pub fn in_force(view: View<'_>, network: Division, day: Date) -> Result<Option<InForce>, StoreError> {
    let row = view.one(
        "SELECT pack, version, hash, max_fare_fen, IFNULL(valid_to > ?2, 1) FROM fare_pack
         WHERE network = ?1 AND valid_from <= ?2 ORDER BY valid_from DESC LIMIT 1",
        params![network.as_str(), day.to_string()],
        |row| {
            let hash = Digest(row.get(2)?);
            let in_force = InForce { pack: row.get(0)?, version: row.get(1)?, hash, max_fare: Fen(row.get(3)?) };
            Ok((in_force, row.get::<_, bool>(4)?))
        },
    )?;
    Ok(row.filter(|(_, holds)| *holds).map(|(in_force, _)| in_force))
}

/// The pack that prices trips which began on this business day.
pub fn pack_on(
    transit: &Transit,
    view: View<'_>,
    network: Division,
    day: Date,
) -> Result<Option<Arc<Pack>>, StoreError> {
    let Some(InForce { pack, version, hash, .. }) = in_force(view, network, day)? else { return Ok(None) };
    transit.pack(hash, || pack_text(view, network, &pack, version)).map(Some)
}

/// A version of a pack: old ones stay for ever (J3).
pub fn pack(
    transit: &Transit,
    view: View<'_>,
    network: Division,
    pack: &str,
    version: u32,
) -> Result<Option<Arc<Pack>>, StoreError> {
    let hash = view.one(
        "SELECT hash FROM fare_pack WHERE network = ?1 AND pack = ?2 AND version = ?3",
        params![network.as_str(), pack, version],
        |row| Ok(Digest(row.get(0)?)),
    )?;
    let Some(hash) = hash else { return Ok(None) };
    transit.pack(hash, || pack_text(view, network, pack, version)).map(Some)
}

fn pack_text(view: View<'_>, network: Division, pack: &str, version: u32) -> Result<Pack, StoreError> {
    let text = view.one(
        "SELECT text FROM fare_pack WHERE network = ?1 AND pack = ?2 AND version = ?3",
        params![network.as_str(), pack, version],
        |row| row.get::<_, String>(0),
    )?;
    json(&text.ok_or_else(|| StoreError::Damaged(format!("the pack {network} {pack} {version} is gone")))?)
}

/// All packs of a network.
pub fn packs_of(view: View<'_>, network: Division) -> Result<Vec<Pack>, StoreError> {
    let texts = view.all("SELECT text FROM fare_pack WHERE network = ?1", params![network.as_str()], |row| {
        row.get::<_, String>(0)
    })?;
    texts.iter().map(|text| json(text)).collect()
}

/// The highest single fare of a version.
pub fn max_fare_of(view: View<'_>, network: Division, pack: &str, version: u32) -> Result<Fen, StoreError> {
    let fare = view.one(
        "SELECT max_fare_fen FROM fare_pack WHERE network = ?1 AND pack = ?2 AND version = ?3",
        params![network.as_str(), pack, version],
        |row| Ok(Fen(row.get(0)?)),
    )?;
    Ok(fare.unwrap_or_default())
}

/// Orders of a network and kind that overlap the span, without withdrawn ones.
pub fn orders(
    view: View<'_>,
    network: Division,
    kind: OrderKind,
    from: Instant,
    to: Instant,
) -> Result<Vec<ServiceOrder>, StoreError> {
    let texts = view.all(
        "SELECT text FROM service_order WHERE network = ?1 AND to_ms > ?3 AND from_ms <= ?4 AND kind = ?2
         ORDER BY from_ms, order_id LIMIT 1000",
        params![network.as_str(), kind.name(), from.0, to.0],
        |row| row.get::<_, String>(0),
    )?;
    not_withdrawn(&texts)
}

fn not_withdrawn(texts: &[String]) -> Result<Vec<ServiceOrder>, StoreError> {
    let mut orders: Vec<ServiceOrder> = texts.iter().map(|text| json(text)).collect::<Result<_, _>>()?;
    orders.retain(ServiceOrder::is_in_force);
    Ok(orders)
}

/// Orders of all networks that ended after a moment, or last still, withdrawn ones included.
pub fn orders_after(view: View<'_>, after: Instant) -> Result<Vec<ServiceOrder>, StoreError> {
    let texts = view.all(
        "SELECT text FROM service_order WHERE to_ms > ?1 ORDER BY from_ms, order_id",
        params![after.0],
        |row| row.get::<_, String>(0),
    )?;
    texts.iter().map(|text| json(text)).collect()
}

/// The latest orders of a network, latest end first, without withdrawn ones.
pub fn all_orders(view: View<'_>, network: Division) -> Result<Vec<ServiceOrder>, StoreError> {
    let texts = view.all(
        "SELECT text FROM service_order WHERE network = ?1 ORDER BY to_ms DESC, order_id LIMIT 1000",
        params![network.as_str()],
        |row| row.get::<_, String>(0),
    )?;
    not_withdrawn(&texts)
}

/// An order of a network.
pub fn order(view: View<'_>, network: Division, order: &str) -> Result<Option<ServiceOrder>, StoreError> {
    let text = view.one(
        "SELECT text FROM service_order WHERE order_id = ?1 AND network = ?2",
        params![order, network.as_str()],
        |row| row.get::<_, String>(0),
    )?;
    text.map(|text| json(&text)).transpose()
}

/// All split rules of a network.
pub fn split_rules(view: View<'_>, network: Division) -> Result<Vec<SplitRule>, StoreError> {
    let texts = view.all("SELECT text FROM split_rule WHERE network = ?1", params![network.as_str()], |row| {
        row.get::<_, String>(0)
    })?;
    texts.iter().map(|text| json(text)).collect()
}

/// The city that an issuer's accounts belong to, by the newest key set.
pub fn city_of_issuer(view: View<'_>, issuer: [u8; 4]) -> Result<Option<Division>, StoreError> {
    Ok(key_set(view)?.and_then(|set| set.issuer(issuer).map(|issuer| issuer.city)))
}
