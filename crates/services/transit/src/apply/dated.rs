//! Dated data.

use huitong_kernel::division::Division;
use huitong_kernel::hash::HashFunction;
use huitong_kernel::time::Date;
use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::{bytes_of, json};
use crate::command::GateWish;
use crate::event::PackKnown;
use crate::model::key_set::KeySetText;
use crate::model::network::StationMap;

pub fn key_set(tx: Tx<'_>, set: &KeySetText, bytes: &str) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO key_set (version, not_before, not_after, text, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![set.version, set.not_before.0, set.not_after.0, json(set)?, bytes_of(bytes)?],
    )
}

pub fn map(
    tx: Tx<'_>,
    network: Division,
    version: u32,
    node: Division,
    operator: &str,
    text: &str,
) -> Result<(), StoreError> {
    let hash = HashFunction::Sha256.hash(&[text.as_bytes()]);
    let map: StationMap = serde_json::from_str(text)?;
    tx.execute_one(
        "INSERT INTO station_map (network, version, node, operator, hash, cut_min, text)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![network.as_str(), version, node.as_str(), operator, hash.0, map.parameters.business_day_cut_min, text,],
    )
}

pub fn pack(tx: Tx<'_>, pack: &PackKnown) -> Result<(), StoreError> {
    let hash = HashFunction::Sha256.hash(&[pack.text.as_bytes()]);
    tx.execute_one(
        "INSERT INTO fare_pack (network, pack, version, node, network_version, valid_from, valid_to, grade, max_fare_fen,
             hash, text)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            pack.network.as_str(),
            pack.pack,
            pack.version,
            pack.node.as_str(),
            pack.network_version,
            pack.valid_from.to_string(),
            pack.valid_to.map(|day| day.to_string()),
            pack.grade,
            pack.max_fare_fen.0,
            hash.0,
            pack.text,
        ],
    )
}

pub fn split(
    tx: Tx<'_>,
    network: Division,
    rule: &str,
    version: u32,
    valid_from: Date,
    text: &str,
) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO split_rule (network, rule, version, valid_from, text) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![network.as_str(), rule, version, valid_from.to_string(), text],
    )
}

pub fn gates(tx: Tx<'_>, operator: &str, gates: &[GateWish], applied: &Applied) -> Result<(), StoreError> {
    for gate in gates {
        tx.execute_one(
            "INSERT OR REPLACE INTO gate (gate, network, operator, station, line, key, active, registered_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                gate.gate,
                gate.network.as_str(),
                operator,
                gate.station,
                gate.line,
                bytes_of(&gate.key)?,
                gate.active,
                applied.at.0,
            ],
        )?;
    }
    Ok(())
}
