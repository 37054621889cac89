//! What is published, as lists show it.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::{Row, SqlError, StoreError, View, params};

use super::{Text, json};
use crate::model::order::ServiceOrder;
use crate::model::publication::{HeldMap, HeldPack};
use crate::model::split::SplitRule;

/// A version of a map without its stations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapRow {
    pub network: Division,
    pub version: u32,
    /// The jurisdiction that published it.
    pub node: Division,
    pub text: String,
}

/// All networks' maps by network and version, after one of them.
pub fn maps(view: View<'_>, after: Option<(Division, u32)>, limit: usize) -> Result<Vec<MapRow>, StoreError> {
    let (network, version) = after.map_or_else(Default::default, |(network, version)| (network.to_string(), version));
    view.all(
        "SELECT network, version, node, text FROM station_map WHERE (network, version) > (?1, ?2)
         ORDER BY network, version LIMIT ?3",
        params![network, version, limit as i64],
        |row| {
            Ok(MapRow {
                network: row.get::<_, Text<Division>>(0)?.0,
                version: row.get(1)?,
                node: row.get::<_, Text<Division>>(2)?.0,
                text: row.get(3)?,
            })
        },
    )
}

/// The maps that a node published, in the order of their versions, with their text.
pub fn maps_of(view: View<'_>, node: Division) -> Result<Vec<(HeldMap, String)>, StoreError> {
    view.all(
        "SELECT network, version, text FROM station_map WHERE node = ?1 ORDER BY network, version",
        params![node.as_str()],
        |row| Ok((HeldMap { network: row.get::<_, Text<Division>>(0)?.0, version: row.get(1)? }, row.get(2)?)),
    )
}

/// The newest map of each network that a node published.
pub fn held_maps(view: View<'_>, node: Division) -> Result<Vec<HeldMap>, StoreError> {
    view.all(
        "SELECT network, MAX(version) FROM station_map WHERE node = ?1 GROUP BY network ORDER BY network",
        params![node.as_str()],
        |row| Ok(HeldMap { network: row.get::<_, Text<Division>>(0)?.0, version: row.get(1)? }),
    )
}

/// The packs that a node published, in the order in which they follow each other, with their text.
pub fn packs_of(view: View<'_>, node: Division) -> Result<Vec<(HeldPack, String)>, StoreError> {
    view.all(
        "SELECT network, pack, version, text FROM fare_pack WHERE node = ?1 ORDER BY network, valid_from",
        params![node.as_str()],
        |row| Ok((held_pack(row)?, row.get(3)?)),
    )
}

/// The packs that a node published.
pub fn held_packs(view: View<'_>, node: Division) -> Result<Vec<HeldPack>, StoreError> {
    view.all(
        "SELECT network, pack, version FROM fare_pack WHERE node = ?1 ORDER BY network, valid_from",
        params![node.as_str()],
        held_pack,
    )
}

fn held_pack(row: &Row<'_>) -> Result<HeldPack, SqlError> {
    Ok(HeldPack { network: row.get::<_, Text<Division>>(0)?.0, pack: row.get(1)?, version: row.get(2)? })
}

/// Networks that a participant of this node operates.
pub fn networks_of(view: View<'_>, operator: &str) -> Result<Vec<Division>, StoreError> {
    view.all(
        "SELECT DISTINCT network FROM station_map WHERE operator = ?1 ORDER BY network",
        params![operator],
        |row| Ok(row.get::<_, Text<Division>>(0)?.0),
    )
}

/// A version of a pack without its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackRow {
    pub network: Division,
    pub pack: String,
    pub version: u32,
    pub node: Division,
    pub network_version: u32,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    pub grade: String,
    pub max_fare_fen: Fen,
}

/// All networks' packs by network, name and version, after one of them.
pub fn packs(view: View<'_>, after: Option<(Division, String, u32)>, limit: usize) -> Result<Vec<PackRow>, StoreError> {
    let after = after.map(|(network, pack, version)| (network.to_string(), pack, version)).unwrap_or_default();
    view.all(
        "SELECT network, pack, version, node, network_version, valid_from, valid_to, grade, max_fare_fen FROM fare_pack
         WHERE (network, pack, version) > (?1, ?2, ?3) ORDER BY network, pack, version LIMIT ?4",
        params![after.0, after.1, after.2, limit as i64],
        |row| {
            Ok(PackRow {
                network: row.get::<_, Text<Division>>(0)?.0,
                pack: row.get(1)?,
                version: row.get(2)?,
                node: row.get::<_, Text<Division>>(3)?.0,
                network_version: row.get(4)?,
                valid_from: row.get::<_, Text<Date>>(5)?.0,
                valid_to: row.get::<_, Option<Text<Date>>>(6)?.map(|day| day.0),
                grade: row.get(7)?,
                max_fare_fen: Fen(row.get(8)?),
            })
        },
    )
}

/// A version of a pack as published.
pub fn pack_text(view: View<'_>, network: Division, pack: &str, version: u32) -> Result<Option<String>, StoreError> {
    view.one(
        "SELECT text FROM fare_pack WHERE network = ?1 AND pack = ?2 AND version = ?3",
        params![network.as_str(), pack, version],
        |row| row.get(0),
    )
}

/// All networks' split rules by network, line and version, after one of them.
pub fn splits(
    view: View<'_>,
    after: Option<(Division, String, u32)>,
    limit: usize,
) -> Result<Vec<SplitRule>, StoreError> {
    let after = after.map(|(network, rule, version)| (network.to_string(), rule, version)).unwrap_or_default();
    let texts = view.all(
        "SELECT text FROM split_rule WHERE (network, rule, version) > (?1, ?2, ?3)
         ORDER BY network, rule, version LIMIT ?4",
        params![after.0, after.1, after.2, limit as i64],
        |row| row.get::<_, String>(0),
    )?;
    texts.iter().map(|text| json(text)).collect()
}

/// Orders of a network, the latest end first, after one of them (its end and id).
pub fn orders(
    view: View<'_>,
    network: Division,
    after: Option<(i64, String)>,
    limit: usize,
) -> Result<Vec<ServiceOrder>, StoreError> {
    let (to, order) = after.unwrap_or((i64::MAX, String::new()));
    let texts = view.all(
        "SELECT text FROM service_order WHERE network = ?1 AND (to_ms < ?2 OR (to_ms = ?2 AND order_id > ?3))
         ORDER BY to_ms DESC, order_id LIMIT ?4",
        params![network.as_str(), to, order, limit as i64],
        |row| row.get::<_, String>(0),
    )?;
    texts.iter().map(|text| json(text)).collect()
}
